//! `span`: what does not fit on one disc. Promised: every file of every day is on one disc, whole and proven; a day is marked when all of it is;
//! and whatever breaks off, the next run goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::gate::{Held, LARGE};
use crate::support::{BackupBox, MON, Run, TUE, WED, noise};

/// Sectors of a disc here: some two megabytes.
const SECTORS: u64 = 1312;

/// A box with three days of two hosts, which take three discs.
fn three_days(media: &str) -> BackupBox {
    let nas = BackupBox::with_capacity(media, SECTORS);
    for (day, seed) in [(MON, "a"), (TUE, "b"), (WED, "c")] {
        let content = |name: &str| noise(&format!("{seed}{name}"), 760_000);
        let directory = nas.stage_files(
            day,
            &[("alpha/home.tar", &content("h")), ("alpha/etc.tar", b"small"), ("beta/var.tar", &content("v"))],
        );
        fs::create_dir_all(directory.join("beta/empty")).unwrap();
        std::os::unix::fs::symlink("home.tar", directory.join("alpha/link")).unwrap();
    }
    nas
}

fn span(nas: &BackupBox, more: &[&str]) -> Run {
    nas.act("span", WED, more)
}

fn journal(nas: &BackupBox) -> PathBuf {
    nas.path("staging.cedarburn-span.json")
}

/// Takes the disc out of the drive, as the one with this number, and puts an empty one in.
fn next_disc(nas: &BackupBox, media: &str, number: usize) {
    fs::rename(nas.disc(), nas.path(&format!("disc{number}"))).unwrap();
    let capacity = SECTORS.to_string();
    let disc = nas.disc().display().to_string();
    Run::of(nas.command().args(["disc", "create", &disc, "--media", media, "--capacity", &capacity])).expect_code(0);
}

/// The files, links and empty directories of the days on the discs of a box: path to the discs that have it. Each disc is verified.
fn on_discs(nas: &BackupBox, discs: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for disc in discs {
        let device = format!("sim:{}", nas.path(disc).display());
        nas.read_device(&device, &["verify"]).expect_code(0);
        let listed = nas.read_device(&device, &["list", "-R", "--json"]);
        for object in listed.objects().iter().filter(|object| object["type"] == "file") {
            let path = object["path"].as_str().unwrap().to_owned();
            if path.starts_with("/2026/") && (object["file_type"] != "directory" || path.ends_with("/empty")) {
                found.entry(path).or_default().push(disc.clone());
            }
        }
    }
    found
}

/// What is staged, in the same words.
fn staged(nas: &BackupBox) -> BTreeSet<String> {
    let top = nas.staging();
    crate::support::everything_in(&top)
        .into_iter()
        .filter(|path| path.is_symlink() || !path.is_dir() || path.ends_with("empty"))
        .filter(|path| !path.ends_with("cback.store"))
        .map(|path| format!("/{}", path.strip_prefix(&top).unwrap().display()))
        .collect()
}

/// Runs until the span is over, changing discs; how many there are, the one in the drive included.
fn run_to_the_end(nas: &BackupBox, media: &str, mut number: usize) -> Vec<String> {
    loop {
        let run = span(nas, &[]);
        match run.code {
            Some(0) => {
                assert!(run.stdout.is_empty(), "{run}");
                let done = (1..number).map(|number| format!("disc{number}"));
                return done.chain(["disc".to_owned()]).collect();
            }
            _ => {
                let run = run.expect_code(8);
                run.expect_one_error(&[&format!("disc {number} of"), "burned and proven", "empty disc"]);
                next_disc(nas, media, number);
                number += 1;
            }
        }
        assert!(number < 9, "it never ends");
    }
}

fn assert_all_there(nas: &BackupBox, discs: &[String]) {
    let found = on_discs(nas, discs);
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), staged(nas));
    for (path, discs) in found {
        assert_eq!(discs.len(), 1, "{path} is on {discs:?}");
    }
    for day in [MON, TUE, WED] {
        assert!(nas.is_marked(day), "{day}");
    }
    assert!(!journal(nas).exists());
}

#[test]
fn everything_is_on_one_disc_of_several_whole_and_proven() {
    for media in ["cdr-80", "dvd+rw"] {
        let nas = three_days(media);
        let discs = run_to_the_end(&nas, media, 1);
        assert_eq!(discs.len(), 3, "{media}");
        assert_all_there(&nas, &discs);
        let nothing = span(&nas, &[]).expect_code(12);
        nothing.expect_one_error(&["nothing to store"]);
    }
}

#[test]
fn a_day_is_marked_when_all_of_it_is_on_discs_and_not_before() {
    let nas = three_days("cdr-80");
    span(&nas, &[]).expect_code(8);
    // `together` puts the oldest day first.
    assert!(nas.is_marked(MON) && !nas.is_marked(TUE) && !nas.is_marked(WED));
    assert!(journal(&nas).exists());
}

#[test]
fn each_disc_says_which_one_it_is_in_its_label_and_its_text() {
    let nas = three_days("cdr-80");
    let discs = run_to_the_end(&nas, "cdr-80", 1);
    for (disc, number) in discs.iter().zip(1..) {
        let device = format!("sim:{}", nas.path(disc).display());
        let info = Run::of(nas.command().args(["info", "--json", "--device", &device])).result();
        assert_eq!(info["label"], format!("CEDAR BACKUP 18-NOV-2026 {number}/3"), "{info}");
        let sectors = fs::read(nas.path(disc).join("sectors")).unwrap();
        let text = format!("This is disc {number} of 3 of a set\n");
        assert!(sectors.windows(text.len()).any(|window| window == text.as_bytes()), "{disc}");
    }
}

#[test]
fn a_rehearsal_tells_the_plan_and_writes_nothing() {
    let nas = three_days("cdr-80");
    for algorithm in ["together", "first", "best", "worst", "alternate"] {
        let device = nas.device();
        let mut command = nas.command();
        command.args(["span", "-n", "--today", WED, "--device", &device, "--algorithm", algorithm]);
        let run = nas.refused(0, &mut command);
        run.expect_words(&["disc 1 of 3", "disc 3 of 3", "% full", "alpha", "beta"]);
        assert!(!journal(&nas).exists());
        let plan = Run::of(command.arg("--json")).result();
        let items: u64 = plan["discs"].as_array().unwrap().iter().map(|disc| disc["items"].as_u64().unwrap()).sum();
        assert_eq!(items, staged(&nas).len() as u64, "{plan}");
    }
}

#[test]
fn a_disc_that_is_done_is_not_burned_again() {
    let nas = three_days("dvd+rw");
    span(&nas, &[]).expect_code(8);
    let device = nas.device();
    let mut command = nas.command();
    let run = nas.refused(8, command.args(["span", "--today", WED, "--device", &device]));
    run.expect_one_error(&["disc 2 of the span is wanted, disc 1 is in the drive"]);
    // Not even if the whole disc may be wiped.
    nas.edit_config("</cb_config>", "<cedarburn><protect>off</protect></cedarburn></cb_config>");
    let mut command = nas.command();
    nas.refused(8, command.args(["span", "--full", "--today", WED, "--device", &device]));
}

#[test]
fn a_disc_with_a_day_of_these_weeks_is_not_wiped() {
    let nas = BackupBox::with_capacity("dvd+rw", 4000);
    nas.stage_and_store(MON);
    nas.stage(TUE);
    let device = nas.device();
    let mut command = nas.command();
    nas.refused(8, command.args(["span", "--today", WED, "--device", &device])).expect_one_error(&[MON]);
}

#[test]
fn a_run_that_breaks_off_anywhere_is_gone_on_with() {
    for media in ["cdr-80", "dvd+rw"] {
        for fault in
            ["write10#2:kill", "write10#20:kill", "close#1:kill", "sync#1:kill", "read10#20:kill", "write10#9:3/0c/00"]
        {
            let nas = three_days(media);
            span(&nas, &[]).expect_code(8);
            next_disc(&nas, media, 1);
            let device = format!("{},fault={fault}", nas.device());
            let broken = Run::of(nas.command().args(["span", "--today", WED, "--device", &device]));
            if broken.code == Some(8) {
                // This medium has no such command.
                continue;
            }
            assert!(!nas.is_marked(WED), "{media}, {fault}: {broken}");
            let again = span(&nas, &[]);
            let discs = if again.code == Some(8) && again.stdout.contains("disc 2 of") {
                next_disc(&nas, media, 2);
                run_to_the_end(&nas, media, 3)
            } else {
                // A write-once disc that was spoiled is none for the span.
                assert_eq!((media, again.code), ("cdr-80", Some(8)), "{fault}: {again}");
                again.expect_one_error(&["blank disc"]);
                fs::remove_dir_all(nas.disc()).unwrap();
                let capacity = SECTORS.to_string();
                let disc = nas.disc().display().to_string();
                Run::of(nas.command().args(["disc", "create", &disc, "--media", media, "--capacity", &capacity]))
                    .expect_code(0);
                run_to_the_end(&nas, media, 2)
            };
            assert_all_there(&nas, &discs);
        }
    }
}

/// The disc is burned, and the run that did it died before it could say so.
#[test]
fn a_disc_that_is_burned_and_not_noted_is_proven_and_not_burned_again() {
    let nas = three_days("cdr-80");
    span(&nas, &[]).expect_code(8);
    let mut noted: Value = serde_json::from_slice(&fs::read(journal(&nas)).unwrap()).unwrap();
    let done = noted["discs"].as_array_mut().unwrap().pop().unwrap();
    noted["burning"] = done["items"].as_object().unwrap().keys().cloned().collect::<Vec<_>>().into();
    fs::write(journal(&nas), noted.to_string()).unwrap();
    nas.remove_mark(MON);
    let before = nas.disc_content();
    span(&nas, &[]).expect_code(8).expect_one_error(&["disc 1 of 3 is burned and proven"]);
    assert!(nas.disc_content() == before, "nothing was burned");
    assert!(nas.is_marked(MON));
    next_disc(&nas, "cdr-80", 1);
    let discs = run_to_the_end(&nas, "cdr-80", 2);
    assert_all_there(&nas, &discs);
}

#[test]
fn a_file_that_changes_between_two_discs_is_burned_once_more() {
    let nas = three_days("cdr-80");
    // By size, so that a day is on several discs and not marked after the first.
    span(&nas, &["--algorithm", "worst"]).expect_code(8);
    let small = nas.day(MON).join("alpha/etc.tar");
    fs::write(&small, "another content").unwrap();
    next_disc(&nas, "cdr-80", 1);
    let discs = run_to_the_end(&nas, "cdr-80", 2);
    let found = on_discs(&nas, &discs);
    assert_eq!(found["/2026/11/16/alpha/etc.tar"].len(), 2, "{found:?}");
    assert!(nas.is_marked(MON));
}

#[test]
fn a_day_that_comes_later_is_not_part_of_it() {
    let nas = three_days("cdr-80");
    span(&nas, &[]).expect_code(8);
    nas.stage("2026-11-15");
    next_disc(&nas, "cdr-80", 1);
    run_to_the_end(&nas, "cdr-80", 2);
    assert!(!nas.is_marked("2026-11-15"));
    assert!(fs::read_to_string(nas.log()).unwrap().contains("2026-11-15 came after the span began"));
}

#[test]
fn a_file_that_fits_on_no_disc_is_named_before_anything_is_touched() {
    let nas = three_days("cdr-80");
    nas.stage_files(TUE, &[("beta/huge.tar", &noise("x", 3_000_000))]);
    let device = nas.device();
    let mut command = nas.command();
    let run = nas.refused(9, command.args(["span", "--today", WED, "--device", &device]));
    run.expect_one_error(&["2026/11/17/beta/huge.tar", "fits on no such disc"]);
    assert!(!journal(&nas).exists());
}

#[test]
fn a_journal_that_can_not_be_read_is_an_error_that_loses_nothing() {
    let nas = three_days("cdr-80");
    span(&nas, &[]).expect_code(8);
    next_disc(&nas, "cdr-80", 1);
    let good = fs::read(journal(&nas)).unwrap();
    for length in [0, 1, good.len() / 2, good.len() - 1] {
        fs::write(journal(&nas), &good[..length]).unwrap();
        let device = nas.device();
        let mut command = nas.command();
        nas.refused(6, command.args(["span", "--today", WED, "--device", &device]))
            .expect_one_error(&["journal", "removed"][..1]);
    }
    fs::write(journal(&nas), &good).unwrap();
    let discs = run_to_the_end(&nas, "cdr-80", 2);
    assert_all_there(&nas, &discs);
}

/// Between two looks at what a run does.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

fn log(nas: &BackupBox) -> String {
    fs::read_to_string(nas.log()).unwrap_or_default()
}

/// Waits for these words in the log of a run.
fn wait_for(nas: &BackupBox, run: &mut std::process::Child, words: &str) {
    while !log(nas).contains(words) {
        assert!(run.try_wait().unwrap().is_none(), "it has ended: {}", log(nas));
        std::thread::sleep(PAUSE);
    }
}

#[test]
fn with_wait_it_goes_on_when_another_disc_is_in() {
    let nas = three_days("cdr-80");
    nas.configure_store("<no_eject>Y</no_eject>");
    let device = nas.device();
    let mut command = nas.command();
    command.args(["span", "--wait=1h", "--today", WED, "--device", &device]);
    let mut child = command.spawn().unwrap();
    for number in 1..3 {
        wait_for(&nas, &mut child, &format!("disc {number} of 3 is burned and proven: waiting"));
        next_disc(&nas, "cdr-80", number);
    }
    assert!(child.wait().unwrap().success());
    assert_all_there(&nas, &["disc1", "disc2", "disc"].map(str::to_owned));
}

#[test]
fn a_wait_ends_when_its_time_is_over() {
    let nas = three_days("cdr-80");
    span(&nas, &["--wait=0s"]).expect_code(8).expect_one_error(&["disc 1 of 3 is burned and proven"]);
}

#[test]
fn a_wait_ends_when_its_time_is_over_though_a_wrong_disc_is_in_and_tells_that_once() {
    let nas = three_days("cdr-80");
    nas.configure_store("<no_eject>Y</no_eject>");
    let device = nas.device();
    let mut command = nas.command();
    command.args(["span", "--wait=3s", "--today", WED, "--device", &device]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    wait_for(&nas, &mut child, "disc 1 of 3 is burned and proven: waiting");
    next_disc(&nas, "dvd+rw", 1);
    while child.try_wait().unwrap().is_none() {
        let warnings = log(&nas).matches("another disc is waited for").count();
        if warnings > 1 {
            child.kill().unwrap();
        }
        assert!(warnings <= 1, "{warnings} warnings");
        std::thread::sleep(PAUSE);
    }
    let run: Run = child.wait_with_output().unwrap().into();
    run.expect_code(8).expect_words(&["disc 1 of 3 is burned and proven"]);
}

#[test]
fn while_it_waits_it_refuses_discs_and_leaves_a_receipt_for_each_that_is_done() {
    let nas = three_days("cdr-80");
    let device = nas.device();
    let mut command = nas.command();
    command.args(["span", "--wait=1h", "--today", WED, "--device", &device]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut in_the_log = |words: &str| wait_for(&nas, &mut child, words);
    in_the_log("disc 1 of 3 is burned and proven: waiting");
    next_disc(&nas, "dvd+rw", 1);
    in_the_log("another disc is waited for");
    fs::remove_dir_all(nas.disc()).unwrap();
    next_disc_in_empty_drive(&nas, "cdr-80");
    in_the_log("disc 2 of 3 is burned and proven: waiting");
    next_disc(&nas, "cdr-80", 2);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let screen = String::from_utf8(output.stdout).unwrap();
    assert_eq!(screen.lines().count(), 1, "{screen}");
    assert!(screen.starts_with("warning: ") && screen.contains("DVD+RW"), "{screen}");
    assert_all_there(&nas, &["disc1", "disc2", "disc"].map(str::to_owned));
    let mut receipts: Vec<Value> = crate::support::receipts(&nas.path(""));
    receipts.retain(|receipt| receipt["action"] == "span");
    let labels: Vec<_> = receipts.iter().map(|receipt| receipt["disc"]["label"].clone()).collect();
    assert_eq!(labels, [1, 2, 3].map(|number| Value::from(format!("CEDAR BACKUP 18-NOV-2026 {number}/3"))));
    assert!(receipts.iter().all(|receipt| receipt["exit_code"] == 0 && receipt["proven"] == true));
    let days: Vec<&Value> = receipts.iter().flat_map(|receipt| receipt["days"].as_array().unwrap()).collect();
    for day in [MON, TUE, WED] {
        let outcomes: Vec<_> = days.iter().filter(|facts| facts["day"] == day).map(|facts| &facts["outcome"]).collect();
        let is_split = outcomes.len() > 1 && outcomes.iter().all(|outcome| *outcome == "stored in part");
        assert!(outcomes == ["stored"] || is_split, "{day}: {outcomes:?}");
    }
}

fn next_disc_in_empty_drive(nas: &BackupBox, media: &str) {
    let (capacity, disc) = (SECTORS.to_string(), nas.disc().display().to_string());
    Run::of(nas.command().args(["disc", "create", &disc, "--media", media, "--capacity", &capacity])).expect_code(0);
}

#[test]
fn what_went_from_staging_before_its_turn_is_told_and_its_day_is_not_marked() {
    type Change = fn(&BackupBox);
    let changes: [Change; 3] = [
        |nas| fs::remove_dir_all(nas.day(WED)).unwrap(),
        |nas| fs::remove_file(nas.day(WED).join("cback.stage")).unwrap(),
        |nas| fs::remove_file(nas.day(WED).join("alpha/home.tar")).unwrap(),
    ];
    for change in changes {
        let nas = three_days("cdr-80");
        span(&nas, &[]).expect_code(8);
        next_disc(&nas, "cdr-80", 1);
        change(&nas);
        let mut run = span(&nas, &[]);
        if run.code == Some(8) {
            next_disc(&nas, "cdr-80", 2);
            run = span(&nas, &[]);
        }
        run.expect_code(11).expect_one_error(&["gone from staging", "2026/11/18/"]);
        assert!(nas.is_marked(MON) && nas.is_marked(TUE) && !nas.is_marked(WED));
        assert!(!journal(&nas).exists());
    }
}

#[test]
fn what_comes_while_a_disc_is_burned_goes_on_the_next_one() {
    let nas = BackupBox::new("cdr-80");
    nas.edit_config("</cb_config>", "<cedarburn><fifo_mb>1</fifo_mb></cedarburn></cb_config>");
    nas.stage_large(MON, LARGE);
    nas.stage_files(MON, &[("z/there", b"there")]);
    let device = nas.device();
    let mut command = nas.command();
    command.args(["span", "--today", MON, "--device", &device, "--json"]);
    let mut held = Held::start(&nas, command);
    held.run_until("WRITE(10)", 4);
    fs::write(nas.day(MON).join("late"), "late").unwrap();
    held.finish().0.expect_code(8);
    assert!(!nas.is_marked(MON));
    nas.change_disc("cdr-80");
    span(&nas, &[]).expect_silence();
    assert!(nas.is_marked(MON));
    assert!(nas.files_on_disc(MON).contains("late"));
}

#[test]
fn a_disc_of_it_that_another_action_wipes_is_burned_again() {
    let nas = three_days("cdrw-80");
    nas.edit_config("</cb_config>", "<cedarburn><protect>off</protect></cedarburn></cb_config>");
    span(&nas, &[]).expect_code(8);
    // Tuesday, to a disc that is wiped for it.
    let run = nas.store_with(TUE, &["--full"]).expect_code(0);
    run.expect_words(&["warning: disc 1 of a span is wiped"]);
    assert!(!nas.is_marked(MON), "it was on that disc alone");
    fs::rename(nas.disc(), nas.path("tuesday")).unwrap();
    next_disc_in_empty_drive(&nas, "cdrw-80");
    nas.remove_mark(TUE);
    // The number of the disc that was wiped stays taken.
    let discs: Vec<String> = run_to_the_end(&nas, "cdrw-80", 2).into_iter().filter(|disc| disc != "disc1").collect();
    let found = on_discs(&nas, &discs);
    assert_eq!(found.into_keys().collect::<BTreeSet<_>>(), staged(&nas));
}

#[test]
fn a_disc_of_it_that_is_blanked_or_initialised_by_hand_is_burned_again() {
    for action in ["blank", "initialize"] {
        let nas = three_days("cdrw-80");
        span(&nas, &[]).expect_code(8);
        assert!(nas.is_marked(MON));
        let more: &[&str] = if action == "initialize" { &["--full"] } else { &[] };
        let run = nas.act(action, WED, more).expect_code(0);
        run.expect_words(&["disc 1 of a span is wiped"]);
        assert!(!nas.is_marked(MON), "{action}");
    }
}

#[test]
fn a_failed_disc_of_its_own_that_has_other_days_by_now_is_protected_like_any_other() {
    let nas = BackupBox::new("cdrw-80");
    nas.stage(MON);
    let device = format!("{},fault=write10#3:flip", nas.device());
    Run::of(nas.command().args(["span", "--today", MON, "--device", &device])).expect_code(11);
    nas.stage(TUE);
    nas.store(TUE).expect_silence();
    assert!(nas.is_marked(TUE));
    nas.act("span", TUE, &[]).expect_code(8).expect_one_error(&[TUE]);
    assert!(nas.days().contains(&TUE.to_owned()));
}

#[test]
fn an_empty_directory_that_got_something_has_not_gone() {
    let nas = three_days("cdr-80");
    span(&nas, &[]).expect_code(8);
    fs::write(nas.day(WED).join("beta/empty/late"), "late").unwrap();
    next_disc(&nas, "cdr-80", 1);
    let discs = run_to_the_end(&nas, "cdr-80", 2);
    assert_all_there(&nas, &discs);
}

#[test]
fn one_whose_days_were_stored_otherwise_makes_way_for_the_next() {
    let nas = three_days("cdr-80");
    span(&nas, &[]).expect_code(8);
    for day in [TUE, WED] {
        fs::write(nas.day(day).join("cback.store"), "").unwrap();
    }
    nas.change_disc("cdr-80");
    nas.stage("2026-11-19");
    let run = nas.act("span", "2026-11-19", &[]);
    run.expect_silence();
    assert!(nas.is_marked("2026-11-19") && !journal(&nas).exists());
}

#[test]
fn a_failed_burn_of_its_own_does_not_stand_in_its_way() {
    let nas = BackupBox::new("cdrw-80");
    nas.stage(MON);
    let device = format!("{},fault=write10#3:flip", nas.device());
    Run::of(nas.command().args(["span", "--today", MON, "--device", &device])).expect_code(11);
    assert!(!nas.is_marked(MON));
    nas.act("span", MON, &[]).expect_silence();
    assert!(nas.is_marked(MON));
    nas.assert_verified();
}
