//! *format*: a disc is prepared for writing, by hand. What is on it is never lost: a disc that holds something is refused, *blank* empties it.
//!
//! | medium | no option, `--fast` | `--full` | `--spares` |
//! |---|---|---|---|
//! | DVD+RW | formatted so far that it can be written | every sector | - |
//! | DVD-RW | restricted overwrite, the quick way | restricted overwrite, every sector | - |
//! | DVD-RAM, BD-RE | formatted, with the drive's choice of spare sectors | every sector is tried | so many, as far as the drive offers it |
//! | BD-R | nothing: it is written as it is | nothing | so many, and for ever |
//! | all others | refused: they are written as they are | | |
//!
//! A disc that is formatted already and empty is left alone, which is no error. `--full` and `--spares` do it again: there they make a
//! difference.

use std::sync::atomic::{AtomicBool, Ordering};

use super::ActionError;
use super::disc::{Disc, Looked, Preparation};
use crate::burn::prepare::{self, FormatWish};
use crate::burn::{self, BurnError, Medium, NoFormat, Progress, State};
use crate::scsi::mmc::Profile;
use crate::scsi::{Drive, Trays};
use crate::sector::Sectors;

/// What is done to the disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Nothing, for this reason.
    Nothing(&'static str),
    /// This format.
    Format(FormatWish),
}

/// What *format* did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was done.
    pub work: Work,
    /// The disc before.
    pub before: Looked,
    /// The disc afterwards, looked at afresh; none where nothing was done.
    pub after: Option<Looked>,
}

/// Formats the disc in the drive; with `dry_run` only says how.
///
/// # Errors
/// When it holds something, is of a kind that is not formatted, or the format fails.
pub fn format(
    mut drive: Drive,
    wish: FormatWish,
    dry_run: bool,
    trays: Trays,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<Report, ActionError> {
    let medium = burn::inspect_with(&mut drive, trays).map_err(|source| ActionError::Medium { source })?;
    let before = Looked::at(&mut drive, &medium);
    let work = choose(&medium, before.is_empty, wish)?;
    let Work::Format(wish) = work else { return Ok(Report { work, before, after: None }) };
    if dry_run {
        return Ok(Report { work, before, after: None });
    }
    if stop.load(Ordering::Relaxed) {
        return Err(BurnError::Interrupted { written: Sectors(0) }.into());
    }
    drive.lock_tray();
    prepare::format(&mut drive, &medium, wish, progress).map_err(ActionError::Preparing)?;
    let after = Disc::look(drive, Trays::Stay)
        .map_err(|error| ActionError::Prepared { preparation: Preparation::Format, error: Box::new(error) })?
        .looked();
    Ok(Report { work, before, after: Some(after) })
}

fn choose(medium: &Medium, is_empty: bool, wish: FormatWish) -> Result<Work, ActionError> {
    let found = medium.profile;
    if let Some(why) = medium.refusal() {
        return Err(ActionError::Preparing(BurnError::NotFormattable { profile: found, why: NoFormat::Refused(why) }));
    }
    match found {
        Profile::DvdPlusRw
        | Profile::DvdRam
        | Profile::DvdRwSequential
        | Profile::DvdRwRestrictedOverwrite
        | Profile::BdRSequential
        | Profile::BdRe => {}
        _ => return Err(ActionError::NeverFormatted { found }),
    }
    let wish = match (found, wish) {
        (Profile::DvdRwSequential, FormatWish::Needed) => FormatWish::Quick,
        _ => wish,
    };
    let chosen = burn::format::choose(medium, wish);
    if chosen == Err(NoFormat::NoChoiceOfSpares) {
        return Err(ActionError::NoSpares { found });
    }
    if !is_empty {
        return Err(ActionError::NotEmpty { found, rewritable: medium.rewritable });
    }
    match (found, medium.state, wish) {
        (Profile::BdRSequential, _, FormatWish::Spares(_)) => {}
        (Profile::BdRSequential, ..) => {
            return Ok(Work::Nothing("a BD-R is written as it is; --spares formats it with spare sectors"));
        }
        (_, State::Overwritable, FormatWish::Needed | FormatWish::Quick) => {
            return Ok(Work::Nothing("it is formatted already"));
        }
        (_, State::NeedsFormat { begun: true }, FormatWish::Needed | FormatWish::Quick) => {
            return Ok(Work::Nothing("it is formatted already, so far that it can be written"));
        }
        _ => {}
    }
    match chosen {
        Ok(Some(_)) => Ok(Work::Format(wish)),
        Ok(None) => Ok(Work::Nothing("a BD-R without spare sectors is written as it is")),
        Err(why) => Err(ActionError::Preparing(BurnError::NotFormattable { profile: found, why })),
    }
}
