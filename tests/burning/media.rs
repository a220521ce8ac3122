//! Promised of every medium there is: sessions follow each other where the drive says, a disc stays open until it is to be closed, what broke
//! off is mended, and no drive takes anything amiss.

use std::sync::atomic::AtomicBool;

use cedarburn::burn::prepare::FormatWish;
use cedarburn::burn::{self, BurnError, Burned, Job, Medium as Found, Recipe, State, inspect, prepare};
use cedarburn::scsi::Drive;
use cedarburn::scsi::mmc::BlankExtent;
use cedarburn::sector::{Lba, SECTOR_BYTES, Sectors};

use super::drive::{Keeper, Numbered, numbered, refusal};
use super::workshop::{EVERY_KIND, Kind, Workshop};

const SECTORS: Sectors = Sectors(320);

/// Mends, formats, burns behind `last`.
fn session(drive: &mut Drive, last: Option<&Burned>, seed: u8, finalize: bool) -> Result<Burned, BurnError> {
    let mut medium = inspect(drive).unwrap();
    drive.lock_tray();
    medium = prepare::close_interrupted(drive, &medium, &mut |_| {})?;
    medium = prepare::format(drive, &medium, FormatWish::Needed, &mut |_| {})?;
    let behind = last.map_or(burn::overwrite::FIRST_SESSION, |last| last.start + last.sectors);
    let start = medium.next_writable.filter(|_| !medium.is_overwritable()).unwrap_or(behind);
    let mut image = Numbered { at: start.0, end: start.0 + SECTORS.0, seed };
    let job = Job {
        start,
        sectors: SECTORS,
        image: &mut image,
        recorded_end: start,
        wipes: medium.is_overwritable() && last.is_none(),
        finalize,
        defect_management: None,
        speed: Some(4),
        fifo_bytes: 1 << 18,
        stop: &AtomicBool::new(false),
        progress: &mut |_| {},
    };
    let burned = burn::burn(drive, &medium, job);
    if burned.is_ok() && medium.is_overwritable() {
        let superblock: Vec<u8> = (0..32).flat_map(|at| numbered(at, seed)).collect();
        burn::show(drive, &medium, Some(&superblock), &mut |_| {})?;
    }
    drive.unlock_tray();
    burned
}

fn assert_holds(drive: &mut Drive, burned: &Burned, seed: u8, kind: Kind) {
    let mut sector = [0; SECTOR_BYTES];
    for at in burned.start.0..burned.start.0 + burned.sectors.0 {
        drive.read(Lba(at), &mut sector, false).unwrap_or_else(|error| panic!("{kind}: sector {at}: {error}"));
        assert!(sector == numbered(at, seed), "{kind}: sector {at}");
    }
}

/// Media that take one session only.
fn takes_one(medium: &Found) -> bool {
    medium.recipe(false) == Some(Recipe::DvdDiscAtOnce)
}

#[test]
fn sessions_follow_each_other_on_every_medium_without_a_fault_in_the_protocol() {
    for kind in EVERY_KIND {
        let workshop = Workshop::new(kind);
        let (keeper, mut drive) = Keeper::new(&workshop);
        let at_once = takes_one(&inspect(&mut drive).unwrap());
        let first = session(&mut drive, None, 1, false).unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        keeper.assert_content();
        assert_eq!(first.appendable, !at_once, "{kind}");
        assert_holds(&mut drive, &first, 1, kind);
        let found = inspect(&mut drive).unwrap();
        if at_once {
            assert_eq!(found.state, State::Closed, "{kind}");
            continue;
        }
        assert!(found.is_overwritable() || found.state == State::Appendable, "{kind}: {:?}", found.state);
        let second = session(&mut drive, Some(&first), 2, false).unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        keeper.assert_content();
        let third = session(&mut drive, Some(&second), 3, true).unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        keeper.assert_content();
        assert!(first.start < second.start && second.start < third.start, "{kind}");
        for (burned, seed) in [(&first, 1), (&second, 2), (&third, 3)] {
            assert_holds(&mut drive, burned, seed, kind);
        }
        let found = inspect(&mut drive).unwrap();
        assert_eq!(found.state == State::Closed, !found.is_overwritable(), "{kind}: {:?}", found.state);
        assert_eq!(third.appendable, found.is_overwritable(), "{kind}");
    }
}

#[test]
fn a_disc_of_one_session_is_final_on_every_medium() {
    for kind in EVERY_KIND {
        let workshop = Workshop::new(kind);
        let (keeper, mut drive) = Keeper::new(&workshop);
        let only = session(&mut drive, None, 1, true).unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        keeper.assert_content();
        assert_holds(&mut drive, &only, 1, kind);
        let found = inspect(&mut drive).unwrap();
        assert_eq!(found.state == State::Closed, !found.is_overwritable(), "{kind}: {:?}", found.state);
        assert_eq!(only.appendable, found.is_overwritable(), "{kind}");
    }
}

#[test]
fn a_session_that_was_cut_off_is_closed_and_followed_on_every_medium() {
    for kind in EVERY_KIND {
        let workshop = Workshop::new(kind);
        let (keeper, mut drive) = Keeper::new(&workshop);
        if takes_one(&inspect(&mut drive).unwrap()) {
            continue;
        }
        let first = session(&mut drive, None, 1, false).unwrap();
        let (cut, mut writes) = (keeper.clone(), 0);
        keeper.answer(move |cdb| {
            writes += u32::from(cdb[0] == 0x2a);
            (writes == 5).then(|| refusal(4, 0x44, 0))
        });
        session(&mut drive, Some(&first), 2, false).unwrap_err();
        cut.power_cut();
        drop((keeper, cut, drive));
        let (keeper, mut drive) = Keeper::new(&workshop);
        let third = session(&mut drive, Some(&first), 3, false).unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        keeper.assert_content();
        assert_holds(&mut drive, &first, 1, kind);
        assert_holds(&mut drive, &third, 3, kind);
    }
}

#[test]
fn a_dvd_rw_is_blanked_whole_to_take_sessions_again_and_minimally_to_take_one() {
    for (extent, can_append) in [(BlankExtent::Full, true), (BlankExtent::Minimal, false)] {
        let workshop = Workshop::new(Kind::DvdRw);
        let (keeper, mut drive) = Keeper::new(&workshop);
        session(&mut drive, None, 1, false).unwrap();
        let used = inspect(&mut drive).unwrap();
        drive.lock_tray();
        let blank = prepare::blank(&mut drive, &used, extent, &mut |_| {}).unwrap();
        assert_eq!((blank.state, blank.can_append), (State::Blank, can_append));
        let anew = session(&mut drive, None, 2, false).unwrap();
        keeper.assert_content();
        assert_eq!(anew.appendable, can_append);
        assert_holds(&mut drive, &anew, 2, Kind::DvdRw);
    }
}

#[test]
fn a_dvd_rw_becomes_restricted_overwrite_and_sequential_again() {
    for wish in [FormatWish::Quick, FormatWish::Whole] {
        let workshop = Workshop::new(Kind::DvdRw);
        let (keeper, mut drive) = Keeper::new(&workshop);
        let blank = inspect(&mut drive).unwrap();
        drive.lock_tray();
        let formatted = prepare::format(&mut drive, &blank, wish, &mut |_| {}).unwrap();
        assert_eq!((formatted.state, formatted.is_overwritable()), (State::Overwritable, true), "{wish:?}");
        let first = session(&mut drive, None, 1, false).unwrap();
        keeper.assert_content();
        assert_holds(&mut drive, &first, 1, Kind::DvdRw);
        let second = session(&mut drive, Some(&first), 2, false).unwrap();
        keeper.assert_content();
        assert_holds(&mut drive, &first, 1, Kind::DvdRw);
        assert_holds(&mut drive, &second, 2, Kind::DvdRw);
        let used = inspect(&mut drive).unwrap();
        drive.lock_tray();
        let sequential = prepare::blank(&mut drive, &used, BlankExtent::Full, &mut |_| {}).unwrap();
        assert_eq!(
            (sequential.state, sequential.can_append, sequential.is_overwritable()),
            (State::Blank, true, false)
        );
        session(&mut drive, None, 3, false).unwrap();
        keeper.assert_content();
    }
}
