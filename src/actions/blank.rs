//! *blank*: a rewritable disc becomes empty, by hand.
//!
//! | medium | `--fast` | `--full` | neither |
//! |---|---|---|---|
//! | CD-RW | what says where its sessions are | every sector | as `--fast` |
//! | DVD-RW, sequential | the same; such a disc takes one session only | every sector | as `--full` |
//! | DVD-RW in restricted overwrite | sectors 0 to 63 | every sector; it is sequential then | as `--fast` |
//! | DVD+RW, DVD-RAM, BD-RE | sectors 0 to 63 | formatted anew | as `--fast` |
//!
//! Write-once media are refused before anything is touched. A disc that is empty is left alone, unless `--full` asks for every sector: that
//! may heal a worn one, and what was blanked the fast way can still be read with the right tools. What is on the disc decides nothing: that
//! nobody can read it is a reason to blank it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ActionError;
use super::disc::{Disc, Looked, Preparation};
use super::proof::with_causes;
use super::receipt::Record;
use super::span;
use crate::burn::prepare::{self, FormatWish};
use crate::burn::{self, BurnError, Medium, Progress, State};
use crate::scsi::mmc::{BlankExtent, Profile};
use crate::scsi::{Drive, Trays};
use crate::sector::Sectors;

/// How much is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// As little as makes it empty.
    Fast,
    /// Everything.
    Full,
}

/// What is done to the disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It is empty.
    Nothing,
    /// BLANK of what says where the sessions are.
    Minimal,
    /// BLANK of every sector.
    Whole,
    /// Zeros where whoever mounts the disc looks first.
    Beginning,
    /// A new format.
    Format,
}

/// What *blank* did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was done.
    pub work: Work,
    /// The disc before.
    pub before: Looked,
    /// The disc afterwards, looked at afresh; none where nothing was done.
    pub after: Option<Looked>,
}

/// Makes the disc in the drive empty; with `dry_run` only says how. `record`, and a note in the folder of `receipts`, say that the disc is none any
/// more that holds a day; a span that is under way in `staging` is told, too.
///
/// # Errors
/// When it can't be erased, or is not empty afterwards.
#[allow(clippy::too_many_arguments, reason = "each is one thing that a run has, and none belongs to another")]
pub fn blank(
    mut drive: Drive,
    extent: Option<Extent>,
    dry_run: bool,
    trays: Trays,
    receipts: Option<&Path>,
    staging: Option<&Path>,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
    record: &mut Record,
) -> Result<Report, ActionError> {
    let medium = burn::inspect_with(&mut drive, trays).map_err(|source| ActionError::Medium { source })?;
    let before = Looked::at(&mut drive, &medium);
    record.seen(&drive, &before);
    let work = choose(&medium, before.is_empty, extent)?;
    if dry_run || work == Work::Nothing {
        return Ok(Report { work, before, after: None });
    }
    if stop.load(Ordering::Relaxed) {
        return Err(BurnError::Interrupted { written: Sectors(0) }.into());
    }
    if work == Work::Minimal && medium.profile == Profile::DvdRwSequential {
        tracing::warn!("a DVD-RW that is blanked the fast way takes one session only");
    }
    if before.id.is_none() && before.shows {
        tracing::warn!("which disc this is can't be told: no disc counts as a copy until verify has found it sound");
    }
    // First what may refuse: what is on record as wiped is never believed in again.
    if let Some(root) = staging {
        span::forget_alone(root, before.id.as_deref())?;
    }
    if let Err(error) = record.wiping("blank", &before, receipts, jiff::Timestamp::now().as_second()) {
        tracing::warn!("receipts go on saying that this disc holds what it held: {}", with_causes(&error));
    }
    drive.lock_tray();
    erase(&mut drive, &medium, work, progress).map_err(ActionError::Preparing)?;
    let disc = Disc::look(drive, Trays::Stay)
        .map_err(|error| ActionError::Prepared { preparation: Preparation::Blank, error: Box::new(error) })?;
    let after = disc.looked();
    record.seen(&disc.drive, &after);
    if !after.is_empty {
        return Err(ActionError::Preparing(BurnError::StillNotBlank));
    }
    Ok(Report { work, before, after: Some(after) })
}

fn erase(drive: &mut Drive, medium: &Medium, work: Work, progress: &mut dyn Progress) -> Result<(), BurnError> {
    match work {
        Work::Nothing => Ok(()),
        Work::Minimal => prepare::blank(drive, medium, BlankExtent::Minimal, progress).map(drop),
        Work::Whole => prepare::blank(drive, medium, BlankExtent::Full, progress).map(drop),
        Work::Beginning => {
            let medium = prepare::format(drive, medium, FormatWish::Needed, progress)?;
            burn::wipe(drive, &medium, progress)
        }
        Work::Format => {
            // Not every format touches what was written; one that fails half-way leaves an empty disc all the same. A disc that can't even be
            // written may be healed by the format.
            if medium.state != (State::NeedsFormat { begun: false })
                && let Err(error) = burn::wipe(drive, medium, progress)
            {
                tracing::warn!("the beginning of the disc could not be erased before the format: {error}");
            }
            prepare::format(drive, medium, FormatWish::Whole, progress).map(drop)
        }
    }
}

fn choose(medium: &Medium, is_empty: bool, extent: Option<Extent>) -> Result<Work, ActionError> {
    if !medium.rewritable || matches!(medium.state, State::ReadOnly | State::Unsupported) {
        return Err(ActionError::NotErasable { found: medium.profile });
    }
    let is_sequential_dvd = medium.profile == Profile::DvdRwSequential;
    Ok(match extent {
        Some(Extent::Full) if !medium.is_overwritable() => Work::Whole,
        Some(Extent::Full) if medium.profile == Profile::DvdRwRestrictedOverwrite => Work::Whole,
        Some(Extent::Full) => Work::Format,
        None if is_sequential_dvd && !(is_empty && medium.can_append) => Work::Whole,
        _ if is_empty => Work::Nothing,
        _ if medium.is_overwritable() => Work::Beginning,
        _ => Work::Minimal,
    })
}
