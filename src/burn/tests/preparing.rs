//! Blanking, formatting, and closing what a burn left open.

use super::*;

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
fn a_disc_that_the_drive_makes_nothing_of_after_it_was_prepared_is_not_exchanged_for_another() {
    // From the first command on that changes the disc its table of contents is unreadable, or it is of no kind.
    let unreadable: Spoils = |cdb| (cdb[0] == 0x51).then(|| refusal(3, 0x57, 0));
    let of_no_kind: Spoils = |cdb| (cdb[0] == 0x46).then(|| Completion::good(8));
    let list = "00000018 00BA7400 01000800  00B47400 00000800  00B07400 C0000000";
    let bd_re = || Says::new(0x43, FORMATTED).features(&[0x20, 0x24, 0x41]).formats(list);
    let dvd_rw = || Says { profile: 0x14, disc: BLANK_RW, ..dvd_r() };
    let begun = || Says { disc: BEGUN_RW, tracks: vec![(1, OPEN)], ..dvd_rw() };
    for spoils in [unreadable, of_no_kind] {
        let prepared = |says: Says, prepare: Prepares| {
            let mut changed = false;
            let (mut drive, sent) = says
                .answer(move |cdb| {
                    changed |= [0x04, 0x5b, 0xa1].contains(&cdb[0]);
                    // The mending of a disc whose blanking broke off looks at it before it blanks it.
                    let refused = (cdb[0] == 0x5b).then(|| refusal(5, 0x72, 0));
                    if changed { refused.or_else(|| spoils(cdb)) } else { None }
                })
                .drive();
            let medium = inspect(&mut drive).unwrap();
            sent.clear();
            drive.lock_tray();
            let outcome = prepare(&mut drive, &medium);
            assert!(outcome.is_err() || outcome.is_ok_and(|medium| medium.state == crate::burn::State::Unsupported));
            let mut moved = sent.commands();
            assert!(moved.iter().any(|line| ["04", "5b", "a1"].contains(&&line[..2])), "{moved:?}");
            moved.retain(|line| line.starts_with("1b"));
            assert_eq!(moved, [""; 0]);
            assert!(!sent.unlocked(), "the tray was unlocked");
        };
        prepared(bd_re(), |drive, medium| prepare::format(drive, medium, FormatWish::Quick, &mut |_| {}));
        prepared(dvd_rw(), |drive, medium| prepare::blank(drive, medium, BlankExtent::Full, &mut |_| {}));
        prepared(begun(), |drive, medium| prepare::close_interrupted(drive, medium, &mut |_| {}));
    }
}

type Spoils = fn(&[u8]) -> Option<Completion>;
type Prepares = fn(&mut Drive, &Medium) -> Result<Medium, BurnError>;

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
