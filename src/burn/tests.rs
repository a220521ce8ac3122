//! The order of commands of every recipe, byte by byte; what a recipe does when a drive refuses, fails or lies.

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
        begins_disc: false,
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
fn the_border_of_a_dvd_rw_gets_no_end_after_a_write_that_failed_and_one_where_the_user_broke_off() {
    let formats = "00000018 00000000 03000800  00231000 40000010  00231000 4C000010";
    let says = || Says::new(0x13, FORMATTED).features(&[0x26, 0x2c]).formats(formats).track(1, OPEN);
    let wish = Wish { start: 32, ..WISH };
    let (burned, sent) = burn(says().answer(|cdb| (cdb[0] == 0x2a).then(|| refusal(3, 0x0c, 0))), &wish);
    assert!(matches!(burned, Err(BurnError::Write { at: Lba(32), .. })));
    assert_eq!(sent, ["55 40250800", "2a 00000020 +32", SYNCHRONIZE]);
    let (burned, sent) = burn(says(), &Wish { stopped: true, ..wish });
    assert!(matches!(burned, Err(BurnError::Interrupted { .. })));
    assert_eq!(sent, ["55 40250800", SYNCHRONIZE, CLOSE_SESSION]);
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
fn what_a_burn_left_open_is_closed_so_that_more_can_follow() {
    let close = |says: Says| {
        let (mut drive, sent) = says.drive();
        let medium = inspect(&mut drive).unwrap();
        sent.clear();
        prepare::close_interrupted(&mut drive, &medium, &mut |_| {}).unwrap();
        let mut sent = sent.commands();
        sent.retain(|line| !line.starts_with("52") && !line.starts_with("43") && !line.starts_with("25"));
        sent
    };
    let begun = |says: Says| Says { disc: BEGUN, tracks: vec![(1, OPEN), (0xff, OPEN)], last: 319, ..says };
    assert_eq!(close(begun(cd_r())), ["55 41c40800", CLOSE_TRACK_1, CLOSE_SESSION]);
    assert_eq!(close(begun(dvd_r())), ["55 60e50810", CLOSE_TRACK_1, CLOSE_SESSION]);
    assert_eq!(close(begun(dvd_plus_r())), ["55 41c50800", CLOSE_TRACK_1, CLOSE_SESSION]);
    assert_eq!(close(begun(bd_r())), ["55 41c50800", CLOSE_TRACK_1, CLOSE_SESSION]);
    // The track was closed by the drive, and the empty one behind it is none to close.
    let disc = "0020 05 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    let empty = Says { disc, tracks: vec![(1, FROM_0), (0xff, FROM_0)], ..cd_r() };
    assert_eq!(close(empty), ["55 41c40800", CLOSE_SESSION]);
}

#[test]
fn a_word_that_the_disc_may_be_another_stops_the_mending_before_the_session_is_closed() {
    let (mut drive, sent) = Says { disc: BEGUN_RW, profile: 0x14, tracks: vec![(1, OPEN)], ..dvd_r() }
        .answer(|cdb| (cdb[..3] == [0x5b, 1, 1]).then(|| refusal(6, 0x29, 0)))
        .drive();
    let medium = inspect(&mut drive).unwrap();
    prepare::close_interrupted(&mut drive, &medium, &mut |_| {}).unwrap_err();
    assert!(!sent.commands().iter().any(|line| line == CLOSE_SESSION));
}

/// What formatting sends.
fn format(says: Says, wish: FormatWish) -> Result<Vec<String>, BurnError> {
    let (mut drive, sent) = says.drive();
    let medium = inspect(&mut drive).unwrap();
    prepare::format(&mut drive, &medium, wish, &mut |_| {})?;
    let mut sent = sent.commands();
    sent.retain(|line| line.starts_with("04"));
    Ok(sent)
}

#[test]
fn every_format_has_a_size_of_the_drives_list() {
    // Unformatted: 00h with the drive's spares, 30h with little, its own and much, 31h with none.
    let list = "00000030 00BA7400 01000800  00B47400 00000800  00B87400 C0000000  00B47400 C0000000  00B07400 C0000000  00BA7400 C4000800";
    let bd_re = || Says::new(0x43, FORMATTED).features(&[0x20, 0x24, 0x41]).formats(list);
    let bd_r_list =
        "00000028 00BA7400 01000800  00B47400 01000800  00B87400 C9000000  00B47400 C9000000  00B07400 C9000000";
    let blank_bd_r = || bd_r().formats(bd_r_list);
    let dvd_rw_list = "00000018 00231000 01000800  00231000 40000010  00000000 54000010";
    let dvd_rw = || Says { profile: 0x14, disc: BLANK_RW, ..dvd_r() }.formats(dvd_rw_list);
    let plus_rw =
        |disc: &'static str| Says::new(0x1a, disc).features(&[0x20, 0x2a]).formats("00000008 00230540 02000800");
    let suspended = "0020 1D 01 01 01 01 01 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    let never = "0020 1C 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    let ram_list = "00000010 00222000 01000800  00222000 00000800";
    let ram = || Says::new(0x12, FORMATTED).features(&[0x20]).formats(ram_list);
    for (says, wish, parameters) in [
        (bd_re(), FormatWish::Needed, "0002000800b4740000000800"),
        (bd_re(), FormatWish::Quick, "0002000800b4740000000800"),
        (bd_re(), FormatWish::Whole, "0002000800b47400c2000000"),
        (bd_re(), FormatWish::Spares(Spares::None), "0002000800ba7400c4000800"),
        (bd_re(), FormatWish::Spares(Spares::Default), "0002000800b4740000000800"),
        (bd_re(), FormatWish::Spares(Spares::Least), "0002000800b87400c0000000"),
        (bd_re(), FormatWish::Spares(Spares::Most), "0002000800b07400c0000000"),
        (blank_bd_r(), FormatWish::Spares(Spares::Default), "0002000800b4740001000800"),
        (blank_bd_r(), FormatWish::Spares(Spares::Least), "0002000800b87400c9000000"),
        (blank_bd_r(), FormatWish::Spares(Spares::Most), "0002000800b07400c9000000"),
        (dvd_rw(), FormatWish::Quick, "000200080000000054000010"),
        (dvd_rw(), FormatWish::Whole, "000200080023100040000010"),
        (plus_rw(never), FormatWish::Needed, "00020008ffffffff98000000"),
        (plus_rw(suspended), FormatWish::Needed, "00020008ffffffff98000001"),
        (ram(), FormatWish::Needed, "000200080022200000000800"),
        (ram(), FormatWish::Whole, "000200080022200000000800"),
    ] {
        assert_eq!(format(says, wish).unwrap(), [format!("041100000000 {parameters}")], "{wish:?}");
    }
    for (says, wish) in
        [(bd_r(), FormatWish::Needed), (dvd_rw(), FormatWish::Needed), (blank_bd_r(), FormatWish::Spares(Spares::None))]
    {
        assert_eq!(format(says, wish).unwrap(), Vec::<String>::new(), "{wish:?}");
    }
}

#[test]
fn a_format_that_would_lose_sessions_or_that_the_medium_does_not_know_is_refused() {
    let used_rw = || Says { profile: 0x14, disc: BEGUN_RW, tracks: vec![(1, OPEN)], ..dvd_r() };
    for (says, wish) in [
        (used_rw(), FormatWish::Quick),
        (used_rw(), FormatWish::Whole),
        (Says { disc: BEGUN, tracks: vec![(1, OPEN)], last: 319, ..bd_r() }, FormatWish::Spares(Spares::Least)),
        (bd_r(), FormatWish::Quick),
        (cd_r(), FormatWish::Quick),
        (dvd_plus_r(), FormatWish::Whole),
    ] {
        let says = if says.formats.is_empty() { says.formats("00000008 00231000 01000800") } else { says };
        assert!(matches!(format(says, wish), Err(BurnError::NotFormattable { .. })), "{wish:?}");
    }
}

#[test]
fn a_medium_in_restricted_overwrite_grows_before_a_session_that_reaches_beyond_its_border() {
    // Formatted to 1136 sectors, the last of which that is recorded is 1129; type 13h makes it 2,297,856.
    let formats = "00000018 00000470 02000800  00231000 40000010  00231000 4C000010";
    let border = "0022 01 01 00 05 21 01  00000000 00000470 00230B90 00000010 00231000 00000000 00000000";
    let says = || Says::new(0x13, FORMATTED).features(&[0x26, 0x2c]).formats(formats).track(1, border);
    let behind = Wish { start: 1152, recorded_end: Some(1130), sectors: 32, ..WISH };
    let (burned, sent) = burn(says(), &behind);
    assert!(burned.unwrap().appendable);
    let grow = "041100000000 00020008002310004c000010";
    // Behind the border nothing is left out.
    assert_eq!(sent, ["55 40250800", grow, "2a 00000470 +48", SYNCHRONIZE]);
    let (burned, sent) = burn(says(), &Wish { start: 32, sectors: 32, ..WISH });
    burned.unwrap();
    assert_eq!(sent, ["55 40250800", "2a 00000020 +32", SYNCHRONIZE], "inside of what is formatted");
    // The intermediate state is left when the data is on the disc, and again after the superblock.
    let formats = "00000018 00000000 03000800  00231000 40000010  00231000 4C000010";
    let intermediate = || Says { formats, ..says() };
    let (burned, sent) = burn(intermediate(), &behind);
    burned.unwrap();
    assert_eq!(sent, ["55 40250800", "2a 00000470 +48", SYNCHRONIZE, CLOSE_SESSION]);
    let (mut drive, sent) = intermediate().drive();
    let medium: Medium = inspect(&mut drive).unwrap();
    sent.clear();
    show(&mut drive, &medium, Some(&[0; 32 * SECTOR_BYTES]), &mut |_| {}).unwrap();
    assert_eq!(sent.commands(), ["2a 00000000 +32", SYNCHRONIZE, CLOSE_SESSION]);
}

#[test]
fn nothing_that_is_recorded_in_restricted_overwrite_is_overwritten_whatever_next_address_the_drive_tells() {
    let nothing_said = "0022 01 01 00 05 21 01  00000000 00000000 00000000 00000010 00230000 00000000 00000000";
    let grown = "00000018 00231000 03000800  00231000 40000010  00231000 4C000010";
    let no_growth = "00000010 00000C80 02000800  00231000 40000010";
    for formats in [grown, no_growth] {
        for (recorded_end, first) in [(3200, 3200), (3190, 3200), (3170, 3184), (0, 3200)] {
            let says = Says::new(0x13, FORMATTED).features(&[0x26, 0x2c]).formats(formats).track(1, nothing_said);
            let wish = Wish { start: 3200, recorded_end: Some(recorded_end), sectors: 32, ..WISH };
            let (burned, sent) = burn(says, &wish);
            burned.unwrap();
            let written: Vec<&String> = sent.iter().filter(|line| line.starts_with("2a")).collect();
            assert_eq!(written, [&format!("2a {first:08x} +{}", 3232 - first)], "{recorded_end}");
        }
    }
}

#[test]
fn overwritable_media_with_spares_are_written_as_wished_and_closed_by_nobody() {
    let formats = "00000008 00B47400 02000800";
    for profile in [0x12, 0x43] {
        let says = || Says::new(profile, FORMATTED).features(&[0x20, 0x24, 0x41]).formats(formats);
        let (burned, sent) = burn(says(), &Wish { start: 64, defect_management: Some(false), ..WISH });
        assert!(burned.unwrap().appendable);
        assert_eq!(sent, ["aa 00000040 +32", SYNCHRONIZE]);
        let (burned, sent) = burn(says(), &Wish { start: 64, finalize: true, ..WISH });
        assert!(burned.unwrap().appendable, "nothing to finalise");
        assert_eq!(sent, ["2a 00000040 +32", SYNCHRONIZE]);
        let (mut drive, sent) = says().drive();
        let medium = inspect(&mut drive).unwrap();
        sent.clear();
        show(&mut drive, &medium, Some(&[0; 32 * SECTOR_BYTES]), &mut |_| {}).unwrap();
        assert_eq!(sent.commands(), ["2a 00000000 +32", SYNCHRONIZE]);
    }
}

#[test]
fn blanking_is_the_kind_that_was_asked_for_and_the_whole_disc_where_that_fails() {
    let rewritable = |profile| Says { profile, disc: BLANK_RW, tracks: vec![(1, FROM_0), (0xff, FROM_0)], ..dvd_r() };
    let blank = |says: Says, extent| {
        let (mut drive, sent) = says.drive();
        let medium = inspect(&mut drive).unwrap();
        prepare::blank(&mut drive, &medium, extent, &mut |_| {}).unwrap();
        let mut sent = sent.commands();
        sent.retain(|line| line.starts_with("a1"));
        sent
    };
    let (whole, minimal) = ("a11000000000000000000000", "a11100000000000000000000");
    for profile in [0x0a, 0x14] {
        assert_eq!(blank(rewritable(profile), BlankExtent::Minimal), [minimal]);
        assert_eq!(blank(rewritable(profile), BlankExtent::Full), [whole]);
        let worn = rewritable(profile).answer(|cdb| (cdb[..2] == [0xa1, 0x11]).then(|| refusal(3, 0x51, 0)));
        assert_eq!(blank(worn, BlankExtent::Minimal), [minimal, whole]);
    }
    for says in [cd_r(), dvd_r(), dvd_plus_r(), bd_r()] {
        let (mut drive, sent) = says.drive();
        let medium = inspect(&mut drive).unwrap();
        let refused = prepare::blank(&mut drive, &medium, BlankExtent::Full, &mut |_| {});
        assert!(matches!(refused, Err(BurnError::NotBlankable { .. })));
        assert!(!sent.asked(0xa1));
    }
}

#[test]
fn a_dvd_rw_whose_blanking_broke_off_is_blanked_whole() {
    let broken = "0022 01 01 00 25 4F 00  00000000 00000000 00000000 00000010 00000000 00000000 00000000";
    let (mut drive, sent) = Says { profile: 0x14, disc: BLANK_RW, tracks: vec![(1, broken)], ..dvd_r() }.drive();
    let medium = inspect(&mut drive).unwrap();
    // This drive never gets it blank.
    let closed = prepare::close_interrupted(&mut drive, &medium, &mut |_| {});
    assert!(matches!(closed, Err(BurnError::StillNotBlank)));
    let sent = sent.commands();
    assert!(sent.iter().any(|line| line.starts_with("a110")) && !sent.iter().any(|line| line.starts_with("5b")));
}

#[test]
fn a_disc_that_holds_something_or_may_is_never_blanked_in_the_name_of_mending() {
    // Its only track is not told; three sessions, and no number of the last track.
    let unnumbered = "0020 15 01 03 03 00 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    for profile in [0x0a, 0x14] {
        for disc in [BEGUN_RW, unnumbered] {
            for refuses in [false, true] {
                let says = Says::new(profile, disc).features(&[0x21, 0x2d, 0x2f]);
                let says = says.answer(move |cdb| (refuses && cdb[0] == 0x5b).then(|| refusal(5, 0x72, 0)));
                let (mut drive, sent) = says.drive();
                let medium = inspect(&mut drive).unwrap();
                assert!(!medium.blanking_broke_off);
                let closed = prepare::close_interrupted(&mut drive, &medium, &mut |_| {});
                assert_eq!(closed.is_err(), refuses);
                assert!(!sent.asked(0xa1), "{:?}", sent.commands());
                assert!(sent.commands().iter().any(|line| line == CLOSE_SESSION));
            }
        }
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
            begins_disc: true,
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
fn a_reset_while_an_overwritable_disc_is_ended_is_told_and_a_drive_with_nothing_to_end_is_not_blamed() {
    let formats = "00000018 00231000 03000800  00231000 40000010  00231000 4C000010";
    for profile in [0x1a, 0x13] {
        for (sense, is_told) in [
            ((5, 0x2c, 0), false),
            ((5, 0x24, 0), false),
            ((5, 0x20, 0), false),
            ((5, 0x72, 0), false),
            ((3, 0x0c, 0), false),
            ((6, 0x29, 0), true),
            ((6, 0x28, 0), true),
        ] {
            let says = Says::new(profile, FORMATTED).features(&[0x20, 0x26, 0x2a]).formats(formats);
            let (mut drive, sent) =
                says.answer(move |cdb| (cdb[0] == 0x5b).then(|| refusal(sense.0, sense.1, sense.2))).drive();
            let medium = inspect(&mut drive).unwrap();
            sent.clear();
            let shown = show(&mut drive, &medium, Some(&[0; 32 * SECTOR_BYTES]), &mut |_| {});
            assert_eq!(matches!(shown, Err(BurnError::Close { .. })), is_told, "{profile:x}: {sense:?}: {shown:?}");
            assert_eq!(sent.commands()[0], "2a 00000000 +32");
        }
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
