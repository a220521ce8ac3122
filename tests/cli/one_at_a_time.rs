//! Two runs at once. Promised: a staging directory and a drive are one run's at a time; the other ends at once with 13, tells by number and
//! time who is at work, and touches nothing. What only looks is not kept out, and a run that is killed keeps nobody out.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::Signal;

use crate::gate::{Held, LARGE};
use crate::support::{BackupBox, MON, Run, cedarburn};

/// A run that has begun to write.
fn at_work(nas: &BackupBox, command: Command) -> Held {
    let mut held = Held::start(nas, command);
    held.run_until("WRITE(10)", 1);
    held
}

/// A box with a day that takes long enough, and another blank disc in another drive.
fn with_two_discs(media: &str) -> (BackupBox, String) {
    let nas = BackupBox::new(media);
    nas.stage(MON);
    nas.stage_large(MON, LARGE);
    let second = nas.path("second");
    Run::of(cedarburn().args(["disc", "create"]).arg(&second).args(["--media", media])).expect_silence();
    (nas, format!("sim:{}", second.display()))
}

/// Who is at work is told, and since when.
fn expect_refusal(run: &Run, holder: &Held) {
    assert_eq!(run.code, Some(13), "{run}");
    run.expect_one_error(&[
        &format!("cedarburn (process {}, running since 20", holder.process()),
        "nothing was written, the disc is as it was",
        "run the same command again when that one is done",
    ]);
}

#[test]
fn a_second_run_on_a_staging_directory_is_refused_whatever_drive_it_has() {
    let (nas, second) = with_two_discs("cdr-80");
    let first = at_work(&nas, nas.store_command(MON, &nas.device()));
    let before = (fs::read(nas.path("second/state.json")).unwrap(), nas.staging_fingerprint());
    let refused = Run::of(&mut nas.store_command(MON, &second));
    expect_refusal(&refused, &first);
    refused.expect_words(&[&format!("{} is in use: ", nas.staging().display())]);
    assert!((fs::read(nas.path("second/state.json")).unwrap(), nas.staging_fingerprint()) == before);
    let (run, _) = first.finish();
    run.expect_silence();
    assert!(nas.is_marked(MON));
    assert_eq!(Run::of(&mut nas.store_command(MON, &second)).code, Some(12), "it is the first one's no more");
}

#[test]
fn every_action_that_marks_days_is_kept_out_and_initialize_which_marks_none_is_not() {
    let (nas, second) = with_two_discs("cdrw-80");
    let first = at_work(&nas, nas.store_command(MON, &nas.device()));
    let run = |arguments: &[&str]| nas.read_device(&second, &[arguments, &["--today", MON]].concat());
    for arguments in [&["rebuild"][..], &["store", "--catch-up"], &["store", "--full"]] {
        expect_refusal(&run(arguments), &first);
    }
    run(&["initialize"]).expect_silence();
    first.finish().0.expect_silence();
}

#[test]
fn what_only_looks_is_not_kept_out_of_a_staging_directory() {
    let (nas, second) = with_two_discs("cdr-80");
    let first = at_work(&nas, nas.store_command(MON, &nas.device()));
    for arguments in [&["store", "--dry-run", "--today", MON][..], &["info", "--today", MON]] {
        nas.read_device(&second, arguments).expect_code(0).expect_words(&[MON]);
    }
    first.finish().0.expect_silence();
}

#[test]
fn a_second_run_on_a_drive_is_refused_whatever_it_wants() {
    let (nas, _) = with_two_discs("cdr-80");
    let first = at_work(&nas, nas.store_command(MON, &nas.device()));
    for action in ["info", "list", "verify", "eject"] {
        let refused = nas.read(&[action]);
        expect_refusal(&refused, &first);
        refused.expect_words(&["is in another drive"]);
    }
    first.finish().0.expect_silence();
}

#[test]
fn a_run_that_was_killed_keeps_nobody_out() {
    let (nas, second) = with_two_discs("cdr-80");
    let first = at_work(&nas, nas.store_command(MON, &nas.device()));
    first.signal(Signal::SIGKILL);
    assert_eq!(first.finish().0.signal, Some(9));
    Run::of(&mut nas.store_command(MON, &second)).expect_silence();
    assert!(nas.is_marked(MON));
}

#[test]
fn who_may_only_read_the_staging_directory_has_it_for_himself_too() {
    let (mut nas, second) = with_two_discs("cdr-80");
    nas.run_as_nobody();
    fs::set_permissions(nas.staging(), fs::Permissions::from_mode(0o555)).unwrap();
    let first = at_work(&nas, nas.store_command(MON, &nas.device()));
    expect_refusal(&Run::of(&mut nas.store_command(MON, &second)), &first);
    first.finish().0.expect_silence();
    fs::set_permissions(nas.staging(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn another_program_that_locks_the_staging_directory_is_told_by_its_name() {
    let nas = BackupBox::new("cdr-80");
    nas.stage(MON);
    let root = fs::File::open(nas.staging()).unwrap();
    let held = Flock::lock(root, FlockArg::LockExclusiveNonblock).unwrap();
    let own = fs::read_to_string("/proc/self/comm").unwrap();
    let who = format!("{} (process {}, running since 20", own.trim_end(), std::process::id());
    let run = nas.refused(13, &mut nas.store_command(MON, &nas.device()));
    run.expect_one_error(&[&who, "have it lock something else"]);
    drop(held);
    nas.store(MON).expect_silence();
}
