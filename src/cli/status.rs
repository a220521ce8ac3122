//! `cedarburn status`

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::output;
use crate::actions::ActionError;
use crate::actions::receipt::folder;
use crate::actions::status::{NextDisc, Question, Status, ago, parse_age, status};
use crate::sector::Sectors;

/// What is asked of the receipts.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How old the newest good store may be: 26h, 90m, 2d, 1d12h
    #[arg(long, value_name = "AGE", default_value = "26h", value_parser = parse_age)]
    max_age: i64,
}

/// The answer where all is well: what is not is an error.
#[derive(Debug, Serialize)]
struct Fields {
    /// Where the receipts are.
    receipts: String,
    last_good: Option<GoodFields>,
    disc: Option<DiscFields>,
    /// YYYY-MM-DD.
    next_disc: String,
    /// Only if too little is free by then.
    next_disc_if_full: bool,
}

#[derive(Debug, Serialize)]
struct GoodFields {
    ended: String,
    age_seconds: i64,
    days: Vec<String>,
    proven: bool,
    label: Option<String>,
    disc_id: Option<String>,
}

#[derive(Debug, Serialize)]
struct DiscFields {
    label: Option<String>,
    disc_id: Option<String>,
    used_percent: Option<u8>,
    free_bytes: Option<u64>,
    bytes_a_day: Option<u64>,
    days_that_fit: Option<u32>,
}

impl Fields {
    fn new(receipts: String, status: &Status) -> Fields {
        let bytes = |sectors: Option<u32>| sectors.map(|sectors| Sectors(sectors).bytes());
        let (NextDisc::On(next) | NextDisc::IfFull(next)) = status.next_disc;
        Fields {
            receipts,
            last_good: status.last_good.as_ref().map(|good| GoodFields {
                ended: good.when_utc.clone(),
                age_seconds: good.age_seconds,
                days: good.days.clone(),
                proven: good.proven,
                label: good.label.clone(),
                disc_id: good.disc.clone(),
            }),
            disc: status.disc.as_ref().map(|fill| DiscFields {
                label: fill.label.clone(),
                disc_id: fill.id.clone(),
                used_percent: fill.used_percent,
                free_bytes: bytes(fill.free_sectors),
                bytes_a_day: bytes(fill.sectors_a_day),
                days_that_fit: fill.days_that_fit,
            }),
            next_disc: next.to_string(),
            next_disc_if_full: matches!(status.next_disc, NextDisc::IfFull(_)),
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(good) = &self.last_good {
            let proven = if good.proven { "proven" } else { "not read back" };
            let disc = good.label.as_deref().map_or(String::new(), |label| format!(", on {label:?}"));
            let id = good.disc_id.as_deref().map_or(String::new(), |id| format!(" ({id})"));
            let age = ago(good.age_seconds);
            lines.push(format!("stored:   {}, {age} ago, {proven}{disc}{id}", good.days.join(", ")));
        }
        if let Some(disc) = &self.disc {
            let mut words = Vec::new();
            words.extend(disc.used_percent.map(|percent| format!("{percent} % full")));
            words.extend(disc.free_bytes.map(|free| format!("{} free", output::size(free))));
            words.extend(disc.bytes_a_day.map(|a_day| format!("a day takes {}", output::size(a_day))));
            words.extend(
                disc.days_that_fit.map(|days| format!("room for {}", output::counted(days.into(), "more day"))),
            );
            if !words.is_empty() {
                lines.push(format!("disc:     {}", words.join(", ")));
            }
        }
        let condition = if self.next_disc_if_full { ", if too little is free by then" } else { "" };
        lines.push(format!("new disc: {}{condition}", self.next_disc));
        lines
    }
}

pub(super) fn run(context: &Context<'_>, arguments: &Arguments) -> Result<(), ActionError> {
    let config = context.config()?;
    let folder = context.receipts(&config).path;
    let receipts = folder::read(&folder)?.receipts;
    if !receipts.iter().any(crate::actions::receipt::Receipt::stores) {
        return Err(ActionError::NoReceipts { folder });
    }
    let question = Question {
        now: context.now.seconds,
        today: context.today,
        max_age: arguments.max_age,
        starting_day: config.options.starting_day,
        blank_behavior: config.store.as_ref().and_then(|store| store.blank_behavior.as_ref()),
    };
    let status = status(&receipts, &question);
    let fields = Fields::new(folder.display().to_string(), &status);
    if status.troubles.is_empty() {
        context.answer("status", fields, Fields::lines);
        return Ok(());
    }
    if !context.options.json && !context.options.quiet {
        fields.lines().iter().for_each(|line| output::line(line));
    }
    Err(ActionError::NotWell { troubles: status.troubles })
}
