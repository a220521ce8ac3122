//! Receipts and `status`. Promised: every run leaves a file that says what it did and how it ended, a day that was proven on another disc is
//! not taken for lost, and monitoring is told by an exit code without the drive being touched.

use std::fs;

use serde_json::Value;

use crate::support::{BackupBox, MON, NEXT_MON, Run, TUE, WED, noise, receipts};

/// Discs are told apart, and runs put in their order, by seconds.
fn another_second() {
    std::thread::sleep(std::time::Duration::from_millis(1100));
}

/// Where the content of the largest file of Monday is.
fn place_of(sectors: &[u8]) -> usize {
    let content = noise(MON, 300_000);
    sectors.chunks(2048).position(|sector| sector == &content[..2048]).expect("the file's content") * 2048
}

fn last(nas: &BackupBox) -> Value {
    receipts(&nas.path("")).pop().expect("a receipt")
}

mod a_receipt {
    use super::*;

    #[test]
    fn says_which_disc_holds_the_day_and_how_it_came_there() {
        for media in ["cdr-80", "dvd+rw"] {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage_and_store(TUE);
            let receipt = last(&nas);
            assert_eq!(receipt["action"], "store", "{receipt}");
            assert_eq!((&receipt["exit_code"], &receipt["error"]), (&Value::from(0), &Value::Null), "{receipt}");
            assert_eq!(receipt["proven"], true, "{receipt}");
            assert_eq!(receipt["days"][0]["day"], TUE, "{receipt}");
            assert_eq!(receipt["days"][0]["outcome"], "stored", "{receipt}");
            assert_eq!(receipt["wiped"], Value::Null, "{receipt}");
            assert!(receipt["drive"]["device"].as_str().unwrap().starts_with("sim:"), "{receipt}");
            assert_eq!(receipt["disc"]["label"], "CEDAR BACKUP 17-NOV-2026", "{receipt}");
            let info = nas.act("info", TUE, &["--json"]).result();
            assert_eq!(receipt["disc"]["id"], info["disc_id"], "{receipt} {info}");
            let session = &info["sessions"][1];
            assert_eq!(receipt["session"]["start"], session["start"], "{receipt}");
            // One disc from its first session to its last.
            let ids: Vec<Value> = receipts(&nas.path("")).iter().map(|receipt| receipt["disc"]["id"].clone()).collect();
            assert_eq!(ids[0], ids[1]);
        }
    }

    #[test]
    fn has_the_digest_of_the_list_that_is_on_the_disc() {
        use sha2::{Digest, Sha256};
        let nas = BackupBox::new("cdr-80");
        nas.stage_and_store(MON);
        let receipt = last(&nas);
        let list = receipt["session"]["manifest"].as_str().unwrap().to_owned();
        assert_eq!(list, "/.cedarburn/SHA256SUMS-2026-11-16");
        // Found on the disc by its first line.
        let sectors = fs::read(nas.sectors()).unwrap();
        let digest = receipt["session"]["manifest_sha256"].as_str().unwrap();
        let is_it = |at: usize| {
            let end = sectors[at..].iter().position(|&b| b == 0).map_or(sectors.len(), |length| at + length);
            let found: String = Sha256::digest(&sectors[at..end]).iter().map(|byte| format!("{byte:02x}")).collect();
            found == digest
        };
        assert!((0..sectors.len()).step_by(2048).any(is_it), "{receipt}");
    }

    #[test]
    fn of_a_run_that_failed_has_what_was_known_until_then() {
        let nas = BackupBox::new("cdr-80");
        nas.stage(MON);
        nas.store_on(MON, "fault=write10#3:3/0c/00").expect_code(10);
        let burn = last(&nas);
        assert_eq!(burn["exit_code"], 10, "{burn}");
        assert!(burn["error"]["because"][0].as_str().unwrap().contains("write error"), "{burn}");
        assert_eq!(burn["days"][0]["outcome"], "not stored", "{burn}");
        assert_eq!(burn["disc"]["medium"], "CD-R", "{burn}");
        assert_eq!(burn["proven"], Value::Null, "{burn}");
        nas.change_disc("cdr-80");
        nas.store_on(MON, "fault=read10@200:3/11/00").expect_code(11);
        let unsound = last(&nas);
        assert_eq!(
            (&unsound["proven"], &unsound["days"][0]["outcome"]),
            (&Value::from(false), &"burned".into()),
            "{unsound}"
        );
        nas.change_disc("cdr-80");
        nas.stage_and_store(MON);
        nas.store(MON).expect_code(12);
        let nothing = last(&nas);
        assert_eq!((&nothing["exit_code"], &nothing["disc"]), (&Value::from(12), &Value::Null), "{nothing}");
        nas.change_disc("cdrw-80");
        nas.stage(TUE);
        nas.store(TUE).expect_code(8);
        let wrong = last(&nas);
        assert_eq!(
            (&wrong["exit_code"], &wrong["disc"]["medium"]),
            (&Value::from(8), &Value::from("CD-RW")),
            "{wrong}"
        );
    }

    #[test]
    fn names_the_disc_that_was_wiped() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(MON);
        let before = last(&nas)["disc"]["id"].clone();
        nas.stage_and_store(NEXT_MON);
        let receipt = last(&nas);
        assert_eq!(receipt["wiped"], before, "{receipt}");
        assert_ne!(receipt["disc"]["id"], before, "{receipt}");
    }

    #[test]
    fn goes_to_the_folder_that_was_named_which_has_to_be_there_before_anything_is_touched() {
        let nas = BackupBox::new("cdr-80");
        nas.stage(MON);
        let missing = nas.path("missing");
        let mut command = nas.store_command(MON, &nas.device());
        command.arg("--receipts").arg(&missing);
        nas.refused(6, &mut command).expect_one_error(&["missing", "--receipts"]);
        for folder in ["by-option", "by-configuration"] {
            fs::create_dir(nas.path(folder)).unwrap();
        }
        let configured = format!(
            "<cedarburn><receipts_dir>{}</receipts_dir></cedarburn></cb_config>",
            nas.path("by-configuration").display()
        );
        nas.edit_config("</cb_config>", &configured);
        nas.store(MON).expect_silence();
        assert_eq!(receipts(&nas.path("by-configuration")).len(), 1);
        nas.stage(TUE);
        let named = nas.path("by-option").display().to_string();
        nas.store_with(TUE, &["--receipts", &named]).expect_silence();
        assert_eq!(receipts(&nas.path("by-option")).len(), 1);
        assert_eq!(receipts(&nas.path("")).len(), 0);
        nas.read(&["verify"]).expect_code(0);
        assert_eq!(receipts(&nas.path("by-configuration")).len(), 2, "verify leaves one, too");
    }

    /// Nobody's nightly backup stops for a directory that this program did not need so far.
    #[test]
    fn that_has_no_place_is_told_in_the_log_and_costs_no_backup() {
        let nas = BackupBox::new("cdr-80");
        let working =
            format!("<working_dir>{}</working_dir>", nas.path("").display().to_string().trim_end_matches('/'));
        nas.edit_config(&working, "<working_dir>/nonexistent/tmp</working_dir>");
        nas.stage_and_store(MON);
        let log = fs::read_to_string(nas.log()).unwrap();
        assert!(log.contains("[WARNING] this run leaves no receipt"), "{log}");
    }

    #[test]
    fn is_whole_or_not_there_and_a_rehearsal_leaves_none() {
        let nas = BackupBox::new("cdr-80");
        nas.stage(MON);
        nas.store_with(MON, &["--dry-run"]).expect_code(0);
        assert_eq!(receipts(&nas.path("")).len(), 0);
        assert_eq!(nas.store_on(MON, "fault=write10#3:kill").code, None);
        assert_eq!(receipts(&nas.path("")).len(), 0, "nor a run that was killed");
        nas.store(MON).expect_silence();
        assert_eq!(receipts(&nas.path("")).len(), 1);
        let names: Vec<_> = fs::read_dir(nas.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(names.iter().all(|name| !name.to_str().unwrap().ends_with(".tmp")), "{names:?}");
    }

    #[test]
    fn has_its_summary_in_one_line_of_the_log() {
        let nas = BackupBox::new("cdr-80");
        nas.stage_and_store(MON);
        let log = fs::read_to_string(nas.log()).unwrap();
        let line = log.lines().find(|line| line.contains("[INFO   ] summary ")).unwrap();
        for part in ["action=store", "result=ok", "days=2026-11-16", "proven=yes", "exit=0", "medium=CD-R"] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
}

mod strict_protection {
    use super::*;

    fn strict() -> BackupBox {
        let nas = BackupBox::new("cdrw-80");
        nas.edit_config("</cb_config>", "<cedarburn><protect>strict</protect></cedarburn></cb_config>");
        nas
    }

    /// Two discs that take turns, and a staging directory that is purged early.
    fn two_discs() -> BackupBox {
        let nas = strict();
        // The day goes to both discs.
        nas.stage_and_store(MON);
        fs::rename(nas.disc(), nas.path("first")).unwrap();
        nas.change_to_new("cdrw-80");
        nas.remove_mark(MON);
        another_second();
        nas.store(MON).expect_silence();
        fs::remove_dir_all(nas.day(MON)).unwrap();
        nas
    }

    #[test]
    fn lets_a_disc_go_whose_days_were_proven_on_another_one() {
        let nas = two_discs();
        nas.stage(NEXT_MON);
        let plan = nas.store_json(NEXT_MON, &["--dry-run"]);
        assert_eq!(plan["at_stake"][0]["staged"], false, "{plan}");
        assert!(plan["at_stake"][0]["on_disc"].is_string(), "{plan}");
        nas.store(NEXT_MON).expect_silence();
        assert_eq!(nas.days(), [NEXT_MON]);
    }

    #[test]
    fn and_not_the_last_of_them() {
        let nas = two_discs();
        nas.stage_and_store(NEXT_MON);
        fs::rename(nas.disc(), nas.path("second")).unwrap();
        fs::rename(nas.path("first"), nas.disc()).unwrap();
        nas.remove_mark(NEXT_MON);
        nas.store(NEXT_MON).expect_silence();
        assert_eq!(nas.days(), [MON, NEXT_MON], "the second disc was wiped: this is the last that holds it");
    }

    #[test]
    fn nor_one_whose_other_disc_was_blanked_since() {
        let nas = two_discs();
        let first = format!("sim:{}", nas.path("first").display());
        let id = last(&nas)["disc"]["id"].clone();
        let answer = nas.read_device(&first, &["blank", "--json"]).result();
        assert_eq!(answer["done"], true, "{answer}");
        let receipt = last(&nas);
        assert_eq!((&receipt["action"], &receipt["disc"]["id"]), (&"blank".into(), &Value::Null), "{receipt}");
        assert!(receipt["wiped"].is_string() && receipt["wiped"] != id, "{receipt}");
        nas.stage_and_store(NEXT_MON);
        assert_eq!(nas.days(), [MON, NEXT_MON], "the first disc is empty: this is the last that holds it");
    }

    #[test]
    fn nor_one_whose_other_disc_was_found_damaged_until_it_is_found_sound() {
        let nas = two_discs();
        let sectors = nas.path("first/sectors");
        let sound = fs::read(&sectors).unwrap();
        let mut damaged = sound.clone();
        let content = place_of(&damaged);
        damaged[content] ^= 1;
        let verify = || nas.read_device(&format!("sim:{}", nas.path("first").display()), &["verify"]);
        let is_let_go = || {
            let plan = nas.store_json(NEXT_MON, &["--dry-run"]);
            plan["at_stake"][0]["on_disc"].is_string()
        };
        nas.stage(NEXT_MON);
        assert!(is_let_go());
        fs::write(&sectors, &damaged).unwrap();
        verify().expect_code(11);
        assert!(!is_let_go());
        another_second();
        fs::write(&sectors, &sound).unwrap();
        verify().expect_code(0);
        assert!(is_let_go());
    }

    #[test]
    fn nor_one_that_may_be_its_own_copy() {
        let nas = strict();
        for day in [MON, TUE] {
            nas.stage_and_store(day);
        }
        for day in [MON, TUE] {
            fs::remove_dir_all(nas.day(day)).unwrap();
        }
        nas.stage(NEXT_MON);
        // By a bad spot the first session can't be told, and the disc not known by it.
        nas.store_on(NEXT_MON, "fault=read10@16:3/11/00").expect_silence();
        assert_eq!(nas.days(), [MON, TUE, NEXT_MON]);
    }

    #[test]
    fn nor_one_whose_other_disc_a_killed_run_has_wiped() {
        for fault in ["write10#5:kill", "blank:3/51/00", "write10#5:power-cut"] {
            let nas = two_discs();
            nas.stage(NEXT_MON);
            let device = format!("sim:{},fault={fault}", nas.path("first").display());
            let run = Run::of(nas.command().args(["store", "--today", NEXT_MON, "--device", &device]));
            assert_ne!(run.code, Some(0), "{run}");
            nas.stage(NEXT_MON);
            nas.store(NEXT_MON).expect_silence();
            assert_eq!(nas.days(), [MON, NEXT_MON], "{fault}: this is the last that holds it");
        }
    }

    #[test]
    fn nor_by_a_receipt_that_can_not_be_read_or_is_somebody_elses() {
        let wiped = |nas: &BackupBox| {
            let id = receipts(&nas.path(""))[0]["disc"]["id"].as_str().unwrap().to_owned();
            format!(
                r#"{{"receipt":1,"action":"blank","program":"","host":"","started":1,"ended":2,"started_utc":"","ended_utc":"","exit_code":0,"error":null,"wiped":"{id}"}}"#
            )
        };
        for (name, makes) in [("cut", false), ("foreign", true)] {
            let nas = two_discs();
            let text = wiped(&nas);
            let path = nas.path(&format!("cedarburn-receipt-{name}.json"));
            fs::write(&path, if makes { text.as_str() } else { &text[..20] }).unwrap();
            if makes && nix::unistd::geteuid().is_root() {
                std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
            }
            nas.stage_and_store(NEXT_MON);
            assert_eq!(nas.days(), [MON, NEXT_MON], "{name}");
        }
    }

    #[test]
    fn nor_a_copy_that_lacks_a_link() {
        let nas = strict();
        nas.stage_and_store(MON);
        fs::rename(nas.disc(), nas.path("first")).unwrap();
        nas.change_to_new("cdrw-80");
        nas.remove_mark(MON);
        std::os::unix::fs::symlink("home.tar", nas.day(MON).join("alpha/link")).unwrap();
        another_second();
        nas.store(MON).expect_silence();
        fs::remove_dir_all(nas.day(MON)).unwrap();
        nas.stage_and_store(NEXT_MON);
        assert_eq!(nas.days(), [MON, NEXT_MON]);
    }

    #[test]
    fn is_asked_before_a_rebuild_too() {
        let nas = strict();
        for day in [MON, TUE] {
            nas.stage_and_store(day);
        }
        nas.act("rebuild", TUE, &[]).expect_silence();
        // As purge does, by the age of files.
        fs::remove_file(nas.day(MON).join("alpha/home.tar")).unwrap();
        nas.act("rebuild", TUE, &[]).expect_code(8).expect_one_error(&[MON, "nowhere else"]);
    }

    #[test]
    fn does_not_believe_in_discs_without_a_receipt() {
        let nas = two_discs();
        for entry in fs::read_dir(nas.path("")).unwrap() {
            let path = entry.unwrap().path();
            if path.to_str().unwrap().contains("receipt") {
                fs::remove_file(path).unwrap();
            }
        }
        nas.stage_and_store(NEXT_MON);
        assert_eq!(nas.days(), [MON, NEXT_MON]);
    }
}

mod status {
    use super::*;

    fn status(nas: &BackupBox, more: &[&str]) -> Run {
        Run::of(nas.command().arg("status").args(more))
    }

    #[test]
    fn answers_by_exit_code_and_never_touches_the_drive() {
        let nas = BackupBox::new("cdr-80");
        status(&nas, &[]).expect_code(6).expect_one_error(&["no receipt"]);
        nas.stage_and_store(MON);
        nas.stage_and_store(TUE);
        // The drive is away: nobody asks it.
        fs::rename(nas.disc(), nas.path("away")).unwrap();
        let run = status(&nas, &[]).expect_code(0);
        run.expect_words(&[TUE, "proven", "% full", "more days", "new disc: 2026-11-23"]);
        let answer = status(&nas, &["--json"]).result();
        assert_eq!(answer["last_good"]["days"][0], TUE, "{answer}");
        status(&nas, &["--max-age", "1h"]).expect_code(0);
        let mut command = nas.command();
        command.env("SOURCE_DATE_EPOCH", "4000000000").args(["status", "--max-age", "2d"]);
        Run::of(&mut command).expect_code(6).expect_one_error(&["newest good store", "allowed are 2 d"]);
    }

    #[test]
    fn says_as_much_to_be_free_as_the_drive_does() {
        for media in ["cdr-80", "cdrw-80", "dvd-r", "dvd+r", "bd-r", "dvd+rw"] {
            let nas = BackupBox::new(media);
            for day in [MON, TUE] {
                nas.stage_and_store(day);
                let info = nas.read(&["info", "--json"]).result();
                let answer = status(&nas, &["--json"]).result();
                assert_eq!(answer["disc"]["free_bytes"], info["free_bytes"], "{media} {day}");
            }
        }
    }

    #[test]
    fn counts_what_a_cd_puts_between_sessions_when_it_says_how_many_days_fit() {
        let nas = BackupBox::with_capacity("cdrw-80", 48_000);
        let days = ["23", "24", "25", "26", "27", "28", "29"].map(|day| format!("2026-11-{day}"));
        let mut promised = None;
        for day in &days {
            nas.stage_files(day, &[("file", b"little")]);
            let run = nas.store(day);
            if run.code == Some(9) {
                assert_eq!(promised, Some(0), "{day}");
                return;
            }
            let told = status(&nas, &["--json"]).result()["disc"]["days_that_fit"].as_u64();
            assert!(promised.is_none_or(|before| told.unwrap() + 1 >= before), "{day}: {promised:?}, then {told:?}");
            promised = told;
        }
        panic!("the disc never fills up");
    }

    #[test]
    fn tells_a_disc_that_verify_found_damaged() {
        let nas = BackupBox::new("cdr-80");
        nas.stage_and_store(MON);
        let sectors = fs::read(nas.sectors()).unwrap();
        let content = place_of(&sectors);
        nas.patch_sectors(content as u64, &[!sectors[content]]);
        nas.read(&["verify"]).expect_code(11);
        status(&nas, &[]).expect_code(6).expect_one_error(&["found the disc", "damaged"]);
    }

    #[test]
    fn a_look_at_a_disc_makes_it_forget_nothing() {
        let nas = BackupBox::new("cdr-80");
        nas.stage_and_store(MON);
        let before = status(&nas, &["--json"]).result()["disc"].clone();
        nas.read(&["verify"]).expect_code(0);
        assert_eq!(status(&nas, &["--json"]).result()["disc"], before);
        // A copy in a file is no disc.
        let image = nas.path("image.iso");
        let mut sectors = fs::read(nas.sectors()).unwrap();
        let content = place_of(&sectors);
        sectors[content] ^= 1;
        fs::write(&image, sectors).unwrap();
        nas.read_device(image.to_str().unwrap(), &["verify"]).expect_code(11);
        status(&nas, &[]).expect_code(0);
    }

    #[test]
    fn a_run_that_had_to_leave_a_day_has_stored_the_others_and_failed_all_the_same() {
        let nas = BackupBox::new("cdr-80");
        std::os::unix::fs::symlink("/nonexistent", nas.stage(MON).join("cback.store")).unwrap();
        nas.stage(TUE);
        nas.store_with(TUE, &["--catch-up"]).expect_code(6);
        let run = status(&nas, &[]).expect_code(6);
        run.expect_words(&[TUE, "proven"]);
        assert!(!run.stdout.contains("no store has succeeded"), "{run}");
    }

    #[test]
    fn says_of_a_span_that_wants_its_next_disc_that_it_waits() {
        let nas = BackupBox::with_capacity("cdr-80", 2000);
        nas.stage_large(MON, 2_000_000);
        nas.stage_files(MON, &[("b", &noise("b", 2_500_000))]);
        nas.act("span", MON, &[]).expect_code(8);
        let run = status(&nas, &[]).expect_code(6);
        run.expect_one_error(&[" waits: disc 1 of 2 is burned and proven"]);
        assert!(!run.stdout.contains(" failed: "), "{run}");
    }

    #[test]
    fn tells_a_store_that_failed_since_and_not_one_that_found_nothing_to_do() {
        let nas = BackupBox::new("cdr-80");
        nas.stage_and_store(MON);
        nas.store(MON).expect_code(12);
        status(&nas, &[]).expect_code(0);
        another_second();
        nas.stage(WED);
        nas.store_on(WED, "empty").expect_code(8);
        status(&nas, &[]).expect_code(6).expect_one_error(&["failed", "no usable disc"]);
    }
}
