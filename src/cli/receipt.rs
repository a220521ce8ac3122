//! The receipt of a run: where it goes, and when it is written.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::errors::Failure;
use crate::actions::ActionError;
use crate::actions::proof::with_causes;
use crate::actions::receipt::{Receipt, Record, Told, VERSION, folder, program, utc};
use crate::config::Config;
use crate::iso::tree::Timestamp;

/// Where receipts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Receipts {
    /// The folder.
    pub(super) path: PathBuf,
    /// It was named for them, and not only for whatever a program needs to put down somewhere.
    is_named: bool,
}

/// A receipt that is to be written at the end of the run.
#[derive(Debug)]
pub(super) struct Begun {
    folder: PathBuf,
    started: i64,
    record: Record,
}

impl Context<'_> {
    /// The folder of receipts; see [`folder`].
    pub(super) fn receipts(&self, config: &Config) -> Receipts {
        let named = self.options.receipts.as_ref().or(config.cedarburn.receipts_dir.as_ref());
        let path = named.unwrap_or(&config.options.working_dir).clone();
        Receipts { path, is_named: named.is_some() }
    }

    /// This run, which needs no configuration, gets a receipt where one says where receipts go, or the command line does.
    /// Returns the folder.
    pub(super) fn begin_receipt_where_known(&self) -> Result<Option<PathBuf>, ActionError> {
        let configured = || Some(self.receipts(&Config::load(&self.options.config).ok()?.config));
        let named = self.options.receipts.clone().map(|path| Receipts { path, is_named: true });
        let Some(receipts) = named.or_else(configured) else { return Ok(None) };
        self.begin_receipt(&receipts)?;
        Ok(Some(receipts.path))
    }

    /// This run gets a receipt, whatever its end is.
    pub(super) fn begin_receipt(&self, receipts: &Receipts) -> Result<(), ActionError> {
        match folder::check(&receipts.path) {
            Ok(()) => {}
            Err(error) if receipts.is_named => return Err(error.into()),
            Err(error) => {
                tracing::warn!("this run leaves no receipt: {}", with_causes(&error));
                return Ok(());
            }
        }
        let begun = Begun { folder: receipts.path.clone(), started: self.clock(), record: Record::default() };
        *self.receipt.borrow_mut() = Some(begun);
        Ok(())
    }

    /// What is known of the run.
    pub(super) fn record(&self, record: Record) {
        if let Some(begun) = &mut *self.receipt.borrow_mut() {
            begun.record = record;
        }
    }

    /// Writes the receipt, if the run gets one, and its summary into the log.
    pub(super) fn end_receipt(&self, action: &str, failure: Option<&Failure>) {
        let begun = self.receipt.borrow_mut().take();
        if let Some(begun) = begun {
            self.leave_receipt(action, begun, failure);
        }
    }

    /// Writes the receipt of a disc that is done, in a run that goes on with another.
    pub(super) fn receipt_between(&self, action: &str, record: Record) {
        let mut receipt = self.receipt.borrow_mut();
        if let Some(Begun { folder, started, .. }) = receipt.take() {
            let begun = |started, record| Begun { folder: folder.clone(), started, record };
            self.leave_receipt(action, begun(started, record), None);
            *receipt = Some(begun(self.clock(), Record::default()));
        }
    }

    fn leave_receipt(&self, action: &str, Begun { folder, started, record }: Begun, failure: Option<&Failure>) {
        let ended = self.clock();
        let receipt = Receipt {
            receipt: VERSION,
            action: action.to_owned(),
            program: program(),
            host: nix::unistd::gethostname().map_or(String::new(), |name| name.to_string_lossy().into_owned()),
            started,
            ended,
            started_utc: utc(started),
            ended_utc: utc(ended),
            exit_code: failure.map_or(0, |failure| failure.code()),
            error: failure.map(told),
            record,
        };
        tracing::info!("{}", receipt.summary());
        write(&folder, &receipt);
    }

    /// Seconds since 1970 as the clock shows them now, or as `SOURCE_DATE_EPOCH` says.
    fn clock(&self) -> i64 {
        self.source_date_epoch.map_or_else(|| jiff::Timestamp::now().as_second(), |Timestamp { seconds, .. }| seconds)
    }
}

fn write(folder: &Path, receipt: &Receipt) {
    match folder::write(folder, receipt) {
        Ok(path) => {
            tracing::info!("receipt {}", path.display());
            // What it said the receipt says, too.
            if let Some(note) = &receipt.record.note {
                let _ = std::fs::remove_file(note);
            }
        }
        // The work is done, or has failed for a reason of its own: neither changes by this.
        Err(error) => tracing::error!("the run leaves no receipt: {}", with_causes(&error)),
    }
}

fn told(failure: &Failure) -> Told {
    Told {
        id: failure.id.word().to_owned(),
        error: failure.what.clone(),
        because: failure.because.clone(),
        findings: failure.findings.clone(),
        state: failure.state.to_owned(),
        hint: failure.hint.to_owned(),
    }
}
