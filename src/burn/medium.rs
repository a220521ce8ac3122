//! The medium in the drive: what it is, what is on it, where it goes on. All of it asked from the drive, nothing from a table.

use std::fmt;

use crate::scsi::mmc::{
    CapacityKind, DiscInformation, DiscStatus, FormatState, Profile, ReadAtip, ReadDiscInformation,
    ReadFormatCapacities, ReadToc, ReadTrackInformation, SessionState, TocTrack, TrackAddress, TrackInformation,
};
use crate::scsi::sbc::ReadCapacity10;
use crate::scsi::{Drive, ScsiError};
use crate::sector::{Lba, Sectors};

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
    /// Writable in principle, by a way this program does not know.
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
            State::NeedsFormat { begun: true } => "overwritable, formatted in part, the next store goes on with it",
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
    /// Where the next WRITE goes on a sequential medium.
    pub next_writable: Option<Lba>,
    /// Sectors that can be written from there on.
    pub free: Sectors,
    /// Sectors of the whole medium when it is empty.
    pub capacity: Sectors,
}

impl Medium {
    /// The way it is burned; `None` where this program knows none.
    #[must_use]
    pub fn recipe(&self) -> Option<Recipe> {
        match self.profile {
            Profile::CdR | Profile::CdRw => Some(Recipe::CdTrackAtOnce),
            Profile::DvdPlusRw => Some(Recipe::Overwrite),
            _ => None,
        }
    }

    /// Sectors that WRITE and session lengths have to be multiples of: an ECC unit; on overwritable media the 32 of libburnia's layout.
    #[must_use]
    pub fn unit(&self) -> Sectors {
        match self.recipe() {
            Some(Recipe::CdTrackAtOnce) => Sectors(1),
            Some(Recipe::Overwrite) | None => Sectors(32),
        }
    }
}

/// Asks the drive for everything about its medium.
///
/// # Errors
/// When the drive does not answer, or there is no medium.
pub fn inspect(drive: &mut Drive) -> Result<Medium, ScsiError> {
    drive.wait_until_ready()?;
    let features = drive.features()?;
    match features.profile {
        Profile::CdR | Profile::CdRw => inspect_sequential(drive, features.profile),
        Profile::DvdPlusRw => inspect_dvd_plus_rw(drive),
        profile => inspect_other(drive, profile),
    }
}

/// The most sectors a READ or WRITE moves on a CD: 32 KiB, what burners have been using on CD drives all along.
const CD_TRANSFER: u16 = 16;

fn inspect_sequential(drive: &mut Drive, profile: Profile) -> Result<Medium, ScsiError> {
    drive.limit_transfers(CD_TRANSFER);
    let info = drive.run(&ReadDiscInformation)?;
    let next = match info.status {
        DiscStatus::Finalised => None,
        status => match drive.run(&ReadTrackInformation(TrackAddress::Invisible)) {
            // A disc that is full to its last sector has no next track, and one whose burn broke off may not tell of it.
            Err(error) if error.is_unsupported() && status != DiscStatus::Empty => None,
            Err(error)
                if error.sense().is_some() && !error.is_attention() && info.last_session != SessionState::Empty =>
            {
                None
            }
            answer => Some(answer?),
        },
    };
    let (state, sessions) = match info.status {
        DiscStatus::Empty => (State::Blank, Vec::new()),
        _ => (sequential_state(&info, next.as_ref()), recorded_sessions(drive, &info)?),
    };
    let capacity = drive.run(&ReadAtip).ok().flatten().or_else(|| info.cd_capacity());
    let next = next.filter(|next| !next.damaged);
    let next_writable = next.as_ref().and_then(|next| next.next_writable);
    let free = if next_writable.is_some() { next.map_or(Sectors(0), |next| next.free) } else { Sectors(0) };
    let capacity = capacity.unwrap_or(Sectors(next_writable.map_or(0, |at| at.0).saturating_add(free.0)));
    Ok(Medium { profile, state, rewritable: info.erasable, sessions, next_writable, free, capacity })
}

fn sequential_state(info: &DiscInformation, next: Option<&TrackInformation>) -> State {
    match (info.status, info.last_session) {
        (DiscStatus::Finalised, _) => State::Closed,
        (DiscStatus::Incomplete, SessionState::Empty) if next.is_some_and(|next| next.next_writable.is_some()) => {
            State::Appendable
        }
        (DiscStatus::Incomplete, SessionState::Incomplete | SessionState::Damaged) => {
            State::Interrupted { session: info.sessions, track: info.last_track }
        }
        _ => State::Closed,
    }
}

/// Groups the recorded tracks by their sessions.
fn recorded_sessions(drive: &mut Drive, info: &DiscInformation) -> Result<Vec<Session>, ScsiError> {
    let mut sessions: Vec<Session> = Vec::new();
    for number in 1..=info.last_track.min(99) {
        let track = match drive.run(&ReadTrackInformation(TrackAddress::Number(number))) {
            Ok(track) => track,
            // The invisible track at the end is not answered by its number everywhere.
            Err(error) if error.is_unsupported() && number == info.last_track => break,
            Err(error) => return Err(error),
        };
        if track.blank || track.size == Sectors(0) {
            continue;
        }
        let end = track.start.checked_add(track.size).unwrap_or(Lba(u32::MAX));
        match sessions.last_mut() {
            Some(session) if session.number == track.session => session.end = end,
            _ => sessions.push(Session { number: track.session, start: track.start, end, data: track.data }),
        }
    }
    Ok(sessions)
}

fn inspect_dvd_plus_rw(drive: &mut Drive) -> Result<Medium, ScsiError> {
    let info = drive.run(&ReadDiscInformation)?;
    let capacities = drive.run(&ReadFormatCapacities)?;
    let state = match info.format {
        FormatState::None => State::NeedsFormat { begun: false },
        FormatState::Suspended => State::NeedsFormat { begun: true },
        FormatState::Running | FormatState::Complete => State::Overwritable,
    };
    let capacity = match capacities.kind {
        CapacityKind::Unformatted | CapacityKind::Formatted => capacities.sectors,
        CapacityKind::Unknown => drive.run(&ReadCapacity10)?,
    };
    Ok(Medium {
        profile: Profile::DvdPlusRw,
        state,
        rewritable: true,
        sessions: Vec::new(),
        next_writable: None,
        free: capacity,
        capacity,
    })
}

/// Media that are only read here. The table of contents shows where their last session is.
fn inspect_other(drive: &mut Drive, profile: Profile) -> Result<Medium, ScsiError> {
    let capacity = drive.run(&ReadCapacity10).unwrap_or_default();
    let tracks: Vec<TocTrack> = drive.run(&ReadToc).unwrap_or_default();
    let starts: Vec<Lba> = tracks
        .iter()
        .filter(|track| track.data && track.number != TocTrack::LEAD_OUT)
        .map(|track| track.start)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([Lba(capacity.0)]);
    let sessions = starts
        .iter()
        .zip(ends)
        .zip(1..)
        .map(|((&start, end), number)| Session { number, start, end, data: true })
        .collect();
    let state = match profile {
        Profile::CdRom | Profile::DvdRom | Profile::BdRom => State::ReadOnly,
        _ => State::Unsupported,
    };
    Ok(Medium { profile, state, rewritable: false, sessions, next_writable: None, free: Sectors(0), capacity })
}
