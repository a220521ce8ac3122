//! Hooks, and the limit of the capacity extension. Promised: commands before and after an action run as with Cedar Backup, in the order of the
//! file; one that fails fails the run and says why; and a disc that fills up is told before it is full.

use std::fs;

use crate::support::{BackupBox, MON, Run, TUE};

/// A box with hooks, each `pre` or `post`, the action, the command line.
fn with_hooks(hooks: &[(&str, &str, &str)]) -> BackupBox {
    let nas = BackupBox::new("cdr-80");
    let elements: String = hooks
        .iter()
        .map(|(when, action, command)| {
            let command = command.replace('&', "&amp;").replace('<', "&lt;");
            format!("<{when}_action_hook><action>{action}</action><command>{command}</command></{when}_action_hook>")
        })
        .collect();
    nas.edit_config("</options>", &format!("{elements}</options>"));
    nas.stage(MON);
    nas
}

fn log(nas: &BackupBox) -> String {
    fs::read_to_string(nas.log()).unwrap()
}

#[test]
fn hooks_run_around_their_action_in_the_order_of_the_file() {
    let nas = BackupBox::new("cdr-80");
    let notes = nas.path("notes");
    let note = |what: &str| {
        format!("sh -c \"ls {} >> {}; echo {what} >> {}\"", nas.day(MON).display(), notes.display(), notes.display())
    };
    let hooks: String = [
        ("pre", "store", "first"),
        ("post", "store", "third"),
        ("pre", "store", "second"),
        ("pre", "rebuild", "never"),
    ]
    .iter()
    .map(|(when, action, what)| {
        format!(
            "<{when}_action_hook><action>{action}</action><command>{}</command></{when}_action_hook>",
            note(what).replace('>', "&gt;")
        )
    })
    .collect();
    nas.edit_config(
        "</options>",
        &format!("{hooks}<pre_action_hook><command>false</command></pre_action_hook></options>"),
    );
    nas.stage(MON);
    nas.store(MON).expect_silence();
    let notes = fs::read_to_string(notes).unwrap();
    let order: Vec<&str> =
        notes.lines().filter(|line| ["first", "second", "third", "never", "cback.store"].contains(line)).collect();
    assert_eq!(order, ["first", "second", "cback.store", "third"], "{notes}");
}

#[test]
fn a_hook_that_fails_before_the_action_keeps_it_from_beginning() {
    for (command, words) in [
        ("sh -c \"echo out of paper; exit 3\"", ["exit code 3", "out of paper"]),
        ("no-such-program-here", ["can't be run", "No such file"]),
        ("sh -c \"kill -TERM $$\"", ["SIGTERM", "ended by"]),
    ] {
        let nas = with_hooks(&[("pre", "store", command), ("post", "store", "true")]);
        let mut store = nas.store_command(MON, &nas.device());
        nas.refused(6, &mut store).expect_one_error(&words);
    }
    let nas = BackupBox::new("cdr-80");
    nas.edit_config("</options>", "<pre_action_hook><action>store</action></pre_action_hook></options>");
    nas.stage(MON);
    let mut store = nas.store_command(MON, &nas.device());
    nas.refused(6, &mut store).expect_one_error(&["pre_action_hook of store has no command"]);
}

#[test]
fn a_hook_that_fails_behind_the_action_fails_a_run_whose_day_is_stored() {
    let nas = with_hooks(&[("post", "store", "false")]);
    let run = nas.store(MON).expect_code(6);
    run.expect_one_error(&["post_action_hook", "on the disc, proven and marked"]);
    assert!(nas.is_marked(MON));
    assert_eq!(nas.days(), [MON]);
}

#[test]
fn a_post_hook_does_not_run_behind_an_action_that_failed() {
    let nas = with_hooks(&[("pre", "store", "true")]);
    let post = format!(
        "<post_action_hook><action>store</action><command>touch {}</command></post_action_hook></options>",
        nas.path("ran").display()
    );
    nas.edit_config("</options>", &post);
    nas.store_on(MON, "empty").expect_code(8);
    assert!(!nas.path("ran").exists());
    nas.store(MON).expect_silence();
    assert!(nas.path("ran").exists());
}

#[test]
fn what_a_hook_prints_goes_to_the_log_if_it_is_asked_for() {
    for (options, is_there) in [(&[][..], false), (&["-O"], true), (&["-d"], true)] {
        let nas = with_hooks(&[("pre", "store", "sh -c \"echo to stdout; echo to stderr >&2\"")]);
        nas.store_with(MON, options).expect_silence();
        let lines: Vec<String> =
            log(&nas).lines().filter(|line| line.starts_with("to std")).map(str::to_owned).collect();
        assert_eq!(lines == ["to stdout", "to stderr"], is_there, "{options:?}: {}", log(&nas));
    }
}

#[test]
fn what_the_hook_of_a_span_prints_goes_there_too() {
    let nas = with_hooks(&[("pre", "span", "echo printed")]);
    nas.act("span", MON, &["-O"]).expect_silence();
    assert!(log(&nas).lines().any(|line| line == "printed"), "{}", log(&nas));
}

#[test]
fn a_hook_has_no_stdin_no_locale_and_no_blocked_signals() {
    let nas = BackupBox::new("cdr-80");
    let script = nas.path("hook");
    fs::write(&script, "#!/bin/sh\ncat\nenv | grep -E '^(LANG|LC_)'\ngrep SigBlk /proc/self/status\nexit 1\n").unwrap();
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let hook = format!(
        "<pre_action_hook><action>store</action><command>{}</command></pre_action_hook></options>",
        script.display()
    );
    nas.edit_config("</options>", &hook);
    nas.stage(MON);
    let mut store = nas.store_command(MON, &nas.device());
    store.env("LC_ALL", "C.UTF-8").env("LC_TIME", "C").env("LANG", "de_DE.UTF-8");
    let run = Run::of(&mut store).expect_code(6);
    run.expect_words(&["LANG=C\n", "0000000000000000"]);
    assert!(!run.stdout.contains("LC_"), "{run}");
}

#[test]
fn a_rehearsal_runs_no_hooks() {
    let nas = with_hooks(&[("pre", "store", "false"), ("post", "store", "false")]);
    nas.store_with(MON, &["--dry-run"]).expect_code(0);
    assert!(log(&nas).contains("a rehearsal runs no hooks"));
}

#[test]
fn a_disc_that_fills_up_is_told_on_the_screen_and_costs_no_exit_code() {
    for (limit, is_told) in [
        ("<max_percentage>0.001</max_percentage>", true),
        ("<max_percentage>90</max_percentage>", false),
        ("<min_bytes>10 GB</min_bytes>", true),
        ("<min_bytes>1 MB</min_bytes>", false),
    ] {
        for media in ["cdr-80", "dvd+rw"] {
            let nas = BackupBox::new(media);
            nas.edit_config("</cb_config>", &format!("<capacity>{limit}</capacity></cb_config>"));
            nas.stage(TUE);
            let run = nas.store(TUE).expect_code(0);
            assert_eq!(run.stdout.contains("free"), is_told, "{media}, {limit}: {run}");
            assert_eq!(run.stdout.is_empty(), !is_told, "{media}, {limit}: {run}");
        }
    }
}
