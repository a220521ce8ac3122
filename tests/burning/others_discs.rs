//! Promised: a disc that another program began is carried on. Its files stay where they are, to the last byte; where its tree can't be read
//! whole, the disc is left as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use cedarburn::actions::ActionError;
use cedarburn::actions::contents::{Contents, Shown};
use cedarburn::actions::device;
use cedarburn::actions::list::Reading;
use cedarburn::actions::policy::{Decision, Refusal};
use cedarburn::actions::proof::{Hashed, prove_tree};
use cedarburn::burn::prepare::FormatWish;
use cedarburn::burn::{self, BurnError, Burned, Image, Job, Medium, prepare};
use cedarburn::config::Protect;
use cedarburn::scsi::Drive;
use cedarburn::scsi::drive::deadline;
use cedarburn::scsi::sbc::SynchronizeCache10;
use cedarburn::sector::{Lba, SECTOR_BYTES, Sectors};

use super::workshop::{Before, Kind, NEXT_MONDAY, Scenario, TUESDAY, WEDNESDAY, Workshop, tell};

/// Kinds that other programs begin, one for each way of writing.
const BEGUN_BY_OTHERS: [Kind; 8] = [
    Kind::CdRw,
    Kind::DvdPlusRw,
    Kind::DvdRwOverwrite,
    Kind::DvdRam,
    Kind::BdRe,
    Kind::DvdR,
    Kind::DvdPlusR,
    Kind::BdR,
];

/// An image file from its beginning.
struct Bytes<'a>(&'a [u8]);

impl Image for Bytes<'_> {
    fn read(&mut self, out: &mut [u8]) -> usize {
        let count = out.len().min(self.0.len());
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        count
    }
}

/// Puts the image on the disc as the program that made it would have: at sector 0.
fn begin_with(workshop: &Workshop, image: &[u8]) {
    let mut drive = device::open_drive(&device_of(workshop), None).unwrap();
    let medium = burn::inspect(&mut drive).unwrap();
    if workshop.kind.is_overwritable() {
        drive.lock_tray();
        prepare::format(&mut drive, &medium, FormatWish::Needed, &mut |_| {}).unwrap();
        for (chunk, at) in image.chunks(32 * SECTOR_BYTES).zip((0..).step_by(32)) {
            drive.write(Lba(at), chunk).unwrap();
        }
        drive.run_long(|immediate| SynchronizeCache10 { immediate }, deadline::SYNCHRONIZE, &mut |_| {}).unwrap();
    } else {
        burn_first(&mut drive, &medium, image).unwrap();
    }
}

/// Burns the image as the first session.
fn burn_first(drive: &mut Drive, medium: &Medium, image: &[u8]) -> Result<Burned, BurnError> {
    let job = Job {
        start: Lba(0),
        sectors: Sectors::for_bytes(image.len() as u64).unwrap(),
        image: &mut Bytes(image),
        wipes: true,
        recorded_end: Lba(0),
        finalize: false,
        defect_management: None,
        speed: None,
        fifo_bytes: 1 << 20,
        stop: &AtomicBool::new(false),
        progress: &mut |_| {},
    };
    burn::burn(drive, medium, job)
}

/// An image of the fixtures, ready for a disc.
fn fixture(name: &str) -> Vec<u8> {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images");
    let mut image = fs::read(images.join(name).with_extension("iso")).unwrap();
    // The fixtures lack the empty sectors at their end that their volume size counts.
    let volume = &image[16 * SECTOR_BYTES + 80..][..4];
    let sectors = u32::from_le_bytes(volume.try_into().unwrap()) as usize;
    let bytes = image.len().max(sectors * SECTOR_BYTES);
    // The largest ECC unit, of a BD: none is written in part.
    image.resize(bytes.next_multiple_of(32 * SECTOR_BYTES), 0);
    image
}

fn device_of(workshop: &Workshop) -> String {
    workshop.device("")
}

fn look_at(device: &str) -> Contents {
    Reading::new(device::open(device, None).unwrap()).unwrap().contents
}

/// Every file the disc shows, with its digest.
fn files(workshop: &Workshop) -> BTreeMap<String, [u8; 32]> {
    let mut reading = Reading::new(device::open(&device_of(workshop), None).unwrap()).unwrap();
    let read = reading.session(None).unwrap();
    let mut hashed = Hashed::default();
    reading.with_source(|source| prove_tree(source, &read, &AtomicBool::new(false), &mut |_| {}, &mut hashed)).unwrap();
    hashed.files.iter().map(|(&id, digest)| (read.tree.path(id).to_string(), digest.clone().unwrap())).collect()
}

#[test]
fn files_of_another_programs_session_stay_to_the_last_byte() {
    let mut carried_on = 0;
    for kind in BEGUN_BY_OTHERS {
        for name in [
            "genisoimage-rock-ridge",
            "genisoimage-plain",
            "genisoimage-joliet",
            "xorriso-rock-ridge",
            "xorriso-relocated",
            "grown",
            "xorriso-chain",
        ] {
            // xorriso lays out its chains, and growisofs grows, on overwritable media only.
            if !kind.is_overwritable() && ["grown", "xorriso-chain"].contains(&name) {
                continue;
            }
            let workshop = Workshop::new(kind);
            let image = fixture(name);
            begin_with(&workshop, &image);
            let before = files(&workshop);
            assert!(before.len() > 1, "{name}");
            for day in [TUESDAY, WEDNESDAY] {
                workshop.stage(day, 1);
                match workshop.store(day, "") {
                    Ok(_) => carried_on += 1,
                    Err(ActionError::TreeNotWhole { .. }) => {}
                    Err(error) => panic!("{kind} {name}: {}", tell(&error)),
                }
                let after = files(&workshop);
                for (path, digest) in &before {
                    assert_eq!(after.get(path), Some(digest), "{kind} {name}: {path} after {day}");
                }
            }
        }
    }
    assert!(carried_on >= 10, "only {carried_on} days were stored behind another program's session");
}

/// Without its Joliet tree such a disc shows the mangled names, and the next session would make them the only ones.
#[test]
fn a_scratch_on_the_descriptor_that_leads_to_the_names_keeps_the_disc_as_it_is() {
    for kind in BEGUN_BY_OTHERS {
        let workshop = Workshop::new(kind);
        begin_with(&workshop, &fixture("genisoimage-joliet"));
        let before = files(&workshop);
        workshop.stage(TUESDAY, 1);
        let error = workshop.store(TUESDAY, ",fault=read10@17:3/11/00").unwrap_err();
        let ActionError::TreeNotWhole { what } = &error else { panic!("{kind}: {}", tell(&error)) };
        assert!(what.contains("volume descriptor in sector 17"), "{kind}: {what}");
        assert_eq!(files(&workshop), before, "{kind}");
        // The next drive reads it.
        workshop.store(TUESDAY, "").unwrap();
        let after = files(&workshop);
        assert!(after.len() > before.len() && before.iter().all(|(path, digest)| after.get(path) == Some(digest)));
    }
}

/// A new disc is due, and what is on the old one is not known.
#[test]
fn a_scratch_keeps_a_disc_from_being_started_anew_as_well_until_full_asks_for_it() {
    for kind in BEGUN_BY_OTHERS.into_iter().filter(|kind| kind.is_rewritable()) {
        let workshop = Workshop::new(kind);
        begin_with(&workshop, &fixture("genisoimage-joliet"));
        let before = files(&workshop);
        workshop.stage(NEXT_MONDAY, 1);
        let scratched = ",fault=read10@17:3/11/00";
        let error = workshop.store(NEXT_MONDAY, scratched).unwrap_err();
        assert!(matches!(error, ActionError::TreeNotWhole { .. }), "{kind}: {}", tell(&error));
        assert_eq!(files(&workshop), before, "{kind}");
        // The scratch may lie where the new session is read back.
        let full = workshop.store_full(NEXT_MONDAY, scratched);
        assert!(matches!(full, Ok(_) | Err(ActionError::Wiped(_))), "{kind}");
        workshop.store_full(NEXT_MONDAY, "").unwrap();
        assert!(files(&workshop).keys().all(|path| !before.contains_key(path)), "{kind}");
    }
}

#[test]
fn files_that_are_no_days_keep_a_disc_from_being_started_anew_where_protection_is_strict() {
    for kind in BEGUN_BY_OTHERS.into_iter().filter(|kind| kind.is_rewritable()) {
        for (protect, stay) in [(Protect::Strict, true), (Protect::Week, false), (Protect::Off, false)] {
            let mut workshop = Workshop::new(kind);
            workshop.protect(protect);
            begin_with(&workshop, &fixture("genisoimage-joliet"));
            let before = files(&workshop);
            workshop.stage(NEXT_MONDAY, 1);
            let report = workshop.store(NEXT_MONDAY, "").unwrap();
            let other = report.others_at_stake.map(|path| path.to_string());
            assert!(other.is_some_and(|path| before.contains_key(&path)), "{kind}, {protect}: not told");
            assert_eq!(matches!(report.decision, Decision::Append { .. }), stay, "{kind}, {protect}");
            let after = files(&workshop);
            assert_eq!(before.keys().all(|path| after.contains_key(path)), stay, "{kind}, {protect}");
        }
    }
}

/// A whole session as short as this may look like one whose burn broke off, as the drive fills both up.
#[test]
fn a_short_session_with_a_name_twice_is_no_torn_one() {
    let mut image = fixture("genisoimage-plain");
    // The directory is there as DIR.
    let at = image.windows(12).position(|name| name == b"README.TXT;1").unwrap();
    image[at - 1] = 6;
    image[at..at + 6].copy_from_slice(b"DIR.;1");
    let workshop = Workshop::new(Kind::CdRw);
    begin_with(&workshop, &image);
    let contents = look_at(&device_of(&workshop));
    assert_eq!((contents.shown, contents.torn), (Shown::Sessions, 0));
    let before = files(&workshop);
    assert_eq!(before.len(), 1);
    workshop.stage(TUESDAY, 1);
    let error = workshop.store(TUESDAY, "").unwrap_err();
    let ActionError::TreeNotWhole { what } = &error else { panic!("{}", tell(&error)) };
    assert_eq!(what, "/dir: the name is there twice, the first is kept");
    assert_eq!(files(&workshop), before);
}

#[test]
fn a_short_session_is_torn_where_a_directory_was_never_written_but_a_file_of_its_sectors_is_shown() {
    let mut image = fixture("genisoimage-plain");
    let root_and_below = |sector: &&[u8]| sector.starts_with(b"\x22") && sector[25] == 2 && sector[33] == 0;
    let directories: Vec<usize> =
        (0..).zip(image.chunks(SECTOR_BYTES)).filter(|(_, s)| root_and_below(s)).map(|(n, _)| n).collect();
    let [_, below] = directories[..] else { panic!("{directories:?}") };
    image[below * SECTOR_BYTES..][..SECTOR_BYTES].fill(0);
    let workshop = Workshop::new(Kind::CdRw);
    begin_with(&workshop, &image);
    let contents = look_at(&device_of(&workshop));
    assert_eq!((contents.shown, contents.torn), (Shown::Nothing, 1));
    let contents = look_at(&workshop.disc().join("sectors").display().to_string());
    assert_eq!((contents.shown.clone(), contents.torn), (Shown::Sessions, 0));
    assert_eq!(contents.newest().unwrap().loss().unwrap(), format!("/dir: no directory at sector {below}"));
}

/// Other programs leave a session open on purpose. To close it would take the rest of the disc's tracks from them.
#[test]
fn a_session_that_somebody_else_left_open_is_not_closed() {
    for kind in [Kind::CdR, Kind::CdRw, Kind::DvdR, Kind::DvdRw, Kind::DvdPlusR, Kind::BdR] {
        let workshop = Workshop::new(kind);
        let spec = workshop.device(",fault=close:4/44/00");
        let mut drive = device::open_drive(&spec, None).unwrap();
        let medium = burn::inspect(&mut drive).unwrap();
        burn_first(&mut drive, &medium, &[0x5a; 320 * SECTOR_BYTES]).unwrap_err();
        drop(drive);
        workshop.stage(TUESDAY, 1);
        let error = workshop.store(TUESDAY, "").unwrap_err();
        assert!(matches!(error, ActionError::Refused(Refusal::Unreadable)), "{kind}: {}", tell(&error));
        let touched = |line: &str| ["CLOSE", "BLANK", "WRITE("].iter().any(|name| line.starts_with(name));
        assert!(!workshop.trace().lines().any(touched), "{kind}: {}", workshop.trace());
    }
}

/// btrfs and others leave the first 64 KiB of what they are on empty.
#[test]
fn what_begins_behind_an_empty_superblock_is_not_written_over() {
    for kind in [Kind::DvdPlusRw, Kind::DvdRam, Kind::BdRe] {
        let workshop = Workshop::new(kind);
        let mut drive = device::open_drive(&device_of(&workshop), None).unwrap();
        let medium = burn::inspect(&mut drive).unwrap();
        drive.lock_tray();
        prepare::format(&mut drive, &medium, FormatWish::Needed, &mut |_| {}).unwrap();
        drive.write(Lba(32), &[0x5a; 32 * SECTOR_BYTES]).unwrap();
        drive.run_long(|immediate| SynchronizeCache10 { immediate }, deadline::SYNCHRONIZE, &mut |_| {}).unwrap();
        drop(drive);
        workshop.stage(TUESDAY, 1);
        let error = workshop.store(TUESDAY, "").unwrap_err();
        assert!(matches!(error, ActionError::Refused(Refusal::Unreadable)), "{kind}: {}", tell(&error));
        // Whoever says so gets it.
        workshop.store_full(TUESDAY, "").unwrap();
    }
}

#[test]
fn a_drive_that_gives_no_table_of_contents_is_asked_for_its_tracks() {
    for kind in [Kind::DvdR, Kind::DvdPlusR, Kind::BdR] {
        let workshop = Workshop::new(kind);
        for day in [TUESDAY, WEDNESDAY] {
            workshop.stage(day, 1);
            workshop.store(day, ",tocfail").unwrap_or_else(|error| panic!("{kind}: {}", tell(&error)));
        }
        assert_eq!(workshop.shown().unwrap().len(), 2, "{kind}");
    }
}

/// Whatever happened between the last sector and the mark.
#[test]
fn a_day_on_a_closed_disc_is_proven_and_marked() {
    for kind in [Kind::CdR, Kind::DvdR, Kind::DvdRDl, Kind::DvdPlusR, Kind::BdR] {
        let workshop = Workshop::new(kind);
        workshop.stage(TUESDAY, 1);
        let error = workshop.store_finally(TUESDAY, ",fault=toc:4/44/00").unwrap_err();
        assert!(matches!(error, ActionError::NotShownProven { .. }), "{kind}: {}", tell(&error));
        assert!(!workshop.is_marked(TUESDAY));
        workshop.store(TUESDAY, "").unwrap_or_else(|error| panic!("{kind}: {}", tell(&error)));
        assert!(workshop.is_marked(TUESDAY));
        assert!(!workshop.trace().lines().any(|line| line.starts_with("WRITE(")));
        // Another day can't follow.
        workshop.stage(WEDNESDAY, 1);
        let error = workshop.store(WEDNESDAY, "").unwrap_err();
        assert!(matches!(error, ActionError::Refused(Refusal::Closed { .. })), "{kind}: {}", tell(&error));
    }
}

#[test]
fn a_tray_that_is_opened_while_the_disc_is_read_back_is_no_fault_of_the_disc() {
    for kind in [Kind::CdR, Kind::DvdRam] {
        let workshop = Workshop::new(kind);
        workshop.stage(TUESDAY, 1);
        let before = Before::new(kind, Scenario::First);
        let reads = before.commands().iter().filter(|sent| sent.code == 0x28).count();
        let error = workshop.store(TUESDAY, &format!(",fault=read10#{reads}:eject")).unwrap_err();
        assert!(
            matches!(error, ActionError::Proof(_) | ActionError::NotShownProven { .. }),
            "{kind}: {}",
            tell(&error)
        );
    }
}
