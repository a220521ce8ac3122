//! `cedarburn disc`

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;

use super::context::Context;
use crate::actions::ActionError;
use crate::scsi::sim::{self, Description, Medium, VirtualDisc};
use crate::sector::Sectors;

/// What is done with a virtual disc.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a blank virtual disc: a folder that stands for a disc in a simulated drive
    Create {
        /// The folder to make
        path: PathBuf,
        /// Its kind, a media_type of the configuration: cdr-74, cdr-80, cdrw-74, cdrw-80, dvd-r, dvd-rw, dvd-r-dl, dvd+r, dvd+rw, dvd+r-dl, dvd-ram,
        /// bd-r, bd-r-dl, bd-r-xl, bd-re, bd-re-dl
        #[arg(long, value_name = "WORD")]
        media: Medium,
        /// Sectors of 2048 bytes, if not as many as a disc from the shop has: a small disc is full soon
        #[arg(long, value_name = "SECTORS")]
        capacity: Option<u32>,
    },
    /// Draw a virtual disc: sessions, gaps, what is free
    Show {
        /// Its folder
        path: PathBuf,
    },
}

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    path: PathBuf,
    /// Whether it was made: not with `--dry-run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<bool>,
    disc: Description,
}

pub(super) fn run(context: &Context<'_>, command: &Command) -> Result<(), ActionError> {
    match command {
        Command::Create { path, media, capacity } => {
            let (dry_run, capacity) = (context.options.dry_run, capacity.map(Sectors));
            let disc = if dry_run {
                VirtualDisc::rehearse(path, *media, capacity)?
            } else {
                VirtualDisc::create(path, *media, capacity)?
            };
            let fields = Fields { path: path.clone(), done: Some(!dry_run), disc };
            context.answer("disc create", fields, |fields| {
                let words = format!("a blank {} would be made: {}", media.as_str(), fields.path.display());
                if dry_run { vec![words] } else { Vec::new() }
            });
        }
        Command::Show { path } => {
            let disc = sim::describe(path)?;
            context.answer("disc show", Fields { path: path.clone(), done: None, disc }, |fields| {
                vec![fields.disc.to_string().trim_end().to_owned()]
            });
        }
    }
    Ok(())
}
