//! Making a medium writable: blanking, formatting, closing what a broken-off burn left open.

use super::medium::{Medium, State};
use super::progress::{Phase, Progress, working};
use super::{BurnError, medium};
use crate::scsi::drive::deadline;
use crate::scsi::mmc::{
    Append, Blank, BlankExtent, CloseFunction, CloseTrackSession, FormatUnit, Profile, WriteParameters,
};
use crate::scsi::{Drive, ScsiError};

/// What a format is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatWish {
    /// The medium can't be written otherwise; nothing happens where it can.
    Needed,
    /// The format that takes the shortest time.
    Quick,
    /// Every sector.
    Whole,
    /// With so many spare sectors, where the medium has them.
    Spares(Spares),
}

/// How many sectors are kept for those that turn out to be bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spares {
    /// No sector: all of them hold data, at full speed.
    None,
    /// What the drive takes for right.
    Default,
    /// As few as it offers.
    Least,
    /// As many as it offers.
    Most,
}

/// Blanks a rewritable sequential medium. Minimal blanking that fails is followed by a full one: what a worn disc may still need.
///
/// # Errors
/// When the medium can't be blanked. What was on it may be gone then.
pub fn blank(
    drive: &mut Drive,
    medium: &Medium,
    extent: BlankExtent,
    progress: &mut dyn Progress,
) -> Result<Medium, BurnError> {
    if !matches!(medium.profile, Profile::CdRw | Profile::DvdRwSequential | Profile::DvdRwRestrictedOverwrite) {
        return Err(BurnError::NotBlankable { profile: medium.profile });
    }
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
        && error.sense().is_some_and(|sense| sense.asc == 0x51)
    {
        tracing::warn!(%error, "fast blanking failed, blanking every sector");
        result = run(drive, BlankExtent::Full, progress);
    }
    result.map_err(|source| BurnError::Blank { source })?;
    let medium = medium::inspect(drive).map_err(|source| BurnError::Inspect { source })?;
    if medium.state == State::Blank { Ok(medium) } else { Err(BurnError::StillNotBlank) }
}

/// Formats a medium.
///
/// # Errors
/// When the medium can't be formatted.
pub fn format(
    drive: &mut Drive,
    medium: &Medium,
    wish: FormatWish,
    progress: &mut dyn Progress,
) -> Result<Medium, BurnError> {
    let _ = wish;
    let (Profile::DvdPlusRw, State::NeedsFormat { begun }) = (medium.profile, medium.state) else {
        return Ok(medium.clone());
    };
    working(progress, Phase::Format, |on_progress| {
        drive.run_long(|immediate| FormatUnit::dvd_plus_rw(begun, immediate), deadline::FORMAT, on_progress)
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
/// stays on the medium and is superseded by the next one. A rewritable medium with no track on it whose session can't be closed was cut
/// off while it was blanked: it is blanked again.
///
/// # Errors
/// When the session can't be closed: then the medium takes no more.
pub fn close_interrupted(drive: &mut Drive, medium: &Medium, progress: &mut dyn Progress) -> Result<Medium, BurnError> {
    let State::Interrupted { track, .. } = medium.state else { return Ok(medium.clone()) };
    // On a CD the multi-session bits of the page decide whether the disc stays appendable; after a power cut they are the drive's own,
    // which close it for ever.
    set_cd_write_parameters(drive).map_err(|source| BurnError::SetUp { source })?;
    let closed = working(progress, Phase::Close, |on_progress| {
        // Closed by the drive already, on some: the session decides.
        if let Err(error) = close(drive, CloseFunction::Track(track), on_progress) {
            // After a reset the page is the drive's own again: closing the session now would close the disc for ever.
            if error.is_attention() {
                return Err(error);
            }
            tracing::debug!(%error, "closing the torn track");
        }
        close(drive, CloseFunction::Session, on_progress)
    });
    if let Err(source) = closed {
        let refused = source.sense().is_some() && !source.is_attention();
        if refused
            && let Ok(medium) = medium::inspect(drive)
            && medium.rewritable
            && medium.sessions.is_empty()
        {
            tracing::warn!(error = %source, "blanking broke off, the disc is blanked again");
            return blank(drive, &medium, BlankExtent::Minimal, progress);
        }
        return Err(BurnError::Close { source });
    }
    medium::inspect(drive).map_err(|source| BurnError::Inspect { source })
}

/// Mode page 05h for a CD: track at once, and the disc stays appendable.
pub(super) fn set_cd_write_parameters(drive: &mut Drive) -> Result<(), ScsiError> {
    let page = drive.run(&WriteParameters::sense())?;
    drive.run(&WriteParameters::new(page).cd_track_at_once(Append::Allowed).select())
}

/// CLOSE TRACK SESSION and its end.
pub(super) fn close(
    drive: &mut Drive,
    function: CloseFunction,
    on_progress: crate::scsi::drive::OnProgress<'_>,
) -> Result<(), ScsiError> {
    drive.run_long(|immediate| CloseTrackSession { function, immediate }, deadline::CLOSE, on_progress)
}
