//! `cedarburn validate`

use serde::Serialize;

use super::context::Context;
use crate::actions::ActionError;
use crate::actions::validate::validate;

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    valid: bool,
    remarks: Vec<String>,
}

/// As with Cedar, the good end goes to the screen, too, and so at the level of errors; with `--quiet` only to the log.
pub(super) fn run(context: &Context<'_>) -> Result<(), ActionError> {
    let config = context.config()?;
    let report = validate(&config, context.options.device.as_deref(), context.trace());
    for remark in &report.remarks {
        tracing::info!("{remark}");
    }
    let path = context.options.config.display();
    if !report.problems.is_empty() {
        return Err(ActionError::NotValid { path: context.options.config.clone(), problems: report.problems });
    }
    let valid = format!("the configuration {path} is valid");
    match context.options.quiet || context.options.json {
        true => tracing::info!("{valid}"),
        false => tracing::error!("{valid}"),
    }
    let fields = Fields { valid: true, remarks: report.remarks };
    // For people it is said already.
    context.answer("validate", fields, |_| Vec::new());
    Ok(())
}
