//! Promised: a full disk under what is told about a run spoils no backup, and is not passed over in silence. An answer that stdout did not
//! take ends the run with code 6 after the work is done; a log or a trace that can't be written is told on stderr.

use std::fs::{File, OpenOptions};
use std::process::Command;

use crate::support::{BackupBox, MON, Run, TUE, cedarburn};

/// A file on a disk that is always full.
const FULL: &str = "/dev/full";

/// Runs with stdout on a full disk.
fn told_to_nobody(command: &mut Command) -> Run {
    let full = OpenOptions::new().write(true).open(FULL).unwrap();
    command.stdout(full).stderr(std::process::Stdio::piped());
    command.spawn().unwrap().wait_with_output().unwrap().into()
}

#[test]
fn an_answer_that_is_lost_ends_a_store_with_code_6_and_the_day_is_stored() {
    for option in ["--json", "--verbose"] {
        let nas = BackupBox::new("dvd+rw");
        nas.stage(MON);
        let run = told_to_nobody(nas.store_command(MON, &nas.device()).arg(option)).expect_code(6);
        run.expect_one_error(&["stdout", "No space left", "state: what was asked for is done", "hint: "]);
        assert!(nas.is_marked(MON), "{option}");
        let log = std::fs::read_to_string(nas.log()).unwrap();
        assert!(log.contains("error: not all of the answer") && log.ends_with("completed with status 6\n"), "{log}");
        assert_eq!(nas.days(), [MON]);
        nas.assert_verified();
    }
}

#[test]
fn a_run_that_has_nothing_to_say_needs_no_stdout() {
    let nas = BackupBox::new("dvd+rw");
    nas.stage(MON);
    told_to_nobody(&mut nas.store_command(MON, &nas.device())).expect_silence();
    assert!(nas.is_marked(MON));
}

#[test]
fn what_is_asked_for_and_lost_is_no_success() {
    let nas = BackupBox::new("dvd+rw");
    nas.stage_and_store(MON);
    for arguments in [&["info"][..], &["info", "--json"], &["list"], &["list", "--json"], &["verify", "--json"]] {
        let run = told_to_nobody(nas.command().args(["--device", &nas.device()]).args(arguments)).expect_code(6);
        run.expect_one_error(&["stdout"]);
    }
}

#[test]
fn an_error_before_there_is_a_log_is_told_on_stderr_where_the_answer_is_lost() {
    for (arguments, code) in [
        (&["explain", "nothing-such", "--json"][..], 2),
        (&["collect", "--json"], 2),
        (&["store", "--json", "-l", "/nonexistent/log"], 3),
        (&["explain", "--json"], 6),
    ] {
        let run = told_to_nobody(cedarburn().args(arguments)).expect_code(code);
        assert!(run.stderr.contains("error: "), "{arguments:?}: {run}");
    }
}

#[test]
fn what_the_program_tells_about_itself_and_lost_is_no_success() {
    for arguments in [&["--help"][..], &["--version"], &["--diagnostics"], &["store", "--help"]] {
        told_to_nobody(cedarburn().args(arguments)).expect_code(6);
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let nas = BackupBox::new("dvd+rw");
    nas.stage_and_store(MON);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = nas.command();
    command.args(["--device", &nas.device(), "list", "-R"]).stdout(writer).stderr(std::process::Stdio::piped());
    Run::from(command.spawn().unwrap().wait_with_output().unwrap()).expect_silence();
}

#[test]
fn an_error_that_stdout_does_not_take_is_told_on_stderr_with_its_own_code() {
    for option in ["--debug", "--json", "--quiet"] {
        let nas = BackupBox::new("dvd+rw");
        nas.stage_and_store(MON);
        nas.stage(TUE);
        let device = format!("{},fault=write10#3:3/0c/00", nas.device());
        let run = told_to_nobody(nas.store_command(TUE, &device).arg(option)).expect_code(10);
        match option {
            // Quiet is quiet.
            "--quiet" => assert_eq!(run.stderr, ""),
            _ => run.expect_one_error(&["writing stopped", "state: ", "hint: "]),
        }
        assert!(!nas.is_marked(TUE));
    }
}

#[test]
fn a_log_that_can_not_be_written_is_told_once_and_stops_no_backup() {
    let nas = BackupBox::new("dvd+rw");
    nas.stage(MON);
    let run = Run::of(nas.store_command(MON, &nas.device()).args(["-l", FULL])).expect_code(0);
    assert_eq!(run.stdout, "");
    assert_eq!(run.stderr, "warning: the log file can't be written: No space left on device (os error 28)\n");
    assert!(nas.is_marked(MON));
}

#[test]
fn a_trace_that_can_not_be_written_is_told_once_and_stops_no_backup() {
    let nas = BackupBox::new("dvd+rw");
    nas.stage(MON);
    let run = Run::of(nas.store_command(MON, &nas.device()).args(["--scsi-trace", FULL, "--quiet"])).expect_code(0);
    assert_eq!(run.stdout, "");
    assert_eq!(run.stderr.lines().count(), 1, "{run}");
    run.expect_words(&["warning: the trace of the SCSI commands ends early", "No space left"]);
    assert!(std::fs::read_to_string(nas.log()).unwrap().contains("[WARNING] warning: the trace"));
    assert!(nas.is_marked(MON));
    // One that can be is whole.
    let trace = nas.path("trace");
    nas.read(&["info", "--scsi-trace", trace.to_str().unwrap()]).expect_code(0);
    assert!(File::open(trace).unwrap().metadata().unwrap().len() > 0);
}
