//! `cedarburn verify`

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::output;
use crate::actions::contents::Contents;
use crate::actions::list::Reading;
use crate::actions::receipt::{DiscFacts, Record};
use crate::actions::verify::{Which, verify};
use crate::actions::{ActionError, device};

/// What is verified.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Session to read, counted from 1, or `all`; what a mount would show otherwise
    #[arg(long, value_name = "N|all", value_parser = parse_which)]
    session: Option<Which>,
}

fn parse_which(text: &str) -> Result<Which, String> {
    match text {
        "all" => Ok(Which::All),
        number => match number.parse() {
            Ok(number) if number > 0 => Ok(Which::Session(number)),
            _ => Err("neither `all` nor the number of a session".to_owned()),
        },
    }
}

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    device: String,
    sessions: usize,
    files: usize,
    bytes: u64,
    manifests: usize,
    unlisted: usize,
}

fn disc_facts(reading: &Reading) -> DiscFacts {
    let Contents { ref sessions, .. } = reading.contents;
    DiscFacts {
        label: sessions.last().map(|newest| newest.volume.label()),
        id: reading.contents.identity(),
        ..DiscFacts::default()
    }
}

pub(super) fn run(context: &Context<'_>, arguments: &Arguments) -> Result<(), ActionError> {
    let spec = context.device()?;
    // A copy in a file is no disc that holds a day.
    if context.options.receipts.is_some() || !Path::new(&spec).is_file() {
        context.begin_receipt_where_known()?;
    }
    let mut reading = Reading::new(device::open(&spec, context.trace())?)?;
    let mut record = Record { disc: Some(disc_facts(&reading)), ..Record::default() };
    context.record(record.clone());
    let which = arguments.session.unwrap_or(Which::Newest);
    let verified = verify(&mut reading, which, &context.stop, &mut context.meter());
    record.proven = match &verified {
        Ok(_) => Some(true).filter(|_| !matches!(which, Which::Session(_))),
        Err(ActionError::Unsound { findings }) => {
            record.findings = findings.len();
            Some(false)
        }
        Err(_) => None,
    };
    context.record(record);
    let report = verified?;
    let fields = Fields {
        device: spec,
        sessions: report.sessions,
        files: report.files,
        bytes: report.bytes,
        manifests: report.manifests,
        unlisted: report.unlisted,
    };
    context.answer("verify", fields, |fields| {
        let size = output::size(fields.bytes);
        let counted = |count: usize, one| output::counted(count as u64, one);
        let (listed, manifests) = (counted(fields.files - fields.unlisted, "file"), fields.manifests);
        let says = if manifests == 1 { "one manifest says".to_owned() } else { format!("{manifests} manifests say") };
        let mut lines = vec![format!("{}: {size} read; as {says}: {listed}", fields.device)];
        if fields.unlisted > 0 {
            let unlisted = counted(fields.unlisted, "file");
            lines.push(format!("in no manifest, so that nothing says what should be in them: {unlisted}"));
        }
        lines
    });
    Ok(())
}
