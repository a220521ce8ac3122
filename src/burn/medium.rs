//! The medium in the drive: what it is, what is on it, where it goes on. All of it asked from the drive, nothing from a table; how stands in
//! `classify`.

mod classify;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::scsi::mmc::{CurrentFeatures, Feature, FormatDescriptor, Profile};
use crate::sector::{Lba, Sectors};

pub(super) use classify::next_track_address;
pub use classify::{inspect, inspect_with};

/// What can be done with the medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing on it; can be written from the beginning.
    Blank,
    /// Closed sessions on it; another can follow.
    Appendable,
    /// The last session was begun and not closed: a burn broke off. Closing it makes the medium appendable again.
    Interrupted {
        /// The session that is open.
        session: u16,
        /// The track to close first, if it is open.
        track: u16,
        /// The drive says that the track can't be written on, or does not say where.
        damaged: bool,
    },
    /// No session can follow.
    Closed,
    /// Has to be formatted before it can be written.
    NeedsFormat {
        /// A format was begun and stopped; it can go on.
        begun: bool,
    },
    /// Any sector can be written at any time.
    Overwritable,
    /// This drive only reads it.
    ReadOnly,
    /// Writable in principle, by a way this program does not know: [`Medium::refusal`] says why.
    Unsupported,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Blank => "blank",
            State::Appendable => "appendable",
            State::Interrupted { .. } => "a burn broke off, the next store mends it",
            State::Closed => "closed",
            State::NeedsFormat { begun: false } => "not formatted yet, the next store does it",
            State::NeedsFormat { begun: true } => "overwritable (the rest is formatted by the next store)",
            State::Overwritable => "overwritable",
            State::ReadOnly => "only read by this drive",
            State::Unsupported => "of a kind this program can't write",
        })
    }
}

/// The family of recipes that burns a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipe {
    /// [CD track at once](super::cd).
    CdTrackAtOnce,
    /// CD session at once: the whole disc in one go, closed by its last sector.
    CdSessionAtOnce,
    /// DVD-R and DVD-RW, incrementally: the disc can stay appendable.
    DvdIncremental,
    /// DVD-R and DVD-RW, disc at once: one session, closed by its last sector.
    DvdDiscAtOnce,
    /// DVD+R and DVD+R DL.
    DvdPlusR,
    /// BD-R, sequential recording.
    BdR,
    /// [Overwriting](super::overwrite).
    Overwrite,
}

/// A session on a sequential medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Counted from 1.
    pub number: u16,
    /// First sector of its first track.
    pub start: Lba,
    /// The sector behind its last track.
    pub end: Lba,
    /// Its first track holds data, not sound.
    pub data: bool,
}

/// A track on a sequential medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Track {
    /// Counted from 1 through all sessions.
    pub number: u16,
    /// The session it belongs to.
    pub session: u16,
    /// First sector.
    pub start: Lba,
    /// Its length; on a CD track that was written at once the two run-out blocks count.
    pub sectors: Sectors,
    /// It holds data, not sound.
    pub data: bool,
    /// Writing it was broken off.
    pub damaged: bool,
    /// Nothing is recorded in it.
    pub blank: bool,
    /// Where it goes on; none in one that is closed, and in most that are damaged.
    pub next_writable: Option<Lba>,
}

/// What the drive says of the medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    /// Its kind.
    pub profile: Profile,
    /// What can be done with it.
    pub state: State,
    /// It can be blanked or overwritten.
    pub rewritable: bool,
    /// The sessions on a sequential medium that have data in them, in order. Overwritable media have none: what looks like sessions
    /// there is the file system's doing.
    pub sessions: Vec<Session>,
    /// The tracks on a sequential medium that the drive tells of, in order; the one that is written next may be among them.
    pub tracks: Vec<Track>,
    /// Where the next WRITE goes on a sequential medium.
    pub next_writable: Option<Lba>,
    /// Sectors that can be written from there on.
    pub free: Sectors,
    /// Sectors of the whole medium when it is empty, 0 where the drive does not tell (any more: a closed
    /// disc); of one that has to be formatted, when that is done.
    pub capacity: Sectors,
    /// The ways it can be formatted, as the drive lists them; asked of media that are formatted, or could be.
    pub formats: Vec<FormatDescriptor>,
    /// What the drive can do with it.
    pub features: CurrentFeatures,
    /// What is written next can leave the medium so that more can follow; overwritable media always do.
    pub can_append: bool,
    /// A rewritable medium whose blanking broke off: its only track is damaged and has no length, or the drive calls the disc empty. Nothing
    /// can be on it, and most likely only blanking it again makes it writable.
    pub blanking_broke_off: bool,
}

impl Medium {
    /// The way a session is burned, if it is to be the disc's last or not; `None` where this program knows none.
    #[must_use]
    pub fn recipe(&self, finalize: bool) -> Option<Recipe> {
        if matches!(self.state, State::ReadOnly | State::Unsupported) {
            return None;
        }
        match self.profile {
            Profile::CdR | Profile::CdRw if finalize && self.state == State::Blank && self.knows_session_at_once() => {
                Some(Recipe::CdSessionAtOnce)
            }
            Profile::CdR | Profile::CdRw => Some(Recipe::CdTrackAtOnce),
            Profile::DvdRSequential | Profile::DvdRwSequential if self.can_append || self.state != State::Blank => {
                Some(Recipe::DvdIncremental)
            }
            Profile::DvdRSequential
            | Profile::DvdRwSequential
            | Profile::DvdRDualLayerSequential
            | Profile::DvdRDualLayerJump => Some(Recipe::DvdDiscAtOnce),
            Profile::DvdPlusR | Profile::DvdPlusRDualLayer => Some(Recipe::DvdPlusR),
            Profile::BdRSequential => Some(Recipe::BdR),
            _ if self.is_overwritable() => Some(Recipe::Overwrite),
            _ => None,
        }
    }

    /// The SAO bit of the feature CD Mastering (MMC-6 5.3.23).
    fn knows_session_at_once(&self) -> bool {
        self.features.bit(Feature::CD_MASTERING, 0, 5)
    }

    /// Whether any sector can be written at any time, so that sessions are the file system's doing and not the drive's.
    #[must_use]
    pub fn is_overwritable(&self) -> bool {
        is_overwritable(self.profile)
    }

    /// Sectors that WRITE and session lengths have to be multiples of: an ECC unit; on overwritable media the 32 of libburnia's layout.
    #[must_use]
    pub fn unit(&self) -> Sectors {
        match self.profile {
            Profile::CdRom | Profile::CdR | Profile::CdRw => Sectors(1),
            Profile::DvdRSequential
            | Profile::DvdRwSequential
            | Profile::DvdRDualLayerSequential
            | Profile::DvdRDualLayerJump
            | Profile::DvdPlusR
            | Profile::DvdPlusRDualLayer => Sectors(16),
            _ => Sectors(32),
        }
    }

    /// Whether WRITE(12) with the Streaming bit is used: where there may be spare sectors, and defect management is not wanted.
    #[must_use]
    pub fn streams(&self, defect_management: Option<bool>) -> bool {
        let may_have_spares = match self.profile {
            Profile::BdRe if self.state == (State::NeedsFormat { begun: false }) => true,
            Profile::BdRSequential | Profile::BdRe => self.features.has(Feature::DEFECT_MANAGEMENT),
            Profile::DvdRam => true,
            _ => false,
        };
        may_have_spares && defect_management == Some(false)
    }

    /// An ECC unit: what the drive writes in one piece.
    #[must_use]
    pub fn ecc_unit(&self) -> Sectors {
        match self.profile {
            Profile::DvdPlusRw | Profile::DvdRam | Profile::DvdRwRestrictedOverwrite => Sectors(16),
            _ => self.unit(),
        }
    }

    /// Sectors behind the data that nobody wants: on a CD track at once the last two can't be read, and neither can what is read ahead
    /// together with them. No other recipe has such an end.
    #[must_use]
    pub fn padding(&self, finalize: bool) -> Sectors {
        match self.recipe(finalize) {
            Some(Recipe::CdTrackAtOnce) => super::cd::PADDING,
            _ => Sectors(0),
        }
    }

    /// Sectors that have to be free for a session with so many: on a CD more than it is long ([`cd::SLACK`](super::cd::SLACK)).
    #[must_use]
    pub fn takes(&self, sectors: Sectors) -> Sectors {
        match self.profile {
            Profile::CdR | Profile::CdRw => {
                Sectors(sectors.max(super::cd::MINIMUM_TRACK).0.saturating_add(super::cd::SLACK.0))
            }
            _ => sectors.round_up(self.unit()),
        }
    }

    /// Why this program can't write the medium, as a sentence without its end: `None` where it can.
    #[must_use]
    pub fn refusal(&self) -> Option<&'static str> {
        match (self.state, self.profile) {
            (State::Unsupported, Profile::None) => Some("the drive does not recognise it"),
            (State::Unsupported, Profile::BdRSequential) => {
                Some("it is formatted for pseudo overwrite, where drives move sectors behind the writer's back")
            }
            (State::Unsupported, _) => Some("there is no recipe for it"),
            (State::ReadOnly, _) => Some("the drive only reads it"),
            _ => None,
        }
    }
}

pub(super) fn is_overwritable(profile: Profile) -> bool {
    matches!(profile, Profile::DvdPlusRw | Profile::DvdRam | Profile::DvdRwRestrictedOverwrite | Profile::BdRe)
}
