//! What a run says. Promised: nothing on success, so that cron sends no mail; one error otherwise, on stdout as with Cedar; a warning
//! where somebody has to do something about a run that went well; the levels of `-q`, `-b` and `-d`; a log file in Cedar's format with the owner and mode that were asked for; and with `--json`
//! nothing but JSON, the result at the end.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::support::{BackupBox, MON, Run, TUE};

fn staged() -> BackupBox {
    let nas = BackupBox::new("cdrw-80");
    nas.stage(TUE);
    nas
}

/// Runs `store` for a day that is staged and says what was logged.
fn logged(arguments: &[&str]) -> (Run, String) {
    let nas = staged();
    let run = nas.store_with(TUE, arguments);
    (run, fs::read_to_string(nas.log()).unwrap())
}

mod on_the_screen {
    use super::*;

    #[test]
    fn a_run_that_did_its_work_says_nothing() {
        for arguments in [&[][..], &["-q"], &["-d"], &["-O"], &["--no-progress"], &["-q", "-b", "-d"]] {
            logged(arguments).0.expect_silence();
        }
    }

    #[test]
    fn verbose_shows_what_the_log_has_and_debug_with_it_shows_every_detail() {
        let (run, _) = logged(&["-b"]);
        assert!(run.code == Some(0) && run.stderr.is_empty(), "{run}");
        run.expect_words(&["storing today's directory", "executed successfully"]);
        assert!(!run.stdout.contains("required"), "a detail: {run}");
        let (run, _) = logged(&["-b", "-d"]);
        run.expect_words(&["storing today's directory", "required"]);
    }

    #[test]
    fn a_failed_run_says_one_error_and_a_next_step_unless_quiet_was_asked_for() {
        let nas = BackupBox::new("cdrw-80");
        let run = nas.store(TUE).expect_code(6);
        assert!(run.stderr.is_empty(), "messages go to stdout: {run}");
        run.expect_one_error(&["cback.stage", "state: nothing was written", "hint: "]);
        let run = nas.store_with(TUE, &["-q"]).expect_code(6);
        assert!(run.stdout.is_empty() && run.stderr.is_empty(), "{run}");
        let run = nas.store_with(TUE, &["-q", "-b", "-d"]).expect_code(6);
        assert!(run.stdout.is_empty() && run.stderr.is_empty(), "quiet wins: {run}");
    }
}

/// The warnings that reach the screen, and so cron's mail.
mod that_somebody_has_to_know_of {
    use super::*;

    fn misspelled() -> BackupBox {
        let nas = staged();
        nas.configure_store("<chek_media>Y</chek_media>");
        nas
    }

    const MISSPELLED: &str = "store/chek_media is not an element of the configuration and has no effect (line ";

    /// What the warnings among the objects of a run say.
    fn warnings(run: &Run) -> Vec<String> {
        let warnings = run.objects().into_iter().filter(|object| object["type"] == "warning");
        warnings.map(|object| object["warning"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn an_element_without_effect_is_told_on_stdout_and_in_the_log_and_the_run_goes_on() {
        let nas = misspelled();
        let run = nas.store(TUE).expect_code(0);
        let config = nas.config();
        assert!(run.stdout.starts_with(&format!("warning: {}: {MISSPELLED}", config.display())), "{run}");
        assert_eq!((run.stdout.lines().count(), run.stderr.as_str()), (1, ""), "{run}");
        assert!(nas.is_marked(TUE));
        let log = fs::read_to_string(nas.log()).unwrap();
        assert!(log.contains(&format!("[WARNING] {}: {MISSPELLED}", config.display())), "{log}");
        let run = nas.store(TUE).expect_code(12);
        run.expect_words(&[MISSPELLED, "nothing to store"]);
    }

    #[test]
    fn quiet_is_silence() {
        misspelled().store_with(TUE, &["-q"]).expect_silence();
        misspelled().store_with(TUE, &["-q", "-b", "-d"]).expect_silence();
        let told = misspelled().store_with(TUE, &["-q", "--json"]);
        assert!(warnings(&told).is_empty(), "{told}");
    }

    #[test]
    fn is_an_object_for_a_program_and_tells_it_the_same() {
        for levels in [&["--json"][..], &["--json", "-b", "-d"]] {
            let run = misspelled().store_with(TUE, levels);
            let told = warnings(&run);
            assert!(told.len() == 1 && told[0].contains(MISSPELLED), "{run}");
            assert_eq!(run.result()["outcome"], "stored");
            assert_eq!(run.stderr, "");
        }
    }

    #[test]
    fn so_is_an_error_that_ends_nothing_and_behind_the_result_it_is_on_stderr() {
        let nas = staged();
        nas.edit_config("</cb_config>", "<capacity><min_bytes>2 GB</min_bytes></capacity></cb_config>");
        let receipts = nas.path("receipts");
        fs::create_dir(&receipts).unwrap();
        let hook = format!("<command>rm -r {}</command>", receipts.display());
        let hook = format!("<post_action_hook><action>store</action>{hook}</post_action_hook></options>");
        nas.edit_config("</options>", &hook);
        let run = nas.store_with(TUE, &["--json", "--receipts", receipts.to_str().unwrap()]);
        assert_eq!(run.result()["outcome"], "stored");
        let told = warnings(&run);
        assert!(told.len() == 1 && told[0].contains("which is less than 2 GB"), "{run}");
        assert!(run.stderr.starts_with("warning: the run leaves no receipt"), "{run}");
        // What ends the run is the result and nothing else.
        let failed = BackupBox::new("cdr-80").store_with(TUE, &["--json"]).expect_code(6);
        assert_eq!(failed.objects().len(), 1, "{failed}");
    }

    #[test]
    fn a_crossed_midnight_is_told_to_who_asked_to_be_warned_of_it() {
        let nas = staged();
        nas.store(crate::support::WED).expect_silence();
        let nas = staged();
        nas.configure_store("<warn_midnite>Y</warn_midnite>");
        let run = nas.store(crate::support::WED).expect_code(0);
        assert!(run.stdout.starts_with("warning: midnight was crossed: yesterday's directory "), "{run}");
        assert_eq!(run.stdout.lines().count(), 1, "{run}");
    }

    #[test]
    fn what_nobody_has_to_do_anything_about_stands_in_the_log_alone() {
        let nas = BackupBox::new("dvd+rw");
        nas.stage(TUE);
        nas.configure_store("<target_scsi_id>0,0,0</target_scsi_id>");
        nas.store(TUE).expect_silence();
        let log = fs::read_to_string(nas.log()).unwrap();
        assert!(log.contains("[WARNING] ") && log.contains("store/target_scsi_id is for CDs only"), "{log}");
    }

    #[test]
    fn an_action_whose_stdout_is_its_answer_tells_it_on_stderr() {
        let nas = misspelled();
        nas.store(TUE).expect_code(0);
        nas.edit_config(
            "<target_device>/dev/nonexistent</target_device>",
            &format!("<target_device>{}</target_device>", nas.device()),
        );
        for action in ["list", "verify", "status"] {
            let run = Run::of(nas.command().args([action, "--today", TUE]));
            assert!(run.stderr.contains(MISSPELLED) && !run.stdout.contains("warning"), "{action}: {run}");
        }
    }
}

mod in_json {
    use super::*;

    #[test]
    fn a_run_is_objects_a_line_and_the_result_comes_last() {
        let nas = staged();
        let mut command = nas.store_command(TUE, &nas.device());
        let run = Run::of(command.args(["--json", "-b", "-d"])).expect_code(0);
        assert!(run.stderr.is_empty(), "{run}");
        let result = run.result();
        assert_eq!(result["action"], "store");
        assert_eq!(result["outcome"], "stored");
        assert_eq!(result["proven"], true);
        assert_eq!(result["day"], TUE);
        assert_eq!(result["label"], "CEDAR BACKUP 17-NOV-2026");
        let phases: Vec<_> =
            run.objects().iter().filter(|one| one["type"] == "progress").map(|one| one["phase"].clone()).collect();
        for phase in ["writing", "closing", "verifying"] {
            assert!(phases.contains(&phase.into()), "{phase} is not in {phases:?}");
        }
    }

    #[test]
    fn an_error_is_a_result_too_with_its_cause_state_and_next_step() {
        let nas = BackupBox::new("cdrw-80");
        let run = Run::of(nas.store_command(TUE, &nas.device()).arg("--json")).expect_code(6);
        let result = run.result();
        assert!(result["error"].as_str().unwrap().contains("cback.stage"), "{run}");
        assert!(result["state"].as_str().unwrap().starts_with("nothing was written"), "{run}");
        assert!(!result["hint"].as_str().unwrap().is_empty(), "{run}");
    }

    #[test]
    fn every_action_ends_with_a_result() {
        let nas = staged();
        nas.store(TUE).expect_silence();
        for action in [&["info"][..], &["list"], &["verify"], &["store"]] {
            let run = nas.read(&[action, &["--json", "--today", TUE]].concat());
            assert_eq!(run.result()["action"], action[0]);
        }
        assert_eq!(nas.shown()["action"], "disc show");
    }
}

mod in_the_log {
    use super::*;

    /// `2026-11-22T02:05:09 UTC --> [INFO   ] text`.
    fn is_cedars(line: &str) -> bool {
        let levels = ["[ERROR  ] ", "[WARNING] ", "[INFO   ] ", "[DEBUG  ] "];
        let Some((time, rest)) = line.split_once(" --> ") else { return false };
        let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        shape == "9999-99-99T99:99:99 UTC" && levels.iter().any(|level| rest.starts_with(level))
    }

    #[test]
    fn every_line_has_cedars_format_from_start_to_status() {
        let (_, log) = logged(&["-d"]);
        for line in log.lines() {
            assert!(is_cedars(line), "{line}");
        }
        let told = [
            concat!("cedarburn ", env!("CARGO_PKG_VERSION"), " started: store"),
            "options: [\"-c\", ",
            "log file /",
            "Encoding: ",
            "Interpreter: ",
            "Locale: ",
            "Platform: ",
            "Timestamp: ",
            "Version: cedarburn ",
            "configuration file /",
        ];
        for (line, told) in log.lines().zip(told) {
            assert!(line.contains(&format!("[INFO   ] {told}")), "{told} is not in {line}");
        }
        assert!(log.lines().last().unwrap().ends_with("completed with status 0"), "{log}");
        assert!(log.contains("[DEBUG  ]"), "{log}");
        let (_, log) = logged(&[]);
        assert!(!log.contains("[DEBUG  ]"), "without -d: {log}");
    }

    #[test]
    fn a_name_with_a_line_in_it_forges_none() {
        let nas = staged();
        let device = format!("{},fault=read10#1:\n2026-11-17T00:00:00 UTC --> [INFO   ] forged", nas.device());
        Run::of(&mut nas.store_command(TUE, &device)).expect_code(7);
        let log = fs::read_to_string(nas.log()).unwrap();
        assert!(log.contains("forged") && !log.lines().any(|line| line.ends_with("[INFO   ] forged")), "{log}");
        assert!(log.lines().all(is_cedars), "{log}");
    }

    #[test]
    fn a_failed_run_leaves_its_error_and_status_even_when_quiet() {
        let nas = BackupBox::new("cdrw-80");
        nas.store_with(TUE, &["-q"]).expect_code(6);
        let log = fs::read_to_string(nas.log()).unwrap();
        assert!(log.contains("[ERROR  ] error: no finished daily directory"), "{log}");
        assert!(log.lines().last().unwrap().ends_with("completed with status 6"), "{log}");
        assert!(log.lines().all(is_cedars), "{log}");
    }

    #[test]
    fn runs_follow_each_other_in_one_file() {
        let nas = staged();
        nas.store(TUE).expect_silence();
        let first = fs::read_to_string(nas.log()).unwrap();
        nas.store(TUE).expect_code(12);
        let both = fs::read_to_string(nas.log()).unwrap();
        assert!(both.starts_with(&first) && both.len() > first.len());
    }

    #[test]
    fn a_new_file_has_the_mode_and_owner_that_were_asked_for_and_an_old_one_keeps_its_own() {
        let nas = staged();
        nas.store_with(TUE, &["-m", "606", "-o", "root:root"]).expect_silence();
        let log = nas.log().metadata().unwrap();
        assert_eq!(log.permissions().mode() & 0o7777, 0o606);
        if nix::unistd::geteuid().is_root() {
            assert_eq!((log.uid(), log.gid()), (0, 0));
        }
        nas.stage(MON);
        nas.store_with(MON, &["-m", "640"]).expect_silence();
        assert_eq!(nas.log().metadata().unwrap().permissions().mode() & 0o7777, 0o606);
    }

    #[test]
    fn the_mode_is_640_if_none_was_asked_for_and_an_unknown_owner_is_no_error() {
        let nas = staged();
        nas.store_with(TUE, &["-o", "nobody-of-this-name:nogroup-of-this-name"]).expect_silence();
        assert_eq!(nas.log().metadata().unwrap().permissions().mode() & 0o7777, 0o640);
    }
}
