//! The objects of `--json`: one a line, `progress` and `warning` while it runs, `result` at the end. Fields may be added, none will change.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::errors::{Failure, SenseObject};
use super::meter::Fill;
use super::output;
use crate::burn::Phase;
use crate::sector::Sectors;

/// The result is printed.
static ENDED: AtomicBool = AtomicBool::new(false);

/// Prints one object.
pub(super) fn print(object: &impl Serialize) {
    match serde_json::to_string(object) {
        Ok(text) => output::line(&text),
        Err(error) => tracing::error!("an answer can't be written as JSON: {error}"),
    }
}

/// Prints the object that ends the answer.
pub(super) fn end(result: &impl Serialize) {
    ENDED.store(true, Ordering::Relaxed);
    print(result);
}

/// Prints a warning; on stderr once the answer has ended, which nothing follows.
pub(super) fn warn(warning: &str) {
    if ENDED.load(Ordering::Relaxed) {
        output::complain(&format!("warning: {warning}"));
    } else {
        print(&WarningObject { kind: "warning", warning });
    }
}

/// How far a phase is.
#[derive(Debug, Serialize)]
pub(super) struct ProgressObject {
    #[serde(rename = "type")]
    kind: &'static str,
    phase: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buffer_percent: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drive_buffer_percent: Option<u8>,
}

impl ProgressObject {
    pub(super) fn new(
        phase: Phase,
        done: Option<Sectors>,
        total: Option<Sectors>,
        percent: Option<u8>,
        fill: Fill,
    ) -> ProgressObject {
        ProgressObject {
            kind: "progress",
            phase: phase.to_string(),
            done_bytes: done.map(Sectors::bytes),
            total_bytes: total.map(Sectors::bytes),
            percent,
            buffer_percent: fill.fifo,
            drive_buffer_percent: fill.drive,
        }
    }
}

/// What somebody has to know of, although the run goes on.
#[derive(Debug, Serialize)]
struct WarningObject<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    warning: &'a str,
}

/// The end of a run that did its work: the action's own fields with `exit_code` 0.
#[derive(Debug, Serialize)]
pub(super) struct ResultObject<T> {
    #[serde(rename = "type")]
    kind: &'static str,
    action: &'static str,
    exit_code: u8,
    #[serde(flatten)]
    fields: T,
}

impl<T> ResultObject<T> {
    pub(super) fn new(action: &'static str, fields: T) -> ResultObject<T> {
        ResultObject { kind: "result", action, exit_code: 0, fields }
    }
}

/// The end of a run that failed.
#[derive(Debug, Serialize)]
pub(super) struct FailureObject<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    action: &'a str,
    exit_code: u8,
    id: &'static str,
    error: &'a str,
    because: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    sense: Option<&'a SenseObject>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    findings: &'a [String],
    state: Option<&'a str>,
    hint: Option<&'a str>,
}

impl<'a> FailureObject<'a> {
    pub(super) fn new(action: &'a str, failure: &'a Failure) -> FailureObject<'a> {
        FailureObject {
            kind: "result",
            action,
            exit_code: failure.code(),
            id: failure.id.word(),
            error: &failure.what,
            because: &failure.because,
            sense: failure.sense.as_deref(),
            findings: &failure.findings,
            state: Some(failure.state).filter(|state| !state.is_empty()),
            hint: Some(failure.hint).filter(|hint| !hint.is_empty()),
        }
    }
}
