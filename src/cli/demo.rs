//! `cedarburn demo`

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::output;
use crate::actions::ActionError;
use crate::actions::demo::{Request, Told, demo, rehearse};

/// Where the week is stored.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder to make; one that an earlier demo made is made anew
    #[arg(default_value = "demo")]
    folder: PathBuf,
}

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    folder: PathBuf,
    /// Whether it was made: not with `--dry-run`.
    done: bool,
    discs: usize,
    days: usize,
}

pub(super) fn run(context: &Context<'_>, arguments: &Arguments) -> Result<(), ActionError> {
    if context.options.dry_run {
        let report = rehearse(&arguments.folder, context.today)?;
        let fields = Fields { folder: report.folder, done: false, discs: report.discs, days: report.days };
        context.answer("demo", fields, |fields| {
            let Fields { folder, discs, days, .. } = fields;
            let anew = if folder.exists() { "would be made anew" } else { "would be made" };
            vec![format!("{} {anew}, with {days} days on each of {discs} virtual discs", folder.display())]
        });
        return Ok(());
    }
    let request = Request { folder: &arguments.folder, today: context.today, now: context.now };
    let mut meter = context.meter();
    let told = |told: Told| {
        if !context.options.json && !context.options.quiet {
            output::line(&told.0);
        }
    };
    let report = demo(&request, &context.stop, &mut meter, &mut { told })?;
    let fields = Fields { folder: report.folder, done: true, discs: report.discs, days: report.days };
    context.answer("demo", fields, |fields| {
        let folder = quoted(&fields.folder);
        let program = std::env::args().next().unwrap_or_else(|| "cedarburn".to_owned());
        vec![
            String::new(),
            format!("All of it is in {folder} to look at. Try:"),
            format!(
                "  {program} info   -c {folder}/cback3.conf --device sim:{folder}/cdrw-80 --today {}",
                report.last_day
            ),
            format!("  {program} list   --device sim:{folder}/cdr-80 -R"),
            format!("  {program} verify --device sim:{folder}/dvd+rw --session all"),
            format!("  {program} disc show {folder}/cdr-80"),
            format!(
                "  {program} store  -c {folder}/cback3.conf -l {folder}/log --full --today {} --dry-run",
                report.last_day
            ),
        ]
    });
    Ok(())
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte);
    if text.bytes().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_can_be_pasted_into_a_shell() {
        assert_eq!(quoted(Path::new("/tmp/demo")), "/tmp/demo");
        assert_eq!(quoted(Path::new("/tmp/it's a demo")), r"'/tmp/it'\''s a demo'");
    }
}
