//! Habits of real drives, each of them on demand.

use super::*;

const POLL: &str = "00 00 00 00 00 00";
const BLANK: &str = "A1 11 00 00 00 00 00 00 00 00 00 00";
const DISC_INFO: &str = "51 00 00 00 00 00 00 00 22 00";

#[test]
fn progress_may_stand_still() {
    let folder = disc("cdrw-80");
    let mut drive = drive(&folder, ",stuck1");
    good(&mut drive, BLANK);
    for _ in 0..5 {
        assert_eq!(run(&mut drive, POLL).sense[15..], hex("80 02 8F"));
        drive.wait(Duration::from_secs(10));
    }
}

#[test]
fn a_drive_may_not_see_that_it_is_ready() {
    let folder = disc("cdrw-80");
    let mut drive = drive(&folder, ",clueless=7");
    good(&mut drive, "A1 01 00 00 00 00 00 00 00 00 00 00");
    assert_eq!(sense(&run(&mut drive, POLL)), (2, 0x04, 0x00));
    // It is ready all the same.
    ask(&mut drive, "52 01 00 00 00 FF 00 00 24 00");
    drive.wait(Duration::from_secs(8));
    good(&mut drive, POLL);
}

#[test]
fn a_drive_may_say_too_early_that_it_is_ready() {
    let folder = disc("cdrw-80");
    let mut drive = drive(&folder, ",earlyready");
    good(&mut drive, BLANK);
    assert_eq!(sense(&run(&mut drive, POLL)), (2, 0x04, 0x07));
    drive.wait(Duration::from_secs(35));
    good(&mut drive, POLL);
    assert_eq!(sense(&run(&mut drive, POLL)), (2, 0x04, 0x07));
    assert_eq!(sense(&write_once(&mut drive, 0, 1, 1).unwrap()), (2, 0x04, 0x07));
    assert!(!wrongs(&drive).contains(&"WRITE while an operation was running"));
}

#[test]
fn the_laser_may_not_be_calibrated() {
    let folder = disc("cdr-80");
    let opc = |options: &str| sense(&run(&mut drive(&folder, options), "54 01 00 00 00 00 00 00 00 00"));
    assert_eq!(opc(",opcfail"), (3, 0x73, 0x03));
    assert_eq!(opc(",opcns"), (5, 0x2c, 0x00));
}

#[test]
fn lengths_may_lie() {
    let folder = disc("dvd+rw");
    let mut drive = drive(&folder, ",perf1,lenmismatch,oddalloc");
    assert_eq!(ask(&mut drive, "AC 00 00 00 00 00 00 00 00 00 03 00"), flat("00000014 00000000"));
    assert_eq!(ask(&mut drive, "AC 00 00 00 00 00 00 00 00 03 03 00")[..8], flat("00000034"));
    let page = ask(&mut drive, "5A 08 05 00 00 00 00 00 3C 00");
    assert_eq!((page.len(), &page[..4], &page[16..20]), (120, "0036", "0532"));
    assert_eq!(sense(&run(&mut drive, "51 00 00 00 00 00 00 00 21 00")), (5, 0x24, 0));
    assert_eq!(ask(&mut drive, DISC_INFO).len(), 68);
}

#[test]
fn the_host_may_be_told_that_more_moved_than_did() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",resid");
    let mut buffer = [0xa5; 64];
    let done = drive.execute(&hex(DISC_INFO), Data::In(&mut buffer), LONG).unwrap();
    assert_eq!((done.moved, buffer[34]), (64, 0xa5));
}

#[test]
fn a_command_may_move_less_than_usual() {
    let folder = disc("dvd+rw");
    let mut drive = drive(&folder, ",maxxfer=32k");
    assert_eq!(drive.max_transfer(), 32 * 1024);
    let huge = drive.execute(&transfer_cdb(0x28, 0, 17), Data::In(&mut [0; 17 * 2048]), LONG);
    assert!(matches!(huge, Err(TransportError::Kernel(_))));
}

#[test]
fn replies_may_be_missing() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",tocfail,blankcapacity=2/30/00");
    assert_eq!(sense(&run(&mut drive, "25 00 00 00 00 00 00 00 00 00")), (2, 0x30, 0));
    burn(&mut drive, 0, 300, 1);
    ask(&mut drive, "25 00 00 00 00 00 00 00 00 00");
    assert_eq!(sense(&run(&mut drive, "43 00 00 00 00 00 00 00 0C 00")), (5, 0x24, 0));
}

#[test]
fn unit_attentions_may_come_without_end() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",uastorm");
    let told: Vec<_> = (0..10).map(|_| run(&mut drive, POLL).status).collect();
    assert_eq!(told.iter().filter(|status| **status == Status::CheckCondition).count(), 2);
}

#[test]
fn a_disc_may_take_long_to_load() {
    let folder = disc("cdr-80");
    let mut drive = SimDrive::open(&spec(&folder, ",slowload=40")).unwrap();
    assert_eq!(sense(&run(&mut drive, POLL)), (6, 0x28, 0));
    drive.wait(Duration::from_secs(39));
    assert_eq!(sense(&run(&mut drive, POLL)), (2, 0x04, 0x01));
    drive.wait(Duration::from_secs(1));
    good(&mut drive, POLL);
}

#[test]
fn sense_may_come_in_descriptors() {
    let folder = disc("cdrw-80");
    let mut drive = SimDrive::open(&spec(&folder, ",sensedesc")).unwrap();
    assert_eq!(run(&mut drive, POLL).sense, hex("72 06 28 00 00 00 00 00"));
    drive.wait(Duration::from_secs(5));
    let beyond = read(&mut drive, 7, 1).unwrap_err();
    assert_eq!(beyond.sense, hex("72 05 21 00 00 00 00 0C 00 0A 80 00 00000000 00000007"));
    good(&mut drive, BLANK);
    drive.wait(Duration::from_secs(15));
    let during = run(&mut drive, POLL).sense;
    assert_eq!((&during[..13], during.len()), (&hex("72 02 04 07 00 00 00 08 02 06 00 00 80")[..], 16));
}

#[test]
fn somebody_else_may_have_locked_the_tray() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",lockstolen");
    good(&mut drive, "1E 00 00 00 00 00");
    assert_eq!(sense(&run(&mut drive, "1B 00 00 00 02 00")), (5, 0x53, 0x02));
    assert_eq!(drive.violations(), []);
}

#[test]
fn reads_of_nothing_fail_in_many_ways() {
    let folder = disc("dvd+rw");
    {
        let mut drive = drive(&folder, ",unwritten=3/11/05");
        assert_eq!(send(&mut drive, "04 11 00 00 00 00", "00 02 00 08 FF FF FF FF 98 00 00 00").status, Status::Good);
        ready(&mut drive);
        good(&mut drive, "5B 00 00 00 00 00 00 00 00 00");
        let wrong = read(&mut drive, 1_500_000, 1).unwrap_err();
        assert_eq!(wrong.sense, hex("F0 00 03 00 16 E3 60 0A 00 00 00 00 11 05 00 00 00 00"));
    }
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",runout=5/64/00");
    burn(&mut drive, 0, 300, 1);
    assert_eq!(sense(&read(&mut drive, 300, 1).unwrap_err()), (5, 0x64, 0));
}

#[test]
fn asking_for_the_buffer_all_the_time_may_hold_the_drive_up() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",bufpenalty");
    let capacity = "5C 00 00 00 00 00 00 00 0C 00";
    ask(&mut drive, capacity);
    drive.wait(Duration::from_millis(500));
    let before = drive.now();
    ask(&mut drive, capacity);
    assert_eq!(drive.violations(), []);
    assert!(drive.now() - before < Duration::from_millis(10));
    ask(&mut drive, capacity);
    assert!(drive.now() - before > Duration::from_millis(200));
    assert_eq!(wrongs(&drive), ["READ BUFFER CAPACITY came again within 64 WRITEs and half a second"]);
}

#[test]
fn a_command_may_find_the_drive_busy() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",fault=discinfo#1:busy");
    assert_eq!(run(&mut drive, DISC_INFO).status, Status::Busy);
    good(&mut drive, DISC_INFO);
}

#[test]
fn a_reset_in_mid_write_damages_the_track() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",fault=write10#4:reset");
    select(&mut drive, TRACK_AT_ONCE);
    write(&mut drive, 0, 96, 1);
    assert_eq!(sense(&write_once(&mut drive, 96, 32, 1).unwrap()), (6, 0x29, 0));
    good(&mut drive, POLL);
    let track = hex(&ask(&mut drive, "52 01 00 00 00 FF 00 00 24 00"));
    assert_eq!((track[5] & 0x20, track[7] & 1), (0x20, 0));
}

#[test]
fn a_tray_can_be_opened_by_hand() {
    for word in ["cdr-80", "bd-re", "dvd+rw"] {
        let folder = disc(word);
        let mut drive = drive(&folder, ",fault=discinfo#1:eject");
        good(&mut drive, "1E 00 00 00 01 00");
        assert_eq!(sense(&run(&mut drive, DISC_INFO)), (2, 0x3a, 2));
        assert_eq!(sense(&run(&mut drive, POLL)), (2, 0x3a, 2));
        assert_eq!(ask(&mut drive, "4A 01 00 00 10 00 00 00 08 00"), flat("00 06 04 5E 03 01 00 00"));
        good(&mut drive, "1B 00 00 00 03 00");
        assert_eq!(sense(&run(&mut drive, POLL)), (6, 0x28, 0));
        good(&mut drive, DISC_INFO);
    }
}

#[test]
fn a_long_operation_may_fail_at_its_end() {
    let folder = disc("bd-re");
    let mut drive = drive(&folder, ",fault=format#1:late:3/31/00");
    let (format, list) = ("04 11 00 00 00 00", "00 02 00 08 00 B4 74 00 00 00 08 00");
    assert_eq!(send(&mut drive, format, list).status, Status::Good);
    assert_eq!(sense(&run(&mut drive, POLL)), (2, 0x04, 0x04));
    drive.wait(Duration::from_secs(61));
    assert_eq!(sense(&run(&mut drive, POLL)), (3, 0x31, 0));
    good(&mut drive, POLL);
    assert_eq!(sense(&write_once(&mut drive, 0, 32, 1).unwrap()), (5, 0x30, 5));
    assert_eq!(send(&mut drive, format, list).status, Status::Good);
    ready(&mut drive);
    assert_eq!(write_once(&mut drive, 0, 32, 1).unwrap().status, Status::Good);
}

#[test]
fn a_failed_blank_format_or_close_leaves_what_was_begun() {
    // Without Immed the command itself fails.
    let folder = disc("cdrw-80");
    let mut drive = super::drive(&folder, ",fault=blank#1:late:3/51/00,fault=close#1:late:3/73/00");
    assert_eq!(sense(&run(&mut drive, "A1 01 00 00 00 00 00 00 00 00 00 00")), (3, 0x51, 0));
    assert_eq!(described(&folder).state, "being blanked");
    good(&mut drive, "A1 01 00 00 00 00 00 00 00 00 00 00");
    select(&mut drive, TRACK_AT_ONCE);
    write(&mut drive, 0, 300, 1);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    assert_eq!(sense(&run(&mut drive, "5B 00 02 00 00 00 00 00 00 00")), (3, 0x73, 0));
    assert_eq!(described(&folder).state, "session open");
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");

    let folder = disc("dvd-rw");
    let mut drive = super::drive(&folder, ",fault=format#1:late:3/31/01");
    let quick = "00 02 00 08 00 00 00 00 54 00 00 10";
    assert_eq!(send(&mut drive, "04 11 00 00 00 00", quick).status, Status::Good);
    ready(&mut drive);
    assert_eq!(described(&folder).state, "being blanked");
    assert_eq!(send(&mut drive, "04 11 00 00 00 00", quick).status, Status::Good);
    ready(&mut drive);
    assert_eq!(described(&folder).state, "formatted, the last border open");
}

#[test]
fn a_write_during_an_operation_is_noticed_and_so_is_an_impatient_eject() {
    let folder = disc("cdrw-80");
    let mut drive = drive(&folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    good(&mut drive, BLANK);
    assert_eq!(sense(&write_once(&mut drive, 0, 1, 1).unwrap()), (2, 0x04, 0x07));
    assert_eq!(wrongs(&drive), ["WRITE while an operation was running"]);
    ready(&mut drive);
    assert_eq!(sense(&run(&mut drive, "1B 00 00 00 02 00")), (5, 0x53, 0x02));
    assert!(wrongs(&drive).contains(&"eject while the tray was locked"));
}

#[test]
fn whatever_writes_wants_the_tray_locked() {
    let folder = disc("dvd-rw");
    let mut drive = drive(&folder, "");
    run(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
    run(&mut drive, "A1 00 00 00 00 00 00 00 00 00 00 00");
    send(&mut drive, "04 11 00 00 00 00", "00 00 00 08 00 00 00 00 54 00 00 10");
    for what in ["CLOSE", "BLANK", "FORMAT UNIT"] {
        let what = format!("{what} while the tray was not locked");
        assert!(wrongs(&drive).contains(&what.as_str()), "{what}");
    }
}

#[test]
fn an_address_asked_for_before_the_page_was_set_does_not_count_and_neither_does_that_of_a_closed_track() {
    const STALE: &str = "a track was begun without asking for its address";
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 300, 1);
    assert_eq!(wrongs(&drive), [""; 0]);
    select(&mut drive, TRACK_AT_ONCE);
    ask(&mut drive, "52 01 00 00 00 01 00 00 24 00");
    good(&mut drive, "1E 00 00 00 01 00");
    write(&mut drive, 11_702, 300, 1);
    assert_eq!(wrongs(&drive), [STALE]);

    let folder = disc("cdr-80");
    let mut drive = super::drive(&folder, "");
    ask(&mut drive, "52 01 00 00 00 FF 00 00 24 00");
    select(&mut drive, TRACK_AT_ONCE);
    good(&mut drive, "1E 00 00 00 01 00");
    write(&mut drive, 0, 32, 1);
    assert_eq!(wrongs(&drive), [STALE]);
}

#[test]
fn what_a_drive_lets_pass_is_noticed() {
    let folder = disc("cdrw-80");
    let mut drive = drive(&folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    select(&mut drive, &TRACK_AT_ONCE.replacen("05 32 41", "05 32 01", 1));
    ask(&mut drive, "52 01 00 00 00 FF 00 00 24 00");
    write(&mut drive, 0, 300, 1);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    good(&mut drive, "5B 00 02 00 00 01 00 00 00 00");
    good(&mut drive, "A1 01 00 00 00 10 00 00 00 00 00 00");
    assert_eq!(
        wrongs(&drive),
        [
            "MODE SELECT did without protection against buffer underruns",
            "CLOSE of something that is no track named one",
            "BLANK of a whole disc named an address"
        ]
    );

    let folder = disc("bd-re");
    let mut drive = super::drive(&folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    send(&mut drive, "04 11 00 00 00 00", "00 00 00 08 00 BA 74 00 C4 00 08 00");
    write(&mut drive, 64, 32, 1);
    assert_eq!(wrongs(&drive), [""; 0]);
    write(&mut drive, 64, 16, 1);
    send(
        &mut drive,
        "B6 00 00 00 00 00 00 00 00 00 1C 00",
        "00000000 00000000 00BA7400 0000231F 000003E8 0000231F 000003E8",
    );
    assert_eq!(
        wrongs(&drive),
        [
            "a WRITE left a part of an ECC unit to be read and written again",
            "SET STREAMING asked for something that this disc does not have"
        ]
    );
}

#[test]
fn a_drive_just_switched_on_says_so_before_it_tells_of_its_disc() {
    let folder = disc("cdr-80");
    let mut drive = SimDrive::open(&spec(&folder, ",poweron")).unwrap();
    let told = [(); 3].map(|()| sense(&run(&mut drive, POLL)));
    assert_eq!(told, [(6, 0x29, 0), (6, 0x28, 0), (2, 0x04, 0x01)]);
    let mut empty = SimDrive::open(&spec(&folder, ",poweron,empty")).unwrap();
    let told = [(); 2].map(|()| sense(&run(&mut empty, POLL)));
    assert_eq!(told, [(6, 0x29, 0), (2, 0x3a, 0x01)]);
}

#[test]
fn the_write_page_may_be_longer_than_the_standard_has_it() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",longpage");
    let page = ask(&mut drive, "5A 08 05 00 00 00 00 00 40 00");
    assert_eq!((page.len(), &page[..4], &page[16..20]), (128, "003e", "8536"));
    assert_eq!(sense(&send(&mut drive, "55 10 00 00 00 00 00 00 3C 00", TRACK_AT_ONCE)), (5, 0x26, 0));
    let long = format!("{}00000000", TRACK_AT_ONCE.replacen("05 32", "05 36", 1));
    let with_ps = long.replacen("05 36", "85 36", 1);
    assert_eq!(sense(&send(&mut drive, "55 10 00 00 00 00 00 00 40 00", &with_ps)), (5, 0x26, 0));
    assert_eq!(send(&mut drive, "55 10 00 00 00 00 00 00 40 00", &long).status, Status::Good);
    assert_eq!(&ask(&mut drive, "5A 08 05 00 00 00 00 00 40 00")[16..24], "853641c4");
}

#[test]
fn a_drive_whose_motor_stands_still_wants_to_be_started() {
    let folder = disc("cdr-80");
    let mut standing = SimDrive::open(&spec(&folder, ",stopped")).unwrap();
    assert_eq!(sense(&run(&mut standing, POLL)), (6, 0x28, 0));
    for _ in 0..2 {
        assert_eq!(sense(&run(&mut standing, POLL)), (2, 0x04, 0x02));
        standing.wait(Duration::from_secs(100));
    }
    assert_eq!(sense(&run(&mut standing, DISC_INFO)), (2, 0x04, 0x02));
    good(&mut standing, "1B 01 00 00 01 00");
    assert_eq!(sense(&run(&mut standing, POLL)), (2, 0x04, 0x01));
    ready(&mut standing);
    good(&mut standing, "1B 00 00 00 00 00");
    assert_eq!(sense(&run(&mut standing, POLL)), (2, 0x04, 0x02));
}

#[test]
fn a_disc_whose_spares_are_used_up_is_written_without_them_only() {
    for (word, list) in
        [("bd-re", "00 00 00 08 00 B4 74 00 00 00 08 00"), ("dvd-ram", "00 A0 00 08 00 22 21 20 00 00 08 00")]
    {
        let folder = disc(word);
        let mut drive = drive(&folder, ",nospares");
        good(&mut drive, "1E 00 00 00 01 00");
        assert_eq!(send(&mut drive, "04 11 00 00 00 00", list).status, Status::Good, "{word}");
        assert_eq!(sense(&write_once(&mut drive, 64, 32, 1).unwrap()), (5, 0x32, 0), "{word}");
        let cdb = hex("AA 00 00 00 00 40 00 00 00 20 80 00");
        assert_eq!(drive.execute(&cdb, Data::Out(&sectors(64, 32, 1)), LONG).unwrap().status, Status::Good);
        holds(&mut drive, 64, 32, 1);
        if word == "bd-re" {
            assert_eq!(ask(&mut drive, "AD 01 00 00 00 00 00 0A 00 0C 00 00"), flat("000A0000 00000000 00003000"));
        }
    }
    let folder = disc("bd-re");
    let mut drive = drive(&folder, ",nospares");
    good(&mut drive, "1E 00 00 00 01 00");
    assert_eq!(send(&mut drive, "04 11 00 00 00 00", "00 00 00 08 00 BA 74 00 C4 00 08 00").status, Status::Good);
    write(&mut drive, 64, 32, 1);
}
