//! The medium by hand: `eject`, `load`, `blank`, `format`. Promised: each does what it says or refuses in a sentence; none of them asks;
//! `blank` erases rewritable media only, `format` never loses what is on a disc; both look at the disc afresh and say what it is now;
//! `--dry-run` says it and touches nothing.

use serde_json::{Value, json};

use crate::support::{BackupBox, MON, Run, TUE};

/// Runs an action on the box's drive that has to leave the disc as it is.
fn untouched(nas: &BackupBox, arguments: &[&str], code: i32) -> Run {
    let before = nas.disc_content();
    let run = nas.read(arguments).expect_code(code);
    assert_eq!(nas.disc_content(), before, "{arguments:?} wrote: {run}");
    run
}

fn answer(nas: &BackupBox, arguments: &[&str]) -> Value {
    nas.read(&[arguments, &["--json"]].concat()).expect_code(0).result()
}

mod the_tray {
    use super::*;

    #[test]
    fn opens_in_silence_and_closes_with_a_word_of_what_is_in_it() {
        let nas = BackupBox::new("cdrw-80");
        nas.read(&["eject"]).expect_silence();
        nas.read(&["load"]).expect_code(0).expect_words(&["CD-RW, blank"]);
        let loaded = answer(&nas, &["load"]);
        assert_eq!(
            (&loaded["medium"], &loaded["status"], &loaded["done"]),
            (&json!("CD-RW"), &json!("blank"), &json!(true))
        );
        assert_eq!(answer(&nas, &["eject"])["done"], true);
    }

    #[test]
    fn of_a_drive_without_a_disc_moves_as_well() {
        let nas = BackupBox::new("cdrw-80");
        let empty = format!("{},empty", nas.device());
        nas.read_device(&empty, &["eject"]).expect_silence();
        nas.read_device(&empty, &["load"]).expect_code(0).expect_words(&["no disc in it"]);
        assert_eq!(nas.read_device(&empty, &["load", "--json"]).result()["medium"], Value::Null);
    }

    #[test]
    fn that_a_killed_run_left_locked_is_unlocked_and_opened() {
        let nas = BackupBox::new("cdrw-80");
        let trace = nas.path("trace");
        nas.read(&["eject", "--scsi-trace", trace.to_str().unwrap()]).expect_silence();
        let trace = std::fs::read_to_string(trace).unwrap();
        let (unlocked, opened) = (trace.find("1e 00 00 00 00 00"), trace.find("1b 00 00 00 02 00"));
        assert!(unlocked.is_some() && unlocked < opened, "{trace}");
    }

    #[test]
    fn that_will_not_move_is_error_7_with_the_drives_own_words() {
        let nas = BackupBox::new("cdrw-80");
        let stuck = format!("{},fault=startstop:5/53/02", nas.device());
        let run = nas.read_device(&stuck, &["eject"]).expect_code(7);
        run.expect_one_error(&["the tray can't be opened", "(5/53/02)", "hint: "]);
        let broken = format!("{},fault=startstop:4/53/00", nas.device());
        nas.read_device(&broken, &["eject"]).expect_code(7).expect_one_error(&["(4/53/00)"]);
        // Some trays can't be pulled in; a disc that is ready is in all the same.
        nas.read_device(&stuck, &["load"]).expect_code(0).expect_words(&["CD-RW, blank"]);
        let empty_and_stuck = format!("{},empty,fault=startstop:5/24/00", nas.device());
        nas.read_device(&empty_and_stuck, &["load"]).expect_code(7).expect_one_error(&["the tray can't be closed"]);
    }

    #[test]
    fn stays_where_it_is_in_a_rehearsal() {
        let nas = BackupBox::new("cdrw-80");
        let trace = nas.path("trace");
        for (action, words) in [("eject", "would be opened"), ("load", "would be closed")] {
            let run = nas.read(&[action, "--dry-run", "--scsi-trace", trace.to_str().unwrap()]).expect_code(0);
            run.expect_words(&[words]);
            let trace = std::fs::read_to_string(&trace).unwrap();
            assert!(!trace.contains("1b 00 00 00"), "{trace}");
        }
    }

    #[test]
    fn of_the_configured_drive_moves_where_no_other_is_named() {
        let nas = BackupBox::new("cdrw-80");
        nas.edit_config("/dev/nonexistent", &nas.device());
        Run::of(nas.command().arg("load")).expect_code(0).expect_words(&["CD-RW, blank"]);
    }
}

#[test]
fn a_file_is_no_drive_and_error_7_for_all_that_changes_a_disc() {
    let nas = BackupBox::new("cdrw-80");
    nas.stage_and_store(MON);
    let file = nas.sectors().display().to_string();
    let before = nas.disc_fingerprint();
    for action in ["eject", "load", "blank", "format"] {
        nas.read_device(&file, &[action]).expect_code(7).expect_one_error(&["is a file", "info, list and verify"]);
        let folder = nas.disc().display().to_string();
        nas.read_device(&folder, &[action]).expect_code(7).expect_one_error(&["is a folder", "sim:PATH"]);
    }
    assert_eq!(nas.disc_fingerprint(), before);
}

#[test]
fn without_a_disc_blank_and_format_are_error_8() {
    let nas = BackupBox::new("cdrw-80");
    let empty = format!("{},empty", nas.device());
    for action in ["blank", "format"] {
        nas.read_device(&empty, &[action]).expect_code(8).expect_one_error(&["no usable disc", "put a disc in"]);
    }
}

#[test]
fn fast_and_full_or_spares_and_one_of_them_are_error_2() {
    let nas = BackupBox::new("cdrw-80");
    nas.stage_and_store(MON);
    for arguments in [
        &["blank", "--fast", "--full"][..],
        &["--full", "blank", "--fast"],
        &["blank", "--fast", "-f"],
        &["format", "--fast", "--full"],
        &["format", "--spares", "most", "--full"],
        &["format", "--spares", "most", "--fast"],
        &["format", "--spares", "many"],
        &["blank", "--spares", "none"],
    ] {
        untouched(&nas, arguments, 2);
    }
}

#[test]
fn a_virtual_disc_and_a_demo_are_not_made_in_a_rehearsal() {
    let nas = BackupBox::new("cdrw-80");
    for (action, words) in
        [(&["disc", "create", "--media", "bd-r"][..], "a blank bd-r would be made"), (&["demo"], "would be made")]
    {
        let place = nas.path("not made");
        let arguments = [action, &[place.to_str().unwrap(), "--dry-run"]].concat();
        let mut command = nas.command();
        Run::of(command.args(&arguments)).expect_code(0).expect_words(&[words]);
        assert!(!place.exists(), "{action:?}");
        // What would be refused is.
        let taken = nas.path("taken");
        std::fs::create_dir_all(taken.join("something")).unwrap();
        let arguments = [action, &[taken.to_str().unwrap(), "--dry-run"]].concat();
        Run::of(nas.command().args(&arguments)).expect_code(6);
    }
}

mod blank {
    use super::*;

    #[test]
    fn empties_a_rewritable_disc_and_says_what_it_is_now() {
        for media in ["cdrw-80", "dvd+rw"] {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            let run = nas.read(&["blank"]).expect_code(0);
            assert_eq!(run.stdout.lines().count(), 1, "{run}");
            run.expect_words(&[if media == "dvd+rw" { "nothing on it" } else { "blank" }]);
            assert_eq!(nas.days(), Vec::<String>::new(), "{media}");
            nas.read(&["list"]).expect_code(8);
            // And it takes the next day as a new disc does.
            nas.remove_mark(MON);
            nas.store(MON).expect_silence();
            assert_eq!(nas.days(), [MON], "{media}");
            nas.assert_verified();
        }
    }

    #[test]
    fn tells_in_json_what_was_done_and_the_disc_before_and_after() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(MON);
        for (option, work, before) in [(None, "minimal", "appendable"), (Some("--full"), "whole", "blank")] {
            let arguments: Vec<&str> = ["blank"].into_iter().chain(option).collect();
            let blanked = answer(&nas, &arguments);
            assert_eq!((&blanked["action"], &blanked["work"]), (&json!("blank"), &json!(work)), "{blanked}");
            assert_eq!(blanked["done"], true);
            assert_eq!(blanked["before"]["status"], before, "{blanked}");
            assert_eq!(blanked["after"]["status"], "blank");
            assert_eq!(blanked["after"]["free_bytes"], 359_849 * 2048);
        }
    }

    #[test]
    fn leaves_an_empty_disc_alone_unless_all_of_it_is_asked_for() {
        for media in ["cdrw-80", "dvd+rw"] {
            let nas = BackupBox::new(media);
            untouched(&nas, &["blank"], 0).expect_words(&["nothing to erase"]);
            untouched(&nas, &["blank", "--fast"], 0);
            assert_eq!(answer(&nas, &["blank"])["done"], false);
            assert_eq!(answer(&nas, &["blank", "--full"])["done"], true, "{media}");
        }
    }

    #[test]
    fn of_a_write_once_disc_is_error_8_and_touches_nothing() {
        let nas = BackupBox::new("cdr-80");
        for _ in ["blank", "written"] {
            for arguments in [&["blank"][..], &["blank", "--fast"], &["blank", "--full"], &["blank", "--dry-run"]] {
                let run = untouched(&nas, arguments, 8);
                run.expect_one_error(&["CD-R can't be blanked", "nothing was written", "put a rewritable disc in"]);
            }
            if !nas.is_marked(MON) {
                nas.stage_and_store(MON);
            }
        }
    }

    #[test]
    fn in_a_rehearsal_says_what_would_be_erased_and_touches_nothing() {
        for (media, fast, full) in [
            ("cdrw-80", "where its sessions are would be erased", "every sector would be erased"),
            ("dvd+rw", "that show what is on it would be erased", "formatted anew"),
        ] {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            untouched(&nas, &["blank", "--dry-run"], 0).expect_words(&[fast]);
            untouched(&nas, &["blank", "-n", "--full"], 0).expect_words(&[full]);
            let planned = answer(&nas, &["blank", "--dry-run"]);
            assert_eq!((&planned["done"], &planned["after"]), (&json!(false), &Value::Null), "{planned}");
            assert_eq!(nas.days(), [MON]);
        }
    }

    #[test]
    fn of_a_disc_that_can_not_be_read_does_its_work() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(MON);
        for sector in 0..64 {
            nas.patch_sectors(sector * 2048, &[0xa5; 2048]);
        }
        nas.read(&["blank"]).expect_code(0).expect_words(&["CD-RW, blank"]);
    }

    #[test]
    fn that_fails_tells_the_drives_words_the_state_and_what_to_try() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(MON);
        let worn = format!("{},fault=blank:3/51/00", nas.device());
        let run = nas.read_device(&worn, &["blank"]).expect_code(10);
        run.expect_one_error(&["blanking failed", "(3/51/00)", "state: what was on the disc may be gone", "hint: "]);
        assert!(!run.stdout.contains("day"), "there is no day to speak of: {run}");
    }
}

mod format {
    use super::*;

    #[test]
    fn prepares_a_new_disc_and_leaves_a_formatted_one_alone() {
        let nas = BackupBox::new("dvd+rw");
        let formatted = answer(&nas, &["format"]);
        assert_eq!((&formatted["work"], &formatted["before"]["status"]), (&json!("needed"), &json!("unformatted")));
        assert_eq!(formatted["after"]["status"], "overwritable", "{formatted}");
        // How far the format has come may have changed since.
        nas.read(&["format"]).expect_code(0).expect_words(&["formatted already"]);
        let again = answer(&nas, &["format", "--fast"]);
        assert_eq!((&again["work"], &again["done"]), (&json!("nothing"), &json!(false)), "{again}");
        nas.stage_and_store(TUE);
    }

    #[test]
    fn of_a_disc_that_holds_something_is_error_8_and_loses_nothing() {
        let nas = BackupBox::new("dvd+rw");
        nas.stage_and_store(MON);
        for arguments in [&["format"][..], &["format", "--fast"], &["format", "--full"], &["format", "-n"]] {
            let run = untouched(&nas, arguments, 8);
            run.expect_one_error(&["DVD+RW in the drive holds something", "blank empties it"]);
        }
        nas.read(&["blank"]).expect_code(0);
        nas.read(&["format", "--full"]).expect_code(0);
        assert_eq!(nas.days(), Vec::<String>::new());
    }

    #[test]
    fn of_a_disc_that_is_written_as_it_is_is_error_8() {
        for media in ["cdr-80", "cdrw-80"] {
            let nas = BackupBox::new(media);
            untouched(&nas, &["format"], 8).expect_one_error(&["is not formatted, it is written as it is"]);
        }
        let nas = BackupBox::new("dvd+rw");
        untouched(&nas, &["format", "--spares", "most"], 8).expect_one_error(&["DVD+RW has no spare sectors"]);
    }

    #[test]
    fn in_a_rehearsal_touches_nothing() {
        let nas = BackupBox::new("dvd+rw");
        untouched(&nas, &["format", "--dry-run"], 0).expect_words(&["not formatted yet", "would be formatted"]);
    }

    #[test]
    fn that_the_drive_would_refuse_is_refused_in_a_rehearsal_as_well_with_what_to_do_instead() {
        let ram = BackupBox::new("dvd-ram");
        for spares in ["none", "least", "most"] {
            for rehearsed in [&["--dry-run"][..], &[]] {
                let arguments = [&["format", "--spares", spares], rehearsed].concat();
                untouched(&ram, &arguments, 8)
                    .expect_one_error(&["DVD-RAM has no spare sectors to choose", "leave --spares out"]);
            }
        }
        let bd_r = BackupBox::new("bd-r");
        bd_r.read(&["format", "--spares", "least"]).expect_code(0);
        for spares in ["none", "least", "default", "most"] {
            for rehearsed in [&["--dry-run"][..], &[]] {
                let arguments = [&["format", "--spares", spares], rehearsed].concat();
                let run = untouched(&bd_r, &arguments, 8);
                run.expect_one_error(&["the spare areas of a BD-R are fixed for ever", "write it as it is"]);
            }
        }
    }
}
