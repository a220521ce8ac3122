//! `cedarburn verify`

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::output;
use crate::actions::list::Reading;
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

pub(super) fn run(context: &Context<'_>, arguments: &Arguments) -> Result<(), ActionError> {
    let spec = context.device()?;
    let mut reading = Reading::new(device::open(&spec, context.trace())?)?;
    let which = arguments.session.unwrap_or(Which::Newest);
    let report = verify(&mut reading, which, &context.stop, &mut context.meter())?;
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
        let listed = fields.files - fields.unlisted;
        let mut lines =
            vec![format!("{}: {size} read; {listed} files are as {} manifests say", fields.device, fields.manifests)];
        if fields.unlisted > 0 {
            lines.push(format!("{} files are in no manifest: nothing says what should be in them", fields.unlisted));
        }
        lines
    });
    Ok(())
}
