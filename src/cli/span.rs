//! `cedarburn span`

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::context::Context;
use super::{output, store};
use crate::actions::ActionError;
use crate::actions::hooks::{self, When};
use crate::actions::receipt::Record;
use crate::actions::span::fit::Algorithm;
use crate::actions::span::{DiscPlan, Report, Request, span};
use crate::actions::status::parse_age;
use crate::actions::store::{What, is_anybody_at_work};

/// How discs are filled, and whether the next is waited for.
#[derive(Debug, Args)]
pub(super) struct SpanArguments {
    /// How files are put on discs; `together` keeps what one host brought on one day on one disc
    #[arg(long, value_enum, default_value_t = Choice::Together)]
    algorithm: Choice,
    /// Wait for the next disc instead of ending: for a day, or as long as given (90m, 12h, 2d)
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "1d", value_parser = parse_age)]
    wait: Option<i64>,
    #[command(flatten)]
    pub(super) session: store::Arguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    Together,
    First,
    Best,
    Worst,
    Alternate,
}

impl From<Choice> for Algorithm {
    fn from(choice: Choice) -> Algorithm {
        match choice {
            Choice::Together => Algorithm::Together,
            Choice::First => Algorithm::First,
            Choice::Best => Algorithm::Best,
            Choice::Worst => Algorithm::Worst,
            Choice::Alternate => Algorithm::Alternate,
        }
    }
}

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    /// `spanned`, `planned`.
    outcome: &'static str,
    days: Vec<String>,
    discs: Vec<DiscFields>,
    /// What the disc in the drive is going to be called, or is.
    label: Option<String>,
    medium: Option<String>,
}

#[derive(Debug, Serialize)]
struct DiscFields {
    number: usize,
    done: bool,
    items: usize,
    bytes: u64,
    percent: Option<u8>,
    holds: Vec<String>,
}

impl DiscFields {
    fn new(plan: &DiscPlan) -> DiscFields {
        DiscFields {
            number: plan.number,
            done: plan.is_done,
            items: plan.items,
            bytes: plan.bytes,
            percent: plan.percent,
            holds: plan.holds.clone(),
        }
    }

    fn line(&self, of: usize) -> String {
        let full = self.percent.map_or(String::new(), |percent| format!(", about {percent} % full"));
        let state = if self.done { ", done" } else { "" };
        let holds = if self.holds.is_empty() { String::new() } else { format!(": {}", self.holds.join("; ")) };
        let items = output::counted(self.items as u64, "item");
        format!("disc {} of {of}: {items}, {}{full}{state}{holds}", self.number, output::size(self.bytes))
    }
}

impl Fields {
    fn new(report: &Report) -> Fields {
        Fields {
            outcome: if report.is_planned { "planned" } else { "spanned" },
            days: report.days.iter().map(ToString::to_string).collect(),
            discs: report.discs.iter().map(DiscFields::new).collect(),
            label: report.session.as_ref().map(|session| session.label.clone()),
            medium: report.session.as_ref().map(|session| session.medium.clone()),
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("days:     {}", self.days.join(", "))];
        lines.extend(self.discs.iter().map(|disc| disc.line(self.discs.len())));
        lines.extend(self.label.iter().map(|label| format!("label:    {label:?}")));
        lines
    }
}

pub(super) fn run(context: &Context<'_>, arguments: &SpanArguments) -> Result<(), ActionError> {
    let config = context.config()?;
    let dry_run = context.options.dry_run;
    let receipts = context.receipts(&config);
    if dry_run {
        tracing::info!("a rehearsal runs no hooks");
    } else {
        context.begin_receipt(&receipts)?;
    }
    let request = Request {
        store: store::request(context, &config, What::Span, &arguments.session, dry_run, &receipts.path),
        algorithm: arguments.algorithm.into(),
        wait: arguments.wait.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs),
    };
    if !dry_run {
        is_anybody_at_work(&request.store)?;
        hooks::run(&config.options, "span", When::Before, &context.stop)?;
    }
    let mut record = Record::default();
    let mut disc_done = |record| context.receipt_between("span", record);
    let spanned = span(&request, &context.stop, &mut context.meter(), &mut record, &mut disc_done);
    context.record(record);
    let report = spanned?;
    if !dry_run {
        hooks::run(&config.options, "span", When::After, &context.stop)?;
    }
    context.answer("span", Fields::new(&report), |fields| if dry_run { fields.lines() } else { Vec::new() });
    Ok(())
}
