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
        /// Where
        path: PathBuf,
        /// Its kind, a media_type of the configuration
        #[arg(long, value_name = "WORD")]
        media: Medium,
        /// Sectors, if not as many as usual
        #[arg(long, value_name = "SECTORS")]
        capacity: Option<u32>,
    },
    /// Draw a virtual disc: sessions, gaps, what is free
    Show {
        /// Where
        path: PathBuf,
    },
}

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    path: PathBuf,
    disc: Description,
}

pub(super) fn run(context: &Context<'_>, command: &Command) -> Result<(), ActionError> {
    match command {
        Command::Create { path, media, capacity } => {
            let disc = VirtualDisc::create(path, *media, capacity.map(Sectors))?;
            context.answer("disc create", Fields { path: path.clone(), disc }, |_| Vec::new());
        }
        Command::Show { path } => {
            let disc = sim::describe(path)?;
            context.answer("disc show", Fields { path: path.clone(), disc }, |fields| vec![fields.disc.to_string()]);
        }
    }
    Ok(())
}
