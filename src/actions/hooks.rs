//! Commands that the configuration runs before and after an action: `options/pre_action_hook` and `post_action_hook`.
//!
//! As with Cedar: pre hooks in the order of the file before the action, which is not begun if one of them fails; post hooks behind it, and only if
//! it did its work. A failing hook fails the run, and the days that were stored stay stored. A hook without an action runs never, one of
//! the action at hand without a command is an error when it should run.
//!
//! A command line is cut into words at blanks. What stands between two `"` is one word, wherever the first of them stands: `--x="a b"` is two words
//! to Cedar, and here. There is no shell, no `'`, no variable, no escape, and no way to write an empty word. The first word is looked for in `PATH`.
//!
//! A hook runs as whoever runs this program, with nothing on its stdin, with `LANG` set to `C` where it was set, and without the variables
//! `LC_*`. It does not hold the drive: that is opened after the pre hooks and given up before the post hooks. Its output goes line by line
//! to the log if that is asked for; the last lines of a hook that failed are told in any case. A signal that ends the run ends the hook.

use std::collections::VecDeque;
use std::ffi::CString;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::config::{Hook, Options};

/// Of what a hook printed before it failed so many lines are told.
const TOLD_LINES: usize = 10;
/// A line is cut at so many bytes: output need not have any line feeds.
const MOST_OF_A_LINE: u64 = 4096;
/// How often a signal is looked for while a hook runs.
const LOOK: Duration = Duration::from_millis(100);
/// How long what is left in its pipe is taken after a hook has ended.
const DRAINING: Duration = Duration::from_secs(1);
/// How long a hook may take to end when it was asked to.
const ENDING: Duration = Duration::from_secs(10);

/// The locale's variables, which Cedar takes out of the environment of all that it runs.
const LOCALE: [&str; 13] = [
    "LC_ADDRESS",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_IDENTIFICATION",
    "LC_MEASUREMENT",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NAME",
    "LC_NUMERIC",
    "LC_PAPER",
    "LC_TELEPHONE",
    "LC_TIME",
];

/// Where a line of a hook's output is marked as such: it goes to the log as it is.
pub const OUTPUT: &str = "cedarburn::hook_output";

/// Before or after the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// `pre_action_hook`.
    Before,
    /// `post_action_hook`.
    After,
}

impl When {
    fn word(self) -> &'static str {
        match self {
            When::Before => "pre_action_hook",
            When::After => "post_action_hook",
        }
    }
}

/// A hook did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// There is nothing to run.
    #[error("a {} of {action} has no command", when.word())]
    NoCommand {
        /// Which kind.
        when: When,
        /// The action.
        action: String,
    },
    /// It could not be started.
    #[error("the {} {command:?} can't be run", when.word())]
    Start {
        /// Which kind.
        when: When,
        /// Its command line.
        command: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It said that it failed.
    #[error("the {} {command:?} failed: {end}", when.word())]
    Failed {
        /// Which kind.
        when: When,
        /// Its command line.
        command: String,
        /// How it ended.
        end: End,
        /// The last lines that it printed.
        output: Vec<String>,
    },
    /// A signal ended the run.
    #[error("interrupted while the {} {command:?} ran", when.word())]
    Interrupted {
        /// Which kind.
        when: When,
        /// Its command line.
        command: String,
    },
}

impl HookError {
    /// Whether the action was done when it came.
    #[must_use]
    pub fn is_behind_the_action(&self) -> bool {
        let (HookError::NoCommand { when, .. }
        | HookError::Start { when, .. }
        | HookError::Failed { when, .. }
        | HookError::Interrupted { when, .. }) = self;
        *when == When::After
    }
}

/// The hooks of an action.
#[must_use]
pub fn of<'a>(options: &'a Options, action: &str, when: When) -> Vec<&'a Hook> {
    let hooks = match when {
        When::Before => &options.pre_action_hooks,
        When::After => &options.post_action_hooks,
    };
    hooks.iter().filter(|hook| hook.action.as_deref() == Some(action)).collect()
}

/// Runs the hooks of an action, one after the other. A signal that came before those behind the action was for the action, which is done: they run
/// to their end, and only a signal that comes while they run ends them.
///
/// # Errors
/// When one has no command, can't be run, or fails: those behind it don't run then.
pub fn run(options: &Options, action: &str, when: When, stop: &AtomicBool) -> Result<(), HookError> {
    let never = AtomicBool::new(false);
    let stop = if when == When::After && stop.load(Ordering::Relaxed) { &never } else { stop };
    for hook in of(options, action, when) {
        let Some(command) = &hook.command else {
            return Err(HookError::NoCommand { when, action: action.to_owned() });
        };
        tracing::info!("{} of {action}: {command}", when.word());
        run_one(when, command, stop)?;
    }
    Ok(())
}

fn run_one(when: When, line: &str, stop: &AtomicBool) -> Result<(), HookError> {
    let command = || line.to_owned();
    let started = start(&split(line)).and_then(|(child, output)| follow(child, output, stop));
    let (end, last) = started.map_err(|source| HookError::Start { when, command: command(), source })?;
    match end {
        Some(End::Code(0)) => Ok(()),
        Some(end) => Err(HookError::Failed { when, command: command(), end, output: last.into() }),
        None => Err(HookError::Interrupted { when, command: command() }),
    }
}

/// Starts a program with both its outputs in one pipe, in a process group of its own: what it starts ends with it.
///
/// By `posix_spawn`, since the standard library hands on the signals that this program blocks for its own sake ([`Command`] inherits the mask):
/// a hook could not be ended then.
///
/// [`Command`]: std::process::Command
fn start(words: &[String]) -> io::Result<(Pid, io::PipeReader)> {
    let no_zero = |_| io::Error::new(io::ErrorKind::InvalidInput, "there is a zero byte in it");
    let arguments: Vec<CString> =
        words.iter().map(|word| CString::new(word.as_str())).collect::<Result<_, _>>().map_err(no_zero)?;
    let (reader, writer) = io::pipe()?;
    let mut files = PosixSpawnFileActions::init()?;
    files.add_open(0, c"/dev/null", OFlag::O_RDONLY, Mode::empty())?;
    files.add_dup2(writer.as_raw_fd(), 1)?;
    files.add_dup2(writer.as_raw_fd(), 2)?;
    let mut attributes = PosixSpawnAttr::init()?;
    attributes.set_sigmask(&SigSet::empty())?;
    // The runtime ignores it; a pipe in a hook's shell needs it.
    attributes.set_sigdefault(&SigSet::from(Signal::SIGPIPE))?;
    attributes.set_pgroup(Pid::from_raw(0))?;
    attributes.set_flags(
        PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF
            | PosixSpawnFlags::POSIX_SPAWN_SETPGROUP,
    )?;
    let Some(program) = arguments.first() else { return Err(no_word()) };
    let child = posix_spawnp(program, &files, &attributes, &arguments, &environment())?;
    Ok((child, reader))
}

fn no_word() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "there is no word in it")
}

/// Ours without the locale.
fn environment() -> Vec<CString> {
    let kept = std::env::vars_os().filter(|(name, _)| !LOCALE.iter().any(|variable| name == variable));
    let assigned = kept.map(|(name, value)| {
        let value = if name == "LANG" { "C".into() } else { value };
        [name.as_bytes(), b"=", value.as_bytes()].concat()
    });
    assigned.filter_map(|variable| CString::new(variable).ok()).collect()
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code.
    Code(i32),
    /// By a signal.
    Signal(Signal),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Code(code) => write!(f, "exit code {code}"),
            End::Signal(signal) => write!(f, "ended by {signal}"),
        }
    }
}

fn ended(child: Pid) -> io::Result<Option<End>> {
    match waitpid(child, Some(WaitPidFlag::WNOHANG))? {
        WaitStatus::Exited(_, code) => Ok(Some(End::Code(code))),
        WaitStatus::Signaled(_, signal, _) => Ok(Some(End::Signal(signal))),
        _ => Ok(None),
    }
}

/// Waits for a hook's end and takes what it prints. No end where the run was interrupted.
fn follow(child: Pid, output: io::PipeReader, stop: &AtomicBool) -> io::Result<(Option<End>, VecDeque<String>)> {
    let (lines, taken) = mpsc::sync_channel::<String>(64);
    let reading = thread::Builder::new().spawn(move || {
        let mut output = BufReader::new(output);
        while let Some(line) = next_line(&mut output) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    if let Err(error) = reading {
        interrupt(child)?;
        return Err(error);
    }
    let mut last: VecDeque<String> = VecDeque::new();
    let mut end = None;
    let mut ended_at = Instant::now();
    // To the end of the program; and then as long as there is something in the pipe, for a moment. A child of the hook's that lives on may hold
    // it open and write into it for ever, and is not waited for.
    loop {
        let is_stopped = stop.load(Ordering::Relaxed);
        if end.is_none() && is_stopped {
            interrupt(child)?;
            return Ok((None, last));
        }
        if end.is_some() && (is_stopped || ended_at.elapsed() > DRAINING) {
            break;
        }
        match taken.recv_timeout(LOOK) {
            Ok(line) => {
                tracing::info!(target: OUTPUT, "{line}");
                if last.len() == TOLD_LINES {
                    last.pop_front();
                }
                last.push_back(line);
            }
            Err(_) if end.is_some() => break,
            Err(RecvTimeoutError::Timeout) => {}
            // It closed its outputs and goes on.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK / 10),
        }
        if end.is_none() {
            end = ended(child)?;
            ended_at = Instant::now();
        }
    }
    Ok((end, last))
}

/// Asks a hook to end, and after a while does not ask any more.
fn interrupt(child: Pid) -> io::Result<()> {
    let _ = killpg(child, Signal::SIGTERM);
    let mut waited = Duration::ZERO;
    while ended(child)?.is_none() {
        if waited >= ENDING {
            let _ = killpg(child, Signal::SIGKILL);
            waitpid(child, None)?;
            break;
        }
        thread::sleep(LOOK);
        waited += LOOK;
    }
    Ok(())
}

/// The next line, without its end, and what is no text in it replaced.
fn next_line(output: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let read = output.by_ref().take(MOST_OF_A_LINE).read_until(b'\n', &mut line).ok()?;
    if read == 0 {
        return None;
    }
    let text = line.strip_suffix(b"\n").unwrap_or(&line);
    Some(String::from_utf8_lossy(text).into_owned())
}

/// The words of a command line: what Cedar's regular expression `[^ "]+|"[^"]+"` finds in it, without the quotes.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start_matches(' ');
    while !rest.is_empty() {
        let (word, behind) = match rest.strip_prefix('"') {
            Some(inside) => match inside.split_once('"') {
                Some(("", _)) | None => ("", inside),
                Some(quoted) => quoted,
            },
            None => rest.split_at(rest.find([' ', '"']).unwrap_or(rest.len())),
        };
        if !word.is_empty() {
            words.push(word.to_owned());
        }
        rest = behind.trim_start_matches(' ');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_talks_on_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (over, ended) = (folder.path().join("over"), folder.path().join("ended"));
        let (over_name, ended_name) = (over.display(), ended.display());
        // It ends by itself only to leave nothing behind where this fails.
        let talk = format!(
            "for i in $(seq 1000); do echo t; sleep 0.05; test -e {over_name} && break; done; touch {ended_name}"
        );
        run_one(When::Before, &format!("sh -c \"({talk}) & exit 0\""), &AtomicBool::new(false)).unwrap();
        assert!(!ended.exists(), "it was waited for");
        std::fs::write(over, "").unwrap();
    }

    #[test]
    fn a_signal_before_the_post_hooks_does_not_end_them() {
        let hook = |command: &str| Hook { action: Some("store".to_owned()), command: Some(command.to_owned()) };
        let config = "<cb_config><options><starting_day>monday</starting_day><working_dir>/</working_dir><backup_user>u</backup_user>\
            <backup_group>g</backup_group><rcp_command>r</rcp_command></options><purge/></cb_config>";
        let mut options = crate::config::Config::parse(config.as_bytes()).unwrap().config.options;
        options.pre_action_hooks = vec![hook("true")];
        options.post_action_hooks = vec![hook("true")];
        let stopped = AtomicBool::new(true);
        assert!(matches!(run(&options, "store", When::Before, &stopped), Err(HookError::Interrupted { .. })));
        run(&options, "store", When::After, &stopped).unwrap();
    }

    #[test]
    fn a_command_line_is_cut_as_cedar_cuts_it() {
        for (line, words) in [
            ("a b  c", &["a", "b", "c"][..]),
            ("  a\tb ", &["a\tb"]),
            (r#"sh -c "exit 3""#, &["sh", "-c", "exit 3"]),
            (r#""with blank" x"#, &["with blank", "x"]),
            (r#"--x="a b" c"d e"f"#, &["--x=", "a b", "c", "d e", "f"]),
            (r#""a""b""#, &["a", "b"]),
            (r#"a "" b"#, &["a", "b"]),
            (r#"""a b""#, &["a b"]),
            (r"a 'b c'", &["a", "'b", "c'"]),
            ("a $HOME *", &["a", "$HOME", "*"]),
            (r#"a "never closed"#, &["a", "never", "closed"]),
            ("", &[]),
            ("   ", &[]),
        ] {
            assert_eq!(split(line), words, "{line:?}");
        }
    }

    fn ran(line: &str) -> Result<(), HookError> {
        run_one(When::Before, line, &AtomicBool::new(false))
    }

    #[test]
    fn a_hook_fails_with_its_last_lines() {
        assert!(ran("true").is_ok());
        let error = ran(r#"sh -c "seq 1 30; echo last >&2; exit 3""#).unwrap_err();
        let HookError::Failed { end, output, .. } = error else { panic!("{error}") };
        assert_eq!(end, End::Code(3));
        assert_eq!(output.len(), TOLD_LINES);
        assert_eq!(output.last().unwrap(), "last");
        let missing = ran("no-such-program-here").unwrap_err();
        assert!(matches!(missing, HookError::Start { .. }), "{missing}");
        assert!(matches!(ran(" "), Err(HookError::Start { .. })));
    }

    #[test]
    fn output_without_an_end_is_cut() {
        let error = ran(r#"sh -c "head -c 100000 /dev/zero; exit 1""#).unwrap_err();
        let HookError::Failed { output, .. } = error else { panic!("{error}") };
        assert!(output.iter().all(|line| line.len() <= 4096));
    }

    #[test]
    fn a_child_that_lives_on_is_not_waited_for() {
        assert!(ran(r#"sh -c "sleep 600 & exit 0""#).is_ok());
    }

    #[test]
    fn a_hook_is_ended_by_a_signal_that_this_program_has_blocked_for_itself() {
        SigSet::from(Signal::SIGTERM).thread_block().unwrap();
        let error = ran(r#"sh -c "kill -TERM $$; sleep 600""#).unwrap_err();
        let HookError::Failed { end, .. } = error else { panic!("{error}") };
        assert_eq!(end, End::Signal(Signal::SIGTERM));
    }

    #[test]
    fn an_interrupted_run_ends_its_hook() {
        let interrupted = run_one(When::After, "sleep 600", &AtomicBool::new(true)).unwrap_err();
        assert!(matches!(interrupted, HookError::Interrupted { .. }) && interrupted.is_behind_the_action());
    }
}
