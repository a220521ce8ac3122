//! The command line: what is asked, and how the answer is given.
//!
//! One file per action. Options may stand before or after the action; the drop-in options keep the letters they have in
//! `cback3`. stdout carries the answer and, as with Cedar, the messages; progress goes to stderr, and only to a terminal.

mod blank;
mod context;
mod demo;
mod disc;
mod drives;
mod eject;
mod errors;
mod exit;
mod explain;
mod format;
mod image;
mod info;
mod json;
mod list;
mod load;
mod log;
mod looked;
mod meter;
mod output;
mod receipt;
mod run;
mod signals;
mod span;
mod status;
mod store;
mod validate;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use jiff::civil::Date;

use self::errors::{ErrorId, Failure};

/// Puts a backup box's staging directory on CD, DVD or BD, and proves that it is there.
#[derive(Debug, Parser)]
#[command(
    name = "cedarburn",
    version,
    infer_long_args = true,
    args_override_self = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
struct Cli {
    #[command(flatten)]
    options: CommonOptions,
    #[command(flatten)]
    output: CedarsOutput,
    #[command(subcommand)]
    action: Option<Action>,
}

/// Options of every action, before or behind it; told behind the action's own.
#[derive(Debug, Args)]
#[command(next_display_order = 100)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
struct CommonOptions {
    /// Configuration file
    #[arg(short, long, global = true, value_name = "FILE", default_value = "/etc/cback3.conf")]
    config: PathBuf,
    /// All of the disc: see the help of store, blank and format
    #[arg(short, long, global = true)]
    full: bool,
    /// Say on the screen what happens
    #[arg(short = 'b', long, global = true)]
    verbose: bool,
    /// Say nothing on the screen
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Log file; `store`, `rebuild`, `initialize`, `validate` and `span` write /var/log/cback3.log, the others none unless asked
    #[arg(short, long, global = true, value_name = "FILE")]
    logfile: Option<PathBuf>,
    /// Owner of a new log file
    #[arg(short, long, global = true, value_name = "USER:GROUP", default_value = "root:adm", value_parser = log::parse_owner)]
    owner: log::LogOwner,
    /// Mode of a new log file, octal
    #[arg(short, long, global = true, value_name = "MODE", default_value = "640", value_parser = log::parse_mode)]
    mode: u32,
    /// Log every detail
    #[arg(short, long, global = true)]
    debug: bool,
    /// Accepted for cback3's sake: an error is always told with all its causes
    #[arg(short, long, global = true)]
    stack: bool,
    /// Tell about this program and its surroundings
    #[arg(short = 'D', long, global = true)]
    diagnostics: bool,
    /// Refused: other machines' actions are cback3's to run
    #[arg(short = 'M', long, global = true, hide = true)]
    managed: bool,
    /// Refused: other machines' actions are cback3's to run
    #[arg(short = 'N', long, global = true, hide = true)]
    managed_only: bool,
    /// Device instead of the configured one: a path, or sim:PATH for a simulated drive with that virtual disc in it
    #[arg(long, global = true, value_name = "DEVICE")]
    device: Option<String>,
    /// Act as on this day
    #[arg(long, global = true, value_name = "YYYY-MM-DD", value_parser = parse_day)]
    today: Option<Date>,
    /// Plan and say, write nothing
    #[arg(short = 'n', long, global = true)]
    dry_run: bool,
    /// Answer in JSON, a line an object
    #[arg(long, global = true)]
    json: bool,
    /// No progress line on a terminal
    #[arg(long, global = true)]
    no_progress: bool,
    /// Folder for the receipt of the run, and of the earlier ones; else receipts_dir or working_dir of the configuration
    #[arg(long, global = true, value_name = "DIR")]
    receipts: Option<PathBuf>,
    /// Write every SCSI command to this file
    #[arg(long, global = true, value_name = "FILE")]
    scsi_trace: Option<PathBuf>,
}

fn parse_day(text: &str) -> Result<Date, &'static str> {
    text.parse().map_err(|_| "no day of the calendar, written like 2026-11-22")
}

/// What `--full` means, by action; the others know no such thing, and their help does not speak of it.
const FULL: [(&str, &str); 7] = [
    (
        "store",
        "Start a new disc with today's directory, whatever was stored before: what is on a rewritable disc is lost",
    ),
    ("rebuild", "Start the disc anew, whatever it holds: what is on a rewritable disc is lost"),
    ("initialize", "Start the disc anew, whatever it holds: what is on a rewritable disc is lost"),
    ("span", "Start the disc anew, whatever it holds: what is on a rewritable disc is lost"),
    ("info", "Tell the plan of store --full"),
    ("blank", "Erase every sector, or format anew: takes long"),
    ("format", "Format every sector: takes long"),
];

/// The command line with the help of each action as it is there.
fn command() -> clap::Command {
    let command = Cli::command();
    let Some(full) = command.get_arguments().find(|argument| argument.get_id() == "full").cloned() else {
        return command;
    };
    command.mut_subcommands(|action| {
        let help = FULL.iter().find(|(name, _)| *name == action.get_name()).map(|(_, help)| *help);
        let own = match help {
            Some(help) => full.clone().help(help),
            None => full.clone().hide(true),
        };
        action.arg(own)
    })
}

/// What hooks print goes to the log. It stands before an action, or behind one of Cedar's: `image` has another `--output`.
#[derive(Debug, Default, Args)]
struct CedarsOutput {
    /// Log what hooks print
    #[arg(short = 'O', long)]
    output: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Put the day's staging directory on the disc
    Store(store::StoreArguments),
    /// Write this week's disc once more from the staging directories
    Rebuild(store::Arguments),
    /// Put all days that are not stored on several discs, one after the other
    Span(span::SpanArguments),
    /// Hold the configuration against this machine: directories, users, the drive
    Validate(Others),
    /// Give a rewritable disc its label, and nothing else
    Initialize(store::Arguments),
    /// List the drives of this machine, what they can write, and what is in them
    Drives(drives::Arguments),
    /// Show the drive, the disc, and what the next store would do
    Info,
    /// Say how the box is doing, by the receipts of its runs: exit code 0 where the newest good store is young enough
    Status(status::Arguments),
    /// List files on the disc
    List(list::Arguments),
    /// Read everything back and check it against the disc's own manifests
    Verify(verify::Arguments),
    /// Make an image of directories, as mkisofs does
    Image(image::Arguments),
    /// Make a rewritable disc empty: what is on it is lost
    Blank(blank::Arguments),
    /// Prepare an empty disc for writing
    Format(format::Arguments),
    /// Open the tray
    Eject,
    /// Close the tray, and say what is in it
    Load,
    /// Make or show a virtual disc for the simulated drive
    #[command(subcommand)]
    Disc(disc::Command),
    /// Store a week on virtual discs, in a folder to look at
    Demo(demo::Arguments),
    /// Tell more about an error: by its name, its exit code, or what the drive said
    Explain(explain::Arguments),
    #[command(hide = true)]
    Collect(Others),
    #[command(hide = true)]
    Stage(Others),
    #[command(hide = true)]
    Purge(Others),
    #[command(hide = true)]
    All(Others),
}

/// What stands behind an action that takes nothing: with cback3, more actions.
#[derive(Debug, Default, Args)]
struct Others {
    #[command(flatten)]
    output: CedarsOutput,
    #[arg(hide = true)]
    others: Vec<String>,
}

/// Runs the program on the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    signals::hold();
    // The panic message is on stderr already; what is left to do is the exit code.
    std::panic::catch_unwind(parse_and_run).unwrap_or(ExitCode::from(exit::BUG))
}

fn parse_and_run() -> ExitCode {
    let parsed = command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let is_told = output::is_delivered(error.print());
            return ExitCode::from(match error.use_stderr() {
                true => {
                    output::complain(&errors::more(ErrorId::Usage));
                    exit::COMMAND_LINE
                }
                false if is_told => exit::DONE,
                false => exit::FAILED,
            });
        }
    };
    if cli.options.diagnostics && !matches!(cli.action, Some(Action::Image(_))) {
        output::diagnostics().iter().for_each(|line| output::line(line));
        return ExitCode::from(if output::lost().is_none() { exit::DONE } else { exit::FAILED });
    }
    let Some(action) = cli.action else {
        let _ = command().print_help();
        return ExitCode::from(exit::COMMAND_LINE);
    };
    let logs_output = cli.output.output || action.logs_output() || cli.options.debug;
    match run::run(&cli.options, logs_output, action) {
        Ok(()) => ExitCode::from(exit::DONE),
        Err(failure) => ExitCode::from(failure.code()),
    }
}

/// Cedar's actions, the first four of which it runs one after the other in one command.
const CEDARS: [&str; 8] = ["collect", "stage", "store", "purge", "rebuild", "validate", "initialize", "all"];

impl Action {
    /// Whether `-O` stands behind the action.
    fn logs_output(&self) -> bool {
        match self {
            Action::Store(arguments) => arguments.session.others.output.output,
            Action::Rebuild(arguments) | Action::Initialize(arguments) => arguments.others.output.output,
            Action::Span(arguments) => arguments.session.others.output.output,
            Action::Validate(arguments) => arguments.output.output,
            _ => false,
        }
    }

    /// What stands behind an action of Cedar's.
    fn others(&self) -> &[String] {
        match self {
            Action::Store(arguments) => &arguments.session.others.others,
            Action::Rebuild(arguments) | Action::Initialize(arguments) => &arguments.others.others,
            Action::Span(arguments) => &arguments.session.others.others,
            Action::Validate(others) => &others.others,
            _ => &[],
        }
    }

    /// Several actions don't go in one command. As with Cedar, that is an error of the configuration: there the names of actions are
    /// configured, too.
    fn refused_with_others(&self) -> Result<(), Failure> {
        match self.others() {
            [] => Ok(()),
            others if others.iter().any(|other| !CEDARS.contains(&other.as_str())) => Err(Failure::usage(
                "cedarburn runs one action at a time, and the words behind it are none that it knows",
            )),
            _ => Err(Failure::of(
                ErrorId::SeveralActions,
                "cedarburn runs one action at a time: rebuild, validate and initialize can't be combined, as with cback3, and collect, stage, purge and all are cback3's",
            )),
        }
    }

    /// Why an action is none of ours, for those that aren't.
    fn refused(&self) -> Option<&'static str> {
        match self {
            Action::Collect(_) => Some("cedarburn does not collect: run cback3 collect, then cedarburn store"),
            Action::Stage(_) => Some("cedarburn does not stage: run cback3 stage, then cedarburn store"),
            Action::Purge(_) => Some("cedarburn does not purge: run cedarburn store, then cback3 purge"),
            Action::All(_) => Some("cedarburn only stores: run cback3 collect stage, cedarburn store, cback3 purge"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Cli, clap::Error> {
        Cli::from_arg_matches(&command().try_get_matches_from(arguments)?)
    }

    #[test]
    fn full_means_the_same_before_and_behind_every_action_and_is_explained_where_it_means_something() {
        for action in ["store", "info", "blank", "format", "eject", "verify"] {
            for arguments in [["cedarburn", "-f", action], ["cedarburn", action, "--full"]] {
                assert!(parsed(&arguments).unwrap().options.full, "{arguments:?}");
            }
            assert!(!parsed(&["cedarburn", action]).unwrap().options.full, "{action}");
            let mut all = command();
            all.build();
            let help = all.find_subcommand_mut(action).unwrap().render_help().to_string();
            let own = FULL.iter().find(|(name, _)| *name == action).map(|(_, help)| &help[..15]);
            assert_eq!(help.contains("--full"), own.is_some(), "{help}");
            assert!(own.is_none_or(|own| help.contains(own)), "{help}");
        }
    }

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_behind_the_action() {
        for arguments in [["cedarburn", "-f", "-c", "/c", "store"], ["cedarburn", "store", "--full", "--config", "/c"]]
        {
            let cli = parsed(&arguments).unwrap();
            assert!(cli.options.full);
            assert_eq!(cli.options.config, PathBuf::from("/c"));
            assert!(matches!(cli.action, Some(Action::Store(_))));
        }
    }

    #[test]
    fn long_options_may_be_abbreviated_as_with_getopt() {
        let cli = parsed(&["cedarburn", "--verb", "--conf", "/c", "store"]).unwrap();
        assert!(cli.options.verbose);
        assert!(parsed(&["cedarburn", "--man", "store"]).is_err(), "--managed or --managed-only?");
    }
}
