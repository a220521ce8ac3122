//! Errors by their names. Promised: every error has a name that `explain` tells more about, without configuration, log or drive; every name
//! is that of an error that a user can meet, with the exit code that `explain` tells; and `--json` and receipts have the same name.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::gate::{Held, LARGE};
use crate::support::{BackupBox, MON, NEXT_MON, Run, SUN, TUE, WED, cedarburn, noise};

/// What is in the way of a real drive only; tests/vm.rs meets them.
const IN_THE_GUEST: [&str; 2] = ["drive-mounted", "drive-not-permitted"];

fn explained(topic: &[&str]) -> Value {
    Run::of(cedarburn().arg("explain").args(topic).arg("--json")).result()
}

fn run(arguments: &[&str]) -> Run {
    Run::of(cedarburn().args(arguments))
}

/// A box with a day that is staged.
fn staged(media: &str) -> BackupBox {
    let nas = BackupBox::new(media);
    nas.stage(MON);
    nas
}

/// A box with a day that is stored, and the next day staged.
fn stored(media: &str) -> BackupBox {
    let nas = BackupBox::new(media);
    nas.stage_and_store(MON);
    nas.stage(TUE);
    nas
}

/// Stores the first day in a drive with this habit.
fn store_on(media: &str, habit: &str) -> Run {
    staged(media).store_on(MON, habit)
}

/// A box whose disc has room for a good two megabytes, and more staged than that.
fn narrow(bytes: usize) -> BackupBox {
    let nas = BackupBox::with_capacity("cdrw-80", 1312);
    for day in [MON, TUE] {
        nas.stage_files(day, &[("alpha/home.tar", &noise(day, bytes))]);
    }
    nas
}

/// A directory to make an image of, and the place of the image.
fn image(nas: &BackupBox, more: &[&str]) -> Run {
    let source = nas.path("source");
    fs::create_dir_all(&source).unwrap();
    fs::write(source.join("file"), "content").unwrap();
    Run::of(cedarburn().arg("image").arg(source).args(more))
}

/// A run that is stopped at a command, and then let go.
fn held(nas: &BackupBox, command: std::process::Command, at: &str, then: impl FnOnce(&Held)) -> Run {
    let mut held = Held::start(nas, command);
    held.run_until(at, 1);
    then(&held);
    held.finish().0
}

fn wait_for(nas: &BackupBox, held: &Held, signal: Signal, words: &str) {
    held.signal(signal);
    while !fs::read_to_string(nas.log()).unwrap().contains(words) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// The error of a run is the one with this name, and the exit code is its.
fn expect(id: &str, run: &Run) {
    let lines: Vec<&str> = run.stdout.lines().chain(run.stderr.lines()).collect();
    let more = format!("  more: cedarburn explain {id}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("  more: ")).collect::<Vec<_>>(), [&more], "{run}");
    let known = explained(&[id]);
    assert_eq!(known["errors"][0]["exit_code"].as_i64(), run.code.map(i64::from), "{run}");
}

/// A test an error, with its name; and the names of all. No run stands for one that only root can meet where the tests are not root's.
macro_rules! reached {
    ($($name:ident $word:literal => $run:expr)+) => {
        $(
            #[test]
            fn $name() {
                let run: Option<Run> = ($run).into();
                run.iter().for_each(|run| expect($word, run));
            }
        )+

        const REACHED: &[&str] = &[$($word),+];
    };
}

mod can_be_met {
    use super::*;

    reached! {
        usage "usage" => run(&["blank", "--fast", "--full", "--device", "sim:/nonexistent"])
        usage_that_can_not_be_understood "usage" => run(&["frobnicate"])
        usage_in_the_environment "usage" => Run::of(cedarburn().args(["drives"]).env("SOURCE_DATE_EPOCH", "x"))
        usage_of_explain "usage" => run(&["explain", "no-such-error"])
        not_ours "not-ours" => run(&["collect"])
        not_ours_but_by_an_option "not-ours" => run(&["-M", "store"])
        volume_id "volume-id" => {
            let nas = BackupBox::new("cdr-80");
            image(&nas, &["--volume-id", "\u{e4}", "--output", nas.path("image").to_str().unwrap()])
        }
        log_file "log-file" => run(&["store", "-l", "/nonexistent/log"])
        config_unreadable "config-unreadable" => run(&["info", "-c", "/nonexistent"])
        config_invalid "config-invalid" => {
            let nas = staged("cdr-80");
            nas.edit_config("cdr-80", "cdr-81");
            nas.store(MON)
        }
        not_valid "not-valid" => {
            let nas = staged("cdr-80");
            nas.edit_config("<backup_user>root", "<backup_user>nobody-here");
            nas.act("validate", MON, &[])
        }
        several_actions "several-actions" => run(&["store", "rebuild"])
        interrupted "interrupted" => {
            let nas = staged("cdr-80");
            nas.stage_large(MON, LARGE);
            let command = nas.store_command(MON, &nas.device());
            held(&nas, command, "WRITE(10)", |held| wait_for(&nas, held, Signal::SIGTERM, "interrupted"))
        }
        not_waited_for "not-waited-for" => {
            let nas = stored("cdrw-80");
            let mut command = nas.store_command(TUE, &nas.device());
            command.arg("--full");
            let run = held(&nas, command, "BLANK", |held| {
                wait_for(&nas, held, Signal::SIGTERM, "interrupted");
                wait_for(&nas, held, Signal::SIGTERM, "interrupted again");
            });
            // That an operation was left running is what was asked.
            fs::remove_file(nas.path("violations")).unwrap();
            run
        }
        nothing_staged "nothing-staged" => BackupBox::new("cdr-80").store(MON)
        staging_unreadable "staging-unreadable" => {
            let nas = BackupBox::new("cdr-80");
            fs::remove_dir_all(nas.staging()).unwrap();
            nas.store(MON)
        }
        linked_day "linked-day" => {
            let nas = staged("cdr-80");
            let day = nas.day(MON);
            fs::rename(&day, nas.path("elsewhere")).unwrap();
            std::os::unix::fs::symlink(nas.path("elsewhere"), day).unwrap();
            nas.store(MON)
        }
        odd_mark "odd-mark" => {
            let nas = staged("cdr-80");
            std::os::unix::fs::symlink("/nonexistent", nas.day(MON).join("cback.store")).unwrap();
            nas.store(MON)
        }
        mark_not_written "mark-not-written" => {
            let mut nas = staged("cdr-80");
            nas.run_as_nobody();
            fs::set_permissions(nas.day(MON), fs::Permissions::from_mode(0o555)).unwrap();
            let run = nas.store(MON);
            fs::set_permissions(nas.day(MON), fs::Permissions::from_mode(0o755)).unwrap();
            run
        }
        files_unreadable "files-unreadable" => {
            let mut nas = staged("cdr-80");
            nas.run_as_nobody();
            fs::set_permissions(nas.day(MON).join("alpha/home.tar"), fs::Permissions::from_mode(0o000)).unwrap();
            nas.store(MON)
        }
        files_moving "files-moving" => {
            // A process that has ended and was not waited for has a directory with names of which some lead nowhere.
            let mut child = std::process::Command::new("/bin/true").stdin(Stdio::null()).spawn().unwrap();
            let source = format!("/proc/{}/ns", child.id());
            while fs::read_link(format!("{source}/uts")).is_ok() {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            let run = run(&["image", &source, "--output", "-"]);
            child.wait().unwrap();
            run
        }
        files_unfit "files-unfit" => {
            let nas = staged("cdr-80");
            fs::create_dir_all(nas.day(MON).join("d/".repeat(1001))).unwrap();
            nas.store(MON)
        }
        owner_unknown "owner-unknown" => {
            let nas = staged("cdr-80");
            nas.edit_config("<backup_group>root", "<backup_group>nobody-here");
            nix::unistd::geteuid().is_root().then(|| nas.store(MON))
        }
        hook_failed "hook-failed" => {
            let nas = staged("cdr-80");
            let hook = "<pre_action_hook><action>store</action><command>false</command></pre_action_hook>";
            nas.edit_config("</options>", &format!("{hook}</options>"));
            nas.store(MON)
        }
        receipts_folder "receipts-folder" => staged("cdr-80").store_with(MON, &["--receipts", "/nonexistent"])
        no_receipts "no-receipts" => Run::of(BackupBox::new("cdr-80").command().arg("status"))
        not_well "not-well" => {
            let nas = staged("cdr-80");
            nas.store_on(MON, "empty").expect_code(8);
            Run::of(nas.command().arg("status"))
        }
        not_on_disc "not-on-disc" => stored("cdr-80").read(&["list", "/nonexistent"])
        no_manifest "no-manifest" => {
            let nas = BackupBox::new("cdr-80");
            let path = nas.path("image.iso").display().to_string();
            image(&nas, &["--output", &path]).expect_silence();
            run(&["verify", "--device", &path])
        }
        image_unreadable "image-unreadable" => {
            let mut nas = BackupBox::new("cdr-80");
            let path = nas.path("image.iso");
            fs::write(&path, "").unwrap();
            nas.run_as_nobody();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
            nas.read_device(path.to_str().unwrap(), &["list"])
        }
        image_not_written "image-not-written" => image(&BackupBox::new("cdr-80"), &["--output", "/nonexistent/image"])
        trace_file "trace-file" => staged("cdr-80").store_with(MON, &["--scsi-trace", "/nonexistent/trace"])
        virtual_disc "virtual-disc" => run(&["disc", "show", "/nonexistent"])
        demo_folder "demo-folder" => run(&["demo", "/etc"])
        span_journal "span-journal" => {
            let mut nas = staged("cdr-80");
            let journal = nas.path("staging.cedarburn-span.json");
            fs::write(&journal, "{}").unwrap();
            nas.run_as_nobody();
            fs::set_permissions(&journal, fs::Permissions::from_mode(0o000)).unwrap();
            nas.act("span", MON, &[])
        }
        span_journal_broken "span-journal-broken" => {
            let nas = staged("cdr-80");
            fs::write(nas.path("staging.cedarburn-span.json"), "{").unwrap();
            nas.act("span", MON, &[])
        }
        answer_lost "answer-lost" => {
            let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let mut command = cedarburn();
            let mut run = command.arg("explain").stdout(full).stderr(Stdio::piped());
            run = run.env("TZ", "UTC");
            Run::from(run.spawn().unwrap().wait_with_output().unwrap())
        }
        no_drive "no-drive" => run(&["drives", "--sysfs", "/nonexistent"])
        drive_missing "drive-missing" => run(&["info", "--device", "/dev/nonexistent"])
        not_a_drive "not-a-drive" => run(&["info", "--device", "/etc"])
        drive_busy "drive-busy" => {
            let nas = BackupBox::new("cdr-80");
            let sectors = fs::File::open(nas.sectors()).unwrap();
            let _held = Flock::lock(sectors, FlockArg::LockExclusiveNonblock).unwrap();
            nas.read(&["info"])
        }
        drive_silent "drive-silent" => staged("cdr-80").store_on(MON, "fault=inquiry:4/44/00")
        drive_lost "drive-lost" => {
            let nas = stored("cdr-80");
            nas.read_device(&format!("{},fault=read10#9:vanish", nas.device()), &["verify"])
        }
        tray "tray" => {
            let nas = BackupBox::new("cdr-80");
            nas.read_device(&format!("{},fault=startstop:5/53/02", nas.device()), &["eject"])
        }
        small_transfers "small-transfers" => store_on("dvd-r", "maxxfer=16k")
        simulated_drive "simulated-drive" => run(&["info", "--device", "sim:/nonexistent"])
        no_disc "no-disc" => store_on("cdr-80", "empty")
        disc_unreadable "disc-unreadable" => stored("cdr-80").store_on(TUE, "fault=read10:3/11/00")
        no_file_system "no-file-system" => BackupBox::new("cdr-80").read(&["list"])
        nothing_whole "nothing-whole" => {
            let nas = stored("cdr-80");
            let part = nas.path("part");
            fs::write(&part, &fs::read(nas.sectors()).unwrap()[..2048 * 60]).unwrap();
            nas.read_device(part.to_str().unwrap(), &["list"])
        }
        tree_not_whole "tree-not-whole" => {
            let nas = stored("cdr-80");
            let sectors = fs::read(nas.sectors()).unwrap();
            let name = b"NM\x0d\x01\0home.tar";
            let at = sectors.windows(name.len()).position(|bytes| bytes == name).unwrap();
            nas.patch_sectors(at as u64 + 5, b"H");
            nas.store(TUE)
        }
        not_writable "not-writable" => {
            let nas = staged("bd-r");
            Run::of(cedarburn().args(["format", "--spares", "least", "--device", &nas.device()])).expect_code(0);
            let state = nas.disc().join("state.json");
            let text = fs::read_to_string(&state).unwrap();
            let mut disc: Value = serde_json::from_str(&text).unwrap();
            disc["pseudo_overwrite"] = true.into();
            fs::write(&state, disc.to_string()).unwrap();
            nas.store(MON)
        }
        not_erasable "not-erasable" => stored("cdr-80").read(&["blank"])
        not_formattable "not-formattable" => BackupBox::new("cdr-80").read(&["format"])
        not_empty "not-empty" => stored("bd-re").read(&["format"])
        wrong_label "wrong-label" => {
            let nas = stored("cdr-80");
            nas.configure_store("<check_media>Y</check_media>");
            nas.relabel("HOLIDAYS");
            nas.store(TUE)
        }
        other_medium "other-medium" => {
            let nas = staged("cdr-80");
            nas.change_disc("cdrw-80");
            nas.store(MON)
        }
        blank_disc_wanted "blank-disc-wanted" => {
            let nas = stored("cdr-80");
            nas.stage(NEXT_MON);
            nas.store(NEXT_MON)
        }
        disc_protected "disc-protected" => {
            let nas = stored("cdrw-80");
            nas.act("initialize", TUE, &[])
        }
        disc_closed "disc-closed" => {
            let nas = staged("cdr-80");
            nas.store_with(MON, &["--finalize"]).expect_silence();
            nas.stage(TUE);
            nas.store(TUE)
        }
        disc_not_understood "disc-not-understood" => {
            let nas = staged("dvd+rw");
            nas.store(MON).expect_silence();
            nas.patch_sectors(2048 * 16, &noise("somebody's", 2048 * 40));
            nas.stage(TUE);
            nas.store(TUE)
        }
        never_initialised "never-initialised" => BackupBox::new("cdr-80").act("initialize", MON, &[])
        next_disc "next-disc" => narrow(1_500_000).act("span", TUE, &[])
        same_disc "same-disc" => {
            let nas = narrow(1_500_000);
            nas.act("span", TUE, &[]).expect_code(8);
            nas.act("span", TUE, &[])
        }
        no_room "no-room" => narrow(3_000_000).store(MON)
        days_left "days-left" => narrow(1_500_000).store_with(TUE, &["--catch-up"])
        days_unreadable "days-unreadable" => {
            let nas = staged("cdr-80");
            std::fs::rename(nas.stage(TUE), nas.path("elsewhere")).unwrap();
            std::os::unix::fs::symlink(nas.path("elsewhere"), nas.day(TUE)).unwrap();
            nas.store_with(TUE, &["--catch-up"])
        }
        file_too_large "file-too-large" => narrow(3_000_000).act("span", TUE, &[])
        image_no_room "image-no-room" => image(&BackupBox::new("cdr-80"), &["--output", "/dev/full"])
        blanking_failed "blanking-failed" => {
            let nas = stored("cdrw-80");
            nas.store_with(TUE, &["--full", "--device", &format!("{},fault=blank:3/51/00", nas.device())])
        }
        formatting_failed "formatting-failed" => store_on("bd-re", "fault=04:3/31/01")
        set_up_failed "set-up-failed" => store_on("cdr-80", "fault=55:5/26/00")
        writing_failed "writing-failed" => store_on("cdr-80", "fault=write10#3:3/0c/00")
        superblock_failed "superblock-failed" => store_on("dvd+rw", "fault=write10@0:3/0c/00")
        disc_differs "disc-differs" => store_on("cdr-80", "fault=write10#3:flip")
        disc_unsound "disc-unsound" => {
            let nas = stored("cdr-80");
            let at = nas.sector_of(&noise(MON, 300_000)) * 2048 + 7;
            nas.patch_sectors(at, &[noise(MON, 300_000)[7] ^ 1]);
            nas.read(&["verify"])
        }
        not_read_back "not-read-back" => store_on("cdr-80", "fault=read10#2:eject")
        session_not_shown "session-not-shown" => store_on("cdr-80", "fault=toc:4/44/00")
        files_changed "files-changed" => {
            let nas = staged("cdr-80");
            nas.stage_large(MON, LARGE);
            let command = nas.store_command(MON, &nas.device());
            held(&nas, command, "WRITE(10)", |_| fs::write(nas.day(MON).join("new"), "").unwrap())
        }
        nothing_to_store "nothing-to-store" => {
            let nas = BackupBox::new("cdr-80");
            nas.stage_and_store(MON);
            nas.store(MON)
        }
        at_work "at-work" => {
            let nas = staged("cdr-80");
            nas.stage_large(MON, LARGE);
            let mut first = Held::start(&nas, nas.store_command(MON, &nas.device()));
            first.run_until("WRITE(10)", 1);
            let second = nas.store(MON);
            first.finish().0.expect_silence();
            second
        }
    }

    #[test]
    fn that_is_all_of_them() {
        let known = explained(&[]);
        let known: BTreeSet<&str> =
            known["errors"].as_array().unwrap().iter().map(|error| error["id"].as_str().unwrap()).collect();
        let reached = REACHED.iter().chain(&IN_THE_GUEST).copied().collect();
        assert_eq!(known, reached);
        let guest = include_str!("../vm.rs");
        assert!(IN_THE_GUEST.iter().all(|id| guest.contains(&format!("  more: cedarburn explain {id}"))));
    }
}

mod explain {
    use super::*;

    #[test]
    fn needs_no_configuration_no_log_and_no_right_clock() {
        for topic in [&[][..], &["no-disc"], &["8"], &["3/0c/00"]] {
            let mut command = cedarburn();
            command.env("SOURCE_DATE_EPOCH", "x").args(["explain", "-c", "/nonexistent", "-l", "/nonexistent/log"]);
            let run = Run::of(command.args(topic)).expect_code(0);
            assert!(!run.stdout.is_empty() && run.stderr.is_empty(), "{run}");
        }
    }

    #[test]
    fn of_a_name_tells_what_it_means_the_state_and_what_to_do_as_plain_text() {
        let run = run(&["explain", "no-disc"]).expect_code(0);
        assert!(run.stdout.starts_with("no-disc (exit code 8)\n\nNo disc is in the drive"), "{run}");
        run.expect_words(&["\nState. ", "\nWhat to do. "]);
        assert!(!run.stdout.contains("**"), "{run}");
    }

    #[test]
    fn of_an_exit_code_tells_its_errors() {
        let run = run(&["explain", "9"]).expect_code(0);
        let words: Vec<&str> = run.stdout.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
        assert_eq!(words, ["no-room", "days-left", "file-too-large", "image-no-room"], "{run}");
    }

    #[test]
    fn of_a_sense_tells_it_in_words_and_whose_matter_it_is() {
        let run = run(&["explain", "3/0c/00"]).expect_code(0);
        assert!(run.stdout.starts_with("medium error, write error (3/0c/00)\n\nThe disc, most likely"), "{run}");
        let answer = explained(&["3/0C/0"]);
        assert_eq!(
            (&answer["sense"]["asc"], &answer["sense"]["words"]),
            (&12.into(), &"medium error, write error (3/0c/00)".into())
        );
    }
}

/// The same error, as an object.
#[test]
fn in_json_an_error_has_its_name_and_what_the_drive_said_as_numbers_and_words() {
    let nas = staged("cdr-80");
    let device = format!("{},fault=write10#3:3/0c/00", nas.device());
    let result = Run::of(nas.store_command(MON, &device).arg("--json")).expect_code(10).result();
    assert_eq!(result["id"], "writing-failed");
    let sense = &result["sense"];
    assert_eq!((&sense["key"], &sense["asc"], &sense["ascq"]), (&3.into(), &12.into(), &0.into()));
    assert!(sense["command"].as_str().unwrap().starts_with("WRITE(10) of "), "{sense}");
    assert!(sense["words"].as_str().unwrap().starts_with("medium error, write error"), "{sense}");
    let result = Run::of(nas.store_command(SUN, &nas.device()).arg("--json")).expect_code(6).result();
    assert_eq!((&result["id"], &result["sense"]), (&"nothing-staged".into(), &Value::Null));
}

#[test]
fn a_receipt_and_the_summary_in_the_log_have_the_name() {
    let nas = staged("cdr-80");
    nas.stage(WED);
    nas.store_on(WED, "empty").expect_code(8);
    let receipts = fs::read_dir(nas.path("")).unwrap().map(|entry| entry.unwrap().path());
    let path = receipts.into_iter().find(|path| path.to_string_lossy().contains("cedarburn-receipt-")).unwrap();
    let receipt: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(receipt["error"]["id"], "no-disc");
    let log = fs::read_to_string(nas.log()).unwrap();
    assert!(log.contains(" exit=8 id=no-disc error="), "{log}");
}
