//! DVD+R: tracks and sessions closed by functions of their own, no write page.

use super::*;

const DISC_INFO: &str = "51 00 00 00 00 00 00 00 22 00";
const INVISIBLE: &str = "52 01 00 00 00 FF 00 00 30 00";
const CLOSE_TRACK_1: &str = "5B 00 01 00 00 01 00 00 00 00";
const CLOSE_SESSION: &str = "5B 00 02 00 00 00 00 00 00 00";
const SYNC: &str = "35 00 00 00 00 00 00 00 00 00";

#[test]
fn a_blank_dvd_r_plus_shows_one_empty_track() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, "");
    // Lead-in and last lead-out are logical addresses: 2295104 is 230540h.
    let info = "0020 00 01 01 01 01 00 FF 00 00 00 00000000 00000000 00230540 0000000000000000 0000";
    assert_eq!(ask(&mut drive, DISC_INFO), flat(info));
    let track = "002E 01 01 00 04 41 01 00000000 00000000 00230540 00000010 00230540 00000000 \
        00 00 0000 00000000 0000000000000000";
    assert_eq!(ask(&mut drive, INVISIBLE), flat(track));
    assert_eq!(ask(&mut drive, "52 01 00 00 00 01 00 00 30 00"), flat(track));
    assert_eq!(ask(&mut drive, "52 02 00 00 00 01 00 00 30 00"), flat(track));
    assert_eq!(ask(&mut drive, "52 00 00 00 10 00 00 00 30 00"), flat(track));
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("00000000 00000800"));
    assert_eq!(sense(&run(&mut drive, "43 00 01 00 00 00 00 00 0C 00")), (5, 0x24, 0));
    assert_eq!(&ask(&mut drive, "46 01 00 00 00 00 00 00 08 00")[12..], "001b");
    assert_eq!(ask(&mut drive, "23 00 00 00 00 00 00 00 0C 00"), flat("00000008 00230540 01000800"));
    assert_eq!(sense(&read(&mut drive, 0, 1).unwrap_err()), (5, 0x21, 0));
}

#[test]
fn a_session_of_1000_blocks_ends_on_a_whole_unit_and_the_next_begins_after_the_gap() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, "");
    burn_plain(&mut drive, 1, 0, 1000, 7);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..24], flat("01 01 02 02 02 00 00 00 00 00"));
    // 1000 blocks fill 1008; 1008 + 2048 = 3056 = BF0h; 230540h - BF0h = 22F950h are free.
    let next = "002E 02 02 00 04 41 01 00000BF0 00000BF0 0022F950 00000010 0022F950 00000000 \
        00 00 0000 00000000 0000000000000000";
    assert_eq!(ask(&mut drive, INVISIBLE), flat(next));
    let first = "002E 01 01 00 04 01 02 00000000 00000000 00000000 00000010 000003F0 000003EF \
        00 00 0000 00000000 0000000000000000";
    assert_eq!(ask(&mut drive, "52 01 00 00 00 01 00 00 30 00"), flat(first));
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("000003EF 00000800"));
    holds(&mut drive, 0, 1000, 7);
    assert_eq!(read(&mut drive, 1000, 8).unwrap(), vec![0; 8 * 2048]);
    assert_eq!(sense(&read(&mut drive, 1008, 1).unwrap_err()), (5, 0x21, 0));
    burn_plain(&mut drive, 2, 3056, 16, 8);
    assert_eq!(sense(&read(&mut drive, 1008, 1).unwrap_err()), (8, 0, 0));
    assert_eq!(ask(&mut drive, "43 00 01 00 00 00 00 00 0C 00"), flat("000A 01 02 00 14 02 00 00000BF0"));
    let toc = "001A 01 02 00140100 00000000 00140200 00000BF0 0014AA00 00000C00";
    assert_eq!(ask(&mut drive, "43 00 00 00 00 00 00 00 FF 00"), flat(toc));
    assert_eq!(drive.job_over(), []);
}

#[test]
fn the_track_being_written_tells_how_far_it_is() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, "");
    write(&mut drive, 0, 32, 1);
    let during = "002E 01 01 00 04 01 03 00000000 00000020 00230520 00000010 00230540 0000001F";
    assert_eq!(ask(&mut drive, INVISIBLE)[..64], flat(during));
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("05 01 01 01 01"));
    holds(&mut drive, 0, 32, 1);
    good(&mut drive, SYNC);
    // Synchronizing does not end the track.
    write(&mut drive, 32, 16, 1);
    good(&mut drive, SYNC);
    good(&mut drive, CLOSE_TRACK_1);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("05 01 01 01 02"));
    // Another track in the same session follows at once.
    assert_eq!(ask(&mut drive, INVISIBLE)[4..24], flat("02 01 00 04 41 01 00000030"));
    assert_eq!(
        wrongs(&drive),
        [
            "WRITE while the tray was not locked",
            "a track was begun without asking for its address",
            "CLOSE while the tray was not locked"
        ]
    );
}

#[test]
fn writing_goes_to_the_drive_s_own_address_in_whole_units() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    assert_eq!(sense(&write_once(&mut drive, 16, 16, 0).unwrap()), (5, 0x21, 2));
    ask(&mut drive, INVISIBLE);
    write(&mut drive, 0, 10, 0);
    assert_eq!(sense(&write_once(&mut drive, 16, 16, 0).unwrap()), (5, 0x21, 2));
    write(&mut drive, 10, 6, 0);
    assert_eq!(
        wrongs(&drive),
        ["a WRITE did not go to the next writable address", "a WRITE began in the midst of an ECC unit"]
    );
    write(&mut drive, 16, 5, 0);
    good(&mut drive, SYNC);
    assert_eq!(ask(&mut drive, INVISIBLE)[24..32], flat("00000020"));
}

#[test]
fn a_session_is_closed_after_its_track_and_a_track_after_a_sync() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, "");
    assert_eq!(sense(&run(&mut drive, CLOSE_TRACK_1)), (5, 0x2c, 0));
    assert_eq!(sense(&run(&mut drive, CLOSE_SESSION)), (5, 0x2c, 0));
    assert_eq!(sense(&run(&mut drive, "5B 00 06 00 00 00 00 00 00 00")), (5, 0x2c, 0));
    write(&mut drive, 0, 16, 0);
    assert_eq!(sense(&run(&mut drive, CLOSE_SESSION)), (5, 0x72, 3));
    assert_eq!(sense(&run(&mut drive, "5B 00 01 00 00 02 00 00 00 00")), (5, 0x24, 0));
    for function in ["00", "03", "04", "07"] {
        let refused = run(&mut drive, &format!("5B 00 {function} 00 00 00 00 00 00 00"));
        assert_eq!((sense(&refused), &refused.sense[15..]), ((5, 0x24, 0), &[0xca, 0, 2][..]));
    }
    good(&mut drive, CLOSE_TRACK_1);
    assert_eq!(sense(&run(&mut drive, CLOSE_TRACK_1)), (5, 0x2c, 0));
    good(&mut drive, CLOSE_SESSION);
    assert_eq!(sense(&run(&mut drive, CLOSE_SESSION)), (5, 0x2c, 0));
    assert!(wrongs(&drive).contains(&"a track was closed before it was synchronized"));
    assert!(wrongs(&drive).contains(&"CLOSE although there was nothing that could be closed"));
}

#[test]
fn functions_5_and_6_close_the_disc_for_good() {
    for (word, function) in [("dvd+r", "05"), ("dvd+r", "06"), ("dvd+r-dl", "05")] {
        let folder = disc(word);
        let mut drive = drive(&folder, "");
        burn_plain(&mut drive, 1, 0, 64, 1);
        write(&mut drive, 64 + 2048, 64, 2);
        good(&mut drive, SYNC);
        good(&mut drive, "5B 00 01 00 00 02 00 00 00 00");
        good(&mut drive, &format!("5B 01 {function} 00 00 00 00 00 00 00"));
        assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 4, 7));
        ready(&mut drive);
        assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("0E 01 02 02 02"));
        assert_eq!(sense(&run(&mut drive, INVISIBLE)), (5, 0x24, 0));
        assert_eq!(ask(&mut drive, "52 01 00 00 00 02 00 00 30 00")[10..24], flat("04 01 02 00000840"));
        assert_eq!(sense(&write_once(&mut drive, 8192, 16, 0).unwrap()), (5, 0x64, 0));
        assert_eq!(sense(&run(&mut drive, CLOSE_SESSION)), (5, 0x2c, 0));
        assert_eq!(described(&folder).state, "closed");
    }
}

#[test]
fn it_can_not_be_blanked_formatted_or_streamed_to() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, "");
    assert_eq!(sense(&run(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00")), (5, 0x30, 0));
    assert_eq!(sense(&send(&mut drive, "04 11 00 00 00 00", "00 02 00 08 FF FF FF FF 98 00 00 00")), (5, 0x30, 6));
    assert_eq!(sense(&send(&mut drive, "5D 00 00 00 00 00 00 00 08 00", "4100001400000000")), (5, 0x30, 0));
    assert_eq!(sense(&run(&mut drive, "54 01 00 00 00 00 00 00 00 00")), (5, 0x30, 0));
    let data = sectors(0, 16, 1);
    let streamed = drive.execute(&hex("AA 00 00000000 00000010 80 00"), Data::Out(&data), LONG).unwrap();
    assert_eq!((sense(&streamed), &streamed.sense[15..]), ((5, 0x24, 0), &[0xcf, 0, 10][..]));
    let plain = drive.execute(&hex("AA 00 00000000 00000010 00 00"), Data::Out(&data), LONG).unwrap();
    assert_eq!(plain.status, Status::Good);
    holds(&mut drive, 0, 16, 1);
}

#[test]
fn a_write_page_is_taken_and_means_nothing() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, "");
    select(&mut drive, FINAL);
    burn_plain(&mut drive, 1, 0, 64, 1);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..6], flat("01"));
    assert_eq!(drive.job_over(), []);
}

#[test]
fn the_gap_between_sessions_is_the_drive_s_own_and_stays_on_the_disc() {
    let folder = disc("dvd+r");
    burn_plain(&mut drive(&folder, ",gap=5000"), 1, 0, 64, 1);
    assert_eq!(described(&folder).next_writable, Some(5072), "a whole unit");
    let mut drive = drive(&folder, "");
    assert_eq!(ask(&mut drive, INVISIBLE)[16..32], flat("000013D0 000013D0"));
    burn_plain(&mut drive, 2, 5072, 64, 1);
    assert_eq!(described(&folder).next_writable, Some(5136 + 2048));
}

#[test]
fn a_disc_that_is_full_takes_no_more() {
    let folder = disc_of("dvd+r", Some(4096));
    let mut drive = drive(&folder, "");
    burn_plain(&mut drive, 1, 0, 1024, 1);
    assert_eq!(ask(&mut drive, INVISIBLE)[24..40], flat("00000C00 00000400"));
    write(&mut drive, 3072, 1008, 2);
    assert_eq!(sense(&write_once(&mut drive, 4080, 32, 2).unwrap()), (5, 0x63, 0));
    write(&mut drive, 4080, 16, 2);
    // The last block is written: no address is left.
    assert_eq!(ask(&mut drive, INVISIBLE)[14..40], flat("02 00000C00 00000000 00000000"));
    assert_eq!(sense(&write_once(&mut drive, 4096, 16, 2).unwrap()), (5, 0x63, 0));
    good(&mut drive, SYNC);
    good(&mut drive, "5B 00 01 00 00 02 00 00 00 00");
    good(&mut drive, CLOSE_SESSION);
    let none = ask(&mut drive, INVISIBLE);
    assert_eq!((&none[4..6], &none[14..40]), ("03", &flat("00 00001000 00000000 00000000")[..]));
    assert_eq!(sense(&write_once(&mut drive, 4096, 16, 2).unwrap()), (5, 0x63, 0));
    assert!(wrongs(&drive).contains(&"a WRITE went beyond what can be written"));
}

#[test]
fn the_153rd_session_is_the_last_one() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, ",gap=0");
    for number in 1..=153_u16 {
        burn_plain(&mut drive, number, u32::from(number - 1) * 16, 16, 1);
    }
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("0E 01 99 99 99"));
    assert_eq!(ask(&mut drive, "43 00 01 00 00 00 00 00 0C 00"), flat("000A 01 99 00 14 99 00 00000980"));
    assert_eq!(drive.job_over(), []);
}

#[test]
fn what_was_not_synchronized_is_lost_with_the_power_and_the_track_is_damaged() {
    let folder = disc("dvd+r");
    {
        let mut drive = drive(&folder, "");
        burn_plain(&mut drive, 1, 0, 64, 1);
        write(&mut drive, 2112, 4096, 2);
    }
    assert_eq!(described(&folder).state, "damaged");
    let kept = described(&folder).sessions[1].tracks[0].blocks;
    let mut drive = drive(&folder, "");
    holds(&mut drive, 0, 64, 1);
    holds(&mut drive, 2112, kept, 2);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("05 01 02 02 02"));
    // Damage, no next writable address.
    assert_eq!(ask(&mut drive, INVISIBLE)[4..40], flat("02 02 00 24 01 02 00000840 00000000 00000000"));
    assert_eq!(sense(&write_once(&mut drive, 2112 + kept, 16, 2).unwrap()), (5, 0x2c, 0));
    assert_eq!(sense(&run(&mut drive, CLOSE_SESSION)), (5, 0x72, 3));
    good(&mut drive, "5B 00 01 00 00 02 00 00 00 00");
    good(&mut drive, CLOSE_SESSION);
    let next = (2112 + kept).next_multiple_of(16) + 2048;
    assert_eq!(ask(&mut drive, INVISIBLE)[4..32], format!("030300044101{next:08x}{next:08x}"));
    burn_plain(&mut drive, 3, next, 16, 3);
    holds(&mut drive, 2112, kept, 2);
}

#[test]
fn a_drive_may_continue_a_damaged_track() {
    let folder = disc("dvd+r");
    write(&mut drive(&folder, ""), 0, 4096, 2);
    let kept = described(&folder).sessions[0].tracks[0].blocks;
    let mut drive = drive(&folder, ",nwav");
    let next = kept.next_multiple_of(16);
    assert_eq!(ask(&mut drive, INVISIBLE)[8..32], format!("0024010300000000{next:08x}"));
    write(&mut drive, next, 64, 3);
    good(&mut drive, SYNC);
    good(&mut drive, CLOSE_TRACK_1);
    good(&mut drive, CLOSE_SESSION);
    holds(&mut drive, 0, kept, 2);
    holds(&mut drive, next, 64, 3);
}

#[test]
fn a_track_left_in_good_order_can_be_continued() {
    let folder = disc("dvd+r");
    {
        let mut drive = drive(&folder, "");
        write(&mut drive, 0, 64, 2);
        good(&mut drive, SYNC);
    }
    assert_eq!(described(&folder).state, "session open");
    {
        let mut drive = drive(&folder, "");
        let open = "01 01 00 04 01 03 00000000 00000040 00230500 00000010 00230540 0000003F";
        assert_eq!(ask(&mut drive, INVISIBLE)[4..64], flat(open));
        assert_eq!(sense(&write_once(&mut drive, 0, 16, 2).unwrap()), (5, 0x21, 2));
        write(&mut drive, 64, 5, 2);
        good(&mut drive, "1B 00 00 00 02 00");
    }
    let mut drive = drive(&folder, "");
    assert_eq!(ask(&mut drive, INVISIBLE)[24..32], flat("00000050"));
    good(&mut drive, CLOSE_TRACK_1);
    good(&mut drive, CLOSE_SESSION);
    holds(&mut drive, 0, 69, 2);
}

#[test]
fn a_write_error_damages_the_track() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, ",fault=write12@100:3/0C/00,fault=write10#1:3/0c/00");
    // The very first one leaves a track to repair, of one unit.
    assert_eq!(sense(&write_once(&mut drive, 0, 16, 1).unwrap()), (3, 0x0c, 0));
    assert_eq!(ask(&mut drive, INVISIBLE)[4..32], flat("01 01 00 24 01 00 00000000 00000000"));
    good(&mut drive, CLOSE_TRACK_1);
    good(&mut drive, CLOSE_SESSION);
    assert_eq!(described(&folder).sessions[0].lead_out, Some(16));
    write(&mut drive, 2064, 32, 2);
    good(&mut drive, SYNC);
    let failed = drive.execute(&hex("AA 00 00000060 00000020 00 00"), Data::Out(&[0; 65536]), LONG).unwrap();
    assert_eq!(failed.sense, hex("F0 00 03 00 00 00 64 0A 00 00 00 00 0C 00 00 00 00 00"));
    assert_eq!(ask(&mut drive, INVISIBLE)[8..12], flat("00 24"));
    holds(&mut drive, 2064, 32, 2);
}

#[test]
fn the_raw_table_of_contents_is_refused_unless_the_drive_makes_one_up() {
    let folder = disc("dvd+r");
    burn_plain(&mut drive(&folder, ""), 1, 0, 64, 1);
    assert_eq!(sense(&run(&mut drive(&folder, ""), "43 02 02 00 00 00 00 00 FF 00")), (5, 0x24, 0));
    let expected = "002E 01 01 \
        01 14 00 A0 000000 00 010000  01 14 00 A1 000000 00 010000  01 14 00 A2 000000 00 000240 \
        01 14 00 01 000000 00 000200";
    assert_eq!(ask(&mut drive(&folder, ",rawtoc"), "43 02 02 00 00 00 00 00 FF 00"), flat(expected));
}

#[test]
fn the_hundredth_session_is_found_where_it_begins() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, ",gap=0");
    let mut at = 0;
    for number in 1..=101 {
        burn_plain(&mut drive, number, at, 16, 1);
        let last = format!("000A 01 {number:02x} 00 14 {number:02x} 00 {at:08x}");
        assert_eq!(ask(&mut drive, "43 00 01 00 00 00 00 00 0C 00"), flat(&last));
        at += 16;
    }
}

#[test]
fn a_track_left_open_in_good_order_is_drawn_with_room_behind_it() {
    let folder = disc("dvd+r");
    {
        let mut drive = drive(&folder, "");
        write(&mut drive, 0, 1000, 1);
        good(&mut drive, SYNC);
    }
    let described = described(&folder);
    assert_eq!((described.state, described.next_writable, described.free), ("session open", Some(1008), 2_294_096));
    let drawn = described.to_string();
    assert!(drawn.contains("1008  free (2294096 sectors"), "{drawn}");
}
