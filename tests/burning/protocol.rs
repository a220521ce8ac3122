//! Promised: a burn does nothing that a real drive takes amiss. It writes where the drive said and nowhere else, repeats a command that
//! was turned away as it was, waits for what takes long, synchronizes before it points to anything, never drops a drive's word
//! that its disc may be another one, and leaves the tray free.

use cedarburn::burn::prepare::FormatWish;
use cedarburn::burn::{BurnError, Burned, Medium as Found, State, inspect, prepare};
use cedarburn::scsi::Drive;
use cedarburn::scsi::mmc::{BlankExtent, ReadTrackInformation, TrackAddress};
use cedarburn::sector::{Lba, Sectors};

use super::drive::{Keeper, burn_numbered, numbered, refusal};
use super::workshop::{Before, KINDS, Kind, Scenario, Workshop};

const SECTORS: Sectors = Sectors(320);

/// Where a session goes behind `last`, or as the first.
fn start(medium: &Found, last: Option<&Burned>) -> Lba {
    let behind = || last.map_or(Lba(32), |last| last.start + last.sectors);
    if medium.is_overwritable() { behind() } else { medium.next_writable.unwrap() }
}

/// Looks, formats if need be, burns.
fn session(drive: &mut Drive, last: Option<&Burned>, seed: u8) -> Result<Burned, BurnError> {
    let mut medium = inspect(drive).unwrap();
    drive.lock_tray();
    if let State::Interrupted { .. } = medium.state {
        medium = prepare::close_interrupted(drive, &medium, &mut |_| {})?;
    }
    medium = prepare::format(drive, &medium, FormatWish::Needed, &mut |_| {})?;
    let start = start(&medium, last);
    burn_numbered(drive, &medium, start, SECTORS, seed)
}

fn assert_holds(drive: &mut Drive, burned: &Burned, seed: u8) {
    let mut sector = [0; 2048];
    for at in burned.start.0..burned.start.0 + burned.sectors.0 {
        drive.read(Lba(at), &mut sector, false).unwrap();
        assert!(sector == numbered(at, seed), "sector {at}");
    }
}

#[test]
fn three_sessions_in_a_row_are_burned_without_a_fault_in_the_protocol() {
    for kind in KINDS {
        let workshop = Workshop::new(kind);
        let (keeper, mut drive) = Keeper::new(&workshop);
        let first = session(&mut drive, None, 1).unwrap();
        keeper.assert_content();
        let second = session(&mut drive, Some(&first), 2).unwrap();
        keeper.assert_content();
        let third = session(&mut drive, Some(&second), 3).unwrap();
        keeper.assert_content();
        assert!(first.start < second.start && second.start < third.start);
        for (burned, seed) in [(&first, 1), (&second, 2), (&third, 3)] {
            assert_holds(&mut drive, burned, seed);
        }
    }
}

#[test]
fn a_used_disc_is_blanked_or_where_it_can_be_overwritten_begun_anew() {
    for kind in KINDS.into_iter().filter(|kind| kind.is_rewritable()) {
        let workshop = Workshop::new(kind);
        let (keeper, mut drive) = Keeper::new(&workshop);
        let first = session(&mut drive, None, 1).unwrap();
        session(&mut drive, Some(&first), 2).unwrap();
        if !kind.is_overwritable() {
            drive.lock_tray();
            let used = inspect(&mut drive).unwrap();
            // The minimal blank leaves a DVD-RW that takes one session only.
            let extent = if kind == Kind::CdRw { BlankExtent::Minimal } else { BlankExtent::Full };
            prepare::blank(&mut drive, &used, extent, &mut |_| {}).unwrap();
        }
        let anew = session(&mut drive, None, 3).unwrap();
        keeper.assert_content();
        assert_eq!(anew.start, first.start);
        assert_holds(&mut drive, &anew, 3);
    }
}

#[test]
fn a_session_that_was_cut_off_is_closed_and_followed_without_a_fault_in_the_protocol() {
    for kind in KINDS {
        let workshop = Workshop::new(kind);
        let (keeper, mut drive) = Keeper::new(&workshop);
        let first = session(&mut drive, None, 1).unwrap();
        let (cut, mut writes) = (keeper.clone(), 0);
        keeper.answer(move |cdb| {
            writes += u32::from(cdb[0] == 0x2a);
            (writes == 5).then(|| refusal(4, 0x44, 0))
        });
        session(&mut drive, Some(&first), 2).unwrap_err();
        cut.power_cut();
        drop((keeper, cut, drive));
        let (keeper, mut drive) = Keeper::new(&workshop);
        let third = session(&mut drive, Some(&first), 3).unwrap();
        keeper.assert_content();
        assert_holds(&mut drive, &first, 1);
        assert_holds(&mut drive, &third, 3);
    }
}

#[test]
fn a_drive_whose_buffer_is_full_a_thousand_times_gets_the_same_write_a_thousand_times() {
    for kind in KINDS {
        let workshop = Workshop::new(kind);
        let (keeper, mut drive) = Keeper::new(&workshop);
        let (mut writes, mut refused) = (0, 0);
        keeper.answer(move |cdb| {
            writes += u32::from(cdb[0] == 0x2a && refused == 0);
            let full = cdb[0] == 0x2a && writes == 3 && refused < 1000;
            refused += u32::from(full);
            full.then(|| refusal(2, 4, 8))
        });
        let burned = session(&mut drive, None, 1).unwrap();
        keeper.assert_content();
        let sent: Vec<Vec<u8>> = keeper.sent().into_iter().filter(|cdb| cdb[0] == 0x2a).collect();
        assert!(sent[2..=1002].iter().all(|cdb| *cdb == sent[2]), "another WRITE came in between");
        assert_holds(&mut drive, &burned, 1);
    }
}

#[test]
fn a_storm_of_unit_attentions_before_the_inspection_is_waited_out() {
    for kind in KINDS {
        let workshop = Workshop::new(kind);
        let (keeper, mut drive) = Keeper::new(&workshop);
        let mut attentions = 0;
        keeper.answer(move |cdb| {
            let attention = cdb[0] == 0 && attentions < 50;
            attentions += u32::from(attention);
            attention.then(|| refusal(6, if attentions % 2 == 0 { 0x28 } else { 0x29 }, 0))
        });
        let burned = session(&mut drive, None, 1).unwrap();
        keeper.assert_content();
        assert_holds(&mut drive, &burned, 1);
    }
}

/// The first answer of each kind of command between the inspection and the first WRITE is a unit attention: the disc may be another.
#[test]
fn no_command_after_the_inspection_drops_the_word_that_the_disc_may_be_another() {
    for kind in KINDS {
        for code in [0x1e, 0x5a, 0x55, 0xbb, 0x54, 0x52, 0xb6, 0x2a] {
            let workshop = Workshop::new(kind);
            let (keeper, mut drive) = Keeper::new(&workshop);
            let first = session(&mut drive, None, 1).unwrap();
            let found = inspect(&mut drive).unwrap();
            keeper.sent();
            let mut told = false;
            keeper.answer(move |cdb| {
                let now = cdb[0] == code && !told;
                told |= now;
                now.then(|| refusal(6, 0x28, 0))
            });
            let start = start(&found, Some(&first));
            let outcome = burn_numbered(&mut drive, &found, start, SECTORS, 2);
            let sent = keeper.sent();
            if !sent.iter().any(|cdb| cdb[0] == code) {
                assert!(outcome.is_ok(), "{kind} {code:02x}");
                continue;
            }
            assert!(outcome.is_err(), "{kind}: {code:02x} met a unit attention and the burn went on");
            let taken = sent.iter().filter(|cdb| cdb[0] == 0x2a).count();
            assert!(taken <= usize::from(code == 0x2a), "{kind}: written after {code:02x} met a unit attention");
            keeper.answer(|_| None);
            keeper.assert_content();
            assert_holds(&mut drive, &first, 1);
        }
    }
}

#[test]
fn the_tray_is_free_even_if_unlocking_meets_a_unit_attention() {
    let workshop = Workshop::new(Kind::CdR);
    let (keeper, mut drive) = Keeper::new(&workshop);
    let mut told = false;
    keeper.answer(move |cdb| {
        let now = cdb[..5] == [0x1e, 0, 0, 0, 0] && !told;
        told |= now;
        now.then(|| refusal(6, 0x29, 0))
    });
    session(&mut drive, None, 1).unwrap();
    keeper.assert_content();
}

#[test]
fn an_address_that_moved_since_the_plan_stops_the_burn_before_its_first_write() {
    for kind in KINDS.into_iter().filter(|kind| !kind.is_overwritable()) {
        let workshop = Workshop::new(kind);
        let (keeper, mut drive) = Keeper::new(&workshop);
        session(&mut drive, None, 1).unwrap();
        let found = inspect(&mut drive).unwrap();
        keeper.sent();
        let wrong = Lba(found.next_writable.unwrap().0 + 1);
        let error = burn_numbered(&mut drive, &found, wrong, SECTORS, 2).unwrap_err();
        assert!(matches!(error, BurnError::NextWritableMoved { .. }), "{error}");
        assert!(!keeper.sent().iter().any(|cdb| [0x2a, 0x35, 0x5b].contains(&cdb[0])));
        keeper.assert_content();
    }
}

#[test]
fn a_track_that_was_closed_before_the_run_broke_off_is_not_closed_again() {
    for kind in [Kind::CdR, Kind::CdRw, Kind::DvdR, Kind::DvdRw, Kind::DvdPlusR, Kind::BdR, Kind::BdRSpares] {
        let before = Before::new(kind, Scenario::Append);
        let last = before.commands().iter().filter(|sent| sent.code == 0x5b).count();
        before.workshop.store(before.day, &format!(",fault=close#{last}:4/44/00")).unwrap_err();
        before.workshop.store(before.day, "").unwrap();
        assert_eq!(before.workshop.shown(), Ok(before.new), "{kind}");
        let trace = before.workshop.trace();
        let first = trace.lines().find(|line| line.starts_with("CLOSE")).unwrap();
        assert!(first.contains("cdb=5b 01 02 ") && first.contains(" -> good"), "{kind}: {first}");
    }
}

/// Some drives name an address in a track whose last WRITE failed. Nobody knows what lies before it.
#[test]
fn a_damaged_track_is_not_gone_on_with_even_if_its_drive_would() {
    for kind in [Kind::DvdR, Kind::DvdRw, Kind::DvdPlusR, Kind::BdR, Kind::BdRSpares] {
        let workshop = Workshop::new(kind);
        let (keeper, mut drive) = Keeper::with(&workshop, ",nwav,fault=write10#5:3/0c/00");
        session(&mut drive, None, 1).unwrap_err();
        let found = inspect(&mut drive).unwrap();
        let track = drive.run(&ReadTrackInformation(TrackAddress::Number(1))).unwrap();
        assert!(track.damaged, "{kind}");
        let next = track.next_writable.unwrap();
        keeper.sent();
        drive.lock_tray();
        let error = burn_numbered(&mut drive, &found, next, SECTORS, 2).unwrap_err();
        assert!(matches!(error, BurnError::NextWritableMoved { found: None, .. }), "{kind}: {error}");
        assert!(!keeper.sent().iter().any(|cdb| [0x2a, 0x35, 0x5b].contains(&cdb[0])), "{kind}");
    }
}

/// What was begun and not ended has no end to be written: a border closed around it would be taken for whole.
#[test]
fn the_border_of_a_dvd_rw_is_not_closed_when_a_write_failed() {
    let before = Before::new(Kind::DvdRwOverwrite, Scenario::First);
    before.workshop.copy().store(before.day, "").unwrap();
    let writes = before.commands().iter().filter(|sent| sent.code == 0x2a).count();
    // The last one is the superblock, when the border is closed already.
    for nth in 1..writes {
        let workshop = before.workshop.copy();
        workshop.store(before.day, &format!(",fault=write10#{nth}:3/0c/00")).unwrap_err();
        let trace = workshop.trace();
        assert!(!trace.lines().any(|line| line.starts_with("CLOSE")), "closed after WRITE {nth} failed");
    }
}

#[test]
fn what_does_not_fit_is_refused_before_the_first_write() {
    for kind in KINDS {
        let workshop = Workshop::new(kind);
        let (keeper, mut drive) = Keeper::new(&workshop);
        let mut found = inspect(&mut drive).unwrap();
        drive.lock_tray();
        found = prepare::format(&mut drive, &found, FormatWish::Needed, &mut |_| {}).unwrap();
        keeper.sent();
        let start = start(&found, None);
        let too_many = Sectors(found.capacity.0 - start.0 + 32);
        // The first session of an overwritable medium wipes the superblock; a plan that can't fit must not get that far.
        let error = burn_numbered(&mut drive, &found, start, too_many, 1).unwrap_err();
        assert!(matches!(error, BurnError::NoRoom { .. }), "{kind}: {error}");
        assert!(!keeper.sent().iter().any(|cdb| cdb[0] == 0x2a), "{kind}: something was written");
        drive.unlock_tray();
        keeper.assert_content();
    }
}
