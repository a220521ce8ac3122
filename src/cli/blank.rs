//! `cedarburn blank`

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::CommonOptions;
use super::context::Context;
use super::errors::Failure;
use super::looked::LookedFields;
use crate::actions::blank::{Extent, Work, blank};
use crate::actions::receipt::Record;
use crate::actions::{ActionError, device};
use crate::config::Config;

/// How much is erased. `--full` is an option of every action; here it means every sector.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Erase as little as makes the disc empty
    #[arg(long)]
    fast: bool,
}

impl Arguments {
    pub(super) fn check(&self, options: &CommonOptions) -> Result<(), Failure> {
        if self.fast && options.full {
            return Err(Failure::usage("--fast and --full exclude each other"));
        }
        Ok(())
    }
}

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    device: String,
    /// `nothing`, `minimal`, `whole`, `beginning` or `format`.
    work: &'static str,
    /// Whether it was done: not with `--dry-run`, and not where there is nothing to do.
    done: bool,
    before: LookedFields,
    /// The disc as it is now, if something was done.
    after: Option<LookedFields>,
}

pub(super) fn run(context: &Context<'_>, arguments: &Arguments) -> Result<(), ActionError> {
    let extent = match (arguments.fast, context.options.full) {
        (true, _) => Some(Extent::Fast),
        (_, true) => Some(Extent::Full),
        _ => None,
    };
    let device = context.device()?;
    let receipts = if context.options.dry_run { None } else { context.begin_receipt_where_known()? };
    let drive = device::open_drive(&device, context.trace())?;
    let config = Config::load(&context.options.config).ok().map(|loaded| loaded.config);
    let staging = config.and_then(|config| config.staging_root_for_store().ok().map(Path::to_path_buf));
    let (dry_run, trays) = (context.options.dry_run, context.trays());
    let mut record = Record::default();
    let (stop, mut meter) = (&context.stop, context.meter());
    let blanked =
        blank(drive, extent, dry_run, trays, receipts.as_deref(), staging.as_deref(), stop, &mut meter, &mut record);
    context.record(record);
    let report = blanked?;
    let (work, words) = match report.work {
        Work::Nothing => ("nothing", "there is nothing to erase"),
        Work::Minimal => ("minimal", "what says where its sessions are would be erased"),
        Work::Whole => ("whole", "every sector would be erased"),
        Work::Beginning => ("beginning", "the sectors that show what is on it would be erased"),
        Work::Format => ("format", "it would be formatted anew"),
    };
    let fields = Fields {
        device,
        work,
        done: report.after.is_some(),
        before: LookedFields::new(&report.before),
        after: report.after.as_ref().map(LookedFields::new),
    };
    context.answer("blank", fields, |fields| {
        vec![match &fields.after {
            Some(after) => format!("{}: {}", fields.device, after.words()),
            None => format!("{}: {}: {words}", fields.device, fields.before.words()),
        }]
    });
    Ok(())
}
