//! `cedarburn store`

use serde::Serialize;

use super::context::Context;
use super::output;
use crate::actions::ActionError;
use crate::actions::policy::Decision;
use crate::actions::store::{Outcome, Report, Request, store};
use crate::burn::Buffers;

/// The answer.
#[derive(Debug, Serialize)]
pub(super) struct Fields {
    outcome: &'static str,
    proven: bool,
    day: String,
    directory: String,
    label: String,
    medium: String,
    decision: &'static str,
    why: String,
    files: u64,
    bytes: u64,
    session_start: u32,
    session_sectors: u32,
    free_sectors: u32,
    /// Of a session that was burned, how full the buffers were meanwhile; those of the drive's own where it tells.
    #[serde(flatten)]
    buffers: Option<BufferFields>,
}

/// Our buffer in front of the drive, and the drive's own.
#[derive(Debug, Serialize)]
struct BufferFields {
    buffer_bytes: u64,
    buffer_least_percent: u8,
    buffer_ran_empty: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    drive_buffer_bytes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drive_buffer_least_percent: Option<u8>,
}

impl BufferFields {
    fn new(buffers: &Buffers) -> BufferFields {
        BufferFields {
            buffer_bytes: buffers.fifo_bytes,
            buffer_least_percent: buffers.fifo_least_percent,
            buffer_ran_empty: buffers.fifo_ran_empty,
            drive_buffer_bytes: buffers.drive_bytes,
            drive_buffer_least_percent: buffers.drive_least_percent,
        }
    }
}

impl Fields {
    pub(super) fn new(report: &Report) -> Fields {
        let (decision, why) = match report.decision {
            Decision::NewDisc { wipe: true, why } => ("new disc, what is on it goes", why),
            Decision::NewDisc { wipe: false, why } => ("new disc", why),
            Decision::Append { why } => ("append", why),
        };
        Fields {
            outcome: match report.outcome {
                Outcome::Stored { .. } => "stored",
                Outcome::AlreadyThere => "already on the disc",
                Outcome::Planned => "planned",
            },
            proven: matches!(report.outcome, Outcome::Stored { proven: true } | Outcome::AlreadyThere),
            day: report.day.to_string(),
            directory: report.directory.display().to_string(),
            label: report.label.clone(),
            medium: report.medium.clone(),
            decision,
            why: why.to_string(),
            files: report.files,
            bytes: report.bytes,
            session_start: report.start.0,
            session_sectors: report.sectors.0,
            free_sectors: report.free.0,
            buffers: report.buffers.as_ref().map(BufferFields::new),
        }
    }

    /// One line of what would be done.
    pub(super) fn summary(&self) -> String {
        let place = match self.outcome {
            "already on the disc" => "nothing to burn, the disc holds the day as it is staged".to_owned(),
            _ => {
                format!("{} sectors at sector {}, {} free", self.session_sectors, self.session_start, self.free_sectors)
            }
        };
        format!("{} as {} ({}): {place}", self.day, self.decision, self.why)
    }

    /// What a rehearsal says.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("day:      {} ({})", self.day, self.directory),
            format!("content:  {} files, {}", self.files, output::size(self.bytes)),
            format!("disc:     {}, {} ({})", self.medium, self.decision, self.why),
        ];
        if self.outcome == "already on the disc" {
            lines.push("session:  none, the disc holds the day as it is staged".to_owned());
        } else {
            lines.push(format!(
                "session:  {:?}, {} sectors at sector {}, {} free",
                self.label, self.session_sectors, self.session_start, self.free_sectors
            ));
        }
        lines
    }
}

/// What *store* is asked, from the options.
pub(super) fn request<'a>(context: &'a Context<'_>, config: &'a crate::config::Config, dry_run: bool) -> Request<'a> {
    Request {
        config,
        device: context.options.device.as_deref(),
        trace: context.trace(),
        today: context.today,
        now: context.now,
        source_date_epoch: context.source_date_epoch,
        full: context.options.full,
        dry_run,
    }
}

pub(super) fn run(context: &Context<'_>) -> Result<(), ActionError> {
    let config = context.config()?;
    let dry_run = context.options.dry_run;
    let request = request(context, &config, dry_run);
    let report = store(&request, &context.stop, &mut context.meter())?;
    // Done in silence, as cron wants it; a rehearsal is asked for its answer.
    context.answer("store", Fields::new(&report), |fields| if dry_run { fields.lines() } else { Vec::new() });
    Ok(())
}
