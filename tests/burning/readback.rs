//! Promised: what was burned is read once, from its first sector to its last, and every chunk of it compared with what was sent. A sector
//! that can't be read or is not as it was sent is named, and the reading goes on. After the directories nothing is held.

use std::sync::atomic::AtomicBool;

use cedarburn::burn::readback::Run;
use cedarburn::burn::{Burned, DriveSource, Readback, inspect};
use cedarburn::iso::source::SectorSource;
use cedarburn::scsi::Drive;
use cedarburn::sector::{Lba, SECTOR_BYTES, Sectors};

use super::drive::{Keeper, burn_numbered, numbered, refusal};

/// Nobody stops these.
static STOP: AtomicBool = AtomicBool::new(false);
use super::workshop::{Kind, Workshop};

const SECTORS: Sectors = Sectors(1000);

fn burned_disc() -> (Workshop, Keeper, Drive, Burned) {
    burned_disc_of(Kind::CdR)
}

fn burned_disc_of(kind: Kind) -> (Workshop, Keeper, Drive, Burned) {
    let workshop = Workshop::new(kind);
    let (keeper, mut drive) = Keeper::new(&workshop);
    let medium = inspect(&mut drive).unwrap();
    let burned = burn_numbered(&mut drive, &medium, Lba(0), SECTORS, 7).unwrap();
    keeper.sent();
    (workshop, keeper, drive, burned)
}

/// First sector and length of every READ since the last look.
fn reads(keeper: &Keeper) -> Vec<(u32, u32)> {
    let word = |cdb: &[u8]| u32::from_be_bytes([cdb[2], cdb[3], cdb[4], cdb[5]]);
    let sent = keeper.sent();
    let reads = sent.iter().filter(|cdb| cdb[0] == 0x28);
    reads.map(|cdb| (word(cdb), u32::from(u16::from_be_bytes([cdb[7], cdb[8]])))).collect()
}

fn assert_each_sector_once(reads: &[(u32, u32)]) {
    let mut next = 0;
    for &(at, count) in reads {
        assert_eq!(at, next, "not forward, or not once");
        next = at + count;
    }
    assert_eq!(next, SECTORS.0);
}

#[test]
fn every_sector_of_a_session_is_read_once_and_strictly_forward() {
    let (_workshop, keeper, mut drive, burned) = burned_disc();
    let faults =
        Readback::new(&mut drive, Lba(0), Lba(0) + SECTORS, Some(&burned.ledger), &STOP, &mut |_| {}).finish().unwrap();
    assert!(faults.is_empty());
    assert_each_sector_once(&reads(&keeper));
}

#[test]
fn a_reader_that_asks_for_directories_twice_and_files_once_costs_no_second_read() {
    let (_workshop, keeper, mut drive, burned) = burned_disc();
    let mut quiet = |_| {};
    let mut readback = Readback::new(&mut drive, Lba(0), Lba(0) + SECTORS, Some(&burned.ledger), &STOP, &mut quiet);
    let mut sector = [0; SECTOR_BYTES];
    for at in [16, 17, 40, 18, 90, 16, 40] {
        readback.read(Lba(at), &mut sector).unwrap();
        assert_eq!(sector, numbered(at, 7));
    }
    readback.stop_keeping();
    let mut file = vec![0; 300 * SECTOR_BYTES];
    readback.read(Lba(100), &mut file).unwrap();
    assert_eq!(file[..SECTOR_BYTES], numbered(100, 7));
    assert!(readback.finish().unwrap().is_empty());
    assert_each_sector_once(&reads(&keeper));
}

#[test]
fn what_has_gone_by_after_the_directories_is_not_held() {
    let (_workshop, keeper, mut drive, burned) = burned_disc();
    let mut quiet = |_| {};
    let mut readback = Readback::new(&mut drive, Lba(0), Lba(0) + SECTORS, Some(&burned.ledger), &STOP, &mut quiet);
    let mut sector = [0; SECTOR_BYTES];
    readback.read(Lba(16), &mut sector).unwrap();
    readback.stop_keeping();
    readback.read(Lba(900), &mut sector).unwrap();
    reads(&keeper);
    readback.read(Lba(16), &mut sector).unwrap();
    assert_eq!(reads(&keeper), [(16, 1)], "directories would be held after they were parsed");
    readback.read(Lba(500), &mut sector).unwrap();
    assert_eq!(reads(&keeper), [(500, 1)], "file content would be held");
    assert_eq!(sector, numbered(500, 7));
}

#[test]
fn one_wrong_bit_is_found_in_its_chunk_and_the_rest_is_read() {
    let (workshop, keeper, drive, burned) = burned_disc();
    drop((keeper, drive));
    for (bad, run) in [(0, 0..32), (500, 480..512), (999, 992..1000)] {
        let spec = format!("{},fault=read10@{bad}:flip", workshop.disc().display());
        let sim = cedarburn::scsi::sim::SimDrive::open(&spec).unwrap();
        let mut drive = Drive::new(Box::new(sim), "flipping");
        drive.wait_until_ready().unwrap();
        let mut done = Sectors(0);
        let mut progress = |event| {
            if let cedarburn::burn::Event::Done { sectors, .. } = event {
                done = sectors;
            }
        };
        let end = Lba(0) + SECTORS;
        let faults =
            Readback::new(&mut drive, Lba(0), end, Some(&burned.ledger), &STOP, &mut progress).finish().unwrap();
        assert_eq!(faults.differing, [Run { start: Lba(run.start), end: Lba(run.end) }]);
        assert_eq!(faults.unreadable, []);
        assert_eq!(done, SECTORS);
    }
}

#[test]
fn a_sector_that_can_not_be_read_is_named_alone_and_the_rest_is_read() {
    let (_workshop, keeper, mut drive, burned) = burned_disc();
    keeper.answer(|cdb| {
        let at = u32::from_be_bytes([cdb[2], cdb[3], *cdb.get(4)?, *cdb.get(5)?]);
        let count = u32::from(u16::from_be_bytes([*cdb.get(7)?, *cdb.get(8)?]));
        (cdb[0] == 0x28 && (at..at + count).contains(&500)).then(|| refusal(3, 0x11, 0))
    });
    let faults =
        Readback::new(&mut drive, Lba(0), Lba(0) + SECTORS, Some(&burned.ledger), &STOP, &mut |_| {}).finish().unwrap();
    assert_eq!(faults.unreadable, [Run { start: Lba(500), end: Lba(501) }]);
    assert_eq!(faults.differing, []);
    let reads = reads(&keeper);
    assert!(reads.contains(&(968 + 24, 8)), "the reading did not go on to the end: {reads:?}");
    let whole = reads.iter().filter(|&&(at, count)| (at, count) == (496, 16)).count();
    assert_eq!(whole, 3, "a chunk is tried three times before its sectors are");
}

#[test]
fn a_bad_spot_is_read_at_half_the_speed_and_what_follows_at_the_drives_own() {
    for (kind, set_speed) in [(Kind::CdR, 0xbb), (Kind::DvdPlusR, 0xb6)] {
        let (_workshop, keeper, mut drive, burned) = burned_disc_of(kind);
        keeper.answer(|cdb| {
            let at = u32::from_be_bytes([cdb[2], cdb[3], *cdb.get(4)?, *cdb.get(5)?]);
            let count = u32::from(u16::from_be_bytes([*cdb.get(7)?, *cdb.get(8)?]));
            (cdb[0] == 0x28 && (at..at + count).contains(&500)).then(|| refusal(3, 0x11, 0))
        });
        let end = Lba(0) + SECTORS;
        let faults = Readback::new(&mut drive, Lba(0), end, Some(&burned.ledger), &STOP, &mut |_| {}).finish().unwrap();
        assert_eq!(faults.unreadable, [Run { start: Lba(500), end: Lba(501) }], "{kind}");
        let sent = keeper.sent();
        let is_single = |cdb: &Vec<u8>| cdb[0] == 0x28 && cdb[7..9] == [0, 1];
        let parts: Vec<&[Vec<u8>]> = sent.split(|cdb| cdb[0] == set_speed).collect();
        let [before, between, after] = parts[..] else { panic!("{kind}: {} parts", parts.len()) };
        assert_eq!(between.iter().filter(|cdb| is_single(cdb)).count(), 32, "{kind}");
        assert!(!before.iter().chain(after).any(is_single), "{kind}");
        assert!(!after.is_empty(), "{kind}");
        let speeds: Vec<&[u8]> = sent.iter().filter(|cdb| cdb[0] == 0xbb).map(|cdb| &cdb[2..6]).collect();
        if kind == Kind::CdR {
            // It reads 8467 kB/s.
            assert_eq!(speeds, [[0x10, 0x89, 0xff, 0xff], [0xff; 4]]);
        }
        keeper.assert_content();
    }
}

#[test]
fn bad_spots_near_each_other_change_the_speed_once() {
    let (_workshop, keeper, mut drive, burned) = burned_disc_of(Kind::DvdPlusR);
    keeper.answer(|cdb| {
        let at = u32::from_be_bytes([cdb[2], cdb[3], *cdb.get(4)?, *cdb.get(5)?]);
        let count = u32::from(u16::from_be_bytes([*cdb.get(7)?, *cdb.get(8)?]));
        let bad = [100, 200, 300];
        (cdb[0] == 0x28 && bad.iter().any(|bad| (at..at + count).contains(bad))).then(|| refusal(3, 0x11, 0))
    });
    let end = Lba(0) + SECTORS;
    let faults = Readback::new(&mut drive, Lba(0), end, Some(&burned.ledger), &STOP, &mut |_| {}).finish().unwrap();
    assert_eq!(faults.unreadable.len(), 3);
    let speeds = keeper.sent().iter().filter(|cdb| cdb[0] == 0xb6).count();
    assert_eq!(speeds, 2, "halved, and the drive's own again");
}

#[test]
fn a_unit_attention_is_no_bad_sector_whatever_command_it_meets() {
    // The chunk can't be read; each of its sectors can. What asks for the speeds, what sets one, a single sector.
    for met in [0xac, 0xb6, 0x28] {
        let (_workshop, keeper, mut drive, burned) = burned_disc_of(Kind::DvdPlusR);
        let mut told = false;
        keeper.answer(move |cdb| {
            let at = u32::from_be_bytes([cdb[2], cdb[3], *cdb.get(4)?, *cdb.get(5)?]);
            let count = u32::from(u16::from_be_bytes([*cdb.get(7)?, *cdb.get(8)?]));
            let on_spot = cdb[0] == 0x28 && (at..at + count).contains(&500);
            if on_spot && count > 1 {
                return Some(refusal(3, 0x11, 0));
            }
            let is_met = cdb[0] == met && (met != 0x28 || on_spot);
            (is_met && !std::mem::replace(&mut told, true)).then(|| refusal(6, 0x29, 0))
        });
        let end = Lba(0) + SECTORS;
        let faults = Readback::new(&mut drive, Lba(0), end, Some(&burned.ledger), &STOP, &mut |_| {}).finish().unwrap();
        assert!(faults.is_empty(), "{met:02x}: {faults:?}");
    }
}

#[test]
fn a_bad_spot_is_read_slowly_by_every_other_reader_too() {
    let (_workshop, keeper, mut drive, _) = burned_disc_of(Kind::DvdPlusR);
    keeper.answer(|cdb| {
        let at = u32::from_be_bytes([cdb[2], cdb[3], *cdb.get(4)?, *cdb.get(5)?]);
        let count = u32::from(u16::from_be_bytes([*cdb.get(7)?, *cdb.get(8)?]));
        (cdb[0] == 0x28 && count > 1 && (at..at + count).contains(&500)).then(|| refusal(3, 0x11, 0))
    });
    let mut out = vec![0; 64 * SECTOR_BYTES];
    DriveSource(&mut drive).read(Lba(480), &mut out).unwrap();
    DriveSource(&mut drive).read(Lba(600), &mut out).unwrap();
    let sent = keeper.sent();
    let parts: Vec<&[Vec<u8>]> = sent.split(|cdb| cdb[0] == 0xb6).collect();
    let [before, between, after] = parts[..] else { panic!("{} parts", parts.len()) };
    let is_single = |cdb: &Vec<u8>| cdb[0] == 0x28 && cdb[7..9] == [0, 1];
    assert_eq!(between.iter().filter(|cdb| is_single(cdb)).count(), 64);
    assert!(!before.iter().chain(after).any(is_single) && !after.is_empty());
    keeper.assert_content();
}
