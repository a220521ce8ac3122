//! Which day is stored, and whether it goes behind what is on the disc or on a disc made empty. Promised: the rules are those of
//! Cedar Backup, a disc that still holds this week is never emptied unless `--full` says so, and no medium is written on that is not
//! the one the configuration and the label speak of.

use crate::support::{BackupBox, MON, NEXT_MON, NEXT_TUE, SUN, TUE, WED};

mod the_day {
    use super::*;

    #[test]
    fn today_goes_before_yesterday_and_yesterday_before_tomorrow_one_a_run() {
        let nas = BackupBox::new("cdrw-80");
        for day in [MON, TUE, WED] {
            nas.stage(day);
        }
        for (marked, days) in [(TUE, vec![TUE]), (MON, vec![MON, TUE]), (WED, vec![MON, TUE, WED])] {
            assert!(!nas.is_marked(marked));
            nas.store(TUE).expect_silence();
            assert!(nas.is_marked(marked));
            assert_eq!(nas.days(), days);
        }
        nas.store(TUE).expect_code(12);
    }

    #[test]
    fn a_midnight_that_was_crossed_is_told_if_that_is_configured() {
        for (configured, told) in [("Y", true), ("N", false)] {
            let nas = BackupBox::new("cdrw-80");
            nas.configure_store(&format!("<warn_midnite>{configured}</warn_midnite>"));
            nas.stage(MON);
            let run = nas.store(TUE).expect_code(0);
            assert_eq!(run.stdout.starts_with("warning: midnight"), told, "{run}");
            let log = std::fs::read_to_string(nas.log()).unwrap();
            assert_eq!(log.lines().any(|line| line.contains("[WARNING] midnight")), told, "{log}");
        }
    }

    #[test]
    fn full_stores_today_once_more_and_never_another_day() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(MON);
        nas.stage_and_store(TUE);
        nas.store_with(TUE, &["--full"]).expect_silence();
        assert_eq!(nas.days(), [TUE], "a full store starts the disc anew");
        nas.store_with(WED, &["--full"]).expect_code(6).expect_one_error(&[WED, "cback.stage"]);
        assert_eq!(nas.days(), [TUE]);
    }
}

mod a_new_disc {
    use super::*;

    /// `--dry-run` says what it would do, and the run does it.
    fn assert_decision(nas: &BackupBox, today: &str, decision: &str, days: &[&str]) {
        let plan = nas.store_json(today, &["--dry-run"]);
        assert_eq!(plan["decision"], decision, "{plan}");
        nas.store(today).expect_silence();
        assert_eq!(nas.days(), days);
        nas.assert_verified();
    }

    const WIPE: &str = "new disc, what is on it goes";

    #[test]
    fn the_first_day_of_the_week_starts_last_weeks_rewritable_disc_anew() {
        for media in ["cdrw-80", "dvd+rw"] {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage_and_store(SUN);
            nas.stage(NEXT_MON);
            assert_decision(&nas, NEXT_MON, WIPE, &[NEXT_MON]);
            nas.stage(NEXT_TUE);
            assert_decision(&nas, NEXT_TUE, "append", &[NEXT_MON, NEXT_TUE]);
        }
    }

    #[test]
    fn sundays_directory_stored_after_midnight_goes_on_last_weeks_disc() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(MON);
        nas.stage(SUN);
        assert_decision(&nas, NEXT_MON, "append", &[MON, SUN]);
    }

    #[test]
    fn a_second_run_on_the_first_day_does_not_empty_the_disc_the_first_run_filled() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(NEXT_MON);
        nas.stage(SUN);
        assert_decision(&nas, NEXT_MON, "append", &[SUN, NEXT_MON]);
    }

    #[test]
    fn a_first_day_that_was_changed_after_it_was_stored_does_not_empty_the_disc_either() {
        let nas = BackupBox::new("dvd+rw");
        nas.stage_and_store(MON);
        nas.stage_and_store(TUE);
        nas.remove_mark(MON);
        std::fs::write(nas.day(MON).join("alpha/home.tar"), "other").unwrap();
        assert_decision(&nas, MON, "append", &[MON, TUE]);
    }

    #[test]
    fn the_weekly_formula_counts_on_the_first_day_only_and_the_daily_one_always() {
        // A disc with room for many days: its ratio is far above 1 and far below a billion.
        for (mode, factor, today, decision, days) in [
            ("weekly", "1.0", NEXT_MON, "append", vec![MON, NEXT_MON]),
            ("weekly", "1000000000", NEXT_MON, WIPE, vec![NEXT_MON]),
            ("weekly", "1000000000", NEXT_TUE, "append", vec![MON, NEXT_TUE]),
            ("daily", "1.0", NEXT_TUE, "append", vec![MON, NEXT_TUE]),
            ("daily", "1000000000", NEXT_TUE, WIPE, vec![NEXT_TUE]),
            // Not even for this formula: the disc holds a day of the same week.
            ("daily", "1000000000", TUE, "append", vec![MON, TUE]),
        ] {
            let nas = BackupBox::new("cdrw-80");
            nas.configure_store(&format!(
                "<blank_behavior><mode>{mode}</mode><factor>{factor}</factor></blank_behavior>"
            ));
            nas.stage_and_store(MON);
            nas.stage(today);
            assert_decision(&nas, today, decision, &days);
        }
    }

    #[test]
    fn a_write_once_disc_that_is_not_blank_is_left_alone_when_a_new_one_is_due() {
        let nas = BackupBox::new("cdr-80");
        nas.stage_and_store(MON);
        nas.stage(NEXT_MON);
        let run = nas.refused(8, &mut nas.store_command(NEXT_MON, &nas.device()));
        run.expect_one_error(&["new disc is due", "neither blank nor rewritable", "blank disc in"]);
        nas.change_disc("cdr-80");
        nas.store(NEXT_MON).expect_silence();
        assert_eq!(nas.days(), [NEXT_MON]);
    }
}

mod protect {
    use super::*;

    const WIPE: &str = "new disc, what is on it goes";

    /// A box with this policy and a disc that holds Monday and Sunday of last week.
    fn with_last_week(media: &str, protect: &str) -> BackupBox {
        let nas = BackupBox::new(media);
        nas.edit_config("</cb_config>", &format!("<cedarburn><protect>{protect}</protect></cedarburn></cb_config>"));
        nas.stage_and_store(MON);
        nas.stage_and_store(SUN);
        nas.stage(NEXT_MON);
        nas
    }

    fn purge(nas: &BackupBox, day: &str) {
        std::fs::remove_dir_all(nas.day(day)).unwrap();
    }

    /// What a rehearsal and *info* say, which is the same; returns the rehearsal in JSON.
    fn told(nas: &BackupBox, words: &[&str]) -> serde_json::Value {
        nas.store_with(NEXT_MON, &["--dry-run"]).expect_code(0).expect_words(words);
        nas.read(&["info", "--today", NEXT_MON]).expect_code(0).expect_words(words);
        let mut plan = nas.store_json(NEXT_MON, &["--dry-run"]);
        let info = nas.read(&["info", "--today", NEXT_MON, "--json"]).result();
        for field in ["decision", "why", "protect", "at_stake", "others_at_stake"] {
            assert_eq!(plan[field], info["next_store"][field], "{field}");
        }
        plan.take()
    }

    const GONE: &str = "which is nowhere else: its directory in staging is gone";

    #[test]
    fn week_starts_an_earlier_weeks_disc_anew_whatever_became_of_staging_and_tells_what_goes_with_it() {
        for media in ["cdrw-80", "dvd+rw"] {
            let nas = with_last_week(media, "week");
            purge(&nas, MON);
            let plan = told(&nas, &[WIPE, &format!("{MON}, {GONE}"), &format!("{SUN}, which is in staging, too")]);
            assert_eq!((&plan["decision"], &plan["protect"]), (&WIPE.into(), &"week".into()));
            assert_eq!(plan["at_stake"][0]["staged"], false);
            assert_eq!(plan["at_stake"][0]["because"], "its directory in staging is gone");
            assert_eq!(
                plan["at_stake"][1],
                serde_json::json!({ "day": SUN, "staged": true, "on_disc": null, "because": null })
            );
            nas.store(NEXT_MON).expect_silence();
            assert_eq!(nas.days(), [NEXT_MON]);
            let log = std::fs::read_to_string(nas.log()).unwrap();
            assert!(log.contains(&format!("goes with what is on the disc: {MON}, {GONE}")), "{log}");
        }
    }

    #[test]
    fn strict_keeps_a_disc_with_a_day_that_is_nowhere_else_until_full_asks_for_it() {
        for media in ["cdrw-80", "dvd+rw"] {
            let nas = with_last_week(media, "strict");
            purge(&nas, MON);
            let why = format!("a new disc is due, but this one holds {MON}, which is nowhere else");
            let plan = told(&nas, &["append", &why, &format!("{MON}, {GONE}")]);
            assert_eq!((&plan["decision"], &plan["why"]), (&"append".into(), &why.as_str().into()));
            assert_eq!(nas.store_json(NEXT_MON, &["--dry-run", "--full"])["decision"], WIPE);
            nas.store(NEXT_MON).expect_silence();
            assert_eq!(nas.days(), [MON, SUN, NEXT_MON]);
            nas.store_with(NEXT_MON, &["--full"]).expect_silence();
            assert_eq!(nas.days(), [NEXT_MON]);
        }
    }

    #[test]
    fn strict_starts_a_disc_anew_whose_days_are_all_staged_as_they_were_stored() {
        for media in ["cdrw-80", "dvd+rw"] {
            let nas = with_last_week(media, "strict");
            let plan = told(&nas, &[WIPE, &format!("{MON}, which is in staging, too")]);
            assert_eq!(plan["protect"], "strict");
            nas.store(NEXT_MON).expect_silence();
            assert_eq!(nas.days(), [NEXT_MON]);
        }
    }

    #[test]
    fn strict_takes_no_directory_for_a_copy_from_which_a_file_is_gone_or_in_which_it_is_another_one() {
        let nas = with_last_week("dvd+rw", "strict");
        std::fs::remove_file(nas.day(SUN).join("beta/mail.tar")).unwrap();
        told(&nas, &["append", &format!("{SUN}, which is nowhere else"), "beta/mail.tar is not in staging any more"]);
        let nas = with_last_week("dvd+rw", "strict");
        std::fs::write(nas.day(MON).join("alpha/etc.tar"), "another").unwrap();
        told(&nas, &["append", &format!("{MON}, which is nowhere else"), "alpha/etc.tar is another one in staging"]);
        nas.store(NEXT_MON).expect_silence();
        assert_eq!(nas.days(), [MON, SUN, NEXT_MON]);
    }

    #[test]
    fn strict_asks_for_another_disc_when_there_is_no_more_room_beside_what_it_keeps() {
        let nas = with_last_week("cdrw-80", "strict");
        purge(&nas, MON);
        nas.stage_large(NEXT_MON, 736_000_000);
        let run = nas.refused(9, &mut nas.store_command(NEXT_MON, &nas.device()));
        run.expect_one_error(&["no room for", "put an empty disc in", "--full"]);
    }

    #[test]
    fn off_starts_a_disc_of_this_week_anew_as_cedar_does() {
        let nas = with_last_week("cdrw-80", "off");
        nas.store(NEXT_MON).expect_silence();
        nas.remove_mark(NEXT_MON);
        std::fs::write(nas.day(NEXT_MON).join("alpha/home.tar"), "other").unwrap();
        let plan = told(&nas, &[WIPE, &format!("{NEXT_MON}, which is nowhere else")]);
        assert_eq!(plan["protect"], "off");
        nas.edit_config("<protect>off", "<protect>week");
        told(&nas, &["append", &format!("holds {NEXT_MON} of the same or a later week")]);
    }
}

mod the_label {
    use super::*;

    fn with_check(media: &str) -> BackupBox {
        let nas = BackupBox::new(media);
        nas.configure_store("<check_media>Y</check_media>");
        nas
    }

    #[test]
    fn names_the_day_of_the_run() {
        for media in crate::support::MEDIA {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage(TUE);
            nas.store(WED).expect_silence();
            let info = nas.read(&["info", "--json"]).result();
            assert_eq!(info["label"], "CEDAR BACKUP 18-NOV-2026", "{media}");
            let labels: Vec<_> = info["sessions"].as_array().unwrap().iter().map(|one| one["label"].clone()).collect();
            assert_eq!(labels, ["CEDAR BACKUP 16-NOV-2026", "CEDAR BACKUP 18-NOV-2026"], "{media}");
        }
    }

    #[test]
    fn is_demanded_of_rewritable_media_and_not_of_write_once_ones() {
        for media in ["cdrw-80", "dvd+rw"] {
            let nas = with_check(media);
            nas.stage(TUE);
            let run = nas.refused(8, &mut nas.store_command(TUE, &nas.device()));
            run.expect_one_error(&["no label", "check_media"]);
        }
        let nas = with_check("cdr-80");
        nas.stage_and_store(TUE);
        assert_eq!(nas.days(), [TUE]);
    }

    #[test]
    fn of_somebody_else_is_refused_on_every_medium_and_even_for_full() {
        for media in crate::support::MEDIA {
            let nas = with_check(media);
            nas.edit_config("<check_media>Y", "<check_media>N");
            nas.stage_and_store(MON);
            nas.edit_config("<check_media>N", "<check_media>Y");
            nas.stage_and_store(TUE);
            nas.stage(WED);
            for label in ["DEBIAN 12", "cedar backup 16-NOV-2026", ""] {
                nas.relabel(label);
                let run = nas.refused(8, &mut nas.store_command(WED, &nas.device()));
                run.expect_one_error(&[&format!("{label:?}"), "check_media"]);
                let run = nas.refused(8, nas.store_command(WED, &nas.device()).arg("--full"));
                run.expect_one_error(&[&format!("{label:?}")]);
            }
            nas.relabel("CEDAR BACKUPS OF MINE");
            nas.store(WED).expect_silence();
            assert_eq!(nas.days(), [MON, TUE, WED]);
        }
    }

    #[test]
    fn that_is_checked_is_the_one_in_sector_16_as_with_cedar() {
        // On overwritable media that is the newest session's.
        for media in ["cdr-80", "cdrw-80"] {
            let nas = with_check(media);
            nas.edit_config("<check_media>Y", "<check_media>N");
            nas.stage_and_store(MON);
            nas.stage_and_store(TUE);
            nas.edit_config("<check_media>N", "<check_media>Y");
            nas.stage(WED);
            let (first, later) =
                nas.descriptors().split_first().map(|(first, later)| (*first, later.to_vec())).unwrap();
            assert_eq!(first, 16);
            for at in later {
                nas.patch_sectors(at * 2048 + 40, format!("{:<32}", "DEBIAN 12").as_bytes());
            }
            nas.store_with(WED, &["--dry-run"]).expect_code(0);
            nas.patch_sectors(first * 2048 + 40, format!("{:<32}", "DEBIAN 13").as_bytes());
            let run = nas.refused(8, &mut nas.store_command(WED, &nas.device()));
            run.expect_one_error(&["DEBIAN 13", "check_media"]);
        }
    }

    #[test]
    fn is_checked_before_a_day_is_looked_for() {
        let nas = with_check("cdrw-80");
        nas.store(TUE).expect_code(8);
    }
}
