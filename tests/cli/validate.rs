//! `validate`. Promised: every problem of a configuration with this machine is told, in the order of the sections, the exit code says whether
//! there is one, and nothing is touched.

use std::fs;

use crate::support::{BackupBox, Run, TUE};

/// A box whose configuration is valid.
fn valid(media: &str) -> BackupBox {
    let nas = BackupBox::new(media);
    nas.edit_config("<peers>", "<reference/><peers>");
    nas.edit_config("<collect_dir>/nonexistent</collect_dir>", "<collect_dir>/</collect_dir>");
    nas
}

fn validate(nas: &BackupBox, more: &[&str]) -> Run {
    nas.act("validate", TUE, more)
}

#[test]
fn a_valid_configuration_is_said_to_be_on_the_screen_and_not_with_quiet() {
    let nas = valid("cdrw-80");
    let before = nas.disc_fingerprint();
    let run = validate(&nas, &[]).expect_code(0);
    assert_eq!(run.stdout.lines().count(), 1, "{run}");
    run.expect_words(&["is valid"]);
    validate(&nas, &["--quiet"]).expect_silence();
    let log = fs::read_to_string(nas.log()).unwrap();
    assert!(log.contains("[INFO   ] the configuration") && log.contains("is CD-RW: blank"), "{log}");
    assert!(nas.disc_fingerprint() == before);
}

#[test]
fn every_problem_is_told_in_the_order_of_the_sections() {
    let nas = valid("cdrw-80");
    let top = nas.path("");
    let top = top.display().to_string();
    nas.edit_config("<reference/>", "");
    nas.edit_config(
        &format!("<working_dir>{}</working_dir>", top.trim_end_matches('/')),
        "<working_dir>/nonexistent</working_dir>",
    );
    nas.edit_config("<backup_user>root</backup_user>", "<backup_user>nobody-here</backup_user>");
    nas.edit_config("<collect_dir>/</collect_dir>", "<collect_dir>/etc/passwd</collect_dir>");
    let purge = "<purge><dir><abs_path>/nonexistent/purge</abs_path><retain_days>3</retain_days></dir></purge>";
    let own = "<cedarburn><receipts_dir>/nonexistent/receipts</receipts_dir></cedarburn>";
    nas.edit_config("</cb_config>", &format!("{purge}{own}</cb_config>"));
    let run = Run::of(nas.command().args(["validate", "--json", "--device", "sim:/nonexistent/disc"])).expect_code(4);
    let problems = run.findings();
    let expected = [
        "reference: the section is missing",
        "options/working_dir: /nonexistent does not exist",
        "options/backup_user, backup_group: there is no user nobody-here in /etc/passwd",
        "peer alpha: /etc/passwd is not a directory",
        "store/target_device: ",
        "cedarburn/receipts_dir: ",
        "purge/dir: /nonexistent/purge does not exist",
    ];
    assert_eq!(problems.len(), expected.len(), "{run}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}, not {expected}");
    }
}

#[test]
fn what_is_in_the_drive_is_a_remark_and_a_device_that_is_no_drive_a_problem() {
    let nas = valid("cdrw-80");
    nas.edit_config("<media_type>cdrw-80</media_type>", "<media_type>cdr-80</media_type>");
    let run = validate(&nas, &["--json"]);
    assert_eq!(
        run.result()["remarks"][0].as_str().map(|remark| remark.ends_with("is CD-RW, and cdr-80 is configured")),
        Some(true),
        "{run}"
    );
    let empty = Run::of(nas.command().args(["validate", "--json", "--device", &format!("{},empty", nas.device())]));
    assert!(empty.result()["remarks"][0].as_str().unwrap().contains("no disc"), "{empty}");
    let held = Run::of(nas.command().args(["validate", "--device", "/dev/null"])).expect_code(4);
    held.expect_words(&["store/target_device", "/dev/null"]);
}

#[test]
fn modes_count_for_who_may_not_do_everything() {
    let mut nas = valid("cdrw-80");
    nas.run_as_nobody();
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(nas.staging(), fs::Permissions::from_mode(0o555)).unwrap();
    let run = validate(&nas, &[]).expect_code(4);
    run.expect_words(&["stage/staging_dir", "is not writable"]);
}
