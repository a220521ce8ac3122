//! Discs that other programs began, carried on by store: in every reader every file of every session, theirs and ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use cedarburn::actions::device;
use cedarburn::burn::prepare::FormatWish;
use cedarburn::burn::{self, Job, prepare};
use cedarburn::scsi::drive::deadline;
use cedarburn::scsi::sbc::SynchronizeCache10;
use cedarburn::sector::{Lba, SECTOR_BYTES, Sectors};

use crate::foreign::compare::{Reader, compare};
use crate::foreign::disc::BackupBox;
use crate::foreign::image::Image;
use crate::foreign::limits::{LIMITS, LIMITS_ON_EARLIER_OVERWRITABLE};
use crate::foreign::listing::{Listing, expected_on_disc};
use crate::foreign::programs::{output, program, require_all};
use crate::foreign::readers::{READERS, assert_show};
use crate::foreign::xorriso;
use crate::week::{DAYS, Names, make_day};

/// An image file from its beginning.
struct Bytes<'a>(&'a [u8]);

impl burn::Image for Bytes<'_> {
    fn read(&mut self, out: &mut [u8]) -> usize {
        let count = out.len().min(self.0.len());
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        count
    }
}

/// A disc in the drive of a backup box, before store has seen it.
struct Foreign {
    nas: BackupBox,
    work: tempfile::TempDir,
    /// What the disc has to show.
    model: Listing,
    /// First sectors of the sessions so far.
    starts: Vec<u32>,
}

impl Foreign {
    fn new(media: &'static str) -> Foreign {
        require_all();
        let work = tempfile::TempDir::new().expect("a temporary directory");
        Foreign { nas: BackupBox::new(media), work, model: Listing::new(), starts: Vec::new() }
    }

    /// A tree of somebody else's, and what the disc has to show of it.
    fn staged(&mut self, graft: &'static str) -> PathBuf {
        let directory = make_day(&self.work.path().join("trees"), graft, Names::Short);
        self.model.extend(expected_on_disc(&directory, graft));
        directory
    }

    fn specification(&self) -> String {
        format!("{}{}", device::SIMULATED, self.nas.disc().display())
    }

    /// Where the drive goes on.
    fn next_writable(&self) -> u32 {
        let mut drive = device::open_drive(&self.specification(), None).expect("a simulated drive");
        burn::inspect(&mut drive).expect("a disc").next_writable.expect("an open disc").0
    }

    /// Writes a session to the disc as its program would have: on sequential media where the drive goes on.
    fn write(&mut self, image: &Path) {
        let bytes = padded(image);
        let mut drive = device::open_drive(&self.specification(), None).expect("a simulated drive");
        let medium = burn::inspect(&mut drive).expect("a disc");
        let start = medium.next_writable.unwrap_or_default();
        let job = Job {
            start,
            sectors: Sectors::for_bytes(bytes.len() as u64).expect("a small image"),
            image: &mut Bytes(&bytes),
            recorded_end: start,
            wipes: start == Lba(0),
            finalize: false,
            defect_management: None,
            speed: None,
            fifo_bytes: 1 << 20,
            stop: &AtomicBool::new(false),
            progress: &mut |_| {},
        };
        burn::burn(&mut drive, &medium, job).expect("a session on the disc");
        self.starts.push(start.0);
    }

    /// Writes an image of a whole overwritable disc.
    fn write_whole(&self, image: &Path) {
        let bytes = padded(image);
        let mut drive = device::open_drive(&self.specification(), None).expect("a simulated drive");
        let medium = burn::inspect(&mut drive).expect("a disc");
        drive.lock_tray();
        prepare::format(&mut drive, &medium, FormatWish::Needed, &mut |_| {}).expect("a formatted disc");
        for (chunk, at) in bytes.chunks(32 * SECTOR_BYTES).zip((0..).step_by(32)) {
            drive.write(Lba(at), chunk).expect("room on the disc");
        }
        drive
            .run_long(|immediate| SynchronizeCache10 { immediate }, deadline::SYNCHRONIZE, &mut |_| {})
            .expect("a flushed cache");
    }

    /// Lets store carry the disc on with these days.
    fn store(&mut self, days: &[&'static str]) {
        for day in days {
            let directory = make_day(&self.nas.staging(), day, Names::Short);
            self.model.extend(expected_on_disc(&directory, day));
            self.nas.store(day);
        }
    }

    fn check_newest(&self) {
        assert_show(&READERS, &self.model, &self.nas.newest(), LIMITS);
    }
}

/// Whole writable units of any medium, those of a BD are the largest.
fn padded(image: &Path) -> Vec<u8> {
    let mut bytes = fs::read(image).expect("an image");
    bytes.resize(bytes.len().next_multiple_of(32 * SECTOR_BYTES), 0);
    bytes
}

fn graft(directory: &Path, at: &str) -> String {
    format!("{at}={}", directory.display())
}

/// The customary call; names of any bytes.
fn genisoimage() -> Command {
    let mut command = program("genisoimage");
    command.args(["-quiet", "-r", "-graft-points", "-input-charset", "iso8859-1", "-output-charset", "iso8859-1"]);
    command
}

fn mkisofs_of_xorriso() -> Command {
    let mut command = program("xorriso");
    command.args(["-as", "mkisofs", "-quiet", "-r", "--hardlinks", "-graft-points"]);
    command
}

/// A first session and, where the drive then goes on, a second one that shows both.
fn two_sessions(disc: &mut Foreign, writer: fn() -> Command, options: &[&str]) {
    for day in &DAYS[..2] {
        let directory = disc.staged(day);
        let image = disc.work.path().join("session.iso");
        let mut command = writer();
        command.args(options).arg("-o").arg(&image);
        if let Some(&last) = disc.starts.last() {
            let next = disc.next_writable();
            command.args(["-C", &format!("{last},{next}"), "-M"]).arg(disc.nas.sectors());
        }
        output(command.arg(graft(&directory, day)));
        disc.write(&image);
    }
}

#[test]
#[ignore = "needs xorriso, isoinfo, genisoimage, 7z, bsdtar, linux.uml, cc, perl and pycdlib"]
fn a_cd_rw_begun_by_genisoimage_in_two_sessions() {
    let mut disc = Foreign::new("cdrw-80");
    two_sessions(&mut disc, genisoimage, &[]);
    disc.store(&DAYS[2..4]);
    disc.check_newest();
}

/// The drive skips thousands of sectors between two sessions.
#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc, perl and pycdlib"]
fn a_cd_r_begun_by_xorriso_ten_sessions_deep_with_every_session_still_there() {
    let mut disc = Foreign::new("cdr-80");
    let mut models = BTreeMap::new();
    for day in ["2025/12/28", "2025/12/29", "2025/12/30", "2025/12/31"] {
        let directory = disc.staged(day);
        let image = disc.work.path().join("session.iso");
        let mut command = mkisofs_of_xorriso();
        command.arg("-o").arg(&image);
        if let Some(&last) = disc.starts.last() {
            let next = disc.next_writable();
            command.args(["-C", &format!("{last},{next}"), "-M"]).arg(disc.nas.sectors());
        }
        output(command.arg(graft(&directory, day)));
        disc.write(&image);
    }
    // From Tuesday on: on a Monday a new disc would be due.
    for day in &DAYS[1..] {
        disc.store(&[day]);
        models.insert(day, disc.model.clone());
    }
    let starts = disc.nas.session_starts();
    assert_eq!(starts.len(), 10);
    disc.check_newest();
    for (start, model) in starts[4..].iter().zip(models.values()) {
        assert_show(&[Reader::Xorriso, Reader::Isofs], model, &Image::new(&disc.nas.sectors(), *start), LIMITS);
    }
}

/// libisofs with Joliet beside Rock Ridge and no empty sectors at the end.
#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc, perl and pycdlib"]
fn a_cd_r_begun_as_brasero_does() {
    let mut disc = Foreign::new("cdr-80");
    two_sessions(&mut disc, mkisofs_of_xorriso, &["-J", "-joliet-long", "-no-pad"]);
    disc.store(&DAYS[2..4]);
    // Where a disc has a Joliet tree, 7-Zip shows that one: `other_trees.rs` holds it.
    let readers: Vec<Reader> =
        READERS.into_iter().filter(|reader| ![Reader::SevenZip, Reader::SevenZipExtraction].contains(reader)).collect();
    assert_show(&readers, &disc.model, &disc.nas.newest(), LIMITS);
}

/// growisofs -Z writes an image from sector 0 on; -M writes the next one behind it and its descriptors over the first
/// ones.
#[test]
#[ignore = "needs xorriso, isoinfo, genisoimage, 7z, bsdtar, linux.uml, cc, perl and pycdlib"]
fn a_dvd_plus_rw_grown_as_growisofs_does() {
    let mut disc = Foreign::new("dvd+rw");
    let (whole, session) = (disc.work.path().join("whole.iso"), disc.work.path().join("session.iso"));
    let first = disc.staged(DAYS[0]);
    output(genisoimage().arg("-o").arg(&whole).arg(graft(&first, DAYS[0])));
    let mut bytes = padded(&whole);
    let next = bytes.len() / SECTOR_BYTES;
    let second = disc.staged(DAYS[1]);
    let mut command = genisoimage();
    command.args(["-C", &format!("0,{next}"), "-M"]).arg(&whole).arg("-o").arg(&session);
    output(command.arg(graft(&second, DAYS[1])));
    let grown = padded(&session);
    bytes.extend_from_slice(&grown);
    for at in (16..).map(|sector| sector * SECTOR_BYTES) {
        bytes[at..at + SECTOR_BYTES].copy_from_slice(&grown[at..at + SECTOR_BYTES]);
        if grown[at] == 255 {
            break;
        }
    }
    // growisofs learns from the volume size where to grow the disc the next time, so it makes that absolute.
    let end = u32::try_from(bytes.len() / SECTOR_BYTES).expect("a small image");
    let size = [end.to_le_bytes(), end.to_be_bytes()].concat();
    bytes[16 * SECTOR_BYTES + 80..][..8].copy_from_slice(&size);
    fs::write(&whole, bytes).expect("room for an image");
    disc.write_whole(&whole);
    disc.store(&DAYS[2..4]);
    // It has no chain of sessions: the first one is a plain image.
    assert_show(&READERS, &disc.model, &Image::new(&disc.nas.sectors(), 0), LIMITS);
}

#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc, perl and pycdlib"]
fn a_dvd_plus_rw_begun_by_xorriso_whose_table_of_contents_then_lists_our_sessions_too() {
    let mut disc = Foreign::new("dvd+rw");
    let whole = disc.work.path().join("whole.iso");
    let mut drive = std::ffi::OsString::from("stdio:");
    drive.push(&whole);
    let mut models = Vec::new();
    for day in &DAYS[..2] {
        let staged = disc.staged(day);
        let mut command = program("xorriso");
        command.args(["-md5", "on", "-hardlinks", "on"]).arg("-dev").arg(&drive).arg("-map").arg(staged).arg(day);
        output(command.args(["-find", "/", "-exec", "mkisofs_r", "--", "-commit"]));
        models.push(disc.model.clone());
    }
    disc.write_whole(&whole);
    for day in &DAYS[2..5] {
        disc.store(&[day]);
        models.push(disc.model.clone());
    }
    disc.check_newest();
    let starts = disc.nas.session_starts();
    assert_eq!(xorriso::sessions(&disc.nas.sectors()), starts);
    assert_eq!(starts.len(), 5);
    // It refuses a disc that does not have the checksums that are on it.
    assert_eq!(xorriso::sessions_with_checksums(&disc.nas.sectors()), starts);
    let limits: Vec<_> = LIMITS_ON_EARLIER_OVERWRITABLE.iter().chain(LIMITS).copied().collect();
    for (number, (start, model)) in (1..).zip(starts.into_iter().zip(&models)) {
        let shown = xorriso::list_session(&disc.nas.sectors(), number);
        assert_eq!(compare(model, &shown, Reader::Xorriso, &[]), Vec::<String>::new(), "session {number}");
        assert_show(&[Reader::Isofs], model, &Image::new(&disc.nas.sectors(), start), &limits);
    }
}
