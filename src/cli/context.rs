//! What every action is given: options, clock, signals, and the ways to read the configuration and to give an answer.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Zoned;
use jiff::civil::Date;
use serde::Serialize;

use super::errors::Failure;
use super::meter::Meter;
use super::{CommonOptions, json, output, receipt, signals};
use crate::actions::{ActionError, ON_SCREEN};
use crate::config::Config;
use crate::iso::tree::Timestamp;
use crate::scsi::Trays;

/// What every action is given.
pub(super) struct Context<'a> {
    pub(super) options: &'a CommonOptions,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) today: Date,
    pub(super) now: Timestamp,
    pub(super) source_date_epoch: Option<Timestamp>,
    /// What the run's receipt is going to say, where it gets one.
    pub(super) receipt: RefCell<Option<receipt::Begun>>,
}

impl<'a> Context<'a> {
    /// Looks at the clock, and begins to wait for signals.
    pub(super) fn new(options: &'a CommonOptions) -> Result<Context<'a>, Failure> {
        let source_date_epoch = source_date_epoch()?;
        let clock = Zoned::now();
        let now = source_date_epoch.unwrap_or(Timestamp::from_seconds(clock.timestamp().as_second()));
        let today = options.today.unwrap_or_else(|| clock.date());
        Ok(Context { options, stop: signals::watch(), today, now, source_date_epoch, receipt: RefCell::new(None) })
    }

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
        let path = &self.options.config;
        let loaded = Config::load(path).map_err(|source| ActionError::ConfigFile { path: path.clone(), source })?;
        for warning in &loaded.warnings {
            let file = self.options.config.display();
            if warning.matters() {
                tracing::warn!(target: ON_SCREEN, "{file}: {warning}");
            } else {
                tracing::warn!("{file}: {warning}");
            }
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

    /// What who changes a disc without the configuration's word may do with the tray. A configuration that can't be read forbids nothing: the
    /// device was named then.
    pub(super) fn trays(&self) -> Trays {
        let store = Config::load(&self.options.config).ok().and_then(|loaded| loaded.config.store);
        Trays::before_a_change(self.options.dry_run, store.is_some_and(|store| store.no_eject))
    }

    /// Gives the answer: as JSON, or as the lines that `text` makes.
    pub(super) fn answer<T: Serialize>(&self, action: &'static str, fields: T, text: impl FnOnce(&T) -> Vec<String>) {
        if self.options.json {
            // The result of a document with a gap is that it has one.
            if output::lost().is_none() {
                json::end(&json::ResultObject::new(action, fields));
            }
        } else if !self.options.quiet {
            for line in text(&fields) {
                output::line(&line);
            }
        }
    }
}

fn source_date_epoch() -> Result<Option<Timestamp>, Failure> {
    const NAME: &str = "SOURCE_DATE_EPOCH";
    let Some(text) = std::env::var_os(NAME) else { return Ok(None) };
    match text.to_str().and_then(|text| text.parse::<i64>().ok()) {
        Some(seconds) => Ok(Some(Timestamp::from_seconds(seconds))),
        None => Err(Failure::usage(format!("{NAME} is {text:?}, not a whole number of seconds since 1970"))),
    }
}
