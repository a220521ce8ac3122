//! Staging files that change while they are burned. Promised: the burn goes on, the disc gets a sound session, exactly the changed file
//! is named, the day is not marked, and the next run stores it as it is then.
//!
//! The change falls between plan and reading: the program is held while it burns a large file that comes first.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::gate::{Held, LARGE};
use crate::support::{BackupBox, MEDIA, MON, TUE, noise};

/// Burns a day in which `change` befalls the file `z/victim`, whose name and `words` have to be in the one finding.
fn check(media: &str, change: impl Fn(&Path), words: &[&str]) {
    check_on(BackupBox::new(media), change, words, |_| ());
}

/// As [`check`]; `amend` makes the file one that can be stored, or takes away what has taken its place, for the next run.
fn check_on(nas: BackupBox, change: impl Fn(&Path), words: &[&str], amend: impl Fn(&Path)) {
    nas.edit_config("</cb_config>", "<cedarburn><fifo_mb>1</fifo_mb></cedarburn></cb_config>");
    nas.stage_and_store(MON);
    let large = nas.stage_large(TUE, LARGE);
    let day = nas.stage_files(TUE, &[("z/untouched", &noise("u", 9000)), ("z/victim", &noise("v", 50_000))]);

    let mut command = nas.store_command(TUE, &nas.device());
    command.arg("--json");
    let mut held = Held::start(&nas, command);
    held.run_until("WRITE(10)", 4);
    change(&day.join("z/victim"));
    let (run, _) = held.finish();

    let run = run.expect_code(11);
    let findings = run.findings();
    assert_eq!(findings.len(), 1, "the changed file and nothing else: {run}");
    for word in [&["2026/11/17/z/victim"], words].concat() {
        assert!(findings[0].contains(word), "{word:?} is not in {:?}", findings[0]);
    }
    assert!(!nas.is_marked(TUE));

    // All of the disc can be read, and it says itself which file is not whole.
    let verify = nas.read(&["verify", "--session", "all", "--json"]).expect_code(11);
    let findings = verify.findings();
    assert_eq!(findings.len(), 1, "{verify}");
    assert!(findings[0].contains("2026/11/17/z/victim") && findings[0].contains("not whole"), "{verify}");
    nas.read(&["verify", "--session", "1"]).expect_code(0);

    fs::remove_file(large).unwrap();
    amend(&day.join("z/victim"));
    nas.store(TUE).expect_silence();
    assert!(nas.is_marked(TUE));
    assert_eq!(nas.days(), [MON, TUE]);
    assert_eq!(nas.files_on_disc(TUE).contains("z/victim"), day.join("z/victim").exists());
    nas.read(&["verify"]).expect_code(0);
}

/// A run that has begun to burn a day with the file `z/there`, and the day's directory.
fn held_while_it_burns(nas: &BackupBox) -> (Held, PathBuf) {
    nas.edit_config("</cb_config>", "<cedarburn><fifo_mb>1</fifo_mb></cedarburn></cb_config>");
    nas.stage_large(TUE, LARGE);
    let day = nas.stage_files(TUE, &[("z/there", &noise("u", 9000))]);
    let mut command = nas.store_command(TUE, &nas.device());
    command.arg("--json");
    let mut held = Held::start(nas, command);
    held.run_until("WRITE(10)", 4);
    (held, day)
}

#[test]
fn a_file_that_shrinks_is_filled_up() {
    for media in MEDIA {
        let shrink = |path: &Path| fs::OpenOptions::new().write(true).open(path).unwrap().set_len(20_000).unwrap();
        check(media, shrink, &["shrank from 50000 to 20000 bytes"]);
    }
}

#[test]
fn a_file_that_grows_is_cut() {
    let grow = |path: &Path| fs::write(path, noise("v", 60_000)).unwrap();
    check("cdrw-80", grow, &["grew from 50000 to 60000 bytes"]);
}

#[test]
fn a_file_that_vanishes_leaves_zeros() {
    check("dvd+rw", |path| fs::remove_file(path).unwrap(), &["went away"]);
}

#[test]
fn a_file_that_is_replaced_by_a_link_is_not_followed() {
    let replace = |path: &Path| {
        fs::remove_file(path).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", path).unwrap();
    };
    check("cdr-80", replace, &[]);
}

#[test]
fn a_file_that_is_replaced_by_another_is_not_mixed_up_with_it() {
    let replace = |path: &Path| {
        let new = path.with_file_name("new");
        fs::write(&new, noise("w", 50_000)).unwrap();
        fs::rename(new, path).unwrap();
    };
    check("cdr-80", replace, &[]);
}

#[test]
fn a_file_that_becomes_something_else_is_neither_read_nor_waited_for() {
    let becomes: [fn(&Path); 2] = [
        |path| fs::create_dir(path).unwrap(),
        |path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap(),
    ];
    for change in becomes {
        let replace = |path: &Path| {
            fs::rename(path, path.ancestors().nth(5).unwrap().join("away")).unwrap();
            change(path);
        };
        let take_away = |path: &Path| fs::remove_dir(path).or_else(|_| fs::remove_file(path)).unwrap();
        check_on(BackupBox::new("cdr-80"), replace, &[], take_away);
    }
}

#[test]
fn a_file_that_may_no_longer_be_read_leaves_zeros() {
    let mut nas = BackupBox::new("cdr-80");
    nas.run_as_nobody();
    let set_mode = |mode| move |path: &Path| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    check_on(nas, set_mode(0o000), &["Permission denied"], set_mode(0o644));
}

#[test]
fn a_directory_that_may_no_longer_be_listed_is_found_out() {
    let mut nas = BackupBox::new("cdr-80");
    nas.run_as_nobody();
    let set_mode = |mode| move |path: &Path| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let (held, day) = held_while_it_burns(&nas);
    // What is in it can still be opened.
    set_mode(0o311)(&day.join("z"));
    let run = held.finish().0.expect_code(11);
    let findings = run.findings();
    assert!(findings.len() == 1 && findings[0].contains("2026/11/17/z can't be listed: Permission denied"), "{run}");
    assert!(!nas.is_marked(TUE));
    set_mode(0o755)(&day.join("z"));
    nas.store(TUE).expect_silence();
}

#[test]
fn a_file_written_to_that_keeps_its_size_and_its_time_is_found_out() {
    let rewrite = |path: &Path| {
        let modified = fs::metadata(path).unwrap().modified().unwrap();
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(b"another content", 1000).unwrap();
        file.set_modified(modified).unwrap();
    };
    check("cdr-80", rewrite, &["changed"]);
}

#[test]
fn a_file_that_changes_when_its_bytes_have_gone_out_is_found_out() {
    let nas = BackupBox::new("cdr-80");
    nas.stage_large(TUE, LARGE);
    let day = nas.stage_files(TUE, &[("z/there", &noise("u", 9000))]);
    let mut command = nas.store_command(TUE, &nas.device());
    command.arg("--json");
    let mut held = Held::start(&nas, command);
    held.run_until("CLOSE TRACK SESSION", 1);
    fs::write(day.join("z/there"), "longer or shorter, it is not what is on the disc").unwrap();
    let run = held.finish().0.expect_code(11);
    let findings = run.findings();
    assert!(findings.len() == 1 && findings[0].contains("2026/11/17/z/there changed in"), "{run}");
    assert!(!nas.is_marked(TUE));
    nas.store(TUE).expect_silence();
    nas.read(&["verify"]).expect_code(0);
}

#[test]
fn a_file_that_comes_is_not_passed_over() {
    let nas = BackupBox::new("cdr-80");
    let (held, day) = held_while_it_burns(&nas);
    fs::write(day.join("z/late"), "not on this disc").unwrap();
    let run = held.finish().0.expect_code(11);
    let findings = run.findings();
    assert!(findings.len() == 1 && findings[0].contains("2026/11/17/z/late came to"), "{run}");
    assert!(!nas.is_marked(TUE));
    nas.store(TUE).expect_silence();
    assert!(nas.files_on_disc(TUE).contains("z/late"));
}
