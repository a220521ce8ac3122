//! Making a medium writable: blanking, formatting, closing what a broken-off burn left open.

use super::medium::{Medium, State};
use super::progress::{Phase, Progress, working};
use super::{BurnError, format, medium, steps};
use crate::scsi::drive::deadline;
use crate::scsi::mmc::{Append, Blank, BlankExtent, CloseFunction, CloseTrackSession, Profile};
use crate::scsi::{Drive, During, Reaction, ScsiError};

pub use super::format::{FormatWish, Spares};

/// Blanks a rewritable sequential medium. Minimal blanking that fails is followed by a full one: what a worn disc may still need. A DVD-RW
/// in restricted overwrite can only be blanked whole, and is sequential afterwards.
///
/// # Errors
/// When the medium can't be blanked. What was on it may be gone then.
pub fn blank(
    drive: &mut Drive,
    medium: &Medium,
    extent: BlankExtent,
    progress: &mut dyn Progress,
) -> Result<Medium, BurnError> {
    super::moves_whole_units(drive, medium)?;
    let extent = match medium.profile {
        Profile::CdRw | Profile::DvdRwSequential => extent,
        Profile::DvdRwRestrictedOverwrite => BlankExtent::Full,
        profile => return Err(BurnError::NotBlankable { profile }),
    };
    let run = |drive: &mut Drive, extent: BlankExtent, progress: &mut dyn Progress| {
        let limit = match extent {
            BlankExtent::Minimal => deadline::BLANK_MINIMAL,
            BlankExtent::Full => deadline::BLANK_FULL,
        };
        working(progress, Phase::Blank, |on_progress| {
            drive.run_long(|immediate| Blank { extent, immediate }, limit, on_progress)
        })
    };
    let mut result = run(drive, extent, progress);
    if extent == BlankExtent::Minimal
        && let Err(error) = &result
        && (error.is_unsupported() || error.reaction(During::Blank) == Reaction::BlankFully)
    {
        tracing::warn!(%error, "fast blanking failed, blanking every sector");
        result = run(drive, BlankExtent::Full, progress);
    }
    result.map_err(|source| BurnError::Blank { source })?;
    let medium = medium::inspect(drive).map_err(|source| BurnError::Inspect { source })?;
    if medium.state == State::Blank { Ok(medium) } else { Err(BurnError::StillNotBlank) }
}

/// Formats a medium. What an overwritable one holds is lost, but for a DVD+RW whose format is only taken up again; sequential ones have to be
/// blank.
///
/// # Errors
/// When the medium can't be formatted, or not in this way: nothing was changed then.
pub fn format(
    drive: &mut Drive,
    medium: &Medium,
    wish: FormatWish,
    progress: &mut dyn Progress,
) -> Result<Medium, BurnError> {
    super::moves_whole_units(drive, medium)?;
    if wish == FormatWish::Needed && !matches!(medium.state, State::NeedsFormat { .. }) {
        return Ok(medium.clone());
    }
    let format =
        format::choose(medium, wish).map_err(|why| BurnError::NotFormattable { profile: medium.profile, why })?;
    let Some(format) = format else { return Ok(medium.clone()) };
    working(progress, Phase::Format, |on_progress| {
        drive.run_long(|immediate| format.command(immediate), format.deadline(), on_progress)
    })
    .map_err(|source| BurnError::Format { source })?;
    medium::inspect(drive).map_err(|source| BurnError::Inspect { source })
}

/// Takes up a format that a broken-off burn left behind and ends it, so that drives which only read can read the medium, too.
///
/// # Errors
/// When the drive can't.
pub fn end_format(drive: &mut Drive, medium: &Medium, progress: &mut dyn Progress) -> Result<Medium, BurnError> {
    format(drive, medium, FormatWish::Needed, progress)?;
    working(progress, Phase::Close, |on_progress| close(drive, CloseFunction::StopBackgroundFormat, on_progress))
        .map_err(|source| BurnError::Close { source })?;
    medium::inspect(drive).map_err(|source| BurnError::Inspect { source })
}

/// Closes the track and session that a broken-off burn left open, so that the next session can follow. What the torn session holds
/// stays on the medium and is superseded by the next one. Only a medium whose blanking broke off is blanked again: there, nothing is left to
/// lose. Whatever else can't be closed stays as it is, because what is on it may be somebody's.
///
/// # Errors
/// When the session can't be closed: then the medium takes no more.
pub fn close_interrupted(drive: &mut Drive, medium: &Medium, progress: &mut dyn Progress) -> Result<Medium, BurnError> {
    let State::Interrupted { track, .. } = medium.state else { return Ok(medium.clone()) };
    super::moves_whole_units(drive, medium)?;
    // Where the drive calls the disc empty there is nothing to close.
    if medium.blanking_broke_off && medium.profile == Profile::DvdRwSequential && medium.tracks.is_empty() {
        tracing::warn!("blanking broke off, the disc is blanked again");
        return blank(drive, medium, whole_again(medium.profile), progress);
    }
    set_page_for_closing(drive, medium.profile).map_err(|source| BurnError::SetUp { source })?;
    let is_open = is_open(medium, track);
    let start = medium.tracks.iter().find(|found| found.number == track).map(|found| found.start);
    let close = |drive: &mut Drive, function, on_progress: crate::scsi::drive::OnProgress<'_>| {
        let closed = close(drive, function, on_progress);
        match start {
            Some(start) => steps::unless_changed(drive, closed, track, start),
            None => closed,
        }
    };
    let closed = working(progress, Phase::Close, |on_progress| {
        // Closed by the drive already, on some: the session decides.
        if is_open && let Err(error) = close(drive, CloseFunction::Track(track), on_progress) {
            // After a reset the page is the drive's own again: closing the session now would close the disc for ever.
            if error.is_attention() {
                return Err(error);
            }
            tracing::debug!(%error, "closing the torn track");
        }
        match close(drive, CloseFunction::Session, on_progress) {
            // Open after all.
            Err(error) if !is_open && steps::is_incomplete_track(&error) => {
                close(drive, CloseFunction::Track(track), on_progress)?;
                close(drive, CloseFunction::Session, on_progress)
            }
            other => other,
        }
    });
    if let Err(source) = closed {
        let refused = source.sense().is_some() && !source.is_attention();
        if refused
            && let Ok(medium) = medium::inspect(drive)
            && medium.blanking_broke_off
        {
            tracing::warn!(error = %source, "blanking broke off, the disc is blanked again");
            return blank(drive, &medium, whole_again(medium.profile), progress);
        }
        return Err(BurnError::Close { source });
    }
    medium::inspect(drive).map_err(|source| BurnError::Inspect { source })
}

/// Whether a track has to be closed before its session: not where the drive says that nothing is in it, and not where it knows of no damage
/// and of no address to go on with, as the burn broke off between the closing of the track and that of the session.
fn is_open(medium: &Medium, track: u16) -> bool {
    let told = medium.tracks.iter().find(|found| found.number == track);
    told.is_none_or(|found| found.damaged || (!found.blank && found.next_writable.is_some()))
}

/// How a medium whose blanking broke off is blanked again: a DVD-RW whole, because less leaves one that takes one session only.
fn whole_again(profile: Profile) -> BlankExtent {
    if profile == Profile::CdRw { BlankExtent::Minimal } else { BlankExtent::Full }
}

/// On CD, DVD-R and DVD-RW the multi-session bits of mode page 05h decide whether the disc stays appendable when its session is closed; after a
/// power cut they are the drive's own, which close it for ever. Some firmware obeys them on DVD+R and BD-R, too.
fn set_page_for_closing(drive: &mut Drive, profile: Profile) -> Result<(), ScsiError> {
    match profile {
        Profile::CdR | Profile::CdRw => drive.set_write_parameters(|page| page.cd_track_at_once(Append::Allowed)),
        Profile::DvdRSequential
        | Profile::DvdRwSequential
        | Profile::DvdRDualLayerSequential
        | Profile::DvdRDualLayerJump => drive.set_write_parameters(|page| page.dvd_incremental(Append::Allowed)),
        Profile::DvdPlusR | Profile::DvdPlusRDualLayer | Profile::BdRSequential => {
            let page = drive.set_write_parameters(|page| page.plus_r(Append::Allowed));
            steps::tolerate(page, "no write parameters for such a disc")
        }
        _ => Ok(()),
    }
}

/// CLOSE TRACK SESSION and its end.
pub(super) fn close(
    drive: &mut Drive,
    function: CloseFunction,
    on_progress: crate::scsi::drive::OnProgress<'_>,
) -> Result<(), ScsiError> {
    drive.run_long(|immediate| CloseTrackSession { function, immediate }, deadline::CLOSE, on_progress)
}
