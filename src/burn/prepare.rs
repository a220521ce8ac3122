//! Making a medium writable: blanking, formatting, closing what a broken-off burn left open.
//!
//! Which FORMAT UNIT (MMC-6 6.4.3) stands for which wish; every size is one of the drive's own list (READ FORMAT CAPACITIES):
//!
//! | medium | needed | quick | whole | spares |
//! |---|---|---|---|---|
//! | DVD+RW | 26h, taken up again where it was stopped | 26h | 26h | none has it |
//! | DVD-RW, blank or in restricted overwrite | - | 15h | 10h, or 00h | none has it |
//! | DVD-RAM | 00h | 00h | 00h | the drive's own |
//! | BD-RE | 00h | 00h | 30h with every sector tried | none 31h, default 00h, least and most 30h |
//! | BD-R, blank | - | refused | refused | none: nothing to do, default 00h, least and most 32h; all without pseudo overwrite |
//!
//! A BD-RE is formatted quickly by type 00h and not by type 30h with quick certification, which a drive is known to refuse.

use super::medium::{Medium, State};
use super::progress::{Phase, Progress, working};
use super::{BurnError, medium, steps};
use crate::scsi::drive::deadline;
use crate::scsi::mmc::{
    Append, Blank, BlankExtent, Certification, CloseFunction, CloseTrackSession, Feature, FormatCapacities, FormatUnit,
    Profile, ReadFormatCapacities,
};
use crate::scsi::{Drive, During, Reaction, ScsiError};
use crate::sector::Sectors;

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
    if wish == FormatWish::Needed && !matches!(medium.state, State::NeedsFormat { .. }) {
        return Ok(medium.clone());
    }
    let profile = medium.profile;
    let inspecting = |source| BurnError::Inspect { source };
    let capacities = match profile {
        // Its type knows one size only, which is no number.
        Profile::DvdPlusRw => None,
        _ if matches!(wish, FormatWish::Spares(Spares::None)) && profile == Profile::BdRSequential => None,
        _ => Some(drive.run(&ReadFormatCapacities).map_err(inspecting)?),
    };
    let chosen =
        choose_format(medium, wish, capacities.as_ref()).map_err(|why| BurnError::NotFormattable { profile, why })?;
    let Some((format, limit)) = chosen else { return Ok(medium.clone()) };
    working(progress, Phase::Format, |on_progress| {
        drive.run_long(|immediate| format.command(immediate), limit, on_progress)
    })
    .map_err(|source| BurnError::Format { source })?;
    medium::inspect(drive).map_err(inspecting)
}

/// A FORMAT UNIT that was decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    DvdPlusRw { resume: bool },
    DvdRwQuick,
    DvdRwFull(Sectors),
    Whole(Sectors),
    BdReSpares(Sectors, Certification),
    BdReNoSpares(Sectors),
    BdRSpares(Sectors),
    BdRDefault(Sectors),
}

impl Format {
    fn command(self, immediate: bool) -> FormatUnit {
        match self {
            Format::DvdPlusRw { resume } => FormatUnit::dvd_plus_rw(resume, immediate),
            Format::DvdRwQuick => FormatUnit::dvd_rw_quick(immediate),
            Format::DvdRwFull(sectors) => FormatUnit::dvd_rw_full(sectors, immediate),
            Format::Whole(sectors) => FormatUnit::whole(sectors, immediate),
            Format::BdReSpares(sectors, certification) => {
                FormatUnit::bd_re_with_spares(sectors, certification, immediate)
            }
            Format::BdReNoSpares(sectors) => FormatUnit::bd_re_without_spares(sectors, immediate),
            Format::BdRSpares(sectors) => FormatUnit::bd_r(sectors, immediate),
            Format::BdRDefault(sectors) => FormatUnit::bd_r_default(sectors, immediate),
        }
    }

    /// How long it may take.
    fn deadline(self) -> std::time::Duration {
        match self {
            Format::DvdRwFull(_) | Format::Whole(_) | Format::BdReSpares(_, Certification::Full) => {
                deadline::FORMAT_FULL
            }
            _ => deadline::FORMAT,
        }
    }
}

/// The format for a wish, as the module's table has it; none where there is nothing to do.
fn choose_format(
    medium: &Medium,
    wish: FormatWish,
    capacities: Option<&FormatCapacities>,
) -> Result<Option<(Format, std::time::Duration)>, &'static str> {
    let sizes = |kind: u8| capacities.into_iter().flat_map(move |all| all.of_kind(kind)).map(|format| format.sectors);
    let default = || sizes(0x00).next().ok_or("the drive lists no size for it");
    let no_spares = "it has no spare sectors to choose from";
    let format = match (medium.profile, wish) {
        (Profile::DvdPlusRw, FormatWish::Spares(_)) => return Err(no_spares),
        (Profile::DvdPlusRw, wish) => {
            let resume = wish == FormatWish::Needed && medium.state == State::NeedsFormat { begun: true };
            Format::DvdPlusRw { resume }
        }
        (Profile::DvdRwSequential, _) if medium.state != State::Blank => return Err("it has to be blanked first"),
        (Profile::DvdRwSequential | Profile::DvdRwRestrictedOverwrite, FormatWish::Quick) => Format::DvdRwQuick,
        (Profile::DvdRwSequential | Profile::DvdRwRestrictedOverwrite, FormatWish::Whole) => {
            match (sizes(0x10).max(), sizes(0x00).max()) {
                (Some(sectors), _) => Format::DvdRwFull(sectors),
                (None, Some(sectors)) => Format::Whole(sectors),
                (None, None) => return Err("the drive lists no size for it"),
            }
        }
        (Profile::DvdRwSequential | Profile::DvdRwRestrictedOverwrite, _) => return Err(no_spares),
        (Profile::DvdRam, FormatWish::Spares(Spares::None | Spares::Least | Spares::Most)) => return Err(no_spares),
        (Profile::DvdRam, _) | (Profile::BdRe, FormatWish::Needed | FormatWish::Quick) => Format::Whole(default()?),
        (Profile::BdRe, FormatWish::Whole) => match (default(), sizes(0x30).max()) {
            // Of the sizes with spares, the one that is the drive's own choice.
            (Ok(own), Some(_)) if sizes(0x30).any(|size| size == own) => Format::BdReSpares(own, Certification::Full),
            (_, Some(_)) => Format::BdReSpares(middle(sizes(0x30)), Certification::Full),
            (own, None) => Format::Whole(own?),
        },
        (Profile::BdRe, FormatWish::Spares(Spares::Default)) => Format::Whole(default()?),
        (Profile::BdRe, FormatWish::Spares(spares)) => match spares {
            Spares::None => {
                Format::BdReNoSpares(sizes(0x31).max().ok_or("the drive does not format it without spare sectors")?)
            }
            Spares::Most => Format::BdReSpares(sizes(0x30).min().ok_or(no_spares)?, Certification::None),
            _ => Format::BdReSpares(sizes(0x30).max().ok_or(no_spares)?, Certification::None),
        },
        (Profile::BdRSequential, FormatWish::Spares(_)) if medium.state != State::Blank => {
            return Err("a BD-R gets its spare sectors before it is written, or never");
        }
        (Profile::BdRSequential, FormatWish::Spares(Spares::None)) => {
            return if medium.features.has(Feature::DEFECT_MANAGEMENT) {
                Err("the spare sectors of a BD-R can't be taken away")
            } else {
                Ok(None)
            };
        }
        (Profile::BdRSequential, FormatWish::Spares(Spares::Default)) => Format::BdRDefault(default()?),
        (Profile::BdRSequential, FormatWish::Spares(spares)) => {
            let listed = match spares {
                Spares::Most => sizes(0x32).min(),
                _ => sizes(0x32).max(),
            };
            match listed {
                Some(sectors) => Format::BdRSpares(sectors),
                None => Format::BdRDefault(default()?),
            }
        }
        (Profile::BdRSequential, _) => return Err("a BD-R needs no format"),
        _ => return Err("it is of a kind that is not formatted"),
    };
    Ok(Some((format, format.deadline())))
}

/// The middle one of several sizes.
fn middle(sizes: impl Iterator<Item = Sectors>) -> Sectors {
    let mut sizes: Vec<Sectors> = sizes.collect();
    sizes.sort_unstable();
    sizes.get(sizes.len() / 2).copied().unwrap_or_default()
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
    // Where the drive calls the disc empty there is nothing to close.
    if medium.blanking_broke_off && medium.tracks.is_empty() {
        tracing::warn!("blanking broke off, the disc is blanked again");
        return blank(drive, medium, whole_again(medium.profile), progress);
    }
    set_page_for_closing(drive, medium.profile).map_err(|source| BurnError::SetUp { source })?;
    let is_open = is_open(medium, track);
    let closed = working(progress, Phase::Close, |on_progress| {
        // Closed by the drive already, on some: the session decides.
        if is_open && let Err(error) = close(drive, CloseFunction::Track(track), on_progress) {
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
            && medium.blanking_broke_off
        {
            tracing::warn!(error = %source, "blanking broke off, the disc is blanked again");
            return blank(drive, &medium, whole_again(medium.profile), progress);
        }
        return Err(BurnError::Close { source });
    }
    medium::inspect(drive).map_err(|source| BurnError::Inspect { source })
}

/// Whether a track has to be closed before its session: not where the drive says that nothing is in it.
fn is_open(medium: &Medium, track: u16) -> bool {
    let told = medium.tracks.iter().find(|found| found.number == track);
    told.is_none_or(|found| !found.blank || found.damaged)
}

/// How a medium whose blanking broke off is blanked again: a DVD-RW whole, because less leaves one that takes one session only.
fn whole_again(profile: Profile) -> BlankExtent {
    if profile == Profile::CdRw { BlankExtent::Minimal } else { BlankExtent::Full }
}

/// On CD, DVD-R and DVD-RW the multi-session bits of mode page 05h decide whether the disc stays appendable when its session is closed; after a
/// power cut they are the drive's own, which close it for ever. Some firmware obeys them on DVD+R, too.
fn set_page_for_closing(drive: &mut Drive, profile: Profile) -> Result<(), ScsiError> {
    match profile {
        Profile::CdR | Profile::CdRw => drive.set_write_parameters(|page| page.cd_track_at_once(Append::Allowed)),
        Profile::DvdRSequential
        | Profile::DvdRwSequential
        | Profile::DvdRDualLayerSequential
        | Profile::DvdRDualLayerJump => drive.set_write_parameters(|page| page.dvd_incremental(Append::Allowed)),
        Profile::DvdPlusR | Profile::DvdPlusRDualLayer => {
            let page = drive.set_write_parameters(|page| page.plus_r(Append::Allowed));
            steps::tolerate(page, "no write parameters for a DVD+R")
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
