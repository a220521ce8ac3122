//! Which FORMAT UNIT (MMC-6 6.4.3) stands for which wish, and what of a medium is left then. It is decided here and nowhere else: what is
//! promised before is what happens. Every size is one of the drive's own list (READ FORMAT CAPACITIES):
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

use std::fmt;
use std::time::Duration;

use super::medium::{Medium, State};
use crate::scsi::drive::deadline;
use crate::scsi::mmc::{Certification, Feature, FormatUnit, Profile};
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

/// Why a medium is not formatted as it was wished. Its words are those of a sentence without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFormat {
    /// This program can't write it at all.
    Refused(&'static str),
    /// There is something on it.
    NotBlank,
    /// The drive does not list such a format.
    NotListed,
    /// Nobody can choose how many spare sectors it has.
    NoChoiceOfSpares,
    /// The drive does not format it without spare sectors.
    NeverWithoutSpares,
    /// A BD-R has its spare areas, or none.
    SparesAreFixed,
    /// Such media are written as they are.
    NotNeeded,
}

impl fmt::Display for NoFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoFormat::Refused(why) => why,
            NoFormat::NotBlank => "it has to be blanked first",
            NoFormat::NotListed => "the drive lists no size for it",
            NoFormat::NoChoiceOfSpares => "nobody can choose how many spare sectors it has",
            NoFormat::NeverWithoutSpares => "the drive does not format it without spare sectors",
            NoFormat::SparesAreFixed => "the spare areas of a BD-R are fixed for ever",
            NoFormat::NotNeeded => "it is written as it is",
        })
    }
}

/// A FORMAT UNIT that was decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// 26h.
    DvdPlusRw {
        /// Taken up again where it was stopped.
        resume: bool,
        /// The size listed for it; it is not sent.
        sectors: Sectors,
    },
    /// 15h; the size is what it can grow to, and not sent.
    DvdRwQuick(Sectors),
    /// 10h.
    DvdRwFull(Sectors),
    /// 00h.
    Whole(Sectors),
    /// 30h.
    BdReSpares(Sectors, Certification),
    /// 31h.
    BdReNoSpares(Sectors),
    /// 32h.
    BdRSpares(Sectors),
    /// 00h on a BD-R.
    BdRDefault(Sectors),
}

impl Format {
    /// Sectors that the medium has for data when it was formatted like this.
    #[must_use]
    pub fn sectors(self) -> Sectors {
        match self {
            Format::DvdPlusRw { sectors, .. }
            | Format::DvdRwQuick(sectors)
            | Format::DvdRwFull(sectors)
            | Format::Whole(sectors)
            | Format::BdReSpares(sectors, _)
            | Format::BdReNoSpares(sectors)
            | Format::BdRSpares(sectors)
            | Format::BdRDefault(sectors) => sectors,
        }
    }

    pub(super) fn command(self, immediate: bool) -> FormatUnit {
        match self {
            Format::DvdPlusRw { resume, .. } => FormatUnit::dvd_plus_rw(resume, immediate),
            Format::DvdRwQuick(_) => FormatUnit::dvd_rw_quick(immediate),
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
    pub(super) fn deadline(self) -> Duration {
        match self {
            Format::DvdRwFull(_) | Format::Whole(_) | Format::BdReSpares(_, Certification::Full) => {
                deadline::FORMAT_FULL
            }
            _ => deadline::FORMAT,
        }
    }
}

/// The format for a wish, as the module's table has it; none where there is nothing to do.
///
/// # Errors
/// When there is none.
pub fn choose(medium: &Medium, wish: FormatWish) -> Result<Option<Format>, NoFormat> {
    let sizes = |kind: u8| medium.formats.iter().filter(move |format| format.kind == kind).map(|format| format.sectors);
    let default = || sizes(0x00).next().ok_or(NoFormat::NotListed);
    Ok(Some(match (medium.profile, wish) {
        (Profile::DvdPlusRw | Profile::DvdRwSequential | Profile::DvdRwRestrictedOverwrite, FormatWish::Spares(_))
        | (Profile::DvdRam, FormatWish::Spares(Spares::None | Spares::Least | Spares::Most)) => {
            return Err(NoFormat::NoChoiceOfSpares);
        }
        (Profile::DvdPlusRw, wish) => {
            let resume = wish == FormatWish::Needed && medium.state == State::NeedsFormat { begun: true };
            Format::DvdPlusRw { resume, sectors: sizes(0x26).next().unwrap_or(medium.capacity) }
        }
        (Profile::DvdRwSequential, _) if medium.state != State::Blank => return Err(NoFormat::NotBlank),
        (Profile::DvdRwSequential | Profile::DvdRwRestrictedOverwrite, FormatWish::Whole) => {
            match (sizes(0x10).max(), sizes(0x00).max()) {
                (Some(sectors), _) => Format::DvdRwFull(sectors),
                (None, Some(sectors)) => Format::Whole(sectors),
                (None, None) => return Err(NoFormat::NotListed),
            }
        }
        // It grows to all that there is.
        (Profile::DvdRwSequential | Profile::DvdRwRestrictedOverwrite, _) => Format::DvdRwQuick(medium.capacity),
        (Profile::DvdRam, _) | (Profile::BdRe, FormatWish::Needed | FormatWish::Quick) => Format::Whole(default()?),
        (Profile::BdRe, FormatWish::Whole) => match (default(), sizes(0x30).max()) {
            // Of the sizes with spares, the one that is the drive's own choice.
            (Ok(own), Some(_)) if sizes(0x30).any(|size| size == own) => Format::BdReSpares(own, Certification::Full),
            (_, Some(_)) => Format::BdReSpares(middle(sizes(0x30)), Certification::Full),
            (own, None) => Format::Whole(own?),
        },
        (Profile::BdRe, FormatWish::Spares(spares)) => match spares {
            Spares::None => Format::BdReNoSpares(sizes(0x31).max().ok_or(NoFormat::NeverWithoutSpares)?),
            Spares::Default => Format::Whole(default()?),
            Spares::Most => Format::BdReSpares(sizes(0x30).min().ok_or(NoFormat::NotListed)?, Certification::None),
            Spares::Least => Format::BdReSpares(sizes(0x30).max().ok_or(NoFormat::NotListed)?, Certification::None),
        },
        (Profile::BdRSequential, FormatWish::Spares(spares)) => {
            if medium.state != State::Blank || medium.features.has(Feature::DEFECT_MANAGEMENT) {
                return Err(NoFormat::SparesAreFixed);
            }
            let listed = match spares {
                Spares::None => return Ok(None),
                Spares::Default => None,
                Spares::Least => sizes(0x32).max(),
                Spares::Most => sizes(0x32).min(),
            };
            match listed {
                Some(sectors) => Format::BdRSpares(sectors),
                None => Format::BdRDefault(default()?),
            }
        }
        _ => return Err(NoFormat::NotNeeded),
    }))
}

/// The middle one of several sizes.
fn middle(sizes: impl Iterator<Item = Sectors>) -> Sectors {
    let mut sizes: Vec<Sectors> = sizes.collect();
    sizes.sort_unstable();
    sizes.get(sizes.len() / 2).copied().unwrap_or_default()
}
