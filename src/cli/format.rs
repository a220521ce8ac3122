//! `cedarburn format`

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::CommonOptions;
use super::context::Context;
use super::errors::Failure;
use super::looked::LookedFields;
use crate::actions::format::{Work, format};
use crate::actions::{ActionError, device};
use crate::burn::prepare::{self, FormatWish};

/// How it is formatted. `--full` is an option of every action; here it means every sector.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The format that takes the shortest time
    #[arg(long)]
    fast: bool,
    /// Spare sectors of a BD, which the drive takes in place of bad ones: none, what the drive takes for right, as few or as many as it offers
    #[arg(long, value_name = "HOW MANY", conflicts_with = "fast")]
    spares: Option<Spares>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Spares {
    None,
    Default,
    Least,
    Most,
}

impl Arguments {
    pub(super) fn check(&self, options: &CommonOptions) -> Result<(), Failure> {
        if self.fast && options.full {
            return Err(Failure::usage("--fast and --full exclude each other"));
        }
        if self.spares.is_some() && options.full {
            return Err(Failure::usage("--spares and --full exclude each other"));
        }
        Ok(())
    }

    fn wish(&self, options: &CommonOptions) -> FormatWish {
        match self.spares {
            Some(Spares::None) => FormatWish::Spares(prepare::Spares::None),
            Some(Spares::Default) => FormatWish::Spares(prepare::Spares::Default),
            Some(Spares::Least) => FormatWish::Spares(prepare::Spares::Least),
            Some(Spares::Most) => FormatWish::Spares(prepare::Spares::Most),
            None if self.fast => FormatWish::Quick,
            None if options.full => FormatWish::Whole,
            None => FormatWish::Needed,
        }
    }
}

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    device: String,
    /// `nothing`, `needed`, `quick`, `whole` or `spares`.
    work: &'static str,
    /// Why nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    /// Whether it was done: not with `--dry-run`, and not where there is nothing to do.
    done: bool,
    before: LookedFields,
    /// The disc as it is now, if something was done.
    after: Option<LookedFields>,
}

pub(super) fn run(context: &Context<'_>, arguments: &Arguments) -> Result<(), ActionError> {
    let wish = arguments.wish(context.options);
    let device = context.device()?;
    let drive = device::open_drive(&device, context.trace())?;
    let report = format(drive, wish, context.options.dry_run, context.trays(), &context.stop, &mut context.meter())?;
    let (work, why, words) = match report.work {
        Work::Nothing(why) => ("nothing", Some(why), why),
        Work::Format(FormatWish::Needed) => ("needed", None, "it would be formatted"),
        Work::Format(FormatWish::Quick) => ("quick", None, "it would be formatted the quick way"),
        Work::Format(FormatWish::Whole) => ("whole", None, "every sector would be formatted"),
        Work::Format(FormatWish::Spares(_)) => ("spares", None, "it would be formatted with that many spare sectors"),
    };
    let fields = Fields {
        device,
        work,
        why,
        done: report.after.is_some(),
        before: LookedFields::new(&report.before),
        after: report.after.as_ref().map(LookedFields::new),
    };
    context.answer("format", fields, |fields| {
        vec![match &fields.after {
            Some(after) => format!("{}: {}", fields.device, after.words()),
            None => format!("{}: {}: {words}", fields.device, fields.before.words()),
        }]
    });
    Ok(())
}
