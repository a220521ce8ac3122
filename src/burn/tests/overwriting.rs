//! Media on which any sector can be written at any time: what is sent, and how the superblock ends it.

use super::*;

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
fn what_a_reset_during_the_proof_has_taken_from_a_drive_it_has_again_for_the_superblock() {
    let formats = "00000018 00231000 03000800  00231000 40000010  00231000 4C000010";
    for is_reset in [false, true] {
        let says = Says::new(0x13, FORMATTED).features(&[0x26, 0x2c]).formats(formats);
        let mut told = false;
        let (mut drive, sent) = says
            .answer(move |cdb| {
                (is_reset && cdb[0] == 0x28 && !std::mem::replace(&mut told, true)).then(|| refusal(6, 0x29, 0))
            })
            .drive();
        let medium = inspect(&mut drive).unwrap();
        drive.lock_tray();
        drive.set_write_parameters(|page| page.restricted_overwrite()).unwrap();
        let _ = drive.read(Lba(32), &mut [0; SECTOR_BYTES], false);
        sent.clear();
        show(&mut drive, &medium, Some(&[0; 32 * SECTOR_BYTES]), &mut |_| {}).unwrap();
        assert_eq!(sent.asked(0x1e), is_reset, "the lock");
        let page: &[&str] = if is_reset { &["55 40250800"] } else { &[] };
        let rest = ["2a 00000000 +32", SYNCHRONIZE, CLOSE_SESSION];
        assert_eq!(sent.commands(), [page, &rest].concat());
    }
}
