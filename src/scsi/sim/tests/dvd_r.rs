//! DVD-R and DVD-RW that is not formatted: in increments, or disc at once.

use super::*;

const DISC_INFO: &str = "51 00 00 00 00 00 00 00 22 00";
const SYNC: &str = "35 02 00 00 00 00 00 00 00 00";
const CLOSE_SESSION: &str = "5B 01 02 00 00 00 00 00 00 00";

fn track(drive: &mut SimDrive, number: u8) -> String {
    ask(drive, &format!("52 01 00 00 00 {number:02x} 00 00 30 00"))
}

/// A session in increments, as it should be done.
fn burn_increments(drive: &mut SimDrive, number: u8, at: u32, count: u32, seed: u8) {
    good(drive, "1E 00 00 00 01 00");
    select(drive, INCREMENTAL);
    track(drive, number);
    write(drive, at, count, seed);
    good(drive, SYNC);
    ready(drive);
    good(drive, &format!("5B 01 01 00 00 {number:02x} 00 00 00 00"));
    ready(drive);
    good(drive, CLOSE_SESSION);
    ready(drive);
    good(drive, "1E 00 00 00 00 00");
}

fn features(drive: &SimDrive) -> Vec<u16> {
    let inserted = drive.slot.as_ref().unwrap();
    inserted.family.current_features(&inserted.disc.state).to_vec()
}

#[test]
fn blank_discs_show_one_empty_track_and_what_they_can_do() {
    for (word, profile, status, size, wanted) in [
        ("dvd-r", "0011", "00", "00231280", &[0x10, 0x1f, 0x21, 0x2f, 0x107][..]),
        ("dvd-rw", "0014", "10", "00231020", &[0x10, 0x1f, 0x21, 0x23, 0x2f, 0x107]),
        ("dvd-r-dl", "0015", "00", "003FA7C0", &[0x10, 0x1f, 0x2f, 0x107]),
    ] {
        let folder = disc(word);
        let mut drive = drive(&folder, "");
        assert_eq!(&ask(&mut drive, "46 01 00 00 00 00 00 00 08 00")[12..], profile);
        let info = format!("0020 {status} 01 01 01 01 00 FF 00 00 00 00000000 00000000 {size} 0000000000000000 0000");
        assert_eq!(ask(&mut drive, DISC_INFO), flat(&info), "{word}");
        let modes = if word == "dvd-r-dl" { "04 41" } else { "05 61" };
        let blank = format!(
            "002E 01 01 00 {modes} 01 00000000 00000000 {size} 00000010 {size} 00000000 \
            00 00 0000 00000000 0000000000000000"
        );
        assert_eq!(track(&mut drive, 1), flat(&blank), "{word}");
        assert_eq!(track(&mut drive, 0xff), flat(&blank), "{word}");
        assert_eq!(features(&drive), wanted, "{word}");
    }
}

#[test]
fn a_drive_may_not_know_track_ff() {
    let folder = disc("dvd-r");
    let mut drive = drive(&folder, ",noffh");
    assert_eq!(sense(&run(&mut drive, "52 01 00 00 00 FF 00 00 30 00")), (5, 0x24, 0));
    burn_increments(&mut drive, 1, 0, 160, 1);
    assert_eq!(track(&mut drive, 2)[4..24], flat("02 02 00 05 61 01 000070A0"));
}

#[test]
fn increments_make_a_session_and_the_border_keeps_its_distance() {
    let folder = disc("dvd-r");
    let mut drive = drive(&folder, "");
    burn_increments(&mut drive, 1, 0, 160, 1);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("01 01 02 02 02"));
    // 160 + 28672 = 28832 = 70A0h.
    let next = "02 02 00 05 61 01 000070A0 000070A0 0022A1E0 00000010 0022A1E0 00000000";
    assert_eq!(track(&mut drive, 2)[4..64], flat(next));
    assert_eq!(
        track(&mut drive, 1)[4..64],
        flat("01 01 00 05 21 02 00000000 00000000 00000000 00000010 000000A0 0000009F")
    );
    burn_increments(&mut drive, 2, 28_832, 32, 2);
    // Later borders are smaller: 28832 + 32 + 6144 = 35008 = 88C0h.
    assert_eq!(track(&mut drive, 3)[16..32], flat("000088C0 000088C0"));
    assert_eq!(sense(&read(&mut drive, 160, 1).unwrap_err()), (8, 0, 0));
    holds(&mut drive, 0, 160, 1);
    holds(&mut drive, 28_832, 32, 2);
    assert_eq!(ask(&mut drive, "43 00 01 00 00 00 00 00 0C 00"), flat("000A 01 02 00 14 02 00 000070A0"));
    assert_eq!(drive.job_over(), []);
}

#[test]
fn increments_come_in_whole_packets_with_the_page_set() {
    let folder = disc("dvd-r");
    let mut drive = drive(&folder, "");
    assert_eq!(sense(&write_once(&mut drive, 0, 16, 1).unwrap()), (5, 0x2c, 0));
    select(&mut drive, INCREMENTAL);
    let odd = write_once(&mut drive, 0, 17, 1).unwrap();
    assert_eq!((sense(&odd), &odd.sense[15..]), ((5, 0x24, 0), &[0xc0, 0, 7][..]));
    assert_eq!(described(&folder).state, "blank");
    write(&mut drive, 0, 16, 1);
    assert_eq!(sense(&write_once(&mut drive, 16, 15, 1).unwrap()), (5, 0x24, 0));
    assert_eq!(sense(&write_once(&mut drive, 32, 16, 1).unwrap()), (5, 0x21, 2));
    // While the track is written the page stays as it is.
    assert_eq!(sense(&send(&mut drive, "55 10 00 00 00 00 00 00 3C 00", DVD_AT_ONCE)), (5, 0x2c, 0));
    assert!(wrongs(&drive).contains(&"a WRITE was no multiple of the packet size"));
}

#[test]
fn the_multi_session_bits_decide_whether_a_border_follows() {
    let folder = disc("dvd-r");
    let mut drive = drive(&folder, "");
    burn_increments(&mut drive, 1, 0, 160, 1);
    select(&mut drive, &INCREMENTAL.replace("E5", "25"));
    write(&mut drive, 28_832, 160, 2);
    good(&mut drive, SYNC);
    ready(&mut drive);
    assert_eq!(sense(&run(&mut drive, CLOSE_SESSION)), (5, 0x72, 3));
    good(&mut drive, "5B 00 01 00 00 02 00 00 00 00");
    let before = drive.now();
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
    // The lead-out is drawn out to where readers look for it.
    assert!(drive.now() - before > Duration::from_secs(500));
    assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat("0E 01 02 02 02"));
    assert_eq!(features(&drive), [0x10, 0x1f, 0x107]);
    assert_eq!(sense(&write_once(&mut drive, 40_000, 16, 1).unwrap()), (5, 0x64, 0));
    assert_eq!(sense(&run(&mut drive, "52 01 00 00 00 03 00 00 30 00")), (5, 0x24, 0));
}

#[test]
fn function_3_closes_for_good_and_others_are_unknown() {
    let folder = disc("dvd-r");
    let mut drive = drive(&folder, "");
    select(&mut drive, INCREMENTAL);
    write(&mut drive, 0, 160, 2);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    good(&mut drive, "5B 00 01 00 00 01 00 00 00 00");
    for function in ["00", "04", "05", "06"] {
        assert_eq!(sense(&run(&mut drive, &format!("5B 00 {function} 00 00 00 00 00 00 00"))), (5, 0x24, 0));
    }
    good(&mut drive, "5B 00 03 00 00 00 00 00 00 00");
    assert_eq!(described(&folder).state, "closed");
}

#[test]
fn a_disc_at_once_is_announced_written_whole_and_closed_by_its_sync() {
    for word in ["dvd-r", "dvd-rw", "dvd-r-dl"] {
        let folder = disc(word);
        let mut drive = drive(&folder, "");
        good(&mut drive, "1E 00 00 00 01 00");
        select(&mut drive, DVD_AT_ONCE);
        good(&mut drive, "53 00 00 00 00 00 00 01 00 00");
        // Reserved, with the room that was asked for.
        assert_eq!(
            track(&mut drive, 1)[10..56][2..],
            flat("C1 01 00000000 00000000 00000100 00000010 00000100")[..],
            "{word}"
        );
        write(&mut drive, 0, 250, 4);
        write(&mut drive, 250, 6, 4);
        let before = drive.now();
        good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
        let took = (drive.now() - before).as_secs();
        assert!((500..900).contains(&took), "{took}");
        good(&mut drive, "1E 00 00 00 00 00");
        let status = if word == "dvd-rw" { "1E" } else { "0E" };
        assert_eq!(ask(&mut drive, DISC_INFO)[4..14], flat(&format!("{status} 01 01 01 01")));
        holds(&mut drive, 0, 256, 4);
        assert_eq!(drive.job_over(), []);
    }
}

#[test]
fn a_disc_at_once_has_the_length_it_was_announced_with() {
    let folder = disc("dvd-r");
    let mut drive = drive(&folder, "");
    assert_eq!(sense(&run(&mut drive, "53 00 00 00 00 00 00 01 00 00")), (5, 0x2c, 0));
    select(&mut drive, INCREMENTAL);
    assert_eq!(sense(&run(&mut drive, "53 00 00 00 00 00 00 01 00 00")), (5, 0x64, 0));
    select(&mut drive, DVD_AT_ONCE);
    assert_eq!(sense(&write_once(&mut drive, 0, 16, 1).unwrap()), (5, 0x2c, 0));
    assert_eq!(sense(&run(&mut drive, "53 00 00 00 00 00 00 00 00 00")), (5, 0x24, 0));
    assert_eq!(sense(&run(&mut drive, "53 00 00 00 00 00 23 12 81 00")), (5, 0x63, 0));
    // Rounded up to a whole unit: 256.
    good(&mut drive, "53 00 00 00 00 00 00 00 F9 00");
    assert_eq!(sense(&write_once(&mut drive, 16, 16, 1).unwrap()), (5, 0x21, 2));
    write(&mut drive, 0, 240, 1);
    assert_eq!(sense(&write_once(&mut drive, 240, 17, 1).unwrap()), (5, 0x21, 0));
    assert_eq!(sense(&run(&mut drive, "5B 00 01 00 00 01 00 00 00 00")), (5, 0x2c, 0));
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    assert_eq!(ask(&mut drive, DISC_INFO)[4..6], flat("05"));
    write(&mut drive, 240, 16, 1);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    assert_eq!(ask(&mut drive, DISC_INFO)[4..6], flat("0E"));
    for wrong in [
        "a WRITE went beyond what can be written",
        "what is written at once was synchronized before its end",
        "CLOSE although there was nothing that could be closed",
    ] {
        assert!(wrongs(&drive).contains(&wrong), "{wrong}");
    }
}

#[test]
fn the_blanking_decides_how_a_dvd_rw_can_be_written() {
    let folder = disc("dvd-rw");
    let mut drive = drive(&folder, "");
    burn_increments(&mut drive, 1, 0, 160, 1);
    assert_eq!(ask(&mut drive, DISC_INFO)[4..6], flat("11"));
    good(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00");
    assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 4, 7));
    ready(&mut drive);
    // Without feature 0021h: disc at once only.
    assert_eq!(features(&drive), [0x10, 0x1f, 0x23, 0x2f, 0x107]);
    assert_eq!(track(&mut drive, 1)[10..14], flat("04 41"));
    assert_eq!(described(&folder).state, "blank");
    select(&mut drive, INCREMENTAL);
    assert_eq!(sense(&write_once(&mut drive, 0, 16, 1).unwrap()), (5, 0x64, 0));
    assert_eq!(described(&folder).state, "blank");
    let before = drive.now();
    good(&mut drive, "A1 00 00 00 00 00 00 00 00 00 00 00");
    assert!(drive.now() - before >= Duration::from_secs(1800));
    assert_eq!(features(&drive), [0x10, 0x1f, 0x21, 0x23, 0x2f, 0x107]);
    burn_increments(&mut drive, 1, 0, 160, 2);
    holds(&mut drive, 0, 160, 2);
    for kind in ["02", "03", "04", "05", "06"] {
        let refused = run(&mut drive, &format!("A1 {kind} 00 00 00 00 00 00 00 00 00 00"));
        assert_eq!((sense(&refused), &refused.sense[15..]), ((5, 0x24, 0), &[0xca, 0, 1][..]));
    }
    let write_once = disc("dvd-r");
    let refused = run(&mut self::drive(&write_once, ""), "A1 00 00 00 00 00 00 00 00 00 00 00");
    assert_eq!(sense(&refused), (5, 0x30, 0));
}

#[test]
fn a_minimal_blanking_leaves_room_for_one_session_however_it_is_closed() {
    let folder = disc("dvd-rw");
    {
        let mut drive = drive(&folder, "");
        good(&mut drive, "A1 01 00 00 00 00 00 00 00 00 00 00");
        select(&mut drive, DVD_AT_ONCE);
        good(&mut drive, "53 00 00 00 00 00 00 20 00 00");
        write(&mut drive, 0, 4096, 1);
    }
    assert_eq!(described(&folder).state, "damaged");
    let mut drive = drive(&folder, ",nwav");
    // Nobody continues a disc at once.
    assert_eq!(track(&mut drive, 1)[8..14], flat("00 24 01")[..]);
    select(&mut drive, INCREMENTAL);
    good(&mut drive, "5B 00 01 00 00 01 00 00 00 00");
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
    assert_eq!(ask(&mut drive, DISC_INFO)[4..6], flat("1E"));
}

#[test]
fn a_blanking_that_was_cut_off_leaves_a_disc_that_only_blanking_helps() {
    let folder = disc("dvd-rw");
    {
        let mut drive = drive(&folder, "");
        burn_increments(&mut drive, 1, 0, 160, 1);
        good(&mut drive, "A1 10 00 00 00 00 00 00 00 00 00 00");
    }
    assert_eq!(described(&folder).state, "being blanked");
    let mut drive = drive(&folder, "");
    assert_eq!(ask(&mut drive, DISC_INFO)[4..6], flat("19"));
    assert_eq!(track(&mut drive, 1)[8..14], flat("00 24 00")[..]);
    assert_eq!(sense(&read(&mut drive, 0, 1).unwrap_err()), (3, 0x11, 0));
    select(&mut drive, INCREMENTAL);
    assert_eq!(sense(&write_once(&mut drive, 0, 16, 0).unwrap()), (5, 0x2c, 0));
    good(&mut drive, "A1 00 00 00 00 00 00 00 00 00 00 00");
    burn_increments(&mut drive, 1, 0, 160, 2);
}

#[test]
fn a_drive_may_lie_about_increments() {
    let folder = disc("dvd-r");
    let mut drive = drive(&folder, ",lie21");
    assert!(features(&drive).contains(&0x21));
    select(&mut drive, INCREMENTAL);
    assert_eq!(sense(&write_once(&mut drive, 0, 16, 1).unwrap()), (5, 0x64, 0));
    assert_eq!(described(&folder).state, "blank");
    select(&mut drive, DVD_AT_ONCE);
    good(&mut drive, "53 00 00 00 00 00 00 00 10 00");
    write(&mut drive, 0, 16, 1);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    holds(&mut drive, 0, 16, 1);
    assert!(!wrongs(&drive).iter().any(|wrong| wrong.starts_with("a WRITE")), "{:?}", wrongs(&drive));
}

#[test]
fn a_write_page_a_dvd_can_not_follow_is_pointed_at() {
    let folder = disc("dvd-r");
    let mut drive = drive(&folder, "");
    let refused = |drive: &mut SimDrive, page: &str, at: usize, byte: u8| {
        let mut list = hex(page);
        list[at] = byte;
        let done = drive.execute(&hex("55 10 00 00 00 00 00 00 3C 00"), Data::Out(&list), LONG).unwrap();
        (sense(&done), done.sense[15..].to_vec())
    };
    // Track at once, no link size, another track mode, raw blocks, another link size, session format, packet size.
    for (at, byte, flags, pointed) in [
        (10, 0x61, 0x8b, 10),
        (10, 0x40, 0x8d, 10),
        (11, 0xe0, 0x8b, 11),
        (12, 0x00, 0x8b, 12),
        (13, 0x07, 0x8f, 13),
        (16, 0x20, 0x8f, 16),
        (21, 0x20, 0x8f, 18),
    ] {
        assert_eq!(refused(&mut drive, INCREMENTAL, at, byte), ((5, 0x26, 0), vec![flags, 0, pointed]), "byte {at}");
    }
    // A disc at once is the only session there is.
    assert_eq!(refused(&mut drive, DVD_AT_ONCE, 11, 0xc5), ((5, 0x26, 0), vec![0x8f, 0, 11]));
    assert_eq!(refused(&mut drive, DVD_AT_ONCE, 11, 0x25), ((5, 0x26, 0), vec![0x8d, 0, 11]));
}

#[test]
fn a_power_cut_damages_the_track_and_two_closes_repair_the_disc() {
    let folder = disc("dvd-r");
    {
        let mut drive = drive(&folder, "");
        burn_increments(&mut drive, 1, 0, 160, 1);
        select(&mut drive, INCREMENTAL);
        write(&mut drive, 28_832, 4096, 2);
    }
    let kept = described(&folder).sessions[1].tracks[0].blocks;
    let mut drive = drive(&folder, "");
    assert_eq!(track(&mut drive, 2)[4..40], flat("02 02 00 25 21 02 000070A0 00000000 00000000"));
    select(&mut drive, INCREMENTAL);
    assert_eq!(sense(&write_once(&mut drive, 28_832, 16, 2).unwrap()), (5, 0x2c, 0));
    good(&mut drive, "5B 00 01 00 00 02 00 00 00 00");
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
    let next = (28_832 + kept).next_multiple_of(16) + 6144;
    assert_eq!(track(&mut drive, 3)[8..32], format!("00056101{next:08x}{next:08x}"));
    burn_increments(&mut drive, 3, next, 16, 3);
    holds(&mut drive, 0, 160, 1);
    holds(&mut drive, 28_832, kept, 2);
}

#[test]
fn a_stale_drive_does_not_read_a_disc_at_once_before_it_looked_again() {
    let folder = disc("dvd-r");
    let mut drive = drive(&folder, ",stale");
    select(&mut drive, DVD_AT_ONCE);
    good(&mut drive, "53 00 00 00 00 00 00 00 10 00");
    write(&mut drive, 0, 16, 1);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    assert_eq!(sense(&read(&mut drive, 0, 1).unwrap_err()), (5, 0x21, 0));
    good(&mut drive, "1B 00 00 00 00 00");
    good(&mut drive, "1B 00 00 00 01 00");
    holds(&mut drive, 0, 16, 1);
}
