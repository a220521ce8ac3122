//! `cedarburn load`

use serde::Serialize;

use super::context::Context;
use crate::actions::disc::status;
use crate::actions::load::load;
use crate::actions::{ActionError, device};

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    device: String,
    /// Whether the tray was closed: not with `--dry-run`.
    done: bool,
    /// What is in it; none for an empty tray, and with `--dry-run`.
    medium: Option<String>,
    status: Option<&'static str>,
    state: Option<String>,
}

pub(super) fn run(context: &Context<'_>) -> Result<(), ActionError> {
    let device = context.device()?;
    let mut drive = device::open_drive(&device, context.trace())?;
    let done = !context.options.dry_run;
    let medium = if done { load(&mut drive)? } else { None };
    let fields = Fields {
        device,
        done,
        medium: medium.as_ref().map(|medium| medium.profile.to_string()),
        status: medium.as_ref().map(|medium| status(medium.state)),
        state: medium.as_ref().map(|medium| medium.state.to_string()),
    };
    context.answer("load", fields, |fields| {
        vec![match (&fields.medium, &fields.state) {
            _ if !done => format!("{}: the tray would be closed", fields.device),
            (Some(medium), Some(state)) => format!("{}: {medium}, {state}", fields.device),
            _ => format!("{}: the tray is closed, there is no disc in it", fields.device),
        }]
    });
    Ok(())
}
