//! The order of commands of every recipe, byte by byte; what a recipe does when a drive refuses, fails or lies.

mod overwriting;
mod preparing;

use std::sync::atomic::AtomicBool;

use super::prepare::{FormatWish, Spares};
use super::testing::{Says, refusal};
use super::{BurnError, Burned, Image, Job, Medium, inspect, prepare, show};
use crate::scsi::mmc::BlankExtent;
use crate::scsi::{Completion, Drive};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

const BLANK: &str = "0020 00 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
const BLANK_RW: &str = "0020 10 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
const ONE_SESSION: &str = "0020 01 01 02 02 02 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
const BEGUN: &str = "0020 05 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
const BEGUN_RW: &str = "0020 15 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
const FORMATTED: &str = "0020 1E 01 01 01 01 03 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
/// Track 1 of session 1, blank, 100,000 sectors free from 0 on.
const FROM_0: &str = "0022 01 01 00 04 4F 01  00000000 00000000 000186A0 00000010 000186A0 00000000 00000000";
/// Track 1, closed, 1152 sectors; track 2 of session 2, blank, from 12,552 on.
const FIRST: &str = "0022 01 01 00 04 01 00  00000000 00000000 00000000 00000010 00000480 00000000 00000000";
const SECOND: &str = "0022 02 02 00 04 4F 01  00003108 00003108 0000C350 00000010 0000C350 00000000 00000000";
/// Track 1, being written, 320 sectors.
const OPEN: &str = "0022 01 01 00 05 21 03  00000000 00000140 00018560 00000010 000186A0 0000013F 00000000";

const SYNCHRONIZE: &str = "35020000000000000000";
const CLOSE_TRACK_1: &str = "5b010100000100000000";
const CLOSE_SESSION: &str = "5b010200000000000000";
const CALIBRATE: &str = "54010000000000000000";
const ASK_INVISIBLE: &str = "5201000000ff00002400";
const ASK_TRACK_1: &str = "52010000000100002400";
const FASTEST: &str = "bb00ffffffff000000000000";

struct Zeros(usize);

impl Image for Zeros {
    fn read(&mut self, out: &mut [u8]) -> usize {
        let sectors = (out.len() / SECTOR_BYTES).min(self.0);
        self.0 -= sectors;
        out[..sectors * SECTOR_BYTES].fill(0x5a);
        sectors * SECTOR_BYTES
    }
}

struct Wish {
    start: u32,
    /// Where what has to stay ends; right before `start` if not said.
    recorded_end: Option<u32>,
    sectors: u32,
    finalize: bool,
    defect_management: Option<bool>,
    speed: Option<u32>,
    stopped: bool,
}

const WISH: Wish = Wish {
    start: 0,
    recorded_end: None,
    sectors: 20,
    finalize: false,
    defect_management: None,
    speed: None,
    stopped: false,
};

/// Looks at the medium, burns, and tells what was sent after the look.
fn burn(says: Says, wish: &Wish) -> (Result<Burned, BurnError>, Vec<String>) {
    let (mut drive, sent) = says.drive();
    let medium = inspect(&mut drive).unwrap();
    sent.clear();
    (burn_on(drive, &medium, wish), sent.commands())
}

/// Burns on what was looked at before.
fn burn_on(mut drive: Drive, medium: &Medium, wish: &Wish) -> Result<Burned, BurnError> {
    let job = Job {
        start: Lba(wish.start),
        sectors: Sectors(wish.sectors),
        image: &mut Zeros(wish.sectors as usize),
        wipes: false,
        recorded_end: Lba(wish.recorded_end.unwrap_or(wish.start)),
        finalize: wish.finalize,
        defect_management: wish.defect_management,
        speed: wish.speed,
        fifo_bytes: 1 << 18,
        stop: &AtomicBool::new(wish.stopped),
        progress: &mut |_| {},
    };
    super::burn(&mut drive, medium, job)
}

fn cd_r() -> Says {
    let features = vec![(0x0021, "00000000"), (0x002d, "40000000"), (0x002e, "60000CA0")];
    Says { features, ..Says::new(0x09, BLANK).track(0xff, FROM_0) }
}

fn dvd_r() -> Says {
    Says::new(0x11, BLANK).features(&[0x21, 0x2f]).track(1, FROM_0)
}

fn dvd_plus_r() -> Says {
    Says::new(0x1b, BLANK).features(&[0x2b]).track(0xff, FROM_0)
}

fn bd_r() -> Says {
    Says::new(0x41, BLANK).features(&[0x21, 0x41, 0x107]).track(1, FROM_0)
}

#[test]
fn a_cd_is_written_track_at_once_and_stays_open_unless_it_is_the_last_session() {
    let (burned, sent) = burn(cd_r(), &WISH);
    assert!(burned.unwrap().appendable);
    let expected = ["55 41c40800", FASTEST, CALIBRATE, ASK_INVISIBLE, "2a 00000000 +300", SYNCHRONIZE, CLOSE_SESSION];
    assert_eq!(sent, expected);
    let used = || Says { disc: ONE_SESSION, ..cd_r() }.track(1, FIRST);
    let last = |mut says: Says| {
        says.tracks = vec![(1, FIRST), (0xff, SECOND)];
        says
    };
    let (burned, sent) = burn(last(used()), &Wish { start: 12_552, sectors: 302, finalize: true, ..WISH });
    assert!(!burned.unwrap().appendable);
    let expected = ["55 41040800", FASTEST, CALIBRATE, ASK_INVISIBLE, "2a 00003108 +302", SYNCHRONIZE, CLOSE_SESSION];
    assert_eq!(sent, expected);
}

#[test]
fn a_cd_of_one_session_is_written_at_once_from_the_pre_gap_to_the_lead_out_it_announced() {
    let (burned, sent) = burn(cd_r(), &Wish { sectors: 1000, finalize: true, ..WISH });
    assert!(!burned.unwrap().appendable);
    let sheet = "41000014000000004101001000000000410101100000020041aa011400000f19";
    let cue = format!("5d000000000000002000 {sheet}");
    let expected = ["55 42040800", FASTEST, CALIBRATE, ASK_INVISIBLE, &cue, "2a ffffff6a +1150", SYNCHRONIZE];
    assert_eq!(sent, expected);
}

#[test]
fn a_dvd_r_is_written_in_whole_ecc_units_and_its_track_and_session_closed() {
    for (finalize, page) in [(false, "55 60e50810"), (true, "55 60250810")] {
        let (burned, sent) = burn(dvd_r(), &Wish { finalize, ..WISH });
        assert_eq!(burned.unwrap().appendable, !finalize);
        let expected = [page, CALIBRATE, ASK_TRACK_1, "2a 00000000 +32", SYNCHRONIZE, CLOSE_TRACK_1, CLOSE_SESSION];
        assert_eq!(sent, expected);
    }
}

#[test]
fn a_drive_that_lies_about_writing_a_dvd_r_in_sessions_gets_the_disc_at_once() {
    let mut refused = false;
    let lie = dvd_r().answer(move |cdb| {
        let now = cdb[0] == 0x2a && !refused;
        refused |= now;
        now.then(|| refusal(5, 0x64, 0))
    });
    let (burned, sent) = burn(lie, &Wish { sectors: 33, ..WISH });
    assert!(!burned.unwrap().appendable);
    #[rustfmt::skip]
    assert_eq!(sent, [
        "55 60e50810", CALIBRATE, ASK_TRACK_1, "2a 00000000 +32",
        ASK_TRACK_1, "55 42050800", "53000000000000003000", "2a 00000000 +48", SYNCHRONIZE,
    ]);
}

#[test]
fn a_drive_that_refuses_a_later_write_or_has_moved_gets_no_second_try() {
    // Illegal mode, but not for the first WRITE.
    let mut writes = 0;
    let later = dvd_r().answer(move |cdb| {
        writes += u32::from(cdb[0] == 0x2a);
        (cdb[0] == 0x2a && writes == 2).then(|| refusal(5, 0x64, 0))
    });
    let (burned, sent) = burn(later, &Wish { sectors: 64, ..WISH });
    assert!(matches!(burned, Err(BurnError::Write { at: Lba(32), .. })));
    assert_eq!(sent, ["55 60e50810", CALIBRATE, ASK_TRACK_1, "2a 00000000 +64"]);
    // Refused, and the drive has taken something all the same.
    let mut writes = 0;
    let moved = dvd_r().answer(move |cdb| {
        writes += u32::from(cdb[0] == 0x2a);
        match cdb[0] {
            0x2a if writes == 1 => Some(refusal(5, 0x64, 0)),
            0x52 if writes == 1 => Some(refusal(3, 0x11, 0)),
            _ => None,
        }
    });
    let (burned, sent) = burn(moved, &WISH);
    burned.unwrap_err();
    assert_eq!(sent.iter().filter(|line| line.starts_with("2a")).count(), 1);
}

#[test]
fn a_dvd_that_can_only_be_written_at_once_is_reserved_to_the_sector_and_never_closed() {
    for says in [
        Says::new(0x14, BLANK_RW).features(&[0x2f]).track(1, FROM_0),
        Says::new(0x15, BLANK).features(&[0x21, 0x2f]).track(1, FROM_0),
    ] {
        let (burned, sent) = burn(says, &WISH);
        assert!(!burned.unwrap().appendable);
        let expected = ["55 42050800", CALIBRATE, ASK_TRACK_1, "53000000000000002000", "2a 00000000 +32", SYNCHRONIZE];
        assert_eq!(sent, expected);
    }
}

#[test]
fn a_dvd_plus_r_is_written_whatever_the_drive_thinks_of_the_mode_page() {
    for (finalize, page, close) in
        [(false, "55 41c50800", CLOSE_SESSION), (true, "55 41050800", "5b010500000000000000")]
    {
        let says = dvd_plus_r().answer(|cdb| (cdb[0] == 0x55).then(|| refusal(5, 0x26, 0)));
        let (burned, sent) = burn(says, &Wish { finalize, ..WISH });
        assert_eq!(burned.unwrap().appendable, !finalize);
        assert_eq!(sent, [page, page, ASK_INVISIBLE, "2a 00000000 +32", SYNCHRONIZE, CLOSE_TRACK_1, close]);
    }
}

#[test]
fn a_bd_r_is_written_in_whole_clusters_whatever_the_drive_thinks_of_the_mode_page() {
    for (finalize, page, close) in
        [(false, "55 41c50800", CLOSE_SESSION), (true, "55 41050800", "5b010600000000000000")]
    {
        let says = bd_r().answer(|cdb| (cdb[0] == 0x55).then(|| refusal(5, 0x26, 0)));
        let (burned, sent) = burn(says, &Wish { sectors: 33, finalize, ..WISH });
        assert_eq!(burned.unwrap().appendable, !finalize);
        assert_eq!(sent, [page, page, ASK_TRACK_1, "2a 00000000 +64", SYNCHRONIZE, CLOSE_TRACK_1, close]);
    }
}

#[test]
fn the_streaming_bit_is_for_media_with_spare_sectors_that_are_not_wanted() {
    let with_spares = || Says::new(0x41, BLANK).features(&[0x21, 0x24, 0x41]).track(1, FROM_0);
    let off = Wish { defect_management: Some(false), ..WISH };
    let writes = |says: Says, wish: &Wish| {
        let (burned, sent) = burn(says, wish);
        burned.unwrap();
        sent.into_iter().find(|line| line.starts_with("2a") || line.starts_with("aa")).unwrap()
    };
    assert_eq!(writes(with_spares(), &off), "aa 00000000 +32");
    assert_eq!(writes(with_spares(), &WISH), "2a 00000000 +32");
    assert_eq!(writes(with_spares(), &Wish { defect_management: Some(true), ..WISH }), "2a 00000000 +32");
    assert_eq!(writes(bd_r(), &off), "2a 00000000 +32", "nothing to switch off");
    // A drive that does not know WRITE(12).
    let (burned, sent) = burn(with_spares().answer(|cdb| (cdb[0] == 0xaa).then(|| refusal(5, 0x20, 0))), &off);
    burned.unwrap();
    assert_eq!(sent[2..4], ["aa 00000000 +32", "2a 00000000 +32"]);
}

#[test]
fn a_speed_is_set_as_the_drive_lists_it_and_taken_back_at_the_end() {
    let (burned, sent) = burn(bd_r(), &Wish { speed: Some(4), ..WISH });
    burned.unwrap();
    // 8991 kB/s in 1000 ms, up to sector 99,999: a drive refuses an end that is not on the medium.
    let set = "00000000 00000000 0001869f 0000231f 000003e8 0000231f 000003e8".replace(' ', "");
    let restore = "04000000 00000000 00000000 00000000 00000000 00000000 00000000".replace(' ', "");
    let streaming = [1, sent.len() - 1].map(|at| sent[at].as_str());
    assert_eq!(streaming, [set, restore].map(|list| format!("b60000000000000000001c00 {list}")));
    // Where SET STREAMING is not known, SET CD SPEED: 2x is 8991 kB/s in the list.
    let none = bd_r().answer(|cdb| (cdb[0] == 0xb6).then(|| refusal(5, 0x20, 0)));
    let (burned, sent) = burn(none, &Wish { speed: Some(2), ..WISH });
    burned.unwrap();
    assert_eq!(sent[2], "bb00ffff231f000000000000");
    assert_eq!(sent.last().unwrap(), FASTEST);
}

#[test]
fn a_drive_that_calibrated_itself_on_the_disc_is_not_told_to_do_it_again() {
    let calibrated =
        "0028 00 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0001  2A30 112233445566";
    let (burned, sent) = burn(Says { disc: calibrated, ..dvd_r() }, &WISH);
    burned.unwrap();
    assert!(!sent.iter().any(|line| line == CALIBRATE));
}

#[test]
fn nothing_is_closed_after_a_write_that_failed() {
    for says in [cd_r(), dvd_r(), dvd_plus_r(), bd_r()] {
        let (burned, sent) = burn(says.answer(|cdb| (cdb[0] == 0x2a).then(|| refusal(3, 0x0c, 0))), &WISH);
        assert!(matches!(burned, Err(BurnError::Write { at: Lba(0), .. })));
        assert!(sent.last().unwrap().starts_with("2a"), "{sent:?}");
    }
}

#[test]
fn a_burn_that_the_user_breaks_off_leaves_the_session_open() {
    for says in [cd_r(), dvd_r(), dvd_plus_r(), bd_r()] {
        let (burned, sent) = burn(says, &Wish { stopped: true, ..WISH });
        assert!(matches!(burned, Err(BurnError::Interrupted { .. })));
        assert_eq!(sent.last().unwrap(), SYNCHRONIZE);
        assert!(!sent.iter().any(|line| line.starts_with("2a") || line.starts_with("5b")));
    }
}

#[test]
fn a_disc_at_once_is_never_closed_before_all_of_it_is_written() {
    let at_once = || Says::new(0x11, BLANK).features(&[0x2f]).track(1, FROM_0);
    let (burned, sent) = burn(at_once(), &Wish { stopped: true, ..WISH });
    assert!(matches!(burned, Err(BurnError::Interrupted { .. })));
    assert!(!sent.iter().any(|line| line == SYNCHRONIZE), "{sent:?}");
    let mut writes = 0;
    let out_of_sequence = at_once().answer(move |cdb| {
        writes += u32::from(cdb[0] == 0x2a);
        (cdb[0] == 0x2a && writes == 3).then(|| refusal(5, 0x2c, 0))
    });
    let (burned, sent) = burn(out_of_sequence, &Wish { sectors: 256, ..WISH });
    assert!(matches!(burned, Err(BurnError::Write { at: Lba(64), .. })));
    assert!(!sent.iter().any(|line| line == SYNCHRONIZE), "{sent:?}");
}

#[test]
fn an_address_that_moved_since_the_plan_stops_every_recipe_before_its_first_write() {
    for says in [cd_r(), dvd_r(), dvd_plus_r(), bd_r()] {
        let (burned, sent) = burn(says, &Wish { start: 32, speed: Some(4), ..WISH });
        let moved = matches!(burned, Err(BurnError::NextWritableMoved { planned: Lba(32), found: Some(Lba(0)) }));
        assert!(moved);
        assert!(!sent.iter().any(|line| ["2a", "53", "35", "5b"].contains(&&line[..2])), "{sent:?}");
        assert!(["bb", "b6"].contains(&&sent.last().unwrap()[..2]), "the speed is taken back: {sent:?}");
    }
}

#[test]
fn a_track_that_is_damaged_since_it_was_looked_at_is_not_written_on() {
    const DAMAGED: &str = "0022 01 01 00 24 4F 01  00000000 00000000 000186A0 00000010 000186A0 00000000 00000000";
    for says in [cd_r as fn() -> Says, dvd_r, dvd_plus_r, bd_r] {
        let medium = inspect(&mut says().drive().0).unwrap();
        let (drive, sent) = Says { tracks: vec![(1, DAMAGED), (0xff, DAMAGED)], ..says() }.drive();
        let moved = burn_on(drive, &medium, &WISH);
        assert!(matches!(moved, Err(BurnError::NextWritableMoved { planned: Lba(0), found: None })), "{moved:?}");
        let sent = sent.commands();
        assert!(!sent.iter().any(|line| ["2a", "53", "35", "5b"].contains(&&line[..2])), "{sent:?}");
    }
}

#[test]
fn what_does_not_fit_is_not_begun() {
    for says in [cd_r(), dvd_r(), dvd_plus_r(), bd_r()] {
        let (burned, sent) = burn(says, &Wish { sectors: 100_001, ..WISH });
        assert!(matches!(burned, Err(BurnError::NoRoom { .. })));
        assert!(!sent.iter().any(|line| ["2a", "53", "5d"].contains(&&line[..2])));
    }
}

#[test]
fn a_session_that_the_drive_calls_incomplete_gets_its_track_closed_once() {
    for ascq in [3, 4] {
        let mut closes = 0;
        let once = cd_r().answer(move |cdb| {
            closes += u32::from(cdb[0] == 0x5b);
            (cdb[0] == 0x5b && closes == 1).then(|| refusal(5, 0x72, ascq))
        });
        let (burned, sent) = burn(once, &WISH);
        burned.unwrap();
        assert_eq!(sent[sent.len() - 3..], [CLOSE_SESSION, CLOSE_TRACK_1, CLOSE_SESSION]);
    }
    let always = cd_r().answer(|cdb| (cdb[..3] == [0x5b, 1, 2]).then(|| refusal(5, 0x72, 3)));
    let (burned, sent) = burn(always, &WISH);
    assert!(matches!(burned, Err(BurnError::Close { .. })));
    assert_eq!(sent.iter().filter(|line| *line == CLOSE_SESSION).count(), 2, "no loop");
}

#[test]
fn an_end_announced_as_a_change_of_the_medium_is_believed_where_the_track_still_is_what_was_written() {
    /// Announces a change at the first poll after the data was synchronized.
    fn announcing(says: Says) -> Says {
        let (mut synchronized, mut told) = (false, false);
        says.answer(move |cdb| {
            synchronized |= cdb[0] == 0x35;
            let now = cdb[0] == 0x00 && synchronized && !told;
            told |= now;
            now.then(|| refusal(6, 0x28, 0))
        })
    }
    // Track 1 from sector 0 on, with something in it.
    const WRITTEN: &str = "0022 01 01 00 04 0F 01  00000000 00000000 000186A0 00000010 000186A0 00000000 00000000";
    for says in [dvd_r as fn() -> Says, bd_r] {
        let (burned, sent) = burn(announcing(says()), &WISH);
        assert!(matches!(burned, Err(BurnError::Synchronize { .. })));
        assert!(!sent.iter().any(|line| line.starts_with("5b")), "another disc, a blank one: {sent:?}");
        let same = Says { tracks: vec![(1, WRITTEN), (0xff, WRITTEN)], ..announcing(says()) };
        let (burned, sent) = burn(same, &WISH);
        burned.unwrap();
        assert_eq!(sent.last().unwrap(), CLOSE_SESSION);
    }
}

#[test]
fn a_connection_that_moves_less_than_an_ecc_unit_is_refused_before_anything_is_done() {
    let begun_rw = || Says { profile: 0x14, disc: BEGUN_RW, tracks: vec![(1, OPEN)], ..dvd_r() };
    let bd_re = || Says::new(0x43, FORMATTED).features(&[0x20, 0x41]).formats("00000008 00B47400 02000800");
    for (says, moves) in [
        (dvd_r(), 16 * 1024),
        (dvd_plus_r(), 30 * 1024),
        (bd_r(), 32 * 1024),
        (bd_re(), 63 * 1024),
        (begun_rw(), 16 * 1024),
    ] {
        let (mut drive, sent) = Says { moves, ..says }.drive();
        let medium = inspect(&mut drive).unwrap();
        sent.clear();
        let refused = |result: BurnError| assert!(matches!(result, BurnError::SmallTransfers { .. }), "{result}");
        let job = Job {
            start: Lba(0),
            recorded_end: Lba(0),
            sectors: Sectors(20),
            image: &mut Zeros(20),
            wipes: true,
            finalize: false,
            defect_management: None,
            speed: None,
            fifo_bytes: 1 << 18,
            stop: &AtomicBool::new(false),
            progress: &mut |_| {},
        };
        refused(super::burn(&mut drive, &medium, job).unwrap_err());
        refused(super::wipe(&mut drive, &medium, &mut |_| {}).unwrap_err());
        refused(prepare::blank(&mut drive, &medium, BlankExtent::Full, &mut |_| {}).unwrap_err());
        refused(prepare::format(&mut drive, &medium, FormatWish::Quick, &mut |_| {}).unwrap_err());
        assert_eq!(sent.commands(), Vec::<String>::new());
    }
    let (burned, _) = burn(Says { moves: 32 * 1024, ..dvd_r() }, &WISH);
    burned.unwrap();
    let (burned, _) = burn(Says { moves: 2048, ..cd_r() }, &WISH);
    burned.unwrap();
}

#[test]
fn a_track_that_the_drive_closed_by_itself_is_no_failure_and_one_that_is_still_open_is() {
    for (asc, ascq) in [(0x2c, 0), (0x72, 0), (0x72, 3)] {
        let refuses = |after: &'static str| {
            let mut synchronized = false;
            dvd_plus_r().answer(move |cdb| {
                synchronized |= cdb[0] == 0x35;
                match cdb {
                    [0x5b, _, 1, ..] => Some(refusal(5, asc, ascq)),
                    [0x52, _, _, _, _, 1, ..] if synchronized && after.is_empty() => Some(refusal(3, 0x11, 0)),
                    _ => None,
                }
            })
        };
        let (burned, sent) = burn(refuses("closed").track(1, FIRST), &WISH);
        burned.unwrap();
        assert_eq!(sent.last().unwrap(), CLOSE_SESSION);
        for says in [refuses("open").track(1, OPEN), refuses("").track(1, FIRST)] {
            let (burned, sent) = burn(says, &WISH);
            assert!(matches!(burned, Err(BurnError::Close { .. })));
            assert!(!sent.iter().any(|line| line == CLOSE_SESSION));
        }
    }
}

#[test]
fn a_disc_that_the_drive_closed_against_its_orders_is_not_called_appendable() {
    const FINAL: &str = "0020 0E 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    for says in [cd_r(), dvd_r(), dvd_plus_r(), bd_r()] {
        let mut closed = false;
        let says = says.answer(move |cdb| {
            closed |= cdb[..3] == [0x5b, 1, 2];
            (closed && cdb[0] == 0x51).then(|| Completion::good(0))
        });
        let (burned, _) = burn(says, &WISH);
        assert!(burned.unwrap().appendable, "the drive does not say");
    }
    for says in [cd_r(), dvd_r(), dvd_plus_r(), bd_r()] {
        let (burned, _) = burn(Says { disc_after_close: FINAL, ..says }, &WISH);
        assert!(!burned.unwrap().appendable);
    }
}

#[test]
fn two_seconds_at_the_end_of_a_cd_are_left_free() {
    const FREE_1000: &str = "0022 01 01 00 04 4F 01  00000000 00000000 000003E8 00000010 000003E8 00000000 00000000";
    let short = || Says { tracks: vec![(0xff, FREE_1000)], ..cd_r() };
    for finalize in [false, true] {
        let (burned, _) = burn(short(), &Wish { sectors: 850, finalize, ..WISH });
        burned.unwrap();
        let (burned, sent) = burn(short(), &Wish { sectors: 851, finalize, ..WISH });
        assert!(matches!(burned, Err(BurnError::NoRoom { needed: Sectors(1001), free: Sectors(1000) })));
        assert!(!sent.iter().any(|line| line.starts_with("2a")));
    }
}
