//! From options to a running action: log, the action, and its end.

use std::path::Path;

use super::context::Context;
use super::errors::{ErrorId, Failure};
use super::{Action, CommonOptions, exit, json, log, output};
use crate::actions::store::What;

/// Runs an action from its beginning in the log to its end there.
pub(super) fn run(options: &CommonOptions, logs_output: bool, action: Action) -> Result<(), Failure> {
    let name = name(&action);
    if let Action::Explain(arguments) = &action {
        let explained = super::explain::run(options, arguments).and_then(|()| delivered());
        return explained.inspect_err(|failure| complain(options, name, failure));
    }
    let result = prepare(options, &action).and_then(|context| {
        // Cedar's actions have Cedar's log.
        let is_cedars = matches!(
            action,
            Action::Store(_) | Action::Rebuild(_) | Action::Initialize(_) | Action::Validate(_) | Action::Span(_)
        );
        let path = options.logfile.clone().or_else(|| is_cedars.then(|| log::DEFAULT.into()));
        let file = path.as_ref().map(|path| log::open(path, options.mode, &options.owner)).transpose();
        let file = file.map_err(|error| Failure::log_file(&error))?;
        let levels = log::Levels::new(options.quiet, options.verbose, options.debug).with_output(logs_output);
        let (screen, warnings) = match action {
            _ if options.json => (log::Screen::Json, log::Screen::Json),
            // Their stdout is the image, or the list.
            Action::Image(_) | Action::List(_) => (log::Screen::Stderr, log::Screen::Stderr),
            _ if is_cedars => (log::Screen::Stdout, log::Screen::Stdout),
            // They answer on stdout: a line of status, say.
            _ => (log::Screen::Stdout, log::Screen::Stderr),
        };
        log::install(levels.on(screen), screen, warnings, file);
        Ok((context, path))
    });
    let (context, log_file) = match result {
        Ok(begun) => begun,
        Err(failure) => {
            complain(options, name, &failure);
            return Err(failure);
        }
    };
    tell_start(name, log_file.as_deref());
    if let Err(error) = jiff::tz::TimeZone::try_system() {
        tracing::warn!("the system's time zone can't be found out, days are counted in UTC: {error}");
    }
    let result = match action {
        Action::Store(arguments) => super::store::run(&context, arguments.what(), &arguments.session),
        Action::Rebuild(arguments) => super::store::run(&context, What::Week, &arguments),
        Action::Initialize(arguments) => super::store::run(&context, What::Label, &arguments),
        Action::Span(arguments) => super::span::run(&context, &arguments),
        Action::Validate(_) => super::validate::run(&context),
        Action::Drives(arguments) => super::drives::run(&context, &arguments),
        Action::Info => super::info::run(&context),
        Action::Status(arguments) => super::status::run(&context, &arguments),
        Action::List(arguments) => super::list::run(&context, &arguments),
        Action::Verify(arguments) => super::verify::run(&context, &arguments),
        Action::Image(arguments) => super::image::run(&context, &arguments),
        Action::Blank(arguments) => super::blank::run(&context, &arguments),
        Action::Format(arguments) => super::format::run(&context, &arguments),
        Action::Eject => super::eject::run(&context),
        Action::Load => super::load::run(&context),
        Action::Disc(command) => super::disc::run(&context, &command),
        Action::Demo(arguments) => super::demo::run(&context, &arguments),
        _ => Ok(()),
    };
    let result = result.map_err(Failure::from).and_then(|()| delivered());
    context.end_receipt(name, result.as_ref().err());
    let code = result.as_ref().map_or_else(Failure::code, |()| exit::DONE);
    if let Err(failure) = &result {
        for line in failure.lines() {
            tracing::error!(target: log::FAILURE, "{line}");
        }
        if options.json {
            json::end(&json::FailureObject::new(name, failure));
        }
        // Then messages are no part of the answer, and nothing else has told it.
        if (options.json || options.quiet) && output::lost().is_some() {
            failure.lines().iter().for_each(|line| output::complain(line));
        }
    }
    tracing::info!("cedarburn completed with status {code}");
    result
}

/// What Cedar logs of each run before its work: that it started, how it was called, where it logs, and the diagnostics. The configuration file
/// is told by who reads it; there is no order to tell of one action.
fn tell_start(name: &str, log_file: Option<&Path>) {
    tracing::info!("cedarburn {} started: {name}", env!("CARGO_PKG_VERSION"));
    let options: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    tracing::info!("options: {options:?}");
    if let Some(path) = log_file {
        tracing::info!("log file {}", path.display());
    }
    output::diagnostics().iter().for_each(|line| tracing::info!("{line}"));
}

/// Whoever reads the answer must not take half of it for all.
fn delivered() -> Result<(), Failure> {
    output::lost().map_or(Ok(()), |error| Err(Failure::answer_lost(error)))
}

/// What is checked before a log is opened.
fn prepare<'a>(options: &'a CommonOptions, action: &Action) -> Result<Context<'a>, Failure> {
    if options.managed || options.managed_only {
        let sentence = "cedarburn does not run actions on other machines: run cback3 for -M and -N";
        return Err(Failure::of(ErrorId::NotOurs, sentence));
    }
    if let Some(sentence) = action.refused() {
        return Err(Failure::of(ErrorId::NotOurs, sentence));
    }
    action.refused_with_others()?;
    match action {
        Action::Drives(arguments) => arguments.check(options)?,
        Action::Image(arguments) => arguments.check(options)?,
        Action::Blank(arguments) => arguments.check(options)?,
        Action::Format(arguments) => arguments.check(options)?,
        _ => {}
    }
    Context::new(options)
}

/// Errors of the command line and of the log itself: before there is a log they can only go to stderr, or be the answer.
fn complain(options: &CommonOptions, name: &str, failure: &Failure) {
    if options.json {
        json::end(&json::FailureObject::new(name, failure));
    }
    if !options.json || output::lost().is_some() {
        failure.lines().iter().for_each(|line| output::complain(line));
    }
}

fn name(action: &Action) -> &'static str {
    match action {
        Action::Store(_) => "store",
        Action::Span(_) => "span",
        Action::Drives(_) => "drives",
        Action::Info => "info",
        Action::Status(_) => "status",
        Action::List(_) => "list",
        Action::Verify(_) => "verify",
        Action::Image(_) => "image",
        Action::Blank(_) => "blank",
        Action::Format(_) => "format",
        Action::Eject => "eject",
        Action::Load => "load",
        Action::Disc(_) => "disc",
        Action::Demo(_) => "demo",
        Action::Explain(_) => "explain",
        Action::Collect(_) => "collect",
        Action::Stage(_) => "stage",
        Action::Purge(_) => "purge",
        Action::All(_) => "all",
        Action::Rebuild(_) => "rebuild",
        Action::Initialize(_) => "initialize",
        Action::Validate(_) => "validate",
    }
}
