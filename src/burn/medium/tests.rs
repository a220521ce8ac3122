//! What drives say of every medium in every state, byte by byte, and what it is then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use super::{Medium, Recipe, Session, State, inspect, inspect_with};
use crate::burn::testing::{Says, Sent, refusal};
use crate::scsi::{ScsiError, Trays};
use crate::sector::{Lba, Sectors};

const CD: [u16; 4] = [0x0010, 0x0021, 0x002d, 0x0107];
const DVD_R: [u16; 5] = [0x0010, 0x001f, 0x0021, 0x002f, 0x0107];
/// A DVD-RW that was blanked the fast way, a DVD-R in a drive that can't write it in sessions.
const AT_ONCE_ONLY: [u16; 4] = [0x0010, 0x001f, 0x002f, 0x0107];
const DVD_PLUS_R: [u16; 4] = [0x0010, 0x001f, 0x002b, 0x0107];
const BD_R: [u16; 5] = [0x0010, 0x0021, 0x0040, 0x0041, 0x0107];

/// READ DISC INFORMATION: nothing on it; byte 2 is 10h on rewritable media.
const BLANK: &str = "0020 00 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
const BLANK_RW: &str = "0020 10 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
/// One session closed, the empty second one counted.
const ONE_SESSION: &str = "0020 01 01 02 02 02 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
const ONE_SESSION_RW: &str = "0020 11 01 02 02 02 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
/// The first session begun.
const BEGUN: &str = "0020 05 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
/// The second session begun.
const SECOND_BEGUN: &str = "0020 05 01 02 02 02 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
/// The first session damaged.
const DAMAGED: &str = "0020 09 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
/// Closed for ever, and closed until it is blanked.
const FINAL: &str = "0020 0E 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
const FINAL_RW: &str = "0020 1E 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";

/// READ TRACK INFORMATION. Track 1 of session 1, blank, 100,000 sectors free from 0 on.
const FROM_0: &str = "0022 01 01 00 04 4F 01  00000000 00000000 000186A0 00000010 000186A0 00000000 00000000";
/// The same for a Pioneer with a blank CD: its next sector is -150.
const FROM_MINUS_150: &str = "0022 01 01 00 04 4F 01  00000000 FFFFFF6A 000186A0 00000010 000186A0 00000000 00000000";
/// Track 1, closed, 1152 sectors.
const FIRST: &str = "0022 01 01 00 04 01 00  00000000 00000000 00000000 00000010 00000480 00000000 00000000";
/// Track 2 of session 2, blank, 50,000 sectors free from 12,552 on.
const SECOND: &str = "0022 02 02 00 04 4F 01  00003108 00003108 0000C350 00000010 0000C350 00000000 00000000";
/// Track 1, being written: 320 sectors, the drive can go on.
const OPEN: &str = "0022 01 01 00 05 21 03  00000000 00000140 00018560 00000010 000186A0 0000013F 00000000";
/// Track 2, the same.
const SECOND_OPEN: &str = "0022 02 02 00 05 21 03  00003108 00003248 0000C210 00000010 0000C350 00003247 00000000";
/// Track 1, damaged, the drive does not say where it could go on.
const BROKEN: &str = "0022 01 01 00 25 01 00  00000000 00000000 00000000 00000010 00000140 00000000 00000000";
/// Track 1 without anything in it, damaged: blanking broke off.
const BROKEN_BLANK: &str = "0022 01 01 00 25 4F 00  00000000 00000000 00000000 00000010 00000000 00000000 00000000";

fn medium(says: Says) -> Medium {
    let (mut drive, _) = says.drive();
    inspect(&mut drive).unwrap()
}

#[test]
fn a_blank_medium_of_every_kind_is_blank_and_begins_where_the_drive_says() {
    for (profile, disc, features, asked, recipe) in [
        (0x09, BLANK, &CD[..], 0xff, Recipe::CdTrackAtOnce),
        (0x0a, BLANK_RW, &CD, 0xff, Recipe::CdTrackAtOnce),
        (0x11, BLANK, &DVD_R, 1, Recipe::DvdIncremental),
        (0x14, BLANK_RW, &DVD_R, 1, Recipe::DvdIncremental),
        (0x15, BLANK, &DVD_R, 1, Recipe::DvdDiscAtOnce),
        (0x1b, BLANK, &DVD_PLUS_R, 0xff, Recipe::DvdPlusR),
        (0x2b, BLANK, &[0x3b], 0xff, Recipe::DvdPlusR),
        (0x41, BLANK, &BD_R, 1, Recipe::BdR),
    ] {
        // Every other number is refused: the right one is asked for.
        let found = medium(Says::new(profile, disc).features(features).track(asked, FROM_0));
        assert_eq!(found.state, State::Blank, "{profile:x}");
        assert_eq!((found.next_writable, found.free), (Some(Lba(0)), Sectors(100_000)), "{profile:x}");
        assert_eq!(found.capacity, Sectors(100_000), "{profile:x}");
        assert_eq!(found.recipe(false), Some(recipe), "{profile:x}");
        assert_eq!(found.rewritable, disc == BLANK_RW, "{profile:x}");
        assert_eq!(found.can_append, profile != 0x15, "{profile:x}");
    }
}

#[test]
fn sectors_before_a_blank_cds_first_are_not_where_it_begins() {
    let found = medium(Says::new(0x09, BLANK).features(&CD).track(0xff, FROM_MINUS_150));
    assert_eq!((found.state, found.next_writable), (State::Blank, Some(Lba(0))));
}

#[test]
fn a_cd_is_as_long_as_its_groove_says_and_else_as_its_last_lead_out() {
    // 79:59:74 is the last sector where the lead-out may begin.
    let atip = "001A 0000 D4 00 88 00  61 0F 05 00  4F 3B 4A 00  000000 00  000000 00  000000 00";
    let pressed = Says { atip, ..Says::new(0x09, BLANK).features(&CD).track(0xff, FROM_0) };
    assert_eq!(medium(pressed).capacity, Sectors(359_849));
    let told = "0020 00 01 01 01 01 00 00 00 00 00  00000000 00610F05 004F3B4A 0000000000000000 0000";
    assert_eq!(medium(Says::new(0x09, told).features(&CD).track(0xff, FROM_0)).capacity, Sectors(359_849));
}

#[test]
fn a_drive_that_knows_no_invisible_track_is_asked_for_the_last_one() {
    let found = medium(Says::new(0x1b, ONE_SESSION).features(&DVD_PLUS_R).track(1, FIRST).track(2, SECOND));
    assert_eq!((found.state, found.next_writable), (State::Appendable, Some(Lba(12_552))));
}

#[test]
fn a_medium_with_closed_sessions_shows_them_and_goes_on_where_the_drive_says() {
    for (profile, disc, features, asked) in [
        (0x09, ONE_SESSION, &CD[..], 0xff),
        (0x0a, ONE_SESSION_RW, &CD, 0xff),
        (0x11, ONE_SESSION, &DVD_R, 2),
        (0x14, ONE_SESSION_RW, &DVD_R, 2),
        (0x1b, ONE_SESSION, &DVD_PLUS_R, 0xff),
        (0x2b, ONE_SESSION, &[0x3b], 0xff),
        (0x41, ONE_SESSION, &BD_R, 2),
    ] {
        let found = medium(Says::new(profile, disc).features(features).track(1, FIRST).track(asked, SECOND));
        assert_eq!(found.state, State::Appendable, "{profile:x}");
        assert_eq!((found.next_writable, found.free), (Some(Lba(12_552)), Sectors(50_000)), "{profile:x}");
        assert_eq!(found.sessions, [Session { number: 1, start: Lba(0), end: Lba(1152), data: true }], "{profile:x}");
        assert!(found.can_append, "{profile:x}");
    }
}

#[test]
fn a_session_that_was_begun_has_to_be_closed_whether_the_drive_could_go_on_or_not() {
    for (profile, features, asked) in
        [(0x09, &CD[..], 0xff), (0x14, &DVD_R, 1), (0x1b, &DVD_PLUS_R, 0xff), (0x41, &BD_R, 1)]
    {
        let open = Says::new(profile, BEGUN).features(features).track(1, OPEN);
        let open = if asked == 1 { open } else { open.track(asked, OPEN) };
        let state = State::Interrupted { session: 1, track: 1, damaged: false };
        assert_eq!(medium(open).state, state, "{profile:x}");
        for disc in [BEGUN, DAMAGED] {
            let broken = Says::new(profile, disc).features(features).track(1, BROKEN);
            let found = medium(broken);
            assert_eq!(found.state, State::Interrupted { session: 1, track: 1, damaged: true }, "{profile:x}");
            assert_eq!((found.next_writable, found.free), (None, Sectors(0)), "{profile:x}");
        }
    }
    let found = medium(Says::new(0x11, SECOND_BEGUN).features(&DVD_R).track(1, FIRST).track(2, SECOND_OPEN));
    assert_eq!(found.state, State::Interrupted { session: 2, track: 2, damaged: false });
    assert_eq!(found.sessions.len(), 2, "what the open session holds is told, too");
}

#[test]
fn the_track_to_close_is_the_one_that_was_written_and_not_the_empty_one_behind_it() {
    let disc = "0020 05 01 01 01 02 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    let behind = "0022 02 01 00 04 4F 01  00003108 00003108 0000C350 00000010 0000C350 00000000 00000000";
    let found = medium(Says::new(0x09, disc).features(&CD).track(1, FIRST).track(0xff, behind));
    assert_eq!(found.state, State::Interrupted { session: 1, track: 1, damaged: false });
}

#[test]
fn a_final_medium_is_closed_and_its_next_track_is_not_asked_for() {
    for (profile, disc) in
        [(0x09, FINAL), (0x0a, FINAL_RW), (0x11, FINAL), (0x14, FINAL_RW), (0x15, FINAL), (0x1b, FINAL), (0x41, FINAL)]
    {
        // A drive that can't write the final disc has no feature for it.
        let found = medium(Says::new(profile, disc).features(&[0x0010]).track(1, FIRST));
        assert_eq!(found.state, State::Closed, "{profile:x}");
        assert_eq!(found.rewritable, disc == FINAL_RW, "{profile:x}");
        assert_eq!(found.capacity, Sectors(0), "{profile:x}");
    }
}

#[test]
fn a_used_dvd_rw_is_as_large_as_its_largest_format() {
    let formats = "00000010 00000480 02000800  00231000 40000010";
    let found = medium(Says::new(0x14, FINAL_RW).features(&DVD_R).track(1, FIRST).formats(formats));
    assert_eq!((found.state, found.capacity), (State::Closed, Sectors(0x0023_1000)));
}

#[test]
fn a_drive_without_the_feature_to_write_a_medium_only_reads_it() {
    for profile in [0x09, 0x11, 0x1b, 0x41] {
        let found = medium(Says::new(profile, ONE_SESSION).features(&[0x0010, 0x001e]).track(1, FIRST));
        assert_eq!(found.state, State::ReadOnly, "{profile:x}");
        assert_eq!(found.recipe(false), None, "{profile:x}");
    }
    for profile in [0x08, 0x10, 0x40] {
        let found = medium(Says { last: 1151, ..Says::new(profile, FINAL) });
        assert_eq!((found.state, found.capacity), (State::ReadOnly, Sectors(1152)), "{profile:x}");
    }
}

#[test]
fn a_dvd_rw_that_was_blanked_the_fast_way_takes_one_session_only() {
    let found = medium(Says::new(0x14, BLANK_RW).features(&AT_ONCE_ONLY).track(1, FROM_0));
    assert_eq!((found.state, found.can_append), (State::Blank, false));
    assert_eq!(found.recipe(false), Some(Recipe::DvdDiscAtOnce));
    assert_eq!(found.recipe(true), Some(Recipe::DvdDiscAtOnce));
}

#[test]
fn a_dvd_r_that_the_drive_can_not_append_to_is_closed() {
    let found = medium(Says::new(0x11, ONE_SESSION).features(&AT_ONCE_ONLY).track(1, FIRST).track(2, SECOND));
    assert_eq!(found.state, State::Closed);
}

#[test]
fn a_dvd_rw_whose_blanking_broke_off_is_not_blank_whatever_it_claims() {
    let found = medium(Says::new(0x14, BLANK_RW).features(&AT_ONCE_ONLY).track(1, BROKEN_BLANK));
    assert_eq!(found.state, State::Interrupted { session: 1, track: 1, damaged: true });
    assert!(found.rewritable && found.sessions.is_empty() && found.blanking_broke_off);
    let empty_track = "0022 01 01 00 24 0F 00  00000000 00000000 00000000 00000010 00000000 00000000 00000000";
    let damaged = "0020 19 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    assert!(medium(Says::new(0x14, damaged).features(&AT_ONCE_ONLY).track(1, empty_track)).blanking_broke_off);
    assert!(medium(Says::new(0x0a, damaged).features(&CD).track(0xff, empty_track)).blanking_broke_off);
}

#[test]
fn a_bd_r_that_was_formatted_and_never_written_is_blank() {
    // One session that is empty (01h), or open (05h), and nothing that can be read.
    for disc in ["0020 01 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000", BEGUN] {
        let found = medium(Says::new(0x41, disc).features(&[0x21, 0x24, 0x41]).track(1, FROM_0));
        assert_eq!((found.state, found.next_writable), (State::Blank, Some(Lba(0))));
    }
    // One with something on it is none of that.
    let begun = Says { last: 319, ..Says::new(0x41, BEGUN).features(&BD_R).track(1, OPEN) };
    assert_eq!(medium(begun).state, State::Interrupted { session: 1, track: 1, damaged: false });
}

#[test]
fn a_bd_r_in_pseudo_overwrite_is_refused_with_a_reason() {
    let found = medium(Says::new(0x41, BLANK).features(&[0x21, 0x24, 0x38, 0x41]).track(1, FROM_0));
    assert_eq!((found.state, found.recipe(false)), (State::Unsupported, None));
    assert!(found.refusal().unwrap().contains("pseudo overwrite"));
}

#[test]
fn discs_at_the_limit_of_their_kind_take_no_more() {
    // 99 tracks on a CD, the 100th would be next; 153 sessions on a DVD+R.
    let cd = "0020 01 01 64 64 64 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    let next = "0022 64 64 00 04 4F 01  00003108 00003108 0000C350 00000010 0000C350 00000000 00000000";
    let mut says = Says::new(0x09, cd).features(&CD).track(0xff, next);
    for number in 1..=100 {
        says = says.track(number, FIRST);
    }
    assert_eq!(medium(says).state, State::Closed);
    let plus = "0020 01 01 9A 9A 9A 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    let mut says = Says::new(0x1b, plus).features(&DVD_PLUS_R).track(0xff, next);
    for number in 1..=154 {
        says = says.track(number, FIRST);
    }
    assert_eq!(medium(says).state, State::Closed);
}

#[test]
fn a_full_disc_has_no_next_track_and_is_closed() {
    let disc = "0020 01 01 02 02 02 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    let found = medium(Says::new(0x09, disc).features(&CD).track(1, FIRST));
    assert_eq!((found.state, found.next_writable), (State::Closed, None));
}

#[test]
fn a_session_at_once_is_for_blank_cds_that_are_finalised_in_drives_that_can() {
    let mastering = |data| Says {
        features: vec![(0x002d, "40000000"), (0x002e, data)],
        ..Says::new(0x09, BLANK).track(0xff, FROM_0)
    };
    let can = medium(mastering("60000CA0"));
    assert_eq!(can.recipe(true), Some(Recipe::CdSessionAtOnce));
    assert_eq!(can.recipe(false), Some(Recipe::CdTrackAtOnce));
    assert_eq!((can.padding(true), can.padding(false)), (Sectors(0), Sectors(150)));
    assert_eq!(medium(mastering("40000CA0")).recipe(true), Some(Recipe::CdTrackAtOnce), "raw only");
    let used = Says {
        features: vec![(0x002d, "40000000"), (0x002e, "60000CA0")],
        ..Says::new(0x09, ONE_SESSION).track(1, FIRST).track(0xff, SECOND)
    };
    assert_eq!(medium(used).recipe(true), Some(Recipe::CdTrackAtOnce));
}

#[test]
fn overwritable_media_are_formatted_or_not_as_the_drive_says() {
    let formatted = "00000008 00230540 02000800";
    let unformatted = "00000008 00BA7400 01000800";
    let plus_rw = |format: &'static str| match format {
        "none" => "0020 1C 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000",
        "suspended" => "0020 1D 01 01 01 01 01 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000",
        "running" => "0020 1D 01 01 01 01 02 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000",
        _ => "0020 1E 01 01 01 01 03 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000",
    };
    let bd_re = "0020 1E 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    let ram = "0020 1F 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    for (profile, disc, formats, state) in [
        (0x1a, plus_rw("none"), unformatted, State::NeedsFormat { begun: false }),
        (0x1a, plus_rw("suspended"), formatted, State::NeedsFormat { begun: true }),
        (0x1a, plus_rw("running"), formatted, State::Overwritable),
        (0x1a, plus_rw("complete"), formatted, State::Overwritable),
        (0x43, bd_re, unformatted, State::NeedsFormat { begun: false }),
        (0x43, bd_re, formatted, State::Overwritable),
        (0x12, ram, unformatted, State::NeedsFormat { begun: false }),
        (0x12, ram, formatted, State::Overwritable),
        (0x13, bd_re, formatted, State::Overwritable),
    ] {
        let found = medium(Says::new(profile, disc).features(&[0x20]).formats(formats).track(1, FROM_0));
        assert_eq!(found.state, state, "{profile:x}");
        assert_eq!((found.recipe(false), found.recipe(true)), (Some(Recipe::Overwrite), Some(Recipe::Overwrite)));
        assert!(found.rewritable && found.can_append && found.is_overwritable());
        assert_eq!(found.unit(), Sectors(32));
    }
}

#[test]
fn a_dvd_rw_in_its_intermediate_state_can_be_written_to_the_end_of_the_disc() {
    // Nobody knows how large it is now; type 13h would make it 2,297,856 sectors.
    let formats = "00000018 00000000 03000800  00231000 40000010  00231000 4C000010";
    let found = medium(Says::new(0x13, FINAL_RW).features(&[0x26]).formats(formats).track(1, FROM_0));
    assert_eq!((found.state, found.capacity), (State::Overwritable, Sectors(0x0023_1000)));
}

#[test]
fn what_no_drive_can_use_is_refused_with_a_reason() {
    for profile in [0x00, 0x02, 0x42, 0x2a] {
        let found = medium(Says::new(profile, BLANK));
        assert_eq!((found.state, found.recipe(false)), (State::Unsupported, None), "{profile:x}");
        assert!(found.refusal().is_some());
    }
}

#[test]
fn a_word_that_the_disc_may_be_another_is_never_passed_over_all_is_asked_anew() {
    for code in [0x51, 0x52, 0x25, 0x46, 0x23, 0x43] {
        for (profile, disc, features) in
            [(0x41, BEGUN, &BD_R[..]), (0x14, ONE_SESSION_RW, &DVD_R), (0x0a, ONE_SESSION_RW, &CD), (0x08, FINAL, &[])]
        {
            let mut told = false;
            let anew = Arc::new(AtomicBool::new(false));
            let begun = anew.clone();
            let says = Says::new(profile, disc).features(features).track(1, FIRST).track(2, SECOND);
            let (mut drive, sent) = says
                .answer(move |cdb| {
                    // TEST UNIT READY is where a look begins.
                    begun.fetch_or(told && cdb[0] == 0x00, Relaxed);
                    let now = cdb[0] == code && !told;
                    told |= now;
                    now.then(|| refusal(6, 0x28, 0))
                })
                .drive();
            inspect(&mut drive).unwrap();
            assert_eq!(anew.load(Relaxed), sent.asked(code), "{profile:x}: {code:02x}");
        }
    }
}

/// What a look says of a disc whose READ DISC INFORMATION is refused so many times, how often that was asked, and whether the tray moved.
fn look_refused(times: usize, refused: [u8; 3], allowed: Trays) -> (Result<State, [u8; 3]>, usize, usize) {
    let [asked, moved] = [0, 0].map(|_: i32| Arc::new(AtomicUsize::new(0)));
    let (count, trays) = (asked.clone(), moved.clone());
    let formatted = "0020 1E 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    let mut says = Says::new(0x43, formatted).features(&[0x20, 0x41]).formats("00000008 00B5F000 02000800");
    says.features.push((0x0003, TRAY));
    let (mut drive, _) = says
        .answer(move |cdb| {
            trays.fetch_add(usize::from(cdb[0] == 0x1b), Relaxed);
            let now = cdb[0] == 0x51 && count.fetch_add(1, Relaxed) < times;
            now.then(|| refusal(refused[0], refused[1], refused[2]))
        })
        .drive();
    let state = inspect_with(&mut drive, allowed).map(|medium| medium.state);
    let state = state.map_err(|error| error.sense().map(|sense| [refused[0], sense.asc, sense.ascq]).unwrap());
    (state, asked.load(Relaxed), moved.load(Relaxed))
}

#[test]
fn a_medium_that_may_be_another_is_looked_at_anew_three_times_at_most() {
    let (state, _, _) = look_refused(1, [6, 0x28, 0], Trays::OutAndIn);
    assert_eq!(state, Ok(State::Overwritable));
    let (state, _, _) = look_refused(2, [6, 0x29, 0], Trays::OutAndIn);
    assert_eq!(state, Ok(State::Overwritable));
    let (state, asked, moved) = look_refused(usize::MAX, [6, 0x28, 0], Trays::OutAndIn);
    assert_eq!((state.unwrap_err()[1], asked, moved), (0x28, 3, 0));
}

#[test]
fn a_medium_that_the_drive_can_not_make_out_goes_out_and_in_again_once() {
    let (state, _, moved) = look_refused(1, [3, 0x57, 0], Trays::OutAndIn);
    assert_eq!((state, moved), (Ok(State::Overwritable), 2));
    let (state, _, moved) = look_refused(usize::MAX, [3, 0x57, 0], Trays::OutAndIn);
    assert_eq!((state, moved), (Err([3, 0x57, 0]), 2));
}

const FORMATTED_BD_RE: &str = "0020 1E 01 01 01 01 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
/// Byte 0 of the Removable Medium feature: a tray that loads and ejects.
const TRAY: &str = "39000000";
/// A laptop's, which has to be pushed in.
const LAPTOP: &str = "29000000";

/// A drive that is ready and does not know its disc.
fn puzzled(tray: &'static str) -> Says {
    let mut says = Says::new(0, FORMATTED_BD_RE).features(&[0x20, 0x41]).formats("00000008 00B5F000 02000800");
    says.features.push((0x0003, tray));
    says
}

/// The movements of the tray: byte 4 of START STOP UNIT.
fn movements(sent: &Sent) -> Vec<String> {
    sent.commands().into_iter().filter(|line| line.starts_with("1b")).map(|line| line[8..10].to_owned()).collect()
}

#[test]
fn a_disc_that_a_ready_drive_does_not_know_goes_out_and_in_again_once() {
    for (profile_after_load, state) in [(Some(0x43), State::Overwritable), (None, State::Unsupported)] {
        let (mut drive, sent) = Says { profile_after_load, ..puzzled(TRAY) }.drive();
        assert_eq!(inspect_with(&mut drive, Trays::OutAndIn).unwrap().state, state);
        assert_eq!(movements(&sent), ["02", "03"]);
    }
}

#[test]
fn a_tray_that_must_not_be_opened_or_could_not_be_closed_stays_whatever_the_drive_makes_of_its_disc() {
    for (tray, trays) in [(TRAY, Trays::Stay), (TRAY, Trays::PullIn), (LAPTOP, Trays::OutAndIn)] {
        let (mut drive, sent) = puzzled(tray).drive();
        assert_eq!(inspect_with(&mut drive, trays).unwrap().state, State::Unsupported);
        assert_eq!(movements(&sent), [""; 0], "{tray} {trays:?}");
        let unreadable = |cdb: &[u8]| (cdb[0] == 0x51).then(|| refusal(3, 0x57, 0));
        let (mut drive, sent) = Says { profile: 0x43, ..puzzled(tray) }.answer(unreadable).drive();
        assert_eq!(inspect_with(&mut drive, trays).unwrap_err().sense().unwrap().asc, 0x57);
        assert_eq!(movements(&sent), [""; 0], "{tray} {trays:?}");
    }
}

#[test]
fn a_tray_that_was_opened_and_does_not_close_is_the_error_and_not_the_disc() {
    let stuck = |cdb: &[u8]| (cdb[0] == 0x1b && cdb[4] == 3).then(|| refusal(5, 0x24, 0));
    let (mut drive, sent) = puzzled(TRAY).answer(stuck).drive();
    let error = inspect_with(&mut drive, Trays::OutAndIn).unwrap_err();
    assert!(matches!(error, ScsiError::TrayLeftOpen { .. }), "{error}");
    assert_eq!(movements(&sent)[0], "02");
}

#[test]
fn an_open_tray_is_pulled_in_only_for_who_looks_at_the_disc_of_one_drive() {
    let open = |cdb: &[u8]| (cdb[0] == 0x00).then(|| refusal(2, 0x3a, 2));
    for (trays, moved) in [(Trays::Stay, &[][..]), (Trays::PullIn, &["03"]), (Trays::OutAndIn, &["03"])] {
        let (mut drive, sent) = puzzled(TRAY).answer(open).drive();
        assert!(inspect_with(&mut drive, trays).unwrap_err().is_no_medium());
        assert_eq!(movements(&sent), moved, "{trays:?}");
    }
}

/// A drive that only reads: the features are current, their write bits are not set.
fn reader(profile: u16, disc: &'static str) -> Says {
    let features = vec![(0x0010, "0000080000100100"), (0x001f, "00000000"), (0x002a, "00000000"), (0x002b, "00000000")];
    Says { features, last: 999, ..Says::new(profile, disc) }
}

#[test]
fn a_drive_that_only_reads_a_medium_is_not_taken_for_one_that_writes_it() {
    let plus_rw = "0020 1E 01 01 01 01 03 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    let formatted = "00000008 00230540 02000800";
    for (says, capacity) in [(reader(0x1a, plus_rw), 1000), (reader(0x1a, plus_rw).formats(formatted), 0x0023_0540)] {
        let found = medium(says);
        assert_eq!((found.state, found.recipe(false), found.capacity), (State::ReadOnly, None, Sectors(capacity)));
    }
    let plus_r = medium(reader(0x1b, ONE_SESSION).track(1, FIRST).track(2, SECOND));
    assert_eq!((plus_r.state, plus_r.sessions.len()), (State::ReadOnly, 1));
}

#[test]
fn a_disc_in_a_drive_that_knows_no_track_information_has_the_sessions_of_its_table_of_contents() {
    let toc = "001A 01 02  00 14 01 00 00000000  00 14 02 00 00003108  00 14 AA 00 00004000";
    for disc in [FINAL, "0020 0E 01 02 02 02 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000"] {
        let found = medium(Says { toc, ..reader(0x1b, disc) });
        assert_eq!(found.state, State::Closed);
        let sessions: Vec<(u32, u32)> = found.sessions.iter().map(|session| (session.start.0, session.end.0)).collect();
        assert_eq!(sessions, [(0, 12_552), (12_552, 16_384)]);
        assert_eq!(found.capacity, Sectors(0));
    }
}

#[test]
fn a_disc_whose_tracks_begin_with_another_number_is_asked_for_those_it_has() {
    let from_two = "0020 01 02 02 02 03 00 00 00 00 00  00000000 00000000 00000000 0000000000000000 0000";
    let second = "0022 02 01 00 04 01 00  00000000 00000000 00000000 00000010 00000480 00000000 00000000";
    let third = "0022 03 02 00 04 4F 01  00003108 00003108 0000C350 00000010 0000C350 00000000 00000000";
    let found = medium(Says::new(0x11, from_two).features(&DVD_R).track(2, second).track(3, third));
    assert_eq!((found.state, found.sessions.len()), (State::Appendable, 1));
}
