//! `cedarburn eject`

use serde::Serialize;

use super::context::Context;
use crate::actions::eject::eject;
use crate::actions::{ActionError, device};

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    device: String,
    /// Whether the tray was opened: not with `--dry-run`.
    done: bool,
}

pub(super) fn run(context: &Context<'_>) -> Result<(), ActionError> {
    let device = context.device()?;
    let mut drive = device::open_drive(&device, context.trace())?;
    let done = !context.options.dry_run;
    if done {
        eject(&mut drive)?;
    }
    context.answer("eject", Fields { device, done }, |fields| {
        if done { Vec::new() } else { vec![format!("{}: the tray would be opened", fields.device)] }
    });
    Ok(())
}
