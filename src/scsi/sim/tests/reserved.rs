//! RESERVE TRACK on DVD+R and BD-R: a track with a length of its own.

use super::*;

const DISC_INFO: &str = "51 00 00 00 00 00 00 00 22 00";
const TRACK_1: &str = "52 01 00 00 00 01 00 00 30 00";
const RESERVE_40: &str = "53 00 00 00 00 00 00 00 28 00";
const SYNC: &str = "35 00 00 00 00 00 00 00 00 00";
const CLOSE_TRACK_1: &str = "5B 00 01 00 00 01 00 00 00 00";

#[test]
fn a_reserved_track_has_whole_units_and_no_more_goes_in() {
    for (medium, length, full) in [("dvd+r", 48, (5, 0x63, 0)), ("bd-r", 64, (5, 0x21, 0))] {
        let folder = disc(medium);
        let mut drive = drive(&folder, "");
        ask(&mut drive, TRACK_1);
        good(&mut drive, RESERVE_40);
        let track = ask(&mut drive, TRACK_1);
        // Reserved, blank; next writable address 0, free and size as reserved.
        assert_eq!(track[12..16], flat("C1 01"), "{medium}");
        assert_eq!(track[24..32], flat("00000000"), "{medium}");
        assert_eq!(track[32..40], format!("{length:08x}"), "{medium}");
        assert_eq!(track[48..56], format!("{length:08x}"), "{medium}");
        assert_eq!(sense(&run(&mut drive, RESERVE_40)), (5, 0x2c, 0), "{medium}");
        write(&mut drive, 0, length, 1);
        assert_eq!(sense(&write_once(&mut drive, length, 32, 1).unwrap()), full, "{medium}");
    }
}

#[test]
fn a_reserved_track_that_is_closed_early_is_filled_up() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, "");
    good(&mut drive, RESERVE_40);
    write(&mut drive, 0, 16, 1);
    good(&mut drive, SYNC);
    good(&mut drive, CLOSE_TRACK_1);
    assert_eq!(read(&mut drive, 16, 32).unwrap(), vec![0; 32 * 2048]);
    assert_eq!(ask(&mut drive, TRACK_1)[12..16], flat("01 02"));
    // The next one begins behind it.
    assert_eq!(ask(&mut drive, "52 01 00 00 00 02 00 00 30 00")[16..24], flat("00000030"));
}

#[test]
fn a_reservation_outlives_the_drive() {
    let folder = disc("dvd+r");
    good(&mut drive(&folder, ""), RESERVE_40);
    let mut drive = drive(&folder, "");
    assert_eq!(ask(&mut drive, DISC_INFO)[4..6], flat("05"));
    assert_eq!(ask(&mut drive, TRACK_1)[10..16], flat("04 C1 01"));
    write(&mut drive, 0, 48, 1);
}
