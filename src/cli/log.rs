//! Messages as Cedar gives them: a log file with time and level, and the screen.
//!
//! | | screen (stdout) | log |
//! |---|---|---|
//! | without options | ERROR | INFO |
//! | `-q` | nothing | INFO |
//! | `-b` | INFO | INFO |
//! | `-d` | ERROR | DEBUG |
//! | `-b -d` | DEBUG | DEBUG |
//!
//! With `-O` or `-d` the log file has, too, what hooks print, line by line without time and level.
//!
//! A message is one line, whatever is in it: control characters, as names of files may have them, are escaped, and can't forge a line of the
//! log.
//!
//! With Cedar no WARNING reaches the screen, so that a misspelled `check_data` or a crossed midnight is never noticed. Here those that
//! somebody has to know of do, as `warning: ...`, with every run that has cause for them, and so in the mail of cron: those with the target
//! [`ON_SCREEN`]. `-q` is still silence. A run without cause says nothing. Cedar's actions tell them on stdout, the others, whose stdout is
//! their answer, on stderr. With `--json` they are objects of the answer, and so is an ERROR that does not end the run, which is shown anyway.
//!
//! A log file that can't be written any more stops no backup: stderr says so once, and the exit code is that of the work. The same of a
//! trace of the SCSI commands, which the log tells, too.
//!
//! `image` and `list`, which Cedar hasn't, speak on stderr, where a warning is seen without options: their stdout is the image, or the list.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Zoned;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use super::{json, output};
use crate::actions::owner::Owner;
use crate::actions::{ON_SCREEN, hooks};
use crate::at_once;
use crate::scsi::trace;

/// The target of the lines of a failure, which in JSON are the result.
pub(super) const FAILURE: &str = "what ends the run";

/// Cedar's log file.
pub(super) const DEFAULT: &str = "/var/log/cback3.log";

/// User and group of a new log file, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogOwner {
    user: String,
    group: String,
}

/// `user:group`, split at the first colon.
pub(super) fn parse_owner(text: &str) -> Result<LogOwner, String> {
    match text.split_once(':') {
        Some((user, group)) if !user.is_empty() && !group.is_empty() => {
            Ok(LogOwner { user: user.to_owned(), group: group.to_owned() })
        }
        _ => {
            Err("not a user and a group with a colon between them; the file of an image is named with --output"
                .to_owned())
        }
    }
}

/// An octal mode.
pub(super) fn parse_mode(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o7777 => Ok(mode),
        _ => Err("not an octal file mode".to_owned()),
    }
}

/// Which screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Screen {
    /// Cedar's.
    Stdout,
    /// Of an action that may need stdout for its work.
    Stderr,
    /// Stdout, for a program to read: an object each. What ends the run is the result, and no message.
    Json,
}

/// What is shown where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Levels {
    /// On the screen; `None`: nothing.
    pub(super) screen: Option<Level>,
    /// In the log file.
    pub(super) log: Level,
    /// Whether the log file has what hooks print.
    pub(super) output: bool,
}

impl Levels {
    pub(super) fn new(quiet: bool, verbose: bool, debug: bool) -> Levels {
        let screen = match (quiet, verbose, debug) {
            (true, _, _) => None,
            (_, true, true) => Some(Level::DEBUG),
            (_, true, false) => Some(Level::INFO),
            _ => Some(Level::ERROR),
        };
        Levels { screen, log: if debug { Level::DEBUG } else { Level::INFO }, output: false }
    }

    /// With what hooks print in the log file, or without it.
    pub(super) fn with_output(self, output: bool) -> Levels {
        Levels { output, ..self }
    }

    /// The levels on this screen: warnings are no part of an answer, and don't disturb one on stderr. In one for a program `-b` adds nothing.
    pub(super) fn on(self, on: Screen) -> Levels {
        let screen = match on {
            Screen::Stdout => self.screen,
            Screen::Stderr => self.screen.map(|level| level.max(Level::WARN)),
            Screen::Json => self.screen.map(|_| Level::ERROR),
        };
        Levels { screen, ..self }
    }
}

/// The log file can't be written.
#[derive(Debug, thiserror::Error)]
#[error("the log file {path} can't be written: {source}")]
pub(super) struct LogError {
    path: PathBuf,
    source: io::Error,
}

/// Opens the log file to append. A new one gets exactly this mode and, where that is possible, this owner; an existing one keeps both.
pub(super) fn open(path: &Path, mode: u32, owner: &LogOwner) -> Result<File, LogError> {
    let failed = |source| LogError { path: path.to_path_buf(), source };
    let made = OpenOptions::new().append(true).create_new(true).mode(mode).open(path);
    match made {
        Ok(file) => {
            file.set_permissions(Permissions::from_mode(mode)).map_err(failed)?;
            // As with Cedar: an owner that can't be given is no reason not to log.
            if let Ok(owner) = Owner::named(&owner.user, &owner.group) {
                let _ = owner.give(&file);
            }
            Ok(file)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            at_once::open(path, OpenOptions::new().append(true)).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Sends the program's messages to the screen and to the log file from here on.
pub(super) fn install(levels: Levels, screen: Screen, warnings: Screen, file: Option<File>) {
    let layer = CedarLayer { levels, screen, warnings, file: file.map(Mutex::new), lost: AtomicBool::new(false) };
    // A second call, in a test, keeps the first.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
}

struct CedarLayer {
    levels: Levels,
    screen: Screen,
    /// Where those warnings go that are shown at any level.
    warnings: Screen,
    file: Option<Mutex<File>>,
    /// A line could not be written, and the user knows.
    lost: AtomicBool,
}

impl<S: Subscriber> Layer<S> for CedarLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = *event.metadata().level();
        let target = event.metadata().target();
        if target == hooks::OUTPUT {
            return self.log_output(event);
        }
        let screen = match target {
            trace::LOST => Some(Screen::Stderr),
            ON_SCREEN => self.levels.screen.map(|_| self.warnings),
            FAILURE if self.screen == Screen::Json => None,
            _ => self.levels.screen.filter(|shown| level <= *shown).map(|_| self.screen),
        };
        let in_file = level <= self.levels.log && self.file.is_some();
        if screen.is_none() && !in_file {
            return;
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        let text = one_line(text.0);
        let shown = || if target == ON_SCREEN { format!("warning: {text}") } else { text.clone() };
        match screen {
            Some(Screen::Stdout) => output::message(&shown()),
            Some(Screen::Stderr) => output::complain(&shown()),
            Some(Screen::Json) => json::warn(&text),
            None => {}
        }
        if in_file
            && let Some(file) = &self.file
            && let Ok(mut file) = file.lock()
        {
            self.tell_loss(file.write_all(format(&Zoned::now(), level, &text).as_bytes()));
        }
    }
}

impl CedarLayer {
    /// A line of a hook's, as it is: as with Cedar, without time and level.
    fn log_output(&self, event: &Event<'_>) {
        let Some(file) = self.file.as_ref().filter(|_| self.levels.output) else { return };
        let mut text = Text(String::new());
        event.record(&mut text);
        if let Ok(mut file) = file.lock() {
            self.tell_loss(file.write_all(format!("{}\n", one_line(text.0)).as_bytes()));
        }
    }

    /// Says once that the log file can't be written.
    fn tell_loss(&self, written: io::Result<()>) {
        if let Err(error) = written
            && !self.lost.swap(true, Ordering::Relaxed)
        {
            output::complain(&format!("warning: the log file can't be written: {error}"));
        }
    }
}

/// The text without anything that could end the line, or move a terminal's cursor.
fn one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    text.chars().fold(String::new(), |line, c| {
        if c.is_control() { line + &c.escape_default().to_string() } else { line + c.encode_utf8(&mut [0; 4]) }
    })
}

/// A line of Cedar's log.
fn format(time: &Zoned, level: Level, message: &str) -> String {
    let word = match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        _ => "DEBUG",
    };
    format!("{} --> [{word:<7}] {message}\n", time.strftime("%Y-%m-%dT%H:%M:%S %Z"))
}

/// The message, other fields behind it.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => {
                let fields = std::mem::take(&mut self.0);
                write!(self.0, "{value:?}{fields}")
            }
            name => write!(self.0, ", {name}: {value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_cedars_and_quiet_wins() {
        let levels = |quiet, verbose, debug| {
            let levels = Levels::new(quiet, verbose, debug);
            (levels.screen, levels.log)
        };
        assert_eq!(levels(false, false, false), (Some(Level::ERROR), Level::INFO));
        assert_eq!(levels(true, false, false), (None, Level::INFO));
        assert_eq!(levels(true, true, true), (None, Level::DEBUG));
        assert_eq!(levels(false, true, false), (Some(Level::INFO), Level::INFO));
        assert_eq!(levels(false, false, true), (Some(Level::ERROR), Level::DEBUG));
        assert_eq!(levels(false, true, true), (Some(Level::DEBUG), Level::DEBUG));
    }

    #[test]
    fn a_message_is_one_line_whatever_is_in_it() {
        assert_eq!(one_line("gr\u{fc}\u{df}e of \"alpha\"".into()), "gr\u{fc}\u{df}e of \"alpha\"");
        assert_eq!(
            one_line("a\n2026 --> [ERROR  ] b\u{1b}[2J\u{9b}\t".into()),
            "a\\n2026 --> [ERROR  ] b\\u{1b}[2J\\u{9b}\\t"
        );
    }

    #[test]
    fn a_line_of_the_log_is_cedars() {
        let time = jiff::civil::date(2026, 11, 22).at(2, 5, 9, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
        assert_eq!(format(&time, Level::WARN, "text"), "2026-11-22T02:05:09 UTC --> [WARNING] text\n");
        assert_eq!(format(&time, Level::INFO, "text"), "2026-11-22T02:05:09 UTC --> [INFO   ] text\n");
    }

    #[test]
    fn a_new_log_has_its_mode_whatever_the_umask_and_an_old_one_keeps_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let owner = parse_owner("root:adm").unwrap();
        open(&path, 0o666, &owner).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o666);
        open(&path, 0o600, &owner).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o666);
        assert!(open(&folder.path().join("none/log"), 0o600, &owner).is_err());
    }

    #[test]
    fn owner_and_mode_are_checked_on_the_command_line() {
        assert!(parse_owner("root").is_err());
        assert!(parse_owner(":adm").is_err());
        assert_eq!(parse_mode("0640"), Ok(0o640));
        assert!(parse_mode("649").is_err());
        assert!(parse_mode("77777").is_err());
    }
}
