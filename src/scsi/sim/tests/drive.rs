//! The drive itself: what it says of itself, its tray, its patience.

use super::super::{DiscError, SimError};
use super::*;

#[test]
fn a_disc_just_put_in_is_announced_once_and_then_spins_up() {
    let folder = disc("cdr-80");
    let mut drive = SimDrive::open(&spec(&folder, "")).unwrap();
    // These four leave the attention.
    assert_eq!(ask(&mut drive, "12 00 00 00 24 00").len(), 72);
    assert_eq!(ask(&mut drive, "4A 01 00 00 10 00 00 00 08 00"), flat("00 06 04 5E 02 02 00 00"));
    assert_eq!(ask(&mut drive, "4A 01 00 00 10 00 00 00 08 00"), flat("00 06 04 5E 00 02 00 00"));
    ask(&mut drive, "46 01 00 00 00 00 00 00 08 00");
    ask(&mut drive, "03 00 00 00 12 00");
    let changed = run(&mut drive, "00 00 00 00 00 00");
    assert_eq!(changed.sense, hex("70 00 06 00 00 00 00 0A 00 00 00 00 28 00 00 00 00 00"));
    assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 0x04, 0x01));
    assert_eq!(sense(&read(&mut drive, 0, 1).unwrap_err()), (2, 0x04, 0x01));
    assert_eq!(sense(&run(&mut drive, "51 00 00 00 00 00 00 00 22 00")), (2, 0x04, 0x01));
    drive.wait(Duration::from_secs(3));
    good(&mut drive, "00 00 00 00 00 00");
}

#[test]
fn inquiry_tells_of_a_cd_drive_with_removable_medium() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    let reply = hex(&ask(&mut drive, "12 00 00 00 24 00"));
    assert_eq!((reply[0], reply[1], reply[4], reply.len()), (0x05, 0x80, 31, 36));
    assert_eq!(&reply[8..36], b"CEDARBRNSIMULATED DRIVE 1.00");
}

#[test]
fn the_current_features_follow_the_medium() {
    let current = |word: &str, options: &str| {
        let folder = disc(word);
        let mut drive = drive_anyhow(&folder, options);
        let reply = hex(&ask(&mut drive, "46 01 00 00 00 00 00 04 00 00"));
        let length = u32::from_be_bytes(reply[..4].try_into().unwrap());
        assert_eq!(length as usize, reply.len() - 4);
        let mut features = Vec::new();
        let mut at = 8;
        while at < reply.len() {
            assert_eq!(reply[at + 2] & 1, 1, "current");
            features.push(u16::from_be_bytes([reply[at], reply[at + 1]]));
            at += 4 + usize::from(reply[at + 3]);
        }
        assert_eq!(at, reply.len());
        features.retain(|code| ![0, 1, 2, 3, 0x100, 0x108, 0x10c].contains(code));
        (u16::from_be_bytes([reply[6], reply[7]]), features)
    };
    assert_eq!(current("cdr-80", ""), (0x09, vec![0x10, 0x1d, 0x1e, 0x21, 0x2d, 0x2e, 0x107]));
    assert_eq!(current("cdrw-74", ""), (0x0a, vec![0x10, 0x1d, 0x1e, 0x21, 0x2d, 0x2e, 0x37, 0x107]));
    assert_eq!(current("dvd+rw", ""), (0x1a, vec![0x10, 0x1f, 0x20, 0x23, 0x2a, 0x107]));
    assert_eq!(current("dvd+rw", ",empty"), (0, vec![]));
}

fn drive_anyhow(folder: &TempDir, options: &str) -> SimDrive {
    SimDrive::open(&spec(folder, options)).unwrap()
}

#[test]
fn a_drive_without_disc_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut drive = SimDrive::open(&spec(&folder, ",empty")).unwrap();
    assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 0x3a, 0x01));
    assert_eq!(ask(&mut drive, "4A 01 00 00 10 00 00 00 08 00"), flat("00 06 04 5E 00 00 00 00"));
    good(&mut drive, "1B 00 00 00 02 00");
    assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 0x3a, 0x02));
}

#[test]
fn a_locked_tray_stays_shut_and_a_reload_starts_over() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 300, 1);
    good(&mut drive, "1E 00 00 00 01 00");
    assert_eq!(sense(&run(&mut drive, "1B 00 00 00 02 00")), (5, 0x53, 0x02));
    good(&mut drive, "1E 00 00 00 00 00");
    good(&mut drive, "1B 00 00 00 02 00");
    assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 0x3a, 0x02));
    good(&mut drive, "1B 00 00 00 03 00");
    assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (6, 0x28, 0x00));
    good(&mut drive, "00 00 00 00 00 00");
    holds(&mut drive, 0, 300, 1);
    // The write page went with the disc.
    assert_eq!(sense(&write_once(&mut drive, 11_702, 1, 1).unwrap()), (5, 0x2c, 0));
    assert_eq!(
        wrongs(&drive),
        [
            "eject while the tray was locked",
            "WRITE while the tray was not locked",
            "a WRITE came when nothing could be written"
        ]
    );
}

#[test]
fn reserved_bits_are_refused_and_pointed_at() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    let done = run(&mut drive, "51 40 00 00 00 00 00 00 22 00");
    assert_eq!(done.sense, hex("70 00 05 00 00 00 00 0A 00 00 00 00 24 00 00 CE 00 01"));
    let done = run(&mut drive, "00 00 00 00 00 04");
    assert_eq!(done.sense[15..], hex("CA 00 05"));
    assert_eq!(drive.violations()[0].what, "a CDB had reserved bits set");
    assert_eq!(sense(&run(&mut drive, "A3 00 00 00 00 00 00 00 00 00 00 00")), (5, 0x20, 0));
    assert_eq!(sense(&run(&mut drive, "12 00 00 00 24 00 00")), (5, 0x24, 0));
}

#[test]
fn data_that_has_not_the_length_of_the_cdb_breaks_the_connection() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    select(&mut drive, TRACK_AT_ONCE);
    let short = drive.execute(&transfer_cdb(0x2a, 0, 2), Data::Out(&[0; 2048]), LONG);
    assert!(matches!(short, Err(TransportError::Host { host: 7, .. })));
    let short = drive.execute(&transfer_cdb(0x28, 0, 2), Data::In(&mut [0; 2048]), LONG);
    assert!(matches!(short, Err(TransportError::Host { host: 7, .. })));
    let huge = drive.execute(&transfer_cdb(0x2a, 0, 33), Data::Out(&[0; 33 * 2048]), LONG);
    assert!(matches!(huge, Err(TransportError::Kernel(_))));
    assert_eq!(ask(&mut drive, "52 01 00 00 00 FF 00 00 24 00")[24..32], flat("00000000"));
}

#[test]
fn without_immed_the_clock_runs_and_a_short_timeout_runs_out() {
    let folder = disc("cdrw-80");
    let mut drive = drive(&folder, "");
    let before = drive.now();
    good(&mut drive, "A1 01 00 00 00 00 00 00 00 00 00 00");
    assert!((60..62).contains(&(drive.now() - before).as_secs()));
    let blank = hex("A1 01 00 00 00 00 00 00 00 00 00 00");
    let late = drive.execute(&blank, Data::None, Duration::from_secs(10));
    assert!(matches!(late, Err(TransportError::TimedOut(_))));
    // The drive goes on by itself.
    assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 0x04, 0x07));
    drive.wait(Duration::from_secs(60));
    good(&mut drive, "00 00 00 00 00 00");
}

#[test]
fn a_client_that_polls_without_a_pause_is_noticed() {
    let folder = disc("cdrw-80");
    let mut drive = drive(&folder, "");
    good(&mut drive, "1E 00 00 00 01 00");
    good(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00");
    run(&mut drive, "00 00 00 00 00 00");
    drive.wait(Duration::from_millis(10));
    run(&mut drive, "00 00 00 00 00 00");
    assert_eq!(drive.violations(), []);
    run(&mut drive, "00 00 00 00 00 00");
    assert_eq!(drive.violations()[0].what, "the drive was polled faster than 100 times a second");
    good(&mut drive, "1E 00 00 00 00 00");
    assert_eq!(drive.job_over().len(), 2);
}

#[test]
fn a_careless_client_is_noticed() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, "");
    select(&mut drive, TRACK_AT_ONCE);
    write(&mut drive, 0, 300, 1);
    good(&mut drive, "1E 00 00 00 01 00");
    let found: Vec<_> = drive.job_over().iter().map(|violation| violation.what.as_str()).collect();
    assert_eq!(
        found,
        [
            "WRITE while the tray was not locked",
            "a track was begun without asking for its address",
            "the tray was left locked",
            "data was left in the buffer",
        ]
    );
}

#[test]
fn speeds_are_told_and_can_be_set() {
    let folder = disc("dvd+rw");
    let mut drive = drive(&folder, "");
    let three = ask(&mut drive, "AC 00 00 00 00 00 00 00 00 04 03 00");
    let one = |write: &str| format!("00000000 0023053F 00005690 {write}");
    let expected = format!("00000034 00000000 {}{}{}", one("00002B48"), one("000015A4"), one("00000CFC"));
    assert_eq!(three, flat(&expected));
    assert_eq!(ask(&mut drive, "AC 00 00 00 00 00 00 00 00 00 03 00"), flat("00000034 00000000"));
    let stream = "00000000 00000000 0023053F 000015A4 000003E8 000015A4 000003E8";
    assert_eq!(send(&mut drive, "B6 00 00 00 00 00 00 00 00 00 1C 00", stream).status, Status::Good);
    let nominal = ask(&mut drive, "AC 14 00 00 00 00 00 00 00 01 00 00");
    assert_eq!(nominal, flat("00000014 02000000 00000000 000015A4 0023053F 000015A4"));
    assert_eq!(drive.job_over()[0].what, "SET STREAMING was left in force");
    let past_end = "00000000 00000000 00230540 000015A4 000003E8 000015A4 000003E8";
    let refused = send(&mut drive, "B6 00 00 00 00 00 00 00 00 00 1C 00", past_end);
    assert_eq!(sense(&refused), (5, 0x21, 0));
    good(&mut drive, "BB 00 FF FF 0C FC 00 00 00 00 00 00");
}

#[test]
fn a_disc_is_in_one_drive_at_a_time() {
    let folder = disc("cdr-80");
    let first = SimDrive::open(&spec(&folder, "")).unwrap();
    assert!(matches!(SimDrive::open(&spec(&folder, "")), Err(SimError::Busy { .. })));
    drop(first);
    SimDrive::open(&spec(&folder, "")).unwrap();
    let none = tempfile::tempdir().unwrap();
    assert!(matches!(SimDrive::open(&spec(&none, "")), Err(SimError::Missing { .. })));
}

#[test]
fn a_disc_is_not_made_over_another_one_or_in_a_size_there_is_not() {
    let folder = disc("cdr-80");
    let path = folder.path().join("disc");
    let make = |path: &Path, size| VirtualDisc::create(path, Medium::CdR80, size);
    assert!(matches!(make(&path, None), Err(DiscError::Exists { .. })));
    assert!(matches!(make(&path.join("sectors"), None), Err(DiscError::Exists { .. })));
    assert!(matches!(make(&folder.path().join("b"), Some(Sectors(5))), Err(DiscError::Capacity { asked: 5, .. })));
    assert!(!folder.path().join("b").exists());
    assert_eq!(make(&folder.path().join("c/d"), Some(Sectors(1000))).unwrap().capacity, 1000);
}

#[test]
fn a_damaged_state_is_an_error_with_a_name() {
    let folder = disc("cdr-80");
    let open = |text: &str| {
        std::fs::write(state_file(&folder), text).unwrap();
        match SimDrive::open(&spec(&folder, "")) {
            Err(SimError::Disc { source, .. }) => source,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(open("{"), DiscError::Syntax { .. }));
    assert!(matches!(open("[]"), DiscError::Syntax { .. }));
    assert!(matches!(open(r#"{"version":1,"medium":"bd-r"}"#), DiscError::Version { found: 1, .. }));
    let state =
        |sessions: &str| format!(r#"{{"version":2,"medium":"cdr-80","capacity":359849,"sessions":[{sessions}]}}"#);
    let track = |number: u32, start: u32, blocks: u32| {
        format!(r#"{{"number":{number},"start":{start},"blocks":{blocks},"run_out":2,"closed":true}}"#)
    };
    for flaw in [
        state(r#"{"tracks":[],"lead_out":null}"#),
        state(&format!(r#"{{"tracks":[{}],"lead_out":5}}"#, track(1, 0, 300))),
        state(&format!(r#"{{"tracks":[{}],"lead_out":null}}"#, track(2, 0, 300))),
        state(&format!(r#"{{"tracks":[{}],"lead_out":null}}"#, track(1, 4_294_967_295, 4_294_967_295))),
        state(&format!(r#"{{"tracks":[{},{}],"lead_out":null}}"#, track(1, 0, 300), track(2, 10, 300))),
        r#"{"version":2,"medium":"dvd+rw","capacity":2295104}"#.to_owned(),
    ] {
        assert!(matches!(open(&flaw), DiscError::Flaw { .. }), "{flaw}");
    }
}

#[test]
fn a_disc_can_be_drawn() {
    let folder = disc_of("cdr-80", Some(30_000));
    let mut drive = drive(&folder, "");
    burn(&mut drive, 0, 3000, 1);
    drop(drive);
    let drawn = described(&folder).to_string();
    let lines: Vec<_> = drawn.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "[#######------------------------.................................]",
            "           session 1",
            "        0    track 1 (3000 sectors, 5.8 MiB)",
            "     3000    run-out (2 sectors)",
            "     3002    lead-out",
            "     3002  gap (11400 sectors, 22.2 MiB)",
            "    14402  free (15598 sectors, 30.4 MiB)",
            "    30000  end of the disc",
        ]
    );
    let json = serde_json::to_value(described(&folder)).unwrap();
    assert_eq!((&json["medium"], &json["sessions"][0]["lead_out"]), (&"cdr-80".into(), &3002.into()));
}
