//! CD-R and CD-RW: what is written when, and how the disc looks from outside after it.

use super::*;

const DISC_INFO: &str = "51 00 00 00 00 00 00 00 22 00";
const INVISIBLE: &str = "52 01 00 00 00 FF 00 00 24 00";

#[test]
fn a_blank_cd_r_answers_read_disc_information_byte_for_byte() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    let expected = "00 20 00 01 01 01 01 00 FF 00 00 00 00 00 00 00 00 61 0F 05 00 4F 3B 4A \
        0000000000000000 00 00 0000000000000000";
    // Bar code 8, application code, OPC entries: 34 bytes in all.
    assert_eq!(ask(&mut drive, DISC_INFO), flat(expected)[..68]);
    assert_eq!(ask(&mut drive, "51 00 00 00 00 00 00 00 02 00"), "0020");
}

#[test]
fn a_blank_cd_r_shows_track_1_at_0_with_all_room_free() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    let expected = "00 22 01 01 00 04 4F 01 00000000 00000000 00057DA9 00000000 00057DA9 00000000 00 00 00 00";
    assert_eq!(ask(&mut drive, INVISIBLE), flat(expected));
    assert_eq!(ask(&mut drive, "52 01 00 00 00 01 00 00 24 00"), flat(expected));
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("00000000 00000800"));
    assert_eq!(sense(&run(&mut drive, "43 00 01 00 00 00 00 00 0C 00")), (5, 0x24, 0));
}

#[test]
fn after_1150_blocks_in_session_1_the_next_address_is_12552() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 1150, 7);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("01 01 02 02 02"));
    let expected = "00 22 02 02 00 04 4F 01 00003108 00003108 00054CA1 00000000 00054CA1 00000000 00 00 00 00";
    assert_eq!(ask(&mut drive, INVISIBLE), flat(expected));
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00"), flat("0000047F 00000800"));
    assert_eq!(ask(&mut drive, "43 00 01 00 00 00 00 00 0C 00"), flat("000A 01 01 00 14 01 00 00000000"));
    holds(&mut drive, 0, 1150, 7);
    assert_eq!(drive.job_over(), []);
}

#[test]
fn the_run_out_the_gap_and_what_lies_beyond_can_not_be_read() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 1150, 7);
    burn(&mut drive, 12_552, 400, 8);
    let run_out = read(&mut drive, 1140, 11).unwrap_err();
    assert_eq!((sense(&run_out), &run_out.sense[3..7]), ((3, 0x11, 0), &[0, 0, 0x04, 0x7e][..]));
    assert_eq!(sense(&read(&mut drive, 1152, 1).unwrap_err()), (8, 0, 0));
    assert_eq!(sense(&read(&mut drive, 12_400, 2).unwrap_err()), (8, 0, 0));
    assert_eq!(sense(&read(&mut drive, 12_954, 1).unwrap_err()), (5, 0x21, 0));
    assert_eq!(sense(&read(&mut drive, u32::MAX, 1).unwrap_err()), (5, 0x21, 0));
    holds(&mut drive, 12_552, 400, 8);
}

#[test]
fn two_sessions_stand_in_the_table_of_contents() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 1150, 7);
    burn(&mut drive, 12_552, 400, 8);
    assert_eq!(ask(&mut drive, "43 00 01 00 00 00 00 00 0C 00"), flat("00 0A 01 02 00 14 02 00 00 00 31 08"));
    // Track 1, track 2, lead-out at 12552 + 402 = 12954.
    let tracks = "001A 01 02 00140100 00000000 00140200 00003108 0014AA00 0000329A";
    assert_eq!(ask(&mut drive, "43 00 00 00 00 00 00 00 FF 00"), flat(tracks));
    let lead_out_msf = "000A 01 02 0014AA00 00 02 36 36";
    assert_eq!(ask(&mut drive, "43 02 00 00 00 00 AA 00 FF 00"), flat(lead_out_msf));
    // After the second session the gap is 6900.
    assert_eq!(ask(&mut drive, INVISIBLE)[16..32], flat("00004D8E 00004D8E"));
}

#[test]
fn the_raw_table_of_contents_points_to_the_next_session() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 1150, 7);
    // Track 1 at 00:02:00, lead-out 1152 = 00:17:27, next program area at 12552 = 02:47:27 without its pre-gap,
    // last possible lead-out 79:59:74, first lead-in 97:15:05.
    let expected = "0044 01 01 \
        01 14 00 A0 000000 00 010000  01 14 00 A1 000000 00 010000  01 14 00 A2 000000 00 00111B \
        01 14 00 01 000000 00 000200  01 54 00 B0 022F1B 00 4F3B4A  01 54 00 C0 000000 00 610F05";
    assert_eq!(ask(&mut drive, "43 02 02 00 00 00 00 00 FF 00"), flat(expected));
    let atip = ask(&mut drive, "43 02 04 00 00 00 00 00 FF 00");
    assert_eq!((&atip[..4], &atip[16..22], &atip[24..30], atip.len()), ("001a", "610f05", "4f3b4a", 56));
}

#[test]
fn writing_needs_a_write_page_and_the_drive_s_own_address() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    assert_eq!(sense(&write_once(&mut drive, 0, 1, 0).unwrap()), (5, 0x2c, 0));
    select(&mut drive, TRACK_AT_ONCE);
    let refused = write_once(&mut drive, 16, 1, 0).unwrap();
    assert_eq!(sense(&refused), (5, 0x21, 2));
    write(&mut drive, 0, 10, 0);
    assert_eq!(sense(&write_once(&mut drive, 11, 1, 0).unwrap()), (5, 0x21, 2));
    assert_eq!(sense(&write_once(&mut drive, 9, 1, 0).unwrap()), (5, 0x21, 2));
    // While it is written the track tells where it goes on.
    assert_eq!(ask(&mut drive, INVISIBLE)[8..32], flat("00 04 01 01 00000000 0000000A"));
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("05 01 01 01 01"));
    holds(&mut drive, 0, 10, 0);
}

#[test]
fn a_track_of_less_than_4_seconds_is_padded_with_zeros() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 10, 9);
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00")[..8], flat("0000012D"));
    assert_eq!(read(&mut drive, 10, 32).unwrap(), vec![0; 32 * 2048]);
    assert_eq!(sense(&read(&mut drive, 300, 1).unwrap_err()), (3, 0x11, 0));
}

#[test]
fn synchronizing_ends_the_track_and_the_next_write_begins_another() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    select(&mut drive, TRACK_AT_ONCE);
    ask(&mut drive, INVISIBLE);
    write(&mut drive, 0, 500, 1);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    assert_eq!(sense(&write_once(&mut drive, 500, 1, 1).unwrap()), (5, 0x21, 2));
    // 500 + 2 run-out + 150 pre-gap, in the same session.
    assert_eq!(ask(&mut drive, INVISIBLE)[4..24], flat("02 01 00 04 4F 01 0000028C"));
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("05 01 01 01 02"));
    // Many drives have closed the track by then, and say so.
    assert_eq!(sense(&run(&mut drive, "5B 00 01 00 00 01 00 00 00 00")), (5, 0x2c, 0));
    write(&mut drive, 652, 300, 2);
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
    assert_eq!(ask(&mut drive, "43 00 00 00 00 00 00 00 FF 00")[..8], flat("001A 01 02"));
    holds(&mut drive, 0, 500, 1);
    holds(&mut drive, 652, 300, 2);
    assert_eq!(sense(&read(&mut drive, 502, 1).unwrap_err()), (8, 0, 0));
}

#[test]
fn the_pre_gap_of_a_later_track_reads_as_zeros_but_where_the_laser_was_switched_on() {
    let folder = disc("cdrw-80");
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 1001, 7);
    burn(&mut drive, 12_403, 300, 8);
    let both = read(&mut drive, 12_402, 2).unwrap();
    assert_eq!(both[..2048], [0; 2048]);
    assert_eq!(both[2048..], read(&mut drive, 12_403, 1).unwrap());
    assert_eq!(read(&mut drive, 12_258, 32).unwrap(), vec![0; 32 * 2048]);
    assert_eq!(sense(&read(&mut drive, 12_257, 2).unwrap_err()), (8, 0, 0));
}

#[test]
fn closing_with_nothing_open_is_refused() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    assert_eq!(sense(&run(&mut drive, "5B 01 02 00 00 00 00 00 00 00")), (5, 0x2c, 0));
    burn(&mut drive, 0, 300, 1);
    assert_eq!(sense(&run(&mut drive, "5B 01 02 00 00 00 00 00 00 00")), (5, 0x2c, 0));
    let odd = run(&mut drive, "5B 00 06 00 00 00 00 00 00 00");
    assert_eq!((sense(&odd), &odd.sense[15..]), ((5, 0x24, 0), &[0xca, 0, 2][..]));
}

#[test]
fn the_multi_session_bits_decide_whether_the_disc_stays_open() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 300, 1);
    select(&mut drive, FINAL);
    write(&mut drive, 11_702, 300, 2);
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("0E 01 02 02 02"));
    let refused = run(&mut drive, INVISIBLE);
    assert_eq!(sense(&refused), (5, 0x24, 0));
    assert_eq!(sense(&write_once(&mut drive, 20_000, 1, 0).unwrap()), (5, 0x64, 0));
    assert_eq!(described(&folder).state, "closed");
    assert!(wrongs(&drive).contains(&"a track was closed before it was synchronized"));
}

#[test]
fn a_write_that_does_not_fit_is_refused_and_the_last_block_can_be_used() {
    let folder = disc_of("cdr-80", Some(600));
    let mut drive = drive(&folder, "");
    select(&mut drive, TRACK_AT_ONCE);
    write(&mut drive, 0, 590, 1);
    assert_eq!(sense(&write_once(&mut drive, 590, 11, 1).unwrap()), (5, 0x63, 0));
    write(&mut drive, 590, 10, 1);
    assert_eq!(sense(&write_once(&mut drive, 600, 1, 1).unwrap()), (5, 0x63, 0));
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
    assert_eq!(sense(&write_once(&mut drive, 12_000, 1, 1).unwrap()), (5, 0x63, 0));
    assert_eq!(described(&folder).free, 0);
}

#[test]
fn what_was_not_flushed_is_lost_with_the_power_and_the_track_is_damaged() {
    let folder = disc("cdr-80");
    {
        let mut drive = drive(&folder, "");
        burn(&mut drive, 0, 1150, 7);
        select(&mut drive, TRACK_AT_ONCE);
        write(&mut drive, 12_552, 3000, 8);
        drive.power_cut();
        let gone = drive.execute(&hex("00 00 00 00 00 00"), Data::None, LONG);
        assert!(matches!(gone, Err(TransportError::Gone)));
    }
    let mut drive = drive(&folder, "");
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("05 01 02 02 02"));
    let track = hex(&ask(&mut drive, INVISIBLE));
    // Damage, and no next writable address.
    assert_eq!((track[5] & 0x20, track[7] & 1), (0x20, 0));
    let kept = u32::from_be_bytes(track[24..28].try_into().unwrap());
    assert!((1900..3000).contains(&kept), "{kept}");
    holds(&mut drive, 0, 1150, 7);
    holds(&mut drive, 12_552, kept, 8);
    assert_eq!(sense(&read(&mut drive, 12_552 + kept, 1).unwrap_err()), (5, 0x21, 0));

    // Nothing goes before the track is closed, then the session.
    select(&mut drive, TRACK_AT_ONCE);
    assert_eq!(sense(&write_once(&mut drive, 12_552 + kept, 1, 0).unwrap()), (5, 0x2c, 0));
    assert_eq!(sense(&run(&mut drive, "5B 00 02 00 00 00 00 00 00 00")), (5, 0x72, 3));
    assert_eq!(sense(&run(&mut drive, "5B 00 01 00 00 01 00 00 00 00")), (5, 0x24, 0));
    good(&mut drive, "5B 01 01 00 00 02 00 00 00 00");
    ready(&mut drive);
    good(&mut drive, "5B 01 02 00 00 00 00 00 00 00");
    ready(&mut drive);
    let next = 12_552 + kept + 2 + 6900;
    assert_eq!(ask(&mut drive, INVISIBLE)[24..32], text(&next.to_be_bytes()));
    burn(&mut drive, next, 300, 9);
    holds(&mut drive, next, 300, 9);
}

#[test]
fn a_cd_rw_becomes_blank_and_a_cd_r_does_not() {
    let folder = disc("cdrw-80");
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 300, 1);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..6], flat("11"));
    good(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00");
    // Status appendable, last session damaged: that is what a power cut would leave.
    let during = run(&mut drive, "00 00 00 00 00 00");
    assert_eq!((sense(&during), during.sense[15] & 0x80), ((2, 0x04, 0x07), 0x80));
    assert_eq!(sense(&read(&mut drive, 0, 1).unwrap_err()), (2, 0x04, 0x07));
    ready(&mut drive);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..18], flat("10 01 01 01 01 00 FF"));
    assert_eq!(sense(&read(&mut drive, 0, 1).unwrap_err()), (5, 0x21, 0));
    burn(&mut drive, 0, 300, 2);
    holds(&mut drive, 0, 300, 2);
    let before = drive.now();
    good(&mut drive, "A1 00 00 00 00 00 00 00 00 00 00 00");
    assert!(drive.now() - before >= Duration::from_secs(1200));
    assert_eq!(described(&folder).state, "blank");

    let write_once = disc("cdr-80");
    let mut drive = self::drive(&write_once, "");
    assert_eq!(sense(&run(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00")), (5, 0x30, 0));
}

#[test]
fn a_blanking_that_was_cut_off_leaves_a_disc_that_only_blanking_helps() {
    let folder = disc("cdrw-74");
    {
        let mut drive = drive(&folder, "");
        burn(&mut drive, 0, 300, 1);
        good(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00");
    }
    assert_eq!(described(&folder).state, "being blanked");
    let mut drive = drive(&folder, "");
    assert_eq!(ask(&mut drive, DISC_INFO)[4..6], flat("19"));
    let track = hex(&ask(&mut drive, INVISIBLE));
    assert_eq!((track[5] & 0x20, track[7] & 1), (0x20, 0));
    assert_eq!(sense(&read(&mut drive, 0, 1).unwrap_err()), (3, 0x11, 0));
    select(&mut drive, TRACK_AT_ONCE);
    assert_eq!(sense(&write_once(&mut drive, 0, 1, 0).unwrap()), (5, 0x2c, 0));
    good(&mut drive, "A1 01 00 00 00 00 00 00 00 00 00 00");
    burn(&mut drive, 0, 300, 2);
}

#[test]
fn a_write_page_the_drive_can_not_follow_is_pointed_at() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    let refused = |drive: &mut SimDrive, at: usize, byte: u8| {
        let mut list = hex(TRACK_AT_ONCE);
        list[at] = byte;
        let done = drive.execute(&hex("55 10 00 00 00 00 00 00 3C 00"), Data::Out(&list), LONG).unwrap();
        (sense(&done), done.sense[15..].to_vec())
    };
    // Packets, test write, audio, raw blocks, a wrong page length, PS, a length in the header.
    assert_eq!(refused(&mut drive, 10, 0x40), ((5, 0x26, 0), vec![0x8b, 0, 10]));
    assert_eq!(refused(&mut drive, 10, 0x51), ((5, 0x26, 0), vec![0x8c, 0, 10]));
    assert_eq!(refused(&mut drive, 11, 0xc0), ((5, 0x26, 0), vec![0x8b, 0, 11]));
    assert_eq!(refused(&mut drive, 12, 0x00), ((5, 0x26, 0), vec![0x8b, 0, 12]));
    assert_eq!(refused(&mut drive, 9, 0x30), ((5, 0x26, 0), vec![0x80, 0, 9]));
    assert_eq!(refused(&mut drive, 8, 0x85), ((5, 0x26, 0), vec![0x8f, 0, 8]));
    assert_eq!(refused(&mut drive, 1, 0x3a), ((5, 0x26, 0), vec![0x80, 0, 0]));
    // What was selected last is what the drive shows.
    select(&mut drive, FINAL);
    let page = ask(&mut drive, "5A 08 05 00 00 00 00 00 3C 00");
    assert_eq!(page, format!("003a000000000000{}", &flat(FINAL)[16..]));
}

#[test]
fn the_buffer_fills_and_asks_for_patience() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    select(&mut drive, TRACK_AT_ONCE);
    assert_eq!(ask(&mut drive, "5C 00 00 00 00 00 00 00 0C 00"), flat("000A 0000 00200000 00200000"));
    let mut at = 0;
    let refused = loop {
        let done = write_once(&mut drive, at, 32, 3).unwrap();
        if done.status != Status::Good {
            break done;
        }
        at += 32;
    };
    assert!((1024..1200).contains(&at), "{at}");
    assert_eq!(refused.sense, hex("70 00 02 00 00 00 00 0A 00 00 00 00 04 08 00 00 00 00"));
    // Nothing of it was taken; after a while it is.
    assert_eq!(ask(&mut drive, INVISIBLE)[24..32], text(&at.to_be_bytes()));
    drive.wait(Duration::from_millis(100));
    assert_eq!(write_once(&mut drive, at, 32, 3).unwrap().status, Status::Good);
    holds(&mut drive, 0, at + 32, 3);
}
