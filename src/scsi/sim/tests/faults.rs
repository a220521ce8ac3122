//! Faults on demand, and habits of real drives.

use super::*;

#[test]
fn a_write_error_names_its_sector_and_damages_the_track() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",fault=write10@100:3/0C/00");
    select(&mut drive, TRACK_AT_ONCE);
    write(&mut drive, 0, 96, 1);
    let failed = write_once(&mut drive, 96, 32, 1).unwrap();
    assert_eq!(failed.sense, hex("F0 00 03 00 00 00 64 0A 00 00 00 00 0C 00 00 00 00 00"));
    let track = hex(&ask(&mut drive, "52 01 00 00 00 FF 00 00 24 00"));
    assert_eq!((track[5] & 0x20, track[7] & 1, track[27]), (0x20, 0, 96));
    holds(&mut drive, 0, 96, 1);
    assert_eq!(sense(&run(&mut drive, "5B 00 02 00 00 00 00 00 00 00")), (5, 0x72, 3));
    good(&mut drive, "5B 00 01 00 00 01 00 00 00 00");
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
}

#[test]
fn an_error_on_the_very_first_write_leaves_a_track_to_repair() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",fault=write10#1:3/0c/00");
    select(&mut drive, TRACK_AT_ONCE);
    assert_eq!(sense(&write_once(&mut drive, 0, 32, 1).unwrap()), (3, 0x0c, 0));
    assert_eq!(ask(&mut drive, "51 00 00 00 00 00 00 00 22 00")[4..6], flat("05"));
    good(&mut drive, "5B 00 01 00 00 01 00 00 00 00");
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
}

#[test]
fn a_refused_close_changes_nothing() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",fault=close#1:3/73/00");
    select(&mut drive, TRACK_AT_ONCE);
    write(&mut drive, 0, 300, 1);
    good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
    assert_eq!(sense(&run(&mut drive, "5B 00 02 00 00 00 00 00 00 00")), (3, 0x73, 0));
    assert_eq!(described(&folder).state, "session open");
    good(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
    assert_eq!(described(&folder).state, "appendable");
}

#[test]
fn a_power_cut_on_command_n_ends_everything() {
    let folder = disc("cdr-80");
    {
        let mut drive = drive(&folder, ",fault=write10#3:power-cut");
        select(&mut drive, TRACK_AT_ONCE);
        write(&mut drive, 0, 64, 1);
        assert!(matches!(write_once(&mut drive, 64, 32, 1), Err(TransportError::Gone)));
        let next = drive.execute(&hex("12 00 00 00 24 00"), Data::None, LONG);
        assert!(matches!(next, Err(TransportError::Gone)));
    }
    assert!(described(&folder).sessions.iter().all(|session| session.lead_out.is_none()));
}

#[test]
fn a_drive_can_vanish_or_lie() {
    let folder = disc("cdr-80");
    {
        let mut drive = drive(&folder, ",fault=28@301:flip,fault=requestsense:vanish");
        burn(&mut drive, 0, 400, 1);
        holds(&mut drive, 0, 288, 1);
        let wrong = read(&mut drive, 300, 3).unwrap();
        let right = sectors(300, 3, 1);
        let differ: Vec<_> = (0..wrong.len()).filter(|at| wrong[*at] != right[*at]).collect();
        assert_eq!(differ, [2048]);
        let gone = drive.execute(&hex("03 00 00 00 12 00"), Data::None, LONG);
        assert!(matches!(gone, Err(TransportError::Host { host: 1, .. })));
        let gone = drive.execute(&hex("00 00 00 00 00 00"), Data::None, LONG);
        assert!(matches!(gone, Err(TransportError::Host { host: 1, .. })));
    }
    let mut drive = drive(&folder, "");
    holds(&mut drive, 0, 400, 1);
}

#[test]
fn a_drive_may_refuse_immed_and_hide_its_progress() {
    let folder = disc("cdrw-80");
    {
        let mut drive = drive(&folder, ",noimmed");
        let refused = run(&mut drive, "35 02 00 00 00 00 00 00 00 00");
        assert_eq!(refused.sense, hex("70 00 05 00 00 00 00 0A 00 00 00 00 24 00 00 C9 00 01"));
        let refused = run(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00");
        assert_eq!(refused.sense[15..], hex("CC 00 01"));
        good(&mut drive, "A1 01 00 00 00 00 00 00 00 00 00 00");
    }
    let mut drive = drive(&folder, ",noprogress");
    good(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00");
    let during = run(&mut drive, "00 00 00 00 00 00");
    assert_eq!(during.sense, hex("70 00 02 00 00 00 00 0A 00 00 00 00 04 07 00 00 00 00"));
}

#[test]
fn a_blank_disc_may_claim_to_begin_at_minus_150() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",n150");
    assert_eq!(ask(&mut drive, "52 01 00 00 00 FF 00 00 24 00")[24..32], flat("FFFFFF6A"));
    burn(&mut drive, 0, 300, 1);
    assert_eq!(ask(&mut drive, "52 01 00 00 00 FF 00 00 24 00")[24..32], flat("00002DB6"));
}

#[test]
fn a_stale_drive_has_to_look_at_the_disc_again() {
    let folder = disc("cdr-80");
    let mut drive = drive(&folder, ",stale");
    burn(&mut drive, 0, 300, 1);
    assert_eq!(sense(&read(&mut drive, 0, 1).unwrap_err()), (5, 0x21, 0));
    good(&mut drive, "1B 00 00 00 00 00");
    good(&mut drive, "1B 00 00 00 01 00");
    holds(&mut drive, 0, 300, 1);
}

/// Where the child process below finds its disc.
const CHILD: &str = "CEDARBURN_TEST_DISC";

#[test]
#[ignore = "run in a process of its own by the next test"]
fn a_child_that_dies_while_it_burns() {
    let Ok(spec) = std::env::var(CHILD) else { return };
    let mut drive = SimDrive::open(&spec).unwrap();
    ready(&mut drive);
    burn(&mut drive, 0, 20_000, 5);
}

#[test]
fn a_process_that_is_killed_leaves_what_the_laser_had_written() {
    for (command, least) in [("write10#2", 0), ("write10#200", 4000), ("sync", 18_000), ("close", 20_000)] {
        let folder = disc("cdr-80");
        let this = std::env::current_exe().unwrap();
        let name = "scsi::sim::tests::faults::a_child_that_dies_while_it_burns";
        let child = std::process::Command::new(this)
            .args(["--exact", "--ignored", name])
            .env(CHILD, spec(&folder, &format!(",fault={command}:kill")))
            .output()
            .unwrap();
        assert_eq!(child.status.code(), None, "a signal ends it");
        let kept: u32 = described(&folder).sessions.iter().flat_map(|s| &s.tracks).map(|t| t.blocks).sum();
        assert!((least..=20_000).contains(&kept), "{command}: {kept}");
        let mut drive = drive(&folder, "");
        holds(&mut drive, 0, kept, 5);
    }
}

#[test]
fn what_a_client_did_amiss_is_written_down_when_the_drive_is_let_go() {
    let folder = disc("cdr-80");
    let file = folder.path().join("Violations");
    let options = format!(",violations={}", file.display());
    drop(drive(&folder, &options));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
    for options in [options.clone(), format!("{options},fault=inquiry:power-cut")] {
        let mut drive = drive(&folder, &options);
        select(&mut drive, TRACK_AT_ONCE);
        good(&mut drive, "1E 00 00 00 01 00");
        let refused = run(&mut drive, "5B 00 02 00 00 00 00 00 00 00");
        assert_eq!(refused.status, Status::CheckCondition);
        let _ = drive.execute(&hex("12 00 00 00 00 00"), Data::None, LONG);
    }
    let name = spec(&folder, &options);
    let close = "CLOSE although there was nothing that could be closed; cdb=5b 00 02 00 00 00 00 00 00 00";
    // Where there is no power nothing is locked.
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        format!("{close}; {name}\nthe tray was left locked; cdb=; {name}\n{close}; {name},fault=inquiry:power-cut\n")
    );
}

fn read_from_medium(drive: &mut SimDrive, at: u32, count: u32) -> Vec<u8> {
    let mut cdb = transfer_cdb(0x28, at, count);
    cdb[1] = 0x08;
    let mut buffer = vec![0; count as usize * 2048];
    let done = drive.execute(&cdb, Data::In(&mut buffer), LONG).unwrap();
    assert_eq!(done.status, Status::Good);
    buffer
}

#[test]
fn what_is_read_with_fua_has_been_on_the_medium() {
    let folder = disc("bd-re");
    {
        let mut drive = drive(&folder, "");
        assert_eq!(send(&mut drive, "04 11 00 00 00 00", "00 02 00 08 00 BA 74 00 C4 00 08 00").status, Status::Good);
        ready(&mut drive);
        write(&mut drive, 0, 512, 1);
        let before = drive.now();
        assert!(read_from_medium(&mut drive, 480, 32) == sectors(480, 32, 1));
        // 1 MiB at 8991 kB/s.
        assert!(drive.now() - before > Duration::from_millis(90));
        drive.power_cut();
    }
    holds(&mut drive(&folder, ""), 0, 512, 1);
}

#[test]
fn a_bit_can_be_wrong_on_the_medium_and_right_in_the_cache() {
    let folder = disc("dvd+r");
    let mut drive = drive(&folder, ",fault=write10@40:flip");
    burn_plain(&mut drive, 1, 0, 64, 1);
    holds(&mut drive, 0, 64, 1);
    let wrong = read_from_medium(&mut drive, 32, 32);
    let right = sectors(32, 32, 1);
    assert_eq!((0..wrong.len()).filter(|at| wrong[*at] != right[*at]).collect::<Vec<_>>(), [8 * 2048]);
    good(&mut drive, "1B 00 00 00 02 00");
    good(&mut drive, "1B 00 00 00 03 00");
    ready(&mut drive);
    assert!(read(&mut drive, 32, 32).unwrap() == wrong);
}

#[test]
fn whatever_tears_a_drive_from_its_disc_damages_the_track_and_takes_the_unit_begun_last() {
    for fault in ["reset", "eject", "power-cut"] {
        for (word, unit) in [("dvd+r", 16), ("bd-r", 32)] {
            let folder = disc(word);
            {
                let mut drive = drive(&folder, &format!(",fault=tur#9:{fault}"));
                write(&mut drive, 0, 64, 1);
                // 100 µs for a command: a few blocks more each time, and the drive is in the midst of a unit.
                while drive
                    .execute(&hex("00 00 00 00 00 00"), Data::None, LONG)
                    .is_ok_and(|done| done.status == Status::Good)
                {}
                drive.power_cut();
            }
            let described = described(&folder);
            let track = &described.sessions[0].tracks[0];
            assert!(track.blocks < 64 && track.blocks.is_multiple_of(unit), "{fault}, {word}: {}", track.blocks);
            assert_eq!(described.state, "damaged", "{fault}, {word}");
        }
    }
}

#[test]
fn a_sync_that_fails_loses_what_was_in_the_buffer() {
    for fault in ["3/0C/00", "late:3/0C/00"] {
        let folder = disc("dvd+r");
        let mut drive = drive(&folder, &format!(",fault=sync#1:{fault}"));
        write(&mut drive, 0, 512, 1);
        assert_eq!(sense(&run(&mut drive, "35 00 00 00 00 00 00 00 00 00")), (3, 0x0c, 0), "{fault}");
        assert_eq!(described(&folder).state, "damaged");
        assert!(described(&folder).sessions[0].tracks[0].blocks < 512, "{fault}");

        let folder = disc("bd-re");
        let mut drive = super::drive(&folder, &format!(",fault=sync#2:{fault}"));
        assert_eq!(send(&mut drive, "04 11 00 00 00 00", "00 00 00 08 00 BA 74 00 C4 00 08 00").status, Status::Good);
        write(&mut drive, 0, 512, 1);
        good(&mut drive, "35 00 00 00 00 00 00 00 00 00");
        write(&mut drive, 0, 512, 2);
        assert_eq!(sense(&run(&mut drive, "35 00 00 00 00 00 00 00 00 00")), (3, 0x0c, 0), "{fault}");
        holds(&mut drive, 480, 32, 1);
        let ruined = described(&folder).unreadable;
        assert_eq!(ruined.len(), 1, "{fault}: {ruined:?}");
        assert_eq!(sense(&read(&mut drive, ruined[0].first, 1).unwrap_err()), (3, 0x11, 0));
    }
}

#[test]
fn an_operation_may_never_end_a_command_time_out_and_a_reply_be_cut_off() {
    let folder = disc("cdrw-80");
    let faults = ",fault=blank:late:never,fault=discinfo#1:timeout,fault=capacity#1:short,fault=read10#1:short";
    let mut drive = drive(&folder, faults);
    let minute = Duration::from_secs(60);
    let before = drive.now();
    let given_up = drive.execute(&hex("51 00 00 00 00 00 00 00 22 00"), Data::In(&mut [0; 34]), minute);
    assert!(matches!(given_up, Err(TransportError::TimedOut(after)) if after == minute));
    assert!(drive.now() - before >= minute);
    assert_eq!(ask(&mut drive, "25 00 00 00 00 00 00 00 00 00").len(), 8);
    burn(&mut drive, 0, 300, 1);
    let mut buffer = [0xa5; 4096];
    let done = drive.execute(&transfer_cdb(0x28, 0, 2), Data::In(&mut buffer), LONG).unwrap();
    assert_eq!((done.status, done.moved), (Status::Good, 2048));
    holds(&mut drive, 0, 300, 1);

    good(&mut drive, "A1 11 00 00 00 00 00 00 00 00 00 00");
    drive.wait(Duration::from_secs(1_000_000));
    assert_eq!(sense(&run(&mut drive, "00 00 00 00 00 00")), (2, 0x04, 0x07));
}

#[test]
fn a_command_may_meet_a_status_or_hear_of_an_earlier_one() {
    let folder = disc("dvd+r");
    let mut drive =
        drive(&folder, ",fault=discinfo#1:full,fault=discinfo#2:conflict,fault=write10#2@64:deferred:3/0C/00");
    let mut asked = || run(&mut drive, "51 00 00 00 00 00 00 00 00 00").status;
    assert_eq!([asked(), asked(), asked()], [Status::TaskSetFull, Status::ReservationConflict, Status::Good]);
    good(&mut drive, "1E 00 00 00 01 00");
    ask(&mut drive, "52 01 00 00 00 01 00 00 30 00");
    for at in [0, 32, 64] {
        assert_eq!(write_once(&mut drive, at, 32, 1).unwrap().status, Status::Good);
    }
    // The second command that touches sector 64 is one that is not where the drive wants it; it meets the fault all the same.
    let done = write_once(&mut drive, 64, 32, 1).unwrap();
    assert_eq!((done.sense[0], sense(&done)), (0x71, (3, 0x0c, 0)));
    assert_eq!(described(&folder).state, "damaged");
    assert!(described(&folder).sessions[0].tracks[0].blocks < 96);
}
