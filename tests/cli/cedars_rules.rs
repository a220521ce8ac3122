//! Cedar's rules for what its store side does, each in a row, in the order of the sections of its specification: which day, which disc, what is
//! put on it, the mark, *rebuild*, labels, *initialize*, *validate*, the command line, the log, hooks. Where this program corrects Cedar, the
//! row says `corrected`. The rules of the configuration have a table of their own (`src/config/tests/rules.rs`), and what is made of each rule
//! in detail, on every medium, the tests beside this one say.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::panic::catch_unwind;

use crate::gate::{Held, LARGE};
use crate::support::{BackupBox, MON, NEXT_MON, NEXT_TUE, Run, SUN, TUE, WED, cedarburn};

type Row = (&'static str, fn());

fn box_of(media: &str) -> BackupBox {
    BackupBox::new(media)
}

fn log(nas: &BackupBox) -> String {
    fs::read_to_string(nas.log()).unwrap_or_default()
}

fn hook(nas: &BackupBox, when: &str, action: &str, command: &str) {
    let element = format!(
        "<{when}_action_hook><action>{action}</action><command>{command}</command></{when}_action_hook></options>"
    );
    nas.edit_config("</options>", &element);
}

/// What a rehearsal decides: `new disc, ...` or `append`.
fn decision(nas: &BackupBox, today: &str, more: &[&str]) -> String {
    nas.store_json(today, &[&["--dry-run"], more].concat())["decision"].as_str().unwrap().to_owned()
}

fn sets_blanking(nas: &BackupBox, mode: &str, factor: &str) {
    nas.configure_store(&format!("<blank_behavior><mode>{mode}</mode><factor>{factor}</factor></blank_behavior>"));
}

/// 1.1
const SEQUENCE: &[Row] = &[
    ("check_media comes before the day is looked for", || {
        let nas = box_of("cdrw-80");
        nas.configure_store("<check_media>Y</check_media>");
        nas.store(TUE).expect_code(8).expect_one_error(&["check_media"]);
    }),
    ("the day comes before the drive", || {
        box_of("cdrw-80").store_on(TUE, "empty").expect_code(6).expect_one_error(&["cback.stage"]);
    }),
    ("what does not fit is found out before anything is blanked", || {
        let nas = BackupBox::with_capacity("cdrw-80", 20_000);
        nas.stage_and_store(MON);
        nas.stage_large(NEXT_MON, 80_000_000);
        nas.stage(NEXT_MON);
        let fingerprint = nas.disc_fingerprint();
        nas.store(NEXT_MON).expect_code(9);
        assert!(nas.disc_fingerprint() == fingerprint);
    }),
    ("the mark comes last", || {
        let nas = box_of("cdrw-80");
        nas.stage(TUE);
        nas.store_on(TUE, "fault=write10#3:flip").expect_code(11);
        assert!(!nas.is_marked(TUE));
    }),
];

/// 1.2
const DAY: &[Row] = &[
    ("today comes before yesterday, yesterday before tomorrow", || {
        let nas = box_of("cdr-80");
        for day in [MON, TUE, WED] {
            nas.stage(day);
        }
        for day in [TUE, MON, WED] {
            nas.store(TUE).expect_silence();
            assert!(nas.is_marked(day), "{day}");
        }
        nas.store(TUE).expect_code(12);
    }),
    ("cback.stage may be anything that is there", || {
        let nas = box_of("cdr-80");
        let mark = nas.stage(TUE).join("cback.stage");
        fs::remove_file(&mark).unwrap();
        fs::create_dir(&mark).unwrap();
        nas.store(TUE).expect_silence();
    }),
    ("a link into nothing is not there", || {
        let nas = box_of("cdr-80");
        let mark = nas.stage(TUE).join("cback.stage");
        fs::remove_file(&mark).unwrap();
        symlink("/nonexistent", &mark).unwrap();
        nas.store(TUE).expect_code(6);
    }),
    ("full takes today alone, stored or not", || {
        let nas = box_of("cdrw-80");
        nas.stage_and_store(TUE);
        nas.store_with(TUE, &["--full"]).expect_silence();
        nas.stage(MON);
        fs::remove_dir_all(nas.day(TUE)).unwrap();
        nas.store_with(TUE, &["--full"]).expect_code(6);
    }),
    ("yesterday's is warned of with warn_midnite; corrected: on the screen, too", || {
        for (asked, is_warned) in [("N", false), ("Y", true)] {
            let nas = box_of("cdr-80");
            nas.configure_store(&format!("<warn_midnite>{asked}</warn_midnite>"));
            nas.stage(MON);
            let run = nas.store(TUE).expect_code(0);
            assert_eq!(run.stdout.contains("midnight"), is_warned, "{run}");
            assert_eq!(log(&nas).contains("midnight"), is_warned);
        }
    }),
    ("corrected: without a stage section source_dir is the root", || {
        let nas = box_of("cdr-80");
        let stage = format!("<stage><staging_dir>{}</staging_dir></stage>", nas.staging().display());
        nas.edit_config(&stage, "");
        nas.stage_and_store(TUE);
    }),
    ("corrected: a day that was missed for longer is stored by --catch-up", || {
        let nas = box_of("cdr-80");
        nas.stage(MON);
        nas.store(SUN).expect_code(6);
        nas.store_with(SUN, &["--catch-up"]).expect_silence();
    }),
];

/// 1.3 and 1.4
const NEW_DISC: &[Row] = &[
    ("corrected: the week begins with the day that is stored, and not with the run's", || {
        let nas = box_of("cdrw-80");
        nas.stage_and_store(MON);
        nas.stage(SUN);
        assert_eq!(decision(&nas, NEXT_MON, &[]), "append");
    }),
    ("corrected: a second run on the starting day wipes nothing of the first", || {
        let nas = box_of("cdrw-80");
        nas.stage(SUN);
        nas.stage(NEXT_MON);
        nas.store(NEXT_MON).expect_silence();
        nas.store(NEXT_MON).expect_silence();
        assert_eq!(nas.days(), [SUN, NEXT_MON]);
    }),
    ("without blank_behavior it is the first day of the week", || {
        let nas = box_of("cdrw-80");
        nas.stage_and_store(MON);
        nas.stage(TUE);
        nas.stage(NEXT_MON);
        assert_eq!(decision(&nas, TUE, &[]), "append");
        assert!(decision(&nas, NEXT_MON, &[]).starts_with("new disc"));
    }),
    ("full is a new disc", || {
        let nas = box_of("cdrw-80");
        nas.stage_and_store(MON);
        nas.stage(TUE);
        assert!(decision(&nas, TUE, &["--full"]).starts_with("new disc"));
    }),
    ("weekly asks the formula on the first day only", || {
        for (factor, begins) in [("1.0", "append"), ("1000000", "new disc")] {
            let nas = box_of("cdrw-80");
            sets_blanking(&nas, "weekly", factor);
            nas.stage_and_store(TUE);
            nas.stage(WED);
            nas.stage(NEXT_MON);
            assert_eq!(decision(&nas, WED, &[]), "append", "{factor}");
            assert!(decision(&nas, NEXT_MON, &[]).starts_with(begins), "{factor}");
        }
    }),
    ("daily asks it every day; corrected: this week's is not wiped", || {
        let nas = box_of("cdrw-80");
        sets_blanking(&nas, "daily", "inf");
        nas.stage_and_store(TUE);
        nas.stage(WED);
        nas.stage(NEXT_TUE);
        assert_eq!(decision(&nas, WED, &[]), "append");
        assert!(decision(&nas, NEXT_TUE, &[]).starts_with("new disc"));
    }),
    ("a factor that is no number never blanks", || {
        let nas = box_of("cdrw-80");
        sets_blanking(&nas, "weekly", "nan");
        nas.stage_and_store(MON);
        nas.stage(NEXT_MON);
        assert_eq!(decision(&nas, NEXT_MON, &[]), "append");
    }),
    ("corrected: a write-once disc that is not blank is refused", || {
        let nas = box_of("cdr-80");
        nas.stage_and_store(MON);
        nas.stage(NEXT_MON);
        nas.store(NEXT_MON).expect_code(8).expect_one_error(&["neither blank nor rewritable"]);
    }),
];

/// 1.5 to 1.7
const CONTENT_AND_MARK: &[Row] = &[
    ("the day's tree is put at YYYY/MM/DD, empty directories, links and pipes too", || {
        let nas = box_of("cdr-80");
        let day = nas.stage(TUE);
        fs::create_dir(day.join("empty")).unwrap();
        symlink("nowhere", day.join("link")).unwrap();
        nix::unistd::mkfifo(&day.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        nas.store(TUE).expect_silence();
        let files = nas.files_on_disc(TUE);
        for name in ["empty", "link", "pipe", "alpha/home.tar", "cback.stage"] {
            assert!(files.contains(name), "{name}: {files:?}");
        }
    }),
    ("owners and modes are rationalised", || {
        let nas = box_of("cdr-80");
        let day = nas.stage(TUE);
        fs::set_permissions(day.join("alpha/etc.tar"), fs::Permissions::from_mode(0o4711)).unwrap();
        nas.store(TUE).expect_silence();
        let listed = nas.read(&["list", "/2026/11/17/alpha", "--json"]);
        let etc = listed.objects().into_iter().find(|file| file["path"] == "/2026/11/17/alpha/etc.tar").unwrap();
        assert_eq!((&etc["mode"], &etc["uid"], &etc["gid"]), (&"0555".into(), &0.into(), &0.into()));
    }),
    ("a day that is a link is refused", || {
        let nas = box_of("cdr-80");
        fs::rename(nas.stage(TUE), nas.path("elsewhere")).unwrap();
        symlink(nas.path("elsewhere"), nas.day(TUE)).unwrap();
        nas.store(TUE).expect_code(6);
    }),
    ("check_data N is no check; corrected: absent is one", || {
        for (element, proven) in [("<check_data>N</check_data>", false), ("", true)] {
            let nas = box_of("cdr-80");
            nas.edit_config("<check_data>Y</check_data>", element);
            nas.stage(TUE);
            assert_eq!(nas.store_json(TUE, &[])["proven"], proven);
        }
    }),
    ("the mark is an empty file; its mode is the umask's", || {
        let nas = box_of("cdr-80");
        nas.stage_and_store(TUE);
        let mark = nas.day(TUE).join("cback.store").metadata().unwrap();
        assert_eq!((mark.len(), mark.mode() & 0o111), (0, 0));
    }),
    ("corrected: an unknown owner is an error before anything is written", || {
        let nas = box_of("cdr-80");
        nas.edit_config("<backup_user>root<", "<backup_user>nobody-here<");
        nas.stage(TUE);
        if nix::unistd::geteuid().is_root() {
            nas.store(TUE).expect_code(6).expect_one_error(&["nobody-here"]);
        }
    }),
];

/// 2
const REBUILD: &[Row] = &[
    ("it takes the days from the first of the week to today that are staged, stored or not", || {
        let nas = box_of("cdrw-80");
        nas.stage_and_store(MON);
        nas.stage(WED);
        fs::create_dir_all(nas.day(TUE)).unwrap();
        nas.act("rebuild", WED, &[]).expect_silence();
        assert_eq!(nas.days(), [MON, WED]);
        assert!(nas.is_marked(MON) && nas.is_marked(WED) && !nas.is_marked(TUE));
    }),
    ("without any it is an error", || {
        box_of("cdrw-80").act("rebuild", WED, &[]).expect_code(6);
    }),
    ("it begins a new disc, whatever blank_behavior says", || {
        let nas = box_of("cdrw-80");
        sets_blanking(&nas, "weekly", "0");
        nas.stage_and_store(TUE);
        nas.act("rebuild", TUE, &[]).expect_silence();
        let info = nas.read(&["info", "--json"]).result();
        assert_eq!(info["sessions"].as_array().unwrap().len(), 1);
    }),
    ("what does not fit touches nothing", || {
        let nas = BackupBox::with_capacity("cdrw-80", 20_000);
        nas.stage_and_store(MON);
        nas.stage_large(TUE, 80_000_000);
        nas.stage(TUE);
        nas.act("rebuild", TUE, &[]).expect_code(9);
        assert_eq!(nas.days(), [MON]);
        assert!(nas.is_marked(MON));
    }),
];

/// 3
const LABEL: &[Row] = &[
    ("it is CEDAR BACKUP and the day of the run", || {
        let nas = box_of("cdr-80");
        nas.stage(MON);
        nas.store(TUE).expect_silence();
        assert_eq!(nas.read(&["info", "--json"]).result()["label"], "CEDAR BACKUP 17-NOV-2026");
    }),
    ("check_media: rewritable media have one, others need not", || {
        for (media, code) in [("cdrw-80", 8), ("dvd+rw", 8), ("cdr-80", 0), ("dvd+r", 0)] {
            let nas = box_of(media);
            nas.configure_store("<check_media>Y</check_media>");
            nas.stage(TUE);
            nas.store(TUE).expect_code(code);
        }
    }),
    ("check_media: another label is refused everywhere, and with full, too", || {
        for media in ["cdrw-80", "cdr-80"] {
            let nas = box_of(media);
            nas.stage_and_store(MON);
            nas.configure_store("<check_media>Y</check_media>");
            nas.relabel("cedar backup");
            nas.stage(TUE);
            nas.store(TUE).expect_code(8);
            nas.store_with(TUE, &["--full"]).expect_code(8);
        }
    }),
    ("initialize is for rewritable media", || {
        box_of("cdr-80").act("initialize", TUE, &[]).expect_code(8);
    }),
    ("initialize leaves a label and the directory CedarBackup, and asks no check_media", || {
        let nas = box_of("cdrw-80");
        nas.configure_store("<check_media>Y</check_media>");
        nas.act("initialize", TUE, &[]).expect_silence();
        assert!(nas.listing().contains("/CedarBackup"));
        nas.stage_and_store(TUE);
        nas.stage_and_store(WED);
        assert_eq!(nas.days(), [TUE, WED], "on no starting day the next store appends");
    }),
];

/// 4
const VALIDATE: &[Row] = &[
    ("the verdict reaches the screen, and with quiet only the log; corrected: 4 where it is not valid", || {
        let nas = box_of("cdrw-80");
        let run = nas.act("validate", TUE, &[]).expect_code(4);
        run.expect_words(&["reference: the section is missing"]);
        let run = nas.act("validate", TUE, &["-q"]).expect_code(4);
        assert!(run.stdout.is_empty(), "{run}");
    }),
    ("each problem is told, and the next is looked for", || {
        let nas = box_of("cdrw-80");
        nas.edit_config("<backup_user>root<", "<backup_user>nobody-here<");
        let run = nas.act("validate", TUE, &[]).expect_code(4);
        run.expect_words(&["reference: ", "nobody-here", "/nonexistent"]);
    }),
];

/// 7.1 and 7.2
const COMMAND_LINE: &[Row] = &[
    ("corrected: options may stand before and behind the action", || {
        let nas = box_of("cdr-80");
        nas.stage(TUE);
        let mut command = cedarburn();
        command.args(["--today", TUE, "store", "--device", &nas.device()]).arg("-c").arg(nas.config());
        Run::of(command.arg("-l").arg(nas.log())).expect_silence();
    }),
    ("long names may be abbreviated, and not so far that they mean two", || {
        let nas = box_of("cdr-80");
        nas.stage(TUE);
        nas.store_with(TUE, &["--verb", "--deb"]).expect_code(0).expect_words(&["executed successfully"]);
        Run::of(cedarburn().arg("--ver")).expect_code(2);
    }),
    ("of an option that is given twice the last counts", || {
        let nas = box_of("cdr-80");
        nas.stage(TUE);
        nas.store_with(TUE, &["-m", "600", "-m", "644"]).expect_silence();
        assert_eq!(nas.log().metadata().unwrap().mode() & 0o777, 0o644);
    }),
    ("-h, -V and -D are answered with 0; -D in six lines", || {
        Run::of(cedarburn().arg("-h")).expect_code(0).expect_words(&["Usage"]);
        Run::of(cedarburn().arg("-V")).expect_code(0).expect_words(&["cedarburn"]);
        assert_eq!(Run::of(cedarburn().arg("-D")).expect_code(0).stdout.lines().count(), 6);
    }),
    ("without an action, with an option that is none, and with -M and -N it is 2", || {
        for words in [&[][..], &["--nonsense", "store"], &["-M", "-N", "store"], &["-M", "store"]] {
            assert_eq!(Run::of(cedarburn().args(words)).code, Some(2), "{words:?}");
        }
    }),
    ("rebuild, validate and initialize can't be combined", || {
        for words in [["store", "rebuild"], ["validate", "store"], ["initialize", "initialize"]] {
            let nas = box_of("cdr-80");
            Run::of(nas.command().args(words)).expect_code(4);
        }
    }),
];

/// 7.3 to 7.5
const CODES_AND_LOG: &[Row] = &[
    ("3: the log file can't be opened", || {
        Run::of(cedarburn().args(["store", "-l", "/nonexistent/log"])).expect_code(3);
    }),
    ("4: the configuration can't be read or is wrong", || {
        let nas = box_of("cdr-80");
        fs::write(nas.config(), "<cb_config>").unwrap();
        nas.store(TUE).expect_code(4);
        fs::remove_file(nas.config()).unwrap();
        nas.store(TUE).expect_code(4);
    }),
    ("6: whatever else fails; corrected: the drive, the disc and the burn have codes of their own", || {
        let nas = box_of("cdr-80");
        nas.stage(TUE);
        Run::of(&mut nas.store_command(TUE, "/dev/nonexistent")).expect_code(7);
        nas.store_on(TUE, "empty").expect_code(8);
        nas.store_on(TUE, "fault=write10#1:3/0c/00").expect_code(10);
    }),
    ("the log is made with the mode that was asked for, whatever the umask, 640 else", || {
        for (options, mode) in [(&[][..], 0o640), (&["-m", "606"], 0o606)] {
            let nas = box_of("cdr-80");
            nas.stage(TUE);
            nas.store_with(TUE, options).expect_silence();
            assert_eq!(nas.log().metadata().unwrap().mode() & 0o777, mode);
        }
    }),
    ("one that is there keeps its mode, and is appended to", || {
        let nas = box_of("cdr-80");
        fs::write(nas.log(), "before\n").unwrap();
        fs::set_permissions(nas.log(), fs::Permissions::from_mode(0o600)).unwrap();
        nas.stage(TUE);
        nas.store_with(TUE, &["-m", "644"]).expect_silence();
        assert_eq!(nas.log().metadata().unwrap().mode() & 0o777, 0o600);
        assert!(log(&nas).starts_with("before\n") && log(&nas).lines().count() > 3);
    }),
    ("a line is time, zone, arrow, level in seven places, message", || {
        let nas = box_of("cdr-80");
        nas.stage_and_store(TUE);
        for line in log(&nas).lines() {
            let (time, rest) = line.split_once(" --> [").expect(line);
            assert_eq!((time.len() > 20, &time[4..5], &time[10..11]), (true, "-", "T"), "{line}");
            assert_eq!(&rest[7..9], "] ", "{line}");
        }
    }),
    ("the last line has the status", || {
        let nas = box_of("cdr-80");
        nas.store(TUE).expect_code(6);
        assert!(log(&nas).lines().last().unwrap().ends_with("completed with status 6"), "{}", log(&nas));
    }),
    ("screen: errors by default, INFO with -b, DEBUG with -b and -d, nothing with -q, which beats -b", || {
        for (options, screen, file) in [
            (&[][..], "", "INFO"),
            (&["-q"], "", "INFO"),
            (&["-b"], "INFO", "INFO"),
            (&["-d"], "", "DEBUG"),
            (&["-b", "-d"], "DEBUG", "DEBUG"),
            (&["-O"], "", "INFO"),
            (&["-q", "-b"], "", "INFO"),
        ] {
            let nas = box_of("cdr-80");
            nas.stage(TUE);
            let run = nas.store_with(TUE, options).expect_code(0);
            let level = if run.stdout.contains("required") {
                "DEBUG"
            } else if run.stdout.contains("executed successfully") {
                "INFO"
            } else {
                ""
            };
            assert_eq!((level, run.stderr.as_str()), (screen, ""), "{options:?}: {run}");
            let logged = if log(&nas).contains("[DEBUG  ]") { "DEBUG" } else { "INFO" };
            assert_eq!(logged, file, "{options:?}");
        }
    }),
];

/// 9
const HOOKS: &[Row] = &[
    ("pre hooks run before the action, post hooks behind it, each in the order of the file", || {
        let nas = box_of("cdr-80");
        let mark = nas.day(TUE).join("cback.store").display().to_string();
        let notes = nas.path("notes").display().to_string();
        for (when, word) in [("pre", "one"), ("pre", "two"), ("post", "three")] {
            let command = format!("sh -c \"echo {word}; test -e {mark} &amp;&amp; echo marked; true\"");
            hook(
                &nas,
                when,
                "store",
                &command.replace("; true", &format!("; echo {word} >> {notes}")).replace('>', "&gt;"),
            );
        }
        nas.stage(TUE);
        nas.store_with(TUE, &["-O"]).expect_silence();
        assert_eq!(fs::read_to_string(notes).unwrap(), "one\ntwo\nthree\n");
        let lines: Vec<String> = log(&nas).lines().filter(|line| !line.contains("-->")).map(str::to_owned).collect();
        assert_eq!(lines, ["one", "two", "three", "marked"]);
    }),
    ("a pre hook that fails prevents the action", || {
        let nas = box_of("cdr-80");
        hook(&nas, "pre", "store", "false");
        nas.stage(TUE);
        nas.store(TUE).expect_code(6);
        assert!(!nas.is_marked(TUE));
    }),
    ("a post hook that fails fails the run, and the day stays stored", || {
        let nas = box_of("cdr-80");
        hook(&nas, "post", "store", "false");
        nas.stage(TUE);
        nas.store(TUE).expect_code(6);
        assert!(nas.is_marked(TUE));
        assert_eq!(nas.days(), [TUE]);
    }),
    ("a hook of another action does not run, nor one without an action", || {
        let nas = box_of("cdr-80");
        hook(&nas, "pre", "rebuild", "false");
        nas.edit_config("</options>", "<pre_action_hook><command>false</command></pre_action_hook></options>");
        nas.stage(TUE);
        nas.store(TUE).expect_silence();
    }),
    ("one that has to run and has no command is an error", || {
        let nas = box_of("cdr-80");
        nas.edit_config("</options>", "<pre_action_hook><action>store</action></pre_action_hook></options>");
        nas.stage(TUE);
        nas.store(TUE).expect_code(6);
    }),
    ("there is no shell, and only double quotes group", || {
        let nas = box_of("cdr-80");
        hook(&nas, "pre", "store", "echo $HOME 'a b' \"c d\"");
        nas.stage(TUE);
        nas.store_with(TUE, &["-O"]).expect_silence();
        assert!(log(&nas).lines().any(|line| line == "$HOME 'a b' c d"), "{}", log(&nas));
    }),
];

/// 10, corrected: against what was sent, and every kind of difference.
const COMPARING: &[Row] = &[
    ("a difference in a file's content is told with its name", || {
        let nas = box_of("cdr-80");
        nas.stage(TUE);
        nas.store_on(TUE, "fault=write10#5:flip").expect_code(11).expect_words(&["/2026/11/17/"]);
    }),
    ("a day that is stored again takes the place of what the disc showed of it", || {
        let nas = box_of("cdr-80");
        nas.stage_and_store(TUE);
        nas.remove_mark(TUE);
        fs::remove_file(nas.day(TUE).join("alpha/etc.tar")).unwrap();
        nas.store(TUE).expect_silence();
        let files = nas.files_on_disc(TUE);
        assert!(files.contains("alpha/home.tar") && !files.contains("alpha/etc.tar"), "{files:?}");
    }),
    ("what comes to staging while the day is burned is told, and the disc not called bad", || {
        let nas = box_of("cdr-80");
        nas.edit_config("</cb_config>", "<cedarburn><fifo_mb>1</fifo_mb></cedarburn></cb_config>");
        nas.stage_large(TUE, LARGE);
        nas.stage(TUE);
        let mut command = nas.store_command(TUE, &nas.device());
        command.arg("--json");
        let mut held = Held::start(&nas, command);
        held.run_until("WRITE(10)", 4);
        fs::write(nas.day(TUE).join("late"), "late").unwrap();
        let run = held.finish().0.expect_code(11);
        assert!(run.findings()[0].contains("late came to the staging directory"), "{run}");
        assert!(!nas.is_marked(TUE));
        nas.assert_verified();
    }),
];

const SECTIONS: [(&str, &[Row]); 11] = [
    ("1.1 sequence", SEQUENCE),
    ("1.2 the day", DAY),
    ("1.3, 1.4 new disc", NEW_DISC),
    ("1.5 to 1.7 content and mark", CONTENT_AND_MARK),
    ("2 rebuild", REBUILD),
    ("3 label, check_media, initialize", LABEL),
    ("4 validate", VALIDATE),
    ("7.1, 7.2 command line", COMMAND_LINE),
    ("7.3 to 7.5 exit codes, log, levels", CODES_AND_LOG),
    ("9 hooks", HOOKS),
    ("10 comparing", COMPARING),
];

#[test]
fn every_rule_is_kept_in_the_order_of_the_specification() {
    let mut broken = Vec::new();
    for (section, rows) in SECTIONS {
        for (rule, holds) in rows {
            if let Err(panic) = catch_unwind(holds) {
                let told = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                broken.push(format!("{section}: {rule}: {told}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
