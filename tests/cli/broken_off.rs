//! Runs that are broken off. Promised: whatever ends a run, and at whatever moment, the days that were on the disc stay there
//! and can be proven; the day that was being stored is not marked; and the next `store`, without any option, puts everything right
//! and stores it.

use nix::sys::signal::Signal;

use crate::gate::{Held, LARGE};
use crate::support::{BackupBox, MEDIA, MON, NEXT_MON, TUE, WED};

/// The earlier days are there, if not all of the new one is; after the next run both are, proven, and the disc goes on.
fn assert_healed_by_the_next_run(nas: &BackupBox, earlier: &[&str], how: &str) {
    assert!(!nas.is_marked(TUE), "{how}: marked");
    if !earlier.is_empty() {
        let run = nas.read(&["verify"]);
        assert_eq!(run.code, Some(0), "{how}: the earlier days: {run}");
        let days = nas.days();
        assert!(days == earlier || days == [earlier, &[TUE]].concat(), "{how}: {days:?}");
    }
    let run = nas.store(TUE);
    assert!(run.code == Some(0) && run.stdout.is_empty(), "{how}: the next run: {run}");
    assert!(nas.is_marked(TUE), "{how}");
    assert_eq!(nas.days(), [earlier, &[TUE]].concat(), "{how}");
    let run = nas.read(&["verify", "--session", "all"]);
    assert_eq!(run.code, Some(0), "{how}: healed: {run}");
    // Other drives read it only if nothing is left open.
    let state = nas.shown()["disc"]["state"].clone();
    assert!(["appendable", "format suspended", "formatted"].iter().any(|fine| state == *fine), "{how}: {state}");
    nas.stage_and_store(WED);
    assert_eq!(nas.days(), [earlier, &[TUE, WED]].concat(), "{how}");
}

/// Faults at many moments of a run.
const MOMENTS: [&str; 18] = [
    "modeselect#1",
    "format#1",
    "mediumremoval#1",
    "write10#1",
    "write10#2",
    "write10#3",
    "write10#5",
    "write10#9",
    "write10#12",
    "write10#13",
    "write10#14",
    "write10#15",
    "write10#16",
    "write10#17",
    "sync#1",
    "sync#2",
    "sync#3",
    "close#1",
];

mod a_killed_run {
    use super::*;

    /// Kills the storing of Tuesday at each moment; says at how many it was reached.
    fn check(media: &str, earlier: &[&str], action: &str) -> usize {
        let mut reached = 0;
        for moment in MOMENTS {
            let nas = BackupBox::new(media);
            for day in earlier {
                nas.stage_and_store(day);
            }
            nas.stage(TUE);
            let how = format!("{media}, {moment}:{action}");
            let run = nas.store_on(TUE, &format!("fault={moment}:{action}"));
            if run.code == Some(0) {
                continue;
            }
            reached += 1;
            assert!(run.signal.is_some() || run.code == Some(10) || run.code == Some(7), "{how}: {run}");
            assert_healed_by_the_next_run(&nas, earlier, &how);
        }
        reached
    }

    #[test]
    fn in_its_first_session_on_a_cd_r() {
        assert!(check("cdr-80", &[], "kill") > 10);
    }

    #[test]
    fn in_its_first_session_on_a_cd_rw() {
        assert!(check("cdrw-80", &[], "kill") > 10);
    }

    #[test]
    fn in_its_first_session_on_a_dvd_plus_rw() {
        assert!(check("dvd+rw", &[], "kill") > 8);
    }

    #[test]
    fn in_a_later_session_on_a_cd_r() {
        assert!(check("cdr-80", &[MON], "kill") > 10);
    }

    #[test]
    fn in_a_later_session_on_a_cd_rw() {
        assert!(check("cdrw-80", &[MON], "kill") > 10);
    }

    #[test]
    fn in_a_later_session_on_a_dvd_plus_rw() {
        assert!(check("dvd+rw", &[MON], "kill") >= 9);
    }

    #[test]
    fn on_the_first_day_of_the_week_too() {
        for media in MEDIA {
            for moment in ["write10#3", "sync#1", "close#1"] {
                let nas = BackupBox::new(media);
                nas.stage(MON);
                if nas.store_on(MON, &format!("fault={moment}:kill")).code == Some(0) {
                    continue;
                }
                nas.store(MON).expect_silence();
                nas.stage_and_store(TUE);
                assert_eq!(nas.days(), [MON, TUE], "{media}, {moment}");
                nas.assert_verified();
            }
        }
    }

    #[test]
    fn twice_in_a_row() {
        for media in MEDIA {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage(TUE);
            for moment in ["write10#6", "write10#3", "write10#4"] {
                let run = nas.store_on(TUE, &format!("fault={moment}:kill"));
                assert!(run.signal.is_some(), "{media}, {moment}: {run}");
            }
            assert_healed_by_the_next_run(&nas, &[MON], media);
        }
    }

    #[test]
    fn while_it_mended_what_a_killed_run_left() {
        for media in ["cdr-80", "cdrw-80"] {
            for earlier in [&[][..], &[MON]] {
                for moment in ["close#1", "close#2", "write10#1", "write10#8"] {
                    let nas = BackupBox::new(media);
                    for day in earlier {
                        nas.stage_and_store(day);
                    }
                    nas.stage(TUE);
                    for moment in ["write10#6", moment] {
                        let run = nas.store_on(TUE, &format!("fault={moment}:kill"));
                        assert!(run.signal.is_some(), "{media}, {moment}: {run}");
                    }
                    assert_healed_by_the_next_run(&nas, earlier, &format!("{media}, mending until {moment}"));
                }
            }
        }
    }

    #[test]
    fn while_it_started_last_weeks_disc_anew() {
        for (media, moments) in [
            ("cdrw-80", &["blank#1", "write10#1", "write10#4", "sync#1", "close#1"][..]),
            ("dvd+rw", &["write10#1", "write10#2", "write10#6", "sync#1", "sync#2"]),
        ] {
            for moment in moments {
                let nas = BackupBox::new(media);
                nas.stage_and_store(MON);
                nas.stage(NEXT_MON);
                let run = nas.store_on(NEXT_MON, &format!("fault={moment}:kill"));
                assert!(run.signal.is_some(), "{media}, {moment}: {run}");
                assert!(!nas.is_marked(NEXT_MON));
                nas.store(NEXT_MON).expect_silence();
                assert_eq!(nas.days(), [NEXT_MON], "{media}, {moment}");
                nas.assert_verified();
            }
        }
    }

    #[test]
    fn between_the_wiping_and_the_label_that_check_media_wants() {
        for (media, moment) in [("cdrw-80", "write10#1"), ("cdrw-80", "write10#4"), ("dvd+rw", "sync#2")] {
            for how in ["kill", "power-cut"] {
                let nas = BackupBox::new(media);
                nas.stage_and_store(MON);
                nas.configure_store("<check_media>Y</check_media>");
                nas.stage(NEXT_MON);
                let run = nas.store_on(NEXT_MON, &format!("fault={moment}:{how}"));
                assert_ne!(run.code, Some(0), "{media}, {moment}: {run}");
                nas.store(NEXT_MON).expect_silence();
                assert_eq!(nas.days(), [NEXT_MON], "{media}, {moment}, {how}");
            }
        }
    }

    #[test]
    fn that_took_the_room_of_the_day_is_blanked_away() {
        let nas = BackupBox::with_capacity("cdrw-80", 30_000);
        nas.stage_large(MON, 26_000_000);
        nas.stage(MON);
        nas.store_on(MON, "fault=write10#700:power-cut").expect_code(10);
        nas.store(MON).expect_silence();
        assert_eq!(nas.days(), [MON]);
        nas.assert_verified();
        // What can't be blanked is another disc's turn.
        let nas = BackupBox::with_capacity("cdr-80", 30_000);
        nas.stage_large(MON, 26_000_000);
        nas.stage(MON);
        nas.store_on(MON, "fault=write10#700:power-cut").expect_code(10);
        nas.store(MON).expect_code(9).expect_one_error(&["no room for", "put an empty disc in"]);
    }

    #[test]
    fn by_sigkill_while_it_writes() {
        for media in MEDIA {
            for earlier in [&[][..], &[MON]] {
                for writes in [1, 20, 150] {
                    let nas = BackupBox::new(media);
                    for day in earlier {
                        nas.stage_and_store(day);
                    }
                    nas.stage(TUE);
                    let large = nas.stage_large(TUE, LARGE);
                    let mut held = Held::start(&nas, nas.store_command(TUE, &nas.device()));
                    held.run_until("WRITE(10)", writes);
                    held.signal(Signal::SIGKILL);
                    let (run, _) = held.finish();
                    assert_eq!(run.signal, Some(9), "{run}");
                    std::fs::remove_file(large).unwrap();
                    assert_healed_by_the_next_run(&nas, earlier, &format!("{media}, {writes} writes"));
                }
            }
        }
    }
}

mod a_drive_that_fails {
    use super::*;

    /// An error says where it stands, and the next run puts it right.
    fn check(media: &str, fault: &str, code: i32) {
        let nas = BackupBox::new(media);
        nas.stage_and_store(MON);
        nas.stage(TUE);
        let run = nas.store_on(TUE, &format!("fault={fault}")).expect_code(code);
        run.expect_one_error(&["state: ", "not marked", "hint: "]);
        assert_healed_by_the_next_run(&nas, &[MON], &format!("{media}, {fault}"));
    }

    #[test]
    fn by_losing_power_or_connection_while_it_writes() {
        for media in MEDIA {
            for fault in ["write10#3:power-cut", "write10#3:vanish", "sync#1:vanish"] {
                check(media, fault, 10);
            }
        }
    }

    #[test]
    fn by_a_medium_error_while_it_writes() {
        for media in MEDIA {
            check(media, "write10#3:3/0c/00", 10);
            check(media, "sync#1:3/0c/00", 10);
        }
    }

    #[test]
    fn by_losing_the_connection_while_the_disc_is_read_back() {
        // The first READs look at what is there; the last ones are the proof.
        let twin = BackupBox::new("cdr-80");
        twin.stage_and_store(MON);
        twin.stage_and_store(TUE);
        let lba = twin.sector_of(&crate::support::noise(TUE, 300_000)) + 1;
        let nas = BackupBox::new("cdr-80");
        nas.stage_and_store(MON);
        nas.stage(TUE);
        let run = nas.store_on(TUE, &format!("fault=read10@{lba}:vanish")).expect_code(7);
        run.expect_one_error(&["not proven", "not marked"]);
        nas.store(TUE).expect_silence();
        assert_eq!(nas.days(), [MON, TUE]);
        nas.assert_verified();
    }
}

mod an_interrupted_run {
    use super::*;

    /// Sends the signal and waits until the program has taken notice.
    fn interrupt(nas: &BackupBox, held: &Held, signal: Signal) {
        held.signal(signal);
        // The program is held, the thread that waits for the signal is not.
        while !std::fs::read_to_string(nas.log()).unwrap().contains("ending in good order") {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    #[test]
    fn while_it_reads_back_leaves_a_day_that_the_next_run_proves() {
        for media in MEDIA {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage(TUE);
            nas.stage_large(TUE, LARGE);
            let mut held = Held::start(&nas, nas.store_command(TUE, &nas.device()));
            held.run_until("SYNCHRONIZE CACHE(10)", 1);
            held.run_until("READ(10)", 3);
            interrupt(&nas, &held, Signal::SIGTERM);
            let run = held.finish().0.expect_code(5);
            run.expect_one_error(&["interrupted", "not proven", "not marked"]);
            assert!(!nas.is_marked(TUE));
            let before = nas.disc_content();
            nas.store(TUE).expect_silence();
            assert!(nas.is_marked(TUE));
            assert_eq!(nas.days(), [MON, TUE], "{media}");
            nas.assert_verified();
            // A CD shows the session since it was closed: it is not burned again. A DVD+RW shows nothing that was not proven.
            assert_eq!(nas.disc_content() == before, media.starts_with("cd"), "{media}");
        }
    }

    #[test]
    fn does_not_wait_for_the_drive_after_a_second_signal_and_gives_the_tray_free() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(MON);
        nas.stage(TUE);
        let mut command = nas.store_command(TUE, &nas.device());
        command.arg("--full");
        let mut held = Held::start(&nas, command);
        held.run_until("BLANK", 1);
        interrupt(&nas, &held, Signal::SIGTERM);
        held.signal(Signal::SIGTERM);
        while !std::fs::read_to_string(nas.log()).unwrap().contains("interrupted again") {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let (run, trace) = held.finish();
        run.expect_code(5).expect_one_error(&[
            "BLANK",
            "not waited for",
            "may be at work",
            "run the same command again",
        ]);
        let behind = trace.rsplit("cdb=a1 ").next().unwrap();
        let polls: Vec<&str> = behind.lines().filter(|line| line.contains("cdb=00 ")).collect();
        assert!(polls.iter().all(|poll| poll.contains("2/04/07")), "the drive is still at work: {behind}");
        let lock = behind.lines().filter_map(|line| line.split_once("cdb=1e 00 00 00 ")).next_back().unwrap().1;
        assert!(lock.starts_with("00"), "{behind}");
        // Not to be waited for is what was asked. Nothing else is amiss.
        let report = std::fs::read_to_string(nas.path("violations")).unwrap();
        assert!(report.starts_with("an operation was left running; ") && report.lines().count() == 1, "{report}");
        std::fs::remove_file(nas.path("violations")).unwrap();
    }

    #[test]
    fn ends_in_good_order_with_code_5_and_gives_the_tray_free() {
        for media in MEDIA {
            for signal in [Signal::SIGINT, Signal::SIGTERM] {
                for earlier in [&[][..], &[MON]] {
                    let nas = BackupBox::new(media);
                    for day in earlier {
                        nas.stage_and_store(day);
                    }
                    nas.stage(TUE);
                    let large = nas.stage_large(TUE, LARGE);
                    let mut held = Held::start(&nas, nas.store_command(TUE, &nas.device()));
                    held.run_until("WRITE(10)", 10);
                    interrupt(&nas, &held, signal);
                    let (run, trace) = held.finish();
                    let how = format!("{media}, {signal}");
                    let run = run.expect_code(5);
                    run.expect_one_error(&["interrupted", "not marked", "run the same command again"]);
                    // PREVENT ALLOW MEDIUM REMOVAL: 1eh, bit 0 of byte 4.
                    let locks: Vec<bool> = trace
                        .lines()
                        .filter_map(|line| line.split_once("cdb=1e 00 00 00 "))
                        .map(|(_, rest)| rest.starts_with("01"))
                        .collect();
                    assert!(locks.contains(&true) && locks.last() == Some(&false), "{how}: tray {locks:?}");
                    std::fs::remove_file(large).unwrap();
                    assert_healed_by_the_next_run(&nas, earlier, &how);
                }
            }
        }
    }
}

#[test]
fn a_drive_with_bad_habits_breaks_nothing_off() {
    for media in MEDIA {
        for habit in ["stale", "noimmed", "noprogress", "n150", "stale,noimmed,noprogress,n150"] {
            let nas = BackupBox::new(media);
            for day in [MON, TUE] {
                nas.stage(day);
                let run = nas.store_on(day, habit);
                assert!(run.code == Some(0) && run.stdout.is_empty(), "{media}, {habit}: {run}");
            }
            assert_eq!(nas.days(), [MON, TUE]);
            nas.assert_verified();
        }
    }
}

/// A drive that goes on showing the disc as it was before what broke off was closed.
#[test]
fn a_drive_that_shows_the_old_disc_after_the_mending_is_made_to_look_anew() {
    for media in MEDIA {
        for moment in ["write10#5", "close#1"] {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage(TUE);
            if nas.store_on(TUE, &format!("fault={moment}:kill")).code == Some(0) {
                continue;
            }
            let run = nas.store_on(TUE, "stale");
            assert!(run.code == Some(0) && run.stdout.is_empty(), "{media}, {moment}: {run}");
            assert_eq!(nas.days(), [MON, TUE]);
            nas.assert_verified();
        }
    }
}

/// A reset costs no day: nothing was begun when the disc was looked at.
#[test]
fn a_unit_attention_while_the_disc_is_looked_at_begins_the_look_again() {
    for told in ["6/29/00", "6/28/00"] {
        for number in [1, 3, 8] {
            let nas = BackupBox::new("cdr-80");
            nas.stage_and_store(MON);
            nas.stage(TUE);
            let run = nas.store_on(TUE, &format!("fault=read10#{number}:{told}"));
            assert!(run.code == Some(0) && run.stdout.is_empty(), "{number}, {told}: {run}");
            assert_eq!(nas.days(), [MON, TUE]);
            nas.assert_verified();
        }
    }
}

/// The shortest track a CD has is filled up with zeros: a small day that broke off then looks like a session to its last sector.
#[test]
fn a_small_day_that_broke_off_is_no_session_that_verify_would_call_damaged() {
    for media in ["cdr-80", "cdrw-80"] {
        for moment in ["write10#3", "write10#5"] {
            let nas = BackupBox::new(media);
            let small: [(&str, &[u8]); 3] = [("a", &[1; 3000]), ("b", &[2; 3000]), ("c", &[3; 3000])];
            nas.stage_files(TUE, &small);
            let run = nas.store_on(TUE, &format!("fault={moment}:3/0c/00")).expect_code(10);
            assert!(!nas.is_marked(TUE), "{media}, {moment}: {run}");
            nas.store(TUE).expect_silence();
            nas.stage_files(WED, &small);
            nas.store(WED).expect_silence();
            nas.read(&["verify", "--session", "all"]).expect_code(0);
            let info = nas.read(&["info", "--json"]).result();
            assert_eq!(info["sessions"].as_array().map(Vec::len), Some(2), "{media}, {moment}: {info}");
        }
    }
}
