//! Burning: from an image of known length to a closed session, by the recipe of the medium that is in.
//!
//! ```text
//! Image ─▶ FIFO ─▶ WRITE ─▶ drive          Ledger: a checksum of every chunk sent
//!                           │
//! Readback ◀── READ ────────┘              compares with the ledger, hands the sectors to an ISO reader
//! ```
//!
//! On overwritable media a burned session shows only when [`show`] is called, after the proof.
//!
//! A recipe is the module that burns a family of media; its text is the order of commands. What all of them share stands in
//! [`medium`] (asking the drive), [`format`](mod@format) (which format), [`prepare`] (blanking, formatting, repairing), `steps` and `write`.
//!
//! A disc stays appendable unless its session is to be the last ([`Job::finalize`]): a box that stores a day a day needs it so, and readers that
//! know the first session only are rare. Where medium or drive leave no choice, [`Burned::appendable`] says so.

pub mod bd_r;
pub mod buffers;
pub mod cd;
pub mod dvd_plus_r;
pub mod dvd_r;
pub mod fifo;
pub mod format;
pub mod ledger;
pub mod medium;
pub mod overwrite;
pub mod prepare;
pub mod progress;
pub mod readback;
pub mod source;
mod steps;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::sync::atomic::AtomicBool;

use crate::scsi::mmc::{Feature, Profile, ReadSpareAreas, WriteSpeed};
use crate::scsi::{Drive, ScsiError};
use crate::sector::{Lba, Sectors};

pub use buffers::Buffers;
pub use fifo::Image;
pub use format::NoFormat;
pub use ledger::Ledger;
pub use medium::{Medium, Recipe, Session, State, Track, inspect, inspect_with};
pub use progress::{Event, Phase, Progress};
pub use readback::Readback;
pub use source::DriveSource;

/// A session to be written.
pub struct Job<'a> {
    /// Where it begins: what the drive said when the image was planned.
    pub start: Lba,
    /// How long it is.
    pub sectors: Sectors,
    /// Its sectors.
    pub image: &'a mut dyn Image,
    /// What an overwritable medium shows so far is wiped before its sectors are overwritten. Not where it shows nothing: a unit that is torn in
    /// the wiping is all there would be on the disc then, and nobody could say that it hides nothing.
    pub wipes: bool,
    /// The sector behind the last one that has to stay as it is on an overwritable medium: from here to `start` zeros may be written. On other
    /// media it is of no account.
    pub recorded_end: Lba,
    /// No session is to follow. Some media and drives leave no choice: [`Burned::appendable`] tells how it ended.
    pub finalize: bool,
    /// Where the medium has spare sectors: whether the drive is to check what it writes and move what is bad (at half the speed). `None` is
    /// what the drive does by itself.
    pub defect_management: Option<bool>,
    /// Speed as a multiple of the medium's 1x; `None` leaves it to the drive.
    pub speed: Option<u32>,
    /// Buffer in front of the drive.
    pub fifo_bytes: usize,
    /// Set from outside to stop the burn in good order.
    pub stop: &'a AtomicBool,
    /// Told how it goes.
    pub progress: &'a mut dyn Progress,
}

impl fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("start", &self.start).field("sectors", &self.sectors).finish_non_exhaustive()
    }
}

/// A session that was written and closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burned {
    /// Where it begins.
    pub start: Lba,
    /// How long it is.
    pub sectors: Sectors,
    /// What was sent.
    pub ledger: Ledger,
    /// Another session can follow.
    pub appendable: bool,
    /// How full the buffers were meanwhile.
    pub buffers: Buffers,
}

/// Burns a session on a medium that is ready for it, the tray locked meanwhile.
///
/// # Errors
/// When it could not be written and closed. The sessions that were on the medium before are untouched.
pub fn burn(drive: &mut Drive, medium: &Medium, mut job: Job<'_>) -> Result<Burned, BurnError> {
    moves_whole_units(drive, medium)?;
    drive.lock_tray();
    match medium.recipe(job.finalize) {
        Some(Recipe::CdTrackAtOnce) => cd::track_at_once(drive, medium, &mut job),
        Some(Recipe::CdSessionAtOnce) => cd::session_at_once(drive, medium, &mut job),
        Some(Recipe::DvdIncremental) => dvd_r::incremental(drive, medium, &mut job),
        Some(Recipe::DvdDiscAtOnce) => dvd_r::disc_at_once(drive, medium, &mut job),
        Some(Recipe::DvdPlusR) => dvd_plus_r::burn(drive, medium, &mut job),
        Some(Recipe::BdR) => bd_r::burn(drive, medium, &mut job),
        Some(Recipe::Overwrite) => overwrite::burn(drive, medium, &mut job),
        None => Err(BurnError::NoRecipe {
            profile: medium.profile,
            why: medium.refusal().unwrap_or("there is no recipe for it"),
        }),
    }
}

/// Lets an overwritable medium show a session that was burned, and proven: until then it shows what it showed before. With no superblock
/// the medium is only left as drives that just read can read it.
///
/// # Errors
/// When it could not be written.
pub fn show(
    drive: &mut Drive,
    medium: &Medium,
    superblock: Option<&[u8]>,
    progress: &mut dyn Progress,
) -> Result<(), BurnError> {
    drive.lock_tray();
    overwrite::show(drive, medium, superblock, progress)
}

/// Empties a formatted overwritable medium: what shows that something is on it is overwritten, the rest stays.
///
/// # Errors
/// When it could not be written.
pub fn wipe(drive: &mut Drive, medium: &Medium, progress: &mut dyn Progress) -> Result<(), BurnError> {
    moves_whole_units(drive, medium)?;
    drive.lock_tray();
    overwrite::wipe(drive, medium, progress)
}

/// Whether one command moves a whole ECC unit. Where the connection lets less through (some USB bridges), sequential media would be torn in
/// the first unit, and others rewritten unit by unit from what was read back: asked before anything is done to the medium.
fn moves_whole_units(drive: &Drive, medium: &Medium) -> Result<(), BurnError> {
    let (moves, unit) = (Sectors(drive.sectors_per_transfer().into()), medium.ecc_unit());
    if moves < unit { Err(BurnError::SmallTransfers { moves, unit }) } else { Ok(()) }
}

/// The speeds at which the medium in the drive can be written, as the drive lists them: nothing where it lists none.
///
/// # Errors
/// When the drive changed state, or is lost.
pub fn speeds(drive: &mut Drive) -> Result<Vec<WriteSpeed>, ScsiError> {
    drive.write_speeds()
}

/// Whether the medium has spare sectors that the drive takes for bad ones; `None` where the drive does not tell. The feature Hardware Defect
/// Management is current on a BD-RE that was formatted without: its own structure tells.
///
/// # Errors
/// When the drive changed state, or is lost.
pub fn has_spares(drive: &mut Drive, medium: &Medium) -> Result<Option<bool>, ScsiError> {
    let feature = medium.features.has(Feature::DEFECT_MANAGEMENT);
    match medium.profile {
        Profile::BdRSequential | Profile::BdRe if !matches!(medium.state, State::NeedsFormat { .. }) => {
            match drive.run(&ReadSpareAreas) {
                Ok(areas) => Ok(Some(areas.all > 0)),
                Err(error) if error.is_attention() || error.is_drive_lost() => Err(error),
                Err(error) => {
                    tracing::debug!(%error, "the spare areas are not told");
                    Ok(Some(feature).filter(|_| medium.profile == Profile::BdRSequential))
                }
            }
        }
        Profile::BdRe => Ok(None),
        Profile::DvdRam => Ok(feature.then_some(true)),
        _ => Ok(Some(false)),
    }
}

/// A burn, or the preparation of one, failed.
#[derive(Debug, thiserror::Error)]
pub enum BurnError {
    /// The drive does not tell what is in it.
    #[error("the drive can't say what is on the medium")]
    Inspect {
        /// What it says instead.
        #[source]
        source: ScsiError,
    },
    /// This program can't burn such a medium.
    #[error("this program can't write this {profile}: {why}")]
    NoRecipe {
        /// Its kind.
        profile: Profile,
        /// Why, without the sentence's end.
        why: &'static str,
    },
    /// Such a medium can't be blanked.
    #[error("{profile} can't be blanked")]
    NotBlankable {
        /// Its kind.
        profile: Profile,
    },
    /// Such a medium, or one in this state, can't be formatted that way.
    #[error("this {profile} can't be formatted: {why}")]
    NotFormattable {
        /// Its kind.
        profile: Profile,
        /// Why.
        why: NoFormat,
    },
    /// Blanking failed.
    #[error("blanking failed")]
    Blank {
        /// What the drive says.
        #[source]
        source: ScsiError,
    },
    /// The drive called blanking done and the medium is not blank.
    #[error("the medium is not blank after it was blanked")]
    StillNotBlank,
    /// Formatting failed.
    #[error("formatting failed")]
    Format {
        /// What the drive says.
        #[source]
        source: ScsiError,
    },
    /// The drive does not accept the way of writing. Nothing was written.
    #[error("the drive could not be set up for writing, nothing was written")]
    SetUp {
        /// What the drive says.
        #[source]
        source: ScsiError,
    },
    /// The system has no thread for what reads ahead. Nothing was written.
    #[error("no thread can be started, nothing was written")]
    NoThread {
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The drive's next writable address is not the one the image was made for. Nothing was written.
    #[error("the session was planned for sector {planned}, the drive would write it at {}, nothing was written", found.map_or("no sector".to_owned(), |at| at.to_string()))]
    NextWritableMoved {
        /// What it said before.
        planned: Lba,
        /// What it says now.
        found: Option<Lba>,
    },
    /// The connection moves too little at a time. Nothing was done.
    #[error(
        "the connection to the drive moves {moves} sectors with one command, this medium is written {unit} at a time, nothing was done"
    )]
    SmallTransfers {
        /// The most sectors of one command.
        moves: Sectors,
        /// An ECC unit.
        unit: Sectors,
    },
    /// The image is longer than what is free. Nothing was written.
    #[error("{needed} sectors to write, {free} free on the medium, nothing was written")]
    NoRoom {
        /// Sectors of the session.
        needed: Sectors,
        /// Sectors that can be written.
        free: Sectors,
    },
    /// A WRITE failed.
    #[error("writing stopped at sector {at}, {written} of {planned} sectors are on the disc")]
    Write {
        /// The first sector that was not taken.
        at: Lba,
        /// Sectors of this session that were taken.
        written: Sectors,
        /// Sectors it should have.
        planned: Sectors,
        /// What the drive says.
        #[source]
        source: ScsiError,
    },
    /// The drive could not empty its buffer.
    #[error("the end of the data did not reach the medium")]
    Synchronize {
        /// What the drive says.
        #[source]
        source: ScsiError,
    },
    /// The session could not be closed.
    #[error("the session could not be closed")]
    Close {
        /// What the drive says.
        #[source]
        source: ScsiError,
    },
    /// The data is on the medium, the sectors that point to it are not.
    #[error("the sectors at the beginning that point to the new session could not be written")]
    Superblock {
        /// What the drive says.
        #[source]
        source: ScsiError,
    },
    /// The image did not have the length it was planned with.
    #[error("the image is not {planned} sectors long as it was planned")]
    ImageLength {
        /// What was planned.
        planned: Sectors,
    },
    /// The stop flag was set.
    #[error("interrupted after {written} sectors")]
    Interrupted {
        /// Sectors of this session that were written.
        written: Sectors,
    },
}
