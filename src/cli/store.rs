//! `cedarburn store`, `rebuild`, `initialize`: one way, one answer.

use std::path::Path;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::context::Context;
use super::{Others, output};
use crate::actions::ActionError;
use crate::actions::copies::{Elsewhere, Held};
use crate::actions::disc::recipe_word;
use crate::actions::hooks::{self, When};
use crate::actions::policy::Decision;
use crate::actions::receipt::Record;
use crate::actions::staging::Day;
use crate::actions::store::{Outcome, Report, Request, What, is_anybody_at_work, store};
use crate::burn::Buffers;

/// A disc that is started anew.
const WIPE: &str = "new disc, what is on it goes";

/// Which days *store* takes.
#[derive(Debug, Default, Args)]
pub(super) struct StoreArguments {
    /// Every day that is staged and not stored, oldest first, not only today's, yesterday's or tomorrow's
    #[arg(long)]
    catch_up: bool,
    #[command(flatten)]
    pub(super) session: Arguments,
}

impl StoreArguments {
    pub(super) fn what(&self) -> What {
        if self.catch_up { What::CatchUp } else { What::Day }
    }
}

/// How the session is written.
#[derive(Debug, Default, Args)]
pub(super) struct Arguments {
    /// Close the disc for ever: no session can follow this one
    #[arg(long)]
    finalize: bool,
    /// Whether the drive checks what it writes and replaces bad sectors, at half the speed (BD, DVD-RAM)
    #[arg(long, value_name = "on|off")]
    defect_management: Option<Switch>,
    #[command(flatten)]
    pub(super) others: Others,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(super) struct Fields {
    outcome: &'static str,
    proven: bool,
    /// The oldest of the days; none where only the label is written.
    day: Option<String>,
    directory: Option<String>,
    /// All of them, oldest first.
    days: Vec<DayFields>,
    label: String,
    medium: String,
    decision: &'static str,
    why: String,
    /// What is not started anew without `--full`: `strict`, `week`, `off`.
    protect: String,
    /// The days that go with what is on the disc, or would if they were not protected; empty where it is not due to be started anew.
    at_stake: Vec<AtStakeFields>,
    /// The first file on it that is no day's, where it is due to be started anew.
    others_at_stake: Option<String>,
    files: u64,
    bytes: u64,
    /// What is done to the disc before, in order: `close`, `blank`, `blank whole`, `format`, `go on formatting`, `format with spares`.
    preparation: Vec<&'static str>,
    /// The way it is written: `track at once`, `session at once`, `incremental`, `disc at once`, `sequential`, `overwriting`.
    recipe: Option<&'static str>,
    /// Whether it is written without the drive's defect management, at full speed.
    streaming: bool,
    /// What was asked for and has no effect.
    warnings: Vec<String>,
    /// Another session can follow this one.
    appendable: bool,
    /// None where nothing is written, or where only a mended disc tells.
    session_start: Option<u32>,
    session_sectors: u32,
    /// None where only a mended disc tells.
    free_sectors: Option<u32>,
    /// Whether a mount shows the session; none where nothing was done, or nobody mounts anything.
    shown: Option<bool>,
    /// By what it is shown: `at once`, `restarted`, `reloaded`; or why not: `no_eject`, `no tray`, `interrupted`, `in vain`, `failed`.
    showing: Option<&'static str>,
    /// Of a session that was burned, how full the buffers were meanwhile; those of the drive's own where it tells.
    #[serde(flatten)]
    buffers: Option<BufferFields>,
}

/// A day that was asked for.
#[derive(Debug, Serialize)]
struct DayFields {
    day: String,
    directory: String,
    /// `stored` (or `to store` of what is only planned), `already on the disc`, `left` where there is no room for it.
    outcome: &'static str,
}

/// A day on a disc that is due to be started anew.
#[derive(Debug, Serialize)]
struct AtStakeFields {
    day: String,
    staged: bool,
    /// The other disc that holds it, where staging does not.
    on_disc: Option<String>,
    /// Why its directory in staging is no copy of it.
    because: Option<String>,
    #[serde(skip)]
    words: String,
}

impl AtStakeFields {
    fn new(held: &Held) -> AtStakeFields {
        let because = match &held.elsewhere {
            Elsewhere::Staged | Elsewhere::OnDisc(_) => None,
            Elsewhere::Nowhere(why) => Some(why.clone()),
        };
        let on_disc = match &held.elsewhere {
            Elsewhere::OnDisc(disc) => Some(disc.id.clone()),
            _ => None,
        };
        let staged = held.elsewhere == Elsewhere::Staged;
        AtStakeFields { day: held.day.to_string(), staged, on_disc, because, words: held.to_string() }
    }
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

impl DayFields {
    fn new(report: &Report, day: &Day) -> DayFields {
        let outcome = match report.outcome {
            _ if report.left.contains(&day.date) => "left",
            _ if report.there.contains(&day.date) => "already on the disc",
            Outcome::Planned => "to store",
            Outcome::Stored { .. } | Outcome::AlreadyThere => "stored",
        };
        DayFields { day: day.date.to_string(), directory: day.path.display().to_string(), outcome }
    }

    /// As a line of a rehearsal.
    fn line(&self) -> String {
        let outcome = match self.outcome {
            "to store" => String::new(),
            "left" => ", left for another disc: there is no room".to_owned(),
            outcome => format!(", {outcome}"),
        };
        format!("day:      {} ({}){outcome}", self.day, self.directory)
    }
}

impl Fields {
    pub(super) fn new(report: &Report) -> Fields {
        let (decision, why) = match report.decision {
            Decision::NewDisc { wipe: true, why } => (WIPE, why),
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
            day: report.days.first().map(|day| day.date.to_string()),
            directory: report.days.first().map(|day| day.path.display().to_string()),
            days: report.days.iter().map(|day| DayFields::new(report, day)).collect(),
            label: report.label.clone(),
            medium: report.medium.clone(),
            decision,
            why: why.to_string(),
            protect: report.protect.to_string(),
            at_stake: report.at_stake.iter().map(AtStakeFields::new).collect(),
            others_at_stake: report.others_at_stake.as_ref().map(ToString::to_string),
            files: report.files,
            bytes: report.bytes,
            preparation: report.preparations.iter().map(|preparation| preparation.word()).collect(),
            recipe: report.recipe.map(recipe_word),
            streaming: report.streaming,
            warnings: report.warnings.clone(),
            appendable: report.appendable,
            session_start: report.start.map(|start| start.0),
            session_sectors: report.sectors.0,
            free_sectors: report.free.map(|free| free.0),
            shown: report.showing.map(|showing| showing.is_shown),
            showing: report.showing.map(|showing| showing.word),
            buffers: report.buffers.as_ref().map(BufferFields::new),
        }
    }

    /// One line of what would be done.
    pub(super) fn summary(&self) -> String {
        let place = match self.outcome {
            "already on the disc" => "nothing to burn, the disc holds the day as it is staged".to_owned(),
            _ => self.place(),
        };
        let before = if self.preparation.is_empty() {
            String::new()
        } else {
            format!("; before that: {}", self.preparation.join(", "))
        };
        let after = if self.appendable { "" } else { "; no session can follow" };
        let at_stake = self.at_stake().map(|(what, words)| format!("; {what} {words}")).collect::<String>();
        let days: Vec<&str> = self.days.iter().map(|day| day.day.as_str()).collect();
        format!("{} as {} ({}): {place}{before}{after}{at_stake}", days.join(", "), self.decision, self.why)
    }

    /// What goes with the disc, or stays although a new one is due.
    fn at_stake(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        let what = if self.decision == WIPE { "goes:" } else { "stays:" };
        let days = self.at_stake.iter().map(|day| day.words.clone());
        let others =
            self.others_at_stake.iter().map(|path| format!("{path}, which is no day's, and whatever is like it"));
        days.chain(others).map(move |words| (what, words))
    }

    fn place(&self) -> String {
        let at = match self.session_start {
            Some(start) => format!("at sector {start}"),
            None => "at a place that is known after the repair".to_owned(),
        };
        let free = self.free_sectors.map_or(String::new(), |free| format!(", {free} free"));
        format!("{} {at}{free}", output::counted(u64::from(self.session_sectors), "sector"))
    }

    /// What a rehearsal says.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.days.iter().map(DayFields::line).collect();
        lines.extend([
            format!("content:  {}, {}", output::counted(self.files, "file"), output::size(self.bytes)),
            format!("disc:     {}, {} ({})", self.medium, self.decision, self.why),
        ]);
        lines.extend(self.at_stake().map(|(what, words)| format!("{what:<9} {words}")));
        if self.outcome == "already on the disc" {
            lines.push("session:  none, the disc holds the day as it is staged".to_owned());
        } else {
            lines.push(format!("session:  {:?}, {}", self.label, self.place()));
        }
        if !self.preparation.is_empty() {
            lines.push(format!("before:   {}", self.preparation.join(", ")));
        }
        let after = if self.appendable { "another session can follow" } else { "closed, no session can follow" };
        lines.push(format!("after:    {after}"));
        if self.streaming {
            lines.push("written:  at full speed, without the drive's defect management".to_owned());
        }
        lines.extend(self.warnings.iter().map(|warning| format!("warning:  {warning}")));
        lines
    }
}

/// What is asked for, from the options.
pub(super) fn request<'a>(
    context: &'a Context<'_>,
    config: &'a crate::config::Config,
    what: What,
    arguments: &Arguments,
    dry_run: bool,
    receipts: &'a Path,
) -> Request<'a> {
    Request {
        what,
        config,
        device: context.options.device.as_deref(),
        trace: context.trace(),
        today: context.today,
        now: context.now,
        source_date_epoch: context.source_date_epoch,
        receipts: Some(receipts),
        full: context.options.full,
        dry_run,
        finalize: arguments.finalize,
        defect_management: arguments.defect_management.map(|switch| switch == Switch::On),
    }
}

pub(super) fn run(context: &Context<'_>, what: What, arguments: &Arguments) -> Result<(), ActionError> {
    let config = context.config()?;
    let dry_run = context.options.dry_run;
    let receipts = context.receipts(&config);
    if !dry_run {
        context.begin_receipt(&receipts)?;
    }
    let request = request(context, &config, what, arguments, dry_run, &receipts.path);
    let action = what.purpose().word();
    if dry_run {
        tracing::info!("a rehearsal runs no hooks");
    } else {
        if what != What::Label {
            is_anybody_at_work(&request)?;
        }
        hooks::run(&config.options, action, When::Before, &context.stop)?;
    }
    let mut record = Record::default();
    let stored = store(&request, &context.stop, &mut context.meter(), &mut record);
    context.record(record);
    let report = stored?;
    if !dry_run {
        hooks::run(&config.options, action, When::After, &context.stop)?;
    }
    // Done in silence, as cron wants it; a rehearsal is asked for its answer.
    context.answer(
        what.purpose().word(),
        Fields::new(&report),
        |fields| if dry_run { fields.lines() } else { Vec::new() },
    );
    Ok(())
}
