//! From options to a running action: log, signals, clock, and the answer at the end.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Zoned;
use jiff::civil::Date;
use serde::Serialize;

use super::exit::{self, Failure};
use super::meter::Meter;
use super::{Action, CommonOptions, json, log, output, signals};
use crate::actions::ActionError;
use crate::config::Config;
use crate::iso::tree::Timestamp;

/// What every action is given.
pub(super) struct Context<'a> {
    pub(super) options: &'a CommonOptions,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) today: Date,
    pub(super) now: Timestamp,
    pub(super) source_date_epoch: Option<Timestamp>,
}

impl Context<'_> {
    /// A meter that shows progress the way the user wants it.
    pub(super) fn meter(&self) -> Meter {
        Meter::new(self.options.json, !self.options.no_progress && !self.options.quiet)
    }

    pub(super) fn trace(&self) -> Option<&Path> {
        self.options.scsi_trace.as_deref()
    }

    /// The configuration, its warnings told.
    pub(super) fn config(&self) -> Result<Config, ActionError> {
        tracing::info!("configuration file {}", self.options.config.display());
        let loaded = Config::load(&self.options.config)?;
        for warning in &loaded.warnings {
            tracing::warn!("{}: {warning}", self.options.config.display());
        }
        Ok(loaded.config)
    }

    /// The device to look at: the one named, else the configured one.
    pub(super) fn device(&self) -> Result<String, ActionError> {
        match &self.options.device {
            Some(device) => Ok(device.clone()),
            None => Ok(self.config()?.require_store()?.target_device.as_str().to_owned()),
        }
    }

    /// Gives the answer: as JSON, or as the lines that `text` makes.
    pub(super) fn answer<T: Serialize>(&self, action: &'static str, fields: T, text: impl FnOnce(&T) -> Vec<String>) {
        if self.options.json {
            json::print(&json::ResultObject::new(action, fields));
        } else if !self.options.quiet {
            for line in text(&fields) {
                output::line(&line);
            }
        }
    }
}

/// Runs an action from its beginning in the log to its end there.
pub(super) fn run(options: &CommonOptions, action: Action) -> Result<(), Failure> {
    let name = name(&action);
    let result = prepare(options, &action).and_then(|context| {
        let stores = matches!(action, Action::Store);
        let path = options.logfile.clone().or_else(|| stores.then(|| log::DEFAULT.into()));
        let file = path.map(|path| log::open(&path, options.mode, &options.owner)).transpose();
        let file = file.map_err(|error| Failure { code: exit::LOG_FILE, ..Failure::usage(error.to_string()) })?;
        // In JSON the messages are fields of the answer.
        let quiet = options.quiet || options.json;
        log::install(log::Levels::new(quiet, options.verbose, options.debug), file);
        Ok(context)
    });
    let context = match result {
        Ok(context) => context,
        Err(failure) => {
            complain(options, name, &failure);
            return Err(failure);
        }
    };
    tracing::info!("cedarburn {} started: {name}", env!("CARGO_PKG_VERSION"));
    let result = match action {
        Action::Store => super::store::run(&context),
        Action::Info => super::info::run(&context),
        Action::List(arguments) => super::list::run(&context, &arguments),
        Action::Verify(arguments) => super::verify::run(&context, &arguments),
        Action::Disc(command) => super::disc::run(&context, &command),
        Action::Demo(arguments) => super::demo::run(&context, &arguments),
        _ => Ok(()),
    };
    let result = result.map_err(Failure::from);
    let code = result.as_ref().map_or_else(|failure| failure.code, |()| exit::DONE);
    if let Err(failure) = &result {
        for line in failure.lines() {
            tracing::error!("{line}");
        }
        if options.json {
            json::print(&json::FailureObject::new(name, failure));
        }
    }
    tracing::info!("cedarburn completed with status {code}");
    result
}

/// What is checked before a log is opened.
fn prepare<'a>(options: &'a CommonOptions, action: &Action) -> Result<Context<'a>, Failure> {
    if options.managed || options.managed_only {
        return Err(Failure::usage("cedarburn does not run actions on other machines: run cback3 for -M and -N"));
    }
    if let Some(sentence) = action.refused() {
        return Err(Failure::usage(sentence));
    }
    let source_date_epoch = source_date_epoch()?;
    let clock = Zoned::now();
    let now = source_date_epoch.unwrap_or(Timestamp::from_seconds(clock.timestamp().as_second()));
    let today = options.today.unwrap_or_else(|| clock.date());
    Ok(Context { options, stop: signals::watch(), today, now, source_date_epoch })
}

fn source_date_epoch() -> Result<Option<Timestamp>, Failure> {
    const NAME: &str = "SOURCE_DATE_EPOCH";
    let Some(text) = std::env::var_os(NAME) else { return Ok(None) };
    match text.to_str().and_then(|text| text.parse::<i64>().ok()) {
        Some(seconds) => Ok(Some(Timestamp::from_seconds(seconds))),
        None => Err(Failure::usage(format!("{NAME} is {text:?}, not a whole number of seconds since 1970"))),
    }
}

/// Errors of the command line and of the log itself can only go to stderr.
fn complain(options: &CommonOptions, name: &str, failure: &Failure) {
    if options.json {
        json::print(&json::FailureObject::new(name, failure));
    }
    for line in failure.lines() {
        output::complain(&line);
    }
}

fn name(action: &Action) -> &'static str {
    match action {
        Action::Store => "store",
        Action::Info => "info",
        Action::List(_) => "list",
        Action::Verify(_) => "verify",
        Action::Disc(_) => "disc",
        Action::Demo(_) => "demo",
        Action::Collect => "collect",
        Action::Stage => "stage",
        Action::Purge => "purge",
        Action::All => "all",
        Action::Rebuild => "rebuild",
        Action::Initialize => "initialize",
        Action::Validate => "validate",
    }
}
