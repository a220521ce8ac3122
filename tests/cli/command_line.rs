//! The command line. Promised: cback3's letters and names work before and after the action; what this program does not do it
//! refuses in a sentence and with exit code 2; and nothing of that touches a disc or a file.

use crate::support::{BackupBox, Run, TUE, cedarburn};

fn usage_error(arguments: &[&str]) -> Run {
    let nas = BackupBox::new("cdrw-80");
    nas.stage(TUE);
    let run = nas.refused(2, cedarburn().arg("-c").arg(nas.config()).arg("-l").arg(nas.log()).args(arguments));
    assert!(!nas.log().exists(), "a log was begun: {run}");
    assert!(run.stdout.is_empty(), "an error of the command line goes to stderr: {run}");
    run
}

/// What cback3 refuses, too, it refuses as an error of the configuration.
#[test]
fn several_actions_in_one_command_are_refused_with_code_4() {
    let nas = BackupBox::new("cdrw-80");
    nas.stage(TUE);
    for actions in [
        ["store", "rebuild"],
        ["rebuild", "store"],
        ["initialize", "store"],
        ["store", "purge"],
        ["rebuild", "rebuild"],
        ["span", "store"],
    ] {
        let run = nas.refused(4, cedarburn().arg("-c").arg(nas.config()).arg("-l").arg(nas.log()).args(actions));
        run.expect_one_error(&["one action at a time", "rebuild, validate and initialize can't be combined"]);
    }
}

mod is_refused_with_code_2 {
    use super::*;

    #[test]
    fn what_is_cback3s_to_do_in_one_sentence_that_says_so() {
        for (action, words) in [
            ("collect", ["does not collect", "cback3 collect"]),
            ("stage", ["does not stage", "cback3 stage"]),
            ("purge", ["does not purge", "cback3 purge"]),
            ("all", ["only stores", "cback3 collect stage"]),
        ] {
            let run = usage_error(&[action]);
            run.expect_one_error(&words);
            assert!(run.stderr.ends_with("\n  more: cedarburn explain not-ours\n"), "{run}");
            assert_eq!(run.stderr.lines().count(), 2, "{run}");
        }
        for option in ["-M", "-N", "--managed", "--managed-only"] {
            let run = usage_error(&[option, "store"]);
            run.expect_one_error(&["other machines", "cback3"]);
            assert_eq!(run.stderr.lines().count(), 2, "{run}");
        }
    }

    #[test]
    fn an_action_or_option_that_does_not_exist_and_it_is_named() {
        usage_error(&["burn"]).expect_words(&["burn"]);
        usage_error(&["store", "--fast-as-you-can"]).expect_words(&["--fast-as-you-can"]);
        usage_error(&["store", "-Z"]).expect_words(&["-Z"]);
        usage_error(&["store", "quickly"]).expect_words(&["one action at a time"]);
    }

    #[test]
    fn no_action_at_all() {
        let run = Run::of(&mut cedarburn()).expect_code(2);
        run.expect_words(&["Usage"]);
    }

    #[test]
    fn a_value_that_is_none_and_it_is_named() {
        for arguments in [
            ["--today", "2026-11-31"],
            ["--today", "yesterday"],
            ["--mode", "rw-r-----"],
            ["--mode", "888"],
            ["--owner", "root"],
            ["--session", "0"],
        ] {
            usage_error(&["verify", arguments[0], arguments[1]]).expect_words(&[arguments[0], arguments[1]]);
        }
        usage_error(&["store", "--today", "17.11.2026"]).expect_words(&["no day of the calendar, written like"]);
        let nas = BackupBox::new("cdrw-80");
        let run =
            Run::of(cedarburn().args(["disc", "create", "--media", "floppy"]).arg(nas.path("new"))).expect_code(2);
        run.expect_words(&["floppy"]);
        assert!(!nas.path("new").exists());
    }

    #[test]
    fn a_source_date_epoch_that_is_no_number() {
        let nas = BackupBox::new("cdrw-80");
        nas.stage(TUE);
        for value in ["", "yesterday", "1e9", "12.5", "99999999999999999999"] {
            let mut command = nas.store_command(TUE, &nas.device());
            let run = nas.refused(2, command.env("SOURCE_DATE_EPOCH", value));
            run.expect_one_error(&["SOURCE_DATE_EPOCH", &format!("{value:?}")]);
        }
    }
}

#[test]
fn the_log_file_that_can_not_be_written_is_error_3_on_stderr() {
    let nas = BackupBox::new("cdrw-80");
    nas.stage(TUE);
    for log in [nas.path("none/cback3.log"), nas.staging()] {
        let mut command = cedarburn();
        command.arg("-c").arg(nas.config()).args(["store", "--today", TUE, "--device", &nas.device()]);
        let run = nas.refused(3, command.arg("-l").arg(&log));
        assert!(run.stdout.is_empty(), "{run}");
        run.expect_one_error(&["log file", log.to_str().unwrap(), "state: nothing was done", "-l FILE"]);
        let run = nas.refused(3, command.arg("--json"));
        assert!(run.stderr.is_empty() && run.result()["hint"].as_str().unwrap().contains("-l FILE"), "{run}");
    }
}

#[test]
fn options_work_before_and_after_the_action_short_and_long_and_abbreviated() {
    for (before, after) in [
        (&[][..], &["--config", "C", "--logfile", "L", "--today", TUE, "--device", "D", "--dry-run"][..]),
        (&["-c", "C", "-l", "L", "--today", TUE, "--device", "D", "-n"], &[]),
        (&["--conf", "C", "--today", TUE, "--logf", "L"], &["--device", "D", "--dry"]),
    ] {
        let nas = BackupBox::new("cdrw-80");
        nas.stage(TUE);
        let (config, log, device) = (nas.config(), nas.log(), nas.device());
        let real = |word: &&str| match *word {
            "C" => config.display().to_string(),
            "L" => log.display().to_string(),
            "D" => device.clone(),
            other => other.to_owned(),
        };
        let mut command = cedarburn();
        command.args(before.iter().map(real)).arg("store").args(after.iter().map(real));
        Run::of(&mut command).expect_code(0).expect_words(&[TUE, "new disc"]);
        assert!(log.exists() && !nas.is_marked(TUE));
    }
}

#[test]
fn help_version_and_diagnostics_need_no_action_and_end_well() {
    let help = Run::of(cedarburn().arg("--help")).expect_code(0);
    help.expect_words(&["store", "--config", "--full", "/etc/cback3.conf"]);
    Run::of(cedarburn().arg("-V")).expect_code(0).expect_words(&[env!("CARGO_PKG_VERSION")]);
    let diagnostics = Run::of(cedarburn().arg("-D")).expect_code(0);
    let names: Vec<&str> = diagnostics.stdout.lines().filter_map(|line| Some(line.split_once(':')?.0)).collect();
    assert_eq!(names, ["Encoding", "Interpreter", "Locale", "Platform", "Timestamp", "Version"]);
}
