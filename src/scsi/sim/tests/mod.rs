//! What the simulated drive promises, with CDBs and replies as the standards lay them out: no encoder or parser is used here.

mod bd_r;
mod bd_re;
mod cd;
mod cd_at_once;
mod chaos;
mod drive;
mod dvd_plus_r;
mod dvd_plus_rw;
mod dvd_r;
mod dvd_ram;
mod faults;
mod quirks;
mod replies;
mod reserved;
mod restricted_overwrite;

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::{Medium, SimDrive, VirtualDisc};
use crate::scsi::{Completion, Data, Status, Transport, TransportError};
use crate::sector::Sectors;

const LONG: Duration = Duration::from_secs(36_000);

/// A folder with a new disc in it.
fn disc(word: &str) -> TempDir {
    disc_of(word, None)
}

fn disc_of(word: &str, capacity: Option<u32>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    VirtualDisc::create(&folder.path().join("disc"), word.parse().unwrap(), capacity.map(Sectors)).unwrap();
    folder
}

fn spec(folder: &TempDir, options: &str) -> String {
    format!("{}{options}", folder.path().join("disc").display())
}

/// A drive that is ready, its unit attention taken.
fn drive(folder: &TempDir, options: &str) -> SimDrive {
    let mut drive = SimDrive::open(&spec(folder, options)).unwrap();
    ready(&mut drive);
    drive
}

fn ready(drive: &mut SimDrive) {
    for _ in 0..100_000 {
        if run(drive, "00 00 00 00 00 00").status == Status::Good {
            return;
        }
        drive.wait(Duration::from_millis(500));
    }
    panic!("the drive did not become ready");
}

/// Bytes from text: hex digits, blanks ignored.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

fn run(drive: &mut SimDrive, cdb: &str) -> Completion {
    drive.execute(&hex(cdb), Data::None, LONG).unwrap()
}

fn send(drive: &mut SimDrive, cdb: &str, list: &str) -> Completion {
    drive.execute(&hex(cdb), Data::Out(&hex(list)), LONG).unwrap()
}

fn good(drive: &mut SimDrive, cdb: &str) {
    let done = run(drive, cdb);
    assert_eq!(done.status, Status::Good, "{cdb}: {:02x?}", done.sense);
}

/// What the drive replies, as hex text.
fn ask(drive: &mut SimDrive, cdb: &str) -> String {
    let mut buffer = [0xa5; 4096];
    let done = drive.execute(&hex(cdb), Data::In(&mut buffer), LONG).unwrap();
    assert_eq!(done.status, Status::Good, "{cdb}: {:02x?}", done.sense);
    assert!(buffer[done.moved..].iter().all(|b| *b == 0xa5), "more was written than moved");
    text(&buffer[..done.moved])
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Hex text without its blanks, to compare.
fn flat(words: &str) -> String {
    text(&hex(words))
}

/// Sense key, ASC, ASCQ.
fn sense(done: &Completion) -> (u8, u8, u8) {
    assert_eq!(done.status, Status::CheckCondition);
    assert_eq!(done.sense.len(), 18);
    (done.sense[2], done.sense[12], done.sense[13])
}

/// Sectors that say where they belong.
fn sectors(at: u32, count: u32, seed: u8) -> Vec<u8> {
    let mut out = Vec::new();
    for lba in at..at + count {
        let mut sector = [seed; 2048];
        sector[..4].copy_from_slice(&lba.to_be_bytes());
        out.extend_from_slice(&sector);
    }
    out
}

fn transfer_cdb(code: u8, at: u32, count: u32) -> Vec<u8> {
    let [a, b, c, d] = at.to_be_bytes();
    let [_, _, high, low] = count.to_be_bytes();
    vec![code, 0, a, b, c, d, 0, high, low, 0]
}

fn write_once(drive: &mut SimDrive, at: u32, count: u32, seed: u8) -> Result<Completion, TransportError> {
    drive.execute(&transfer_cdb(0x2a, at, count), Data::Out(&sectors(at, count, seed)), LONG)
}

/// Writes in commands of 32 sectors, waiting where the drive wants it.
fn write(drive: &mut SimDrive, at: u32, count: u32, seed: u8) {
    for first in (at..at + count).step_by(32) {
        let now = (at + count - first).min(32);
        loop {
            let done = write_once(drive, first, now, seed).unwrap();
            if done.status == Status::Good {
                break;
            }
            assert_eq!(sense(&done), (2, 0x04, 0x08), "WRITE at {first}");
            drive.wait(Duration::from_millis(5));
        }
    }
}

fn read(drive: &mut SimDrive, at: u32, count: u32) -> Result<Vec<u8>, Completion> {
    let mut buffer = vec![0; count as usize * 2048];
    let done = drive.execute(&transfer_cdb(0x28, at, count), Data::In(&mut buffer), LONG).unwrap();
    if done.status == Status::Good { Ok(buffer) } else { Err(done) }
}

fn holds(drive: &mut SimDrive, at: u32, count: u32, seed: u8) {
    for first in (at..at + count).step_by(32) {
        let now = (at + count - first).min(32);
        assert!(read(drive, first, now).unwrap() == sectors(first, now, seed), "sectors from {first}");
    }
}

const TRACK_AT_ONCE: &str = "0000000000000000 05 32 41 C4 08 00 00 00 00 00 00 00 00 00 00 96 00000000 00000000 \
    00000000 00000000 00000000 00000000 00000000 00000000 00000000";
const FINAL: &str = "0000000000000000 05 32 41 04 08 00 00 00 00 00 00 00 00 00 00 96 00000000 00000000 \
    00000000 00000000 00000000 00000000 00000000 00000000 00000000";
/// CD, session at once, closed for good.
const CD_AT_ONCE: &str = "0000000000000000 05 32 42 04 08 00 00 00 00 00 00 00 00 00 00 96 00000000 00000000 \
    00000000 00000000 00000000 00000000 00000000 00000000 00000000";
/// DVD-R and DVD-RW in increments, appendable.
const INCREMENTAL: &str = "0000000000000000 05 32 60 E5 08 10 00 00 00 00 00 00 00 10 00 96 00000000 00000000 \
    00000000 00000000 00000000 00000000 00000000 00000000 00000000";
/// DVD-R and DVD-RW, disc at once.
const DVD_AT_ONCE: &str = "0000000000000000 05 32 42 05 08 00 00 00 00 00 00 00 00 00 00 96 00000000 00000000 \
    00000000 00000000 00000000 00000000 00000000 00000000 00000000";

fn select(drive: &mut SimDrive, list: &str) {
    assert_eq!(send(drive, "55 10 00 00 00 00 00 00 3C 00", list).status, Status::Good);
}

/// Burns a session of one track the way it should be done.
fn burn(drive: &mut SimDrive, at: u32, count: u32, seed: u8) {
    good(drive, "1E 00 00 00 01 00");
    select(drive, TRACK_AT_ONCE);
    ask(drive, "52 01 00 00 00 FF 00 00 24 00");
    write(drive, at, count, seed);
    good(drive, "35 02 00 00 00 00 00 00 00 00");
    ready(drive);
    good(drive, "5B 01 02 00 00 00 00 00 00 00");
    ready(drive);
    good(drive, "1E 00 00 00 00 00");
}

fn described(folder: &TempDir) -> super::Description {
    super::describe(&folder.path().join("disc")).unwrap()
}

fn state_file(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("disc").join(Path::new("state.json"))
}

/// Takes down what the client did that it should not have done.
fn wrongs(drive: &SimDrive) -> Vec<&str> {
    drive.violations().iter().map(|violation| violation.what.as_str()).collect()
}

/// Burns a session of one track on a medium that needs no write page, as it should be done.
fn burn_plain(drive: &mut SimDrive, number: u16, at: u32, count: u32, seed: u8) {
    good(drive, "1E 00 00 00 01 00");
    let [high, low] = number.to_be_bytes();
    ask(drive, &format!("52 01 00 00 {high:02x} {low:02x} 00 00 30 00"));
    write(drive, at, count, seed);
    good(drive, "35 02 00 00 00 00 00 00 00 00");
    ready(drive);
    good(drive, &format!("5B 01 01 00 {high:02x} {low:02x} 00 00 00 00"));
    ready(drive);
    good(drive, "5B 01 02 00 00 00 00 00 00 00");
    ready(drive);
    good(drive, "1E 00 00 00 00 00");
}
