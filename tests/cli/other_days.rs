//! Days that *store* does not choose by itself: those that were missed, this week's once more, and none at all. Promised: a day that was missed
//! is not lost, `rebuild` and `initialize` do what Cedar Backup's do, and neither wipes what is nowhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{BackupBox, MEDIA, MON, NEXT_MON, NEXT_TUE, Run, SUN, TUE, WED};

/// Saturday of the week.
const SAT: &str = "2026-11-21";

mod catch_up {
    use super::*;

    fn catch_up(nas: &BackupBox, today: &str) -> Run {
        nas.store_with(today, &["--catch-up"])
    }

    #[test]
    fn puts_every_day_that_was_missed_on_the_disc_in_one_session() {
        for media in MEDIA {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            for day in [TUE, WED, SAT] {
                nas.stage(day);
            }
            let run = catch_up(&nas, SUN);
            run.expect_silence();
            assert_eq!(nas.days(), [MON, TUE, WED, SAT], "{media}");
            assert!([TUE, WED, SAT].iter().all(|day| nas.is_marked(day)), "{media}");
            let info = Run::of(nas.command().args(["info", "--json", "--device", &nas.device()])).result();
            assert_eq!(info["sessions"].as_array().unwrap().len(), 2, "{info}");
            nas.assert_verified();
            let again = catch_up(&nas, SUN).expect_code(12);
            again.expect_one_error(&["all days stored already"]);
        }
    }

    #[test]
    fn begins_a_new_disc_for_a_starting_day_that_was_missed() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(MON);
        nas.stage_and_store(TUE);
        nas.stage(NEXT_MON);
        nas.stage(NEXT_TUE);
        let plan = nas.store_json(NEXT_TUE, &["--catch-up", "--dry-run"]);
        assert_eq!(plan["decision"], "new disc, what is on it goes", "{plan}");
        assert_eq!(plan["days"].as_array().unwrap().len(), 2, "{plan}");
        catch_up(&nas, NEXT_TUE).expect_silence();
        assert_eq!(nas.days(), [NEXT_MON, NEXT_TUE]);
    }

    /// Judged by the Monday alone, the disc would lose the week that the Saturday belongs to.
    #[test]
    fn wipes_no_week_that_one_of_the_days_belongs_to() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(MON);
        for day in [SAT, SUN, NEXT_MON] {
            nas.stage(day);
        }
        catch_up(&nas, NEXT_MON).expect_silence();
        assert_eq!(nas.days(), [MON, SAT, SUN, NEXT_MON]);
    }

    #[test]
    fn a_day_that_is_on_the_disc_already_is_marked_and_not_burned_again() {
        let nas = BackupBox::new("cdr-80");
        nas.stage_and_store(MON);
        nas.stage(TUE);
        nas.remove_mark(MON);
        let answer = nas.store_json(TUE, &["--catch-up"]);
        let outcomes: Vec<&str> =
            answer["days"].as_array().unwrap().iter().map(|day| day["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["already on the disc", "stored"], "{answer}");
        assert!(nas.is_marked(MON) && nas.is_marked(TUE));
        let lists = nas.listing().into_iter().filter(|path| path.contains("SHA256SUMS")).count();
        assert_eq!(lists, 2);
        nas.assert_verified();
    }

    #[test]
    fn what_does_not_fit_is_left_the_newest_days_first_and_the_others_are_stored() {
        let nas = BackupBox::with_capacity("cdr-80", 3000);
        for day in [MON, TUE, WED, SAT] {
            nas.stage_large(day, 1_500_000);
            nas.stage(day);
        }
        let plan = nas.store_json(SUN, &["--catch-up", "--dry-run"]);
        let left: Vec<&str> = plan["days"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|day| day["outcome"] == "left")
            .map(|day| day["day"].as_str().unwrap())
            .collect();
        assert!(!left.is_empty() && left.len() < 4 && left.last() == Some(&SAT), "{plan}");
        let run = catch_up(&nas, SUN).expect_code(9);
        run.expect_one_error(&["stored", "left", "no room for", "empty disc"]);
        for day in [MON, TUE, WED, SAT] {
            assert_eq!(nas.is_marked(day), !left.contains(&day), "{day}: {run}");
        }
        nas.assert_verified();
        nas.change_disc("cdr-80");
        catch_up(&nas, SUN).expect_silence();
        assert_eq!(nas.days(), left);
    }

    #[test]
    fn a_day_that_fits_on_no_disc_holds_up_none_of_the_others() {
        let nas = BackupBox::with_capacity("cdr-80", 3000);
        nas.stage_large(MON, 9_000_000);
        nas.stage(MON);
        let mut command = nas.store_command(TUE, &nas.device());
        nas.refused(9, command.arg("--catch-up")).expect_one_error(&[MON, "no room for"]);
        nas.stage(TUE);
        nas.stage(WED);
        let run = catch_up(&nas, WED).expect_code(9);
        run.expect_one_error(&["2026-11-17 and 2026-11-18 stored, 2026-11-16 left"]);
        assert_eq!(nas.days(), [TUE, WED]);
        assert!(!nas.is_marked(MON) && nas.is_marked(TUE) && nas.is_marked(WED));
    }

    #[test]
    fn nor_does_one_whose_mark_can_not_be_written() {
        let mut nas = BackupBox::new("cdr-80");
        let days = [MON, TUE, WED].map(|day| nas.stage(day));
        nas.run_as_nobody();
        fs::set_permissions(&days[0], fs::Permissions::from_mode(0o555)).unwrap();
        catch_up(&nas, WED).expect_code(6).expect_one_error(&["2026/11/16/cback.store"]);
        assert_eq!(nas.days(), [MON, TUE, WED]);
        assert!(!nas.is_marked(MON) && nas.is_marked(TUE) && nas.is_marked(WED));
    }

    /// What will never be on a disc decides nothing about it: a Monday like that would have every disc wiped, or kept, for ever.
    #[test]
    fn nor_does_it_decide_what_becomes_of_a_disc() {
        let nas = BackupBox::with_capacity("cdrw-80", 20_000);
        nas.edit_config("</cb_config>", "<cedarburn><protect>off</protect></cedarburn></cb_config>");
        nas.stage_large(MON, 80_000_000);
        nas.stage(MON);
        for (day, days) in [(TUE, &[TUE][..]), (WED, &[TUE, WED])] {
            nas.stage(day);
            catch_up(&nas, day).expect_code(9).expect_one_error(&[&format!("{day} stored, {MON} left")]);
            assert_eq!(nas.days(), days);
        }
    }

    #[test]
    fn a_day_that_can_not_be_read_holds_up_none_of_the_others() {
        let nas = BackupBox::new("cdr-80");
        std::fs::rename(nas.stage(MON), nas.path("elsewhere")).unwrap();
        std::os::unix::fs::symlink(nas.path("elsewhere"), nas.day(MON)).unwrap();
        std::fs::create_dir(nas.stage(TUE).join("cback.store")).unwrap();
        nas.stage(WED);
        catch_up(&nas, WED).expect_code(6).expect_one_error(&["2026-11-18 stored, 2026-11-16 and 2026-11-17 left"]);
        assert_eq!(nas.days(), [WED]);
        assert!(nas.is_marked(WED));
        // Today's store asks for no other day.
        nas.stage_and_store("2026-11-19");
    }

    #[test]
    fn nothing_is_burned_where_all_that_fits_is_there_already() {
        let nas = BackupBox::with_capacity("cdr-80", 40_000);
        nas.stage_and_store(TUE);
        nas.remove_mark(TUE);
        nas.stage_large(MON, 90_000_000);
        nas.stage(MON);
        let run = catch_up(&nas, TUE).expect_code(9);
        run.expect_one_error(&["2026-11-17 stored, 2026-11-16 left"]);
        assert!(nas.is_marked(TUE));
        assert_eq!(nas.read(&["info", "--json"]).result()["sessions"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_kill_in_the_middle_costs_nothing() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(MON);
        nas.stage(TUE);
        nas.stage(WED);
        let device = format!("{},fault=write10#6:kill", nas.device());
        let killed = Run::of(nas.store_command(WED, &device).arg("--catch-up"));
        assert_eq!(killed.code, None, "{killed}");
        assert_eq!(nas.days(), [MON]);
        catch_up(&nas, WED).expect_silence();
        assert_eq!(nas.days(), [MON, TUE, WED]);
        nas.assert_verified();
    }
}

mod rebuild {
    use super::*;

    #[test]
    fn writes_this_week_once_more_stored_or_not_in_one_session_on_a_new_disc() {
        for media in ["cdrw-80", "dvd+rw"] {
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage_and_store(TUE);
            nas.stage(WED);
            // The week before is not this one's.
            nas.stage("2026-11-15");
            nas.act("rebuild", WED, &[]).expect_silence();
            assert_eq!(nas.days(), [MON, TUE, WED], "{media}");
            assert!(nas.is_marked(WED) && !nas.is_marked("2026-11-15"));
            let info = nas.act("info", WED, &["--json"]).result();
            assert_eq!(info["sessions"].as_array().unwrap().len(), 1, "{info}");
            nas.assert_verified();
            // As with Cedar, it may be said twice.
            nas.act("rebuild", WED, &[]).expect_silence();
            nas.assert_verified();
        }
    }

    #[test]
    fn that_breaks_off_leaves_no_mark_of_what_it_has_wiped() {
        for media in ["cdrw-80", "dvd+rw"] {
            for fault in ["write10#1:kill", "write10#4:power-cut"] {
                let nas = BackupBox::new(media);
                nas.stage_and_store(MON);
                nas.stage_and_store(TUE);
                let device = format!("{},fault={fault}", nas.device());
                let run = Run::of(nas.command().args(["rebuild", "--today", TUE, "--device", &device]));
                assert_ne!(run.code, Some(0), "{run}");
                assert!(!nas.is_marked(MON) && !nas.is_marked(TUE), "{media}, {fault}");
                nas.store_with(TUE, &["--catch-up"]).expect_silence();
                assert_eq!(nas.days(), [MON, TUE], "{media}, {fault}");
            }
            // One that is refused takes none away.
            let nas = BackupBox::new(media);
            nas.stage_and_store(MON);
            nas.stage_and_store(TUE);
            std::fs::remove_dir_all(nas.day(TUE)).unwrap();
            nas.act("rebuild", WED, &[]).expect_code(8);
            assert!(nas.is_marked(MON));
        }
    }

    #[test]
    fn looks_in_source_dir_and_not_where_stage_puts_the_days() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage(MON);
        let elsewhere = nas.path("elsewhere");
        fs::create_dir_all(&elsewhere).unwrap();
        nas.edit_config(
            &format!("<staging_dir>{}</staging_dir>", nas.staging().display()),
            &format!("<staging_dir>{}</staging_dir>", elsewhere.display()),
        );
        nas.act("rebuild", MON, &[]).expect_silence();
        assert_eq!(nas.days(), [MON]);
        assert!(nas.is_marked(MON));
    }

    /// Cedar blanks whatever is in the drive.
    #[test]
    fn does_not_wipe_a_day_of_this_week_that_staging_has_lost_unless_full_says_so() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage_and_store(MON);
        nas.stage_and_store(TUE);
        fs::remove_dir_all(nas.day(MON)).unwrap();
        let device = nas.device();
        let mut command = nas.command();
        let run = nas.refused(8, command.args(["rebuild", "--today", TUE, "--device", &device]));
        run.expect_one_error(&["2026-11-16", "another disc", "--full"]);
        nas.act("rebuild", TUE, &["--full"]).expect_silence();
        assert_eq!(nas.days(), [TUE]);
    }

    #[test]
    fn of_a_week_without_a_staged_day_is_refused_and_names_the_days() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage(SUN);
        let device = nas.device();
        let mut command = nas.command();
        let run = nas.refused(6, command.args(["rebuild", "--today", NEXT_TUE, "--device", &device]));
        run.expect_one_error(&[NEXT_MON, NEXT_TUE, "cback.stage"]);
    }

    #[test]
    fn needs_a_blank_disc_where_discs_are_write_once() {
        let nas = BackupBox::new("cdr-80");
        nas.stage_and_store(MON);
        let device = nas.device();
        let mut command = nas.command();
        let run = nas.refused(8, command.args(["rebuild", "--today", MON, "--device", &device]));
        run.expect_one_error(&["neither blank nor rewritable"]);
        nas.change_disc("cdr-80");
        nas.act("rebuild", MON, &[]).expect_silence();
        assert_eq!(nas.days(), [MON]);
    }
}

mod initialize {
    use super::*;

    #[test]
    fn gives_a_disc_its_label_and_the_empty_directory_that_cedar_leaves() {
        for media in ["cdrw-80", "dvd+rw"] {
            let nas = BackupBox::new(media);
            nas.configure_store("<check_media>Y</check_media>");
            nas.stage(TUE);
            nas.store(TUE).expect_code(8).expect_one_error(&["no label"]);
            nas.act("initialize", TUE, &[]).expect_silence();
            let info = nas.act("info", TUE, &["--json"]).result();
            assert_eq!(info["label"], "CEDAR BACKUP 17-NOV-2026", "{media}: {info}");
            assert!(nas.listing().contains("/CedarBackup"), "{:?}", nas.listing());
            assert!(nas.days().is_empty());
            nas.assert_verified();
            nas.store(TUE).expect_silence();
            assert_eq!(nas.days(), [TUE], "{media}");
            assert!(nas.listing().contains("/CedarBackup"), "appended, as with Cedar on any but the starting day");
        }
    }

    #[test]
    fn is_not_for_write_once_media() {
        let nas = BackupBox::new("cdr-80");
        let device = nas.device();
        for word in ["cdr-80", "auto"] {
            nas.edit_config("<media_type>cdr-80</media_type>", &format!("<media_type>{word}</media_type>"));
            let mut command = nas.command();
            let run = nas.refused(8, command.args(["initialize", "--today", TUE, "--device", &device]));
            run.expect_one_error(&["not rewritable", "first day"]);
        }
    }

    #[test]
    fn does_not_wipe_this_week_unless_full_says_so() {
        let nas = BackupBox::new("dvd+rw");
        nas.stage_and_store(MON);
        let device = nas.device();
        let mut command = nas.command();
        nas.refused(8, command.args(["initialize", "--today", TUE, "--device", &device])).expect_one_error(&[MON]);
        nas.act("initialize", TUE, &["--full"]).expect_silence();
        assert!(nas.days().is_empty());
        // Last week's goes, as it goes for a store.
        nas.stage_and_store(TUE);
        nas.act("initialize", NEXT_MON, &[]).expect_silence();
        assert!(nas.days().is_empty());
    }

    #[test]
    fn may_be_rehearsed() {
        let nas = BackupBox::new("cdrw-80");
        let device = nas.device();
        let mut command = nas.command();
        let run = nas.refused(0, command.args(["initialize", "-n", "--today", TUE, "--device", &device]));
        run.expect_words(&["CEDAR BACKUP 17-NOV-2026", "new disc"]);
    }
}
