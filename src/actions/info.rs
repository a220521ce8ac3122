//! *info*: the drive, the disc in it, and what can be done with it. Nothing on the disc is changed, and nothing it says is taken from a table:
//! what neither the drive nor the medium tells is not told.

use jiff::civil::Date;

use super::ActionError;
use super::contents::Contents;
use super::device::Device;
use super::disc::{Disc, state_words, status};
use crate::burn::{self, Medium, State, Track};
use crate::scsi::mmc::{Profile, ReadBufferCapacity, WriteSpeed};
use crate::scsi::{Drive, ScsiError, Trays};
use crate::sector::{Lba, Sectors};

/// A session as *info* tells it: one with a file system in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// First sector.
    pub start: Lba,
    /// The sector behind it, as far as somebody knows.
    pub end: Option<Lba>,
    /// Volume identifier.
    pub label: String,
}

/// A track as *info* tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackInfo {
    /// What the drive says of it.
    pub track: Track,
    /// `recorded`, `open`, `damaged` or `blank`.
    pub state: &'static str,
}

/// What only a drive tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriveInfo {
    /// Vendor, product and revision.
    pub name: String,
    /// Bytes of its buffer, if it tells.
    pub buffer_bytes: Option<u32>,
    /// The medium's kind.
    pub medium: String,
    /// Who made the medium, if it tells.
    pub manufacturer: Option<String>,
    /// What can be done with the medium, in a word.
    pub status: &'static str,
    /// Whether it can be blanked or overwritten.
    pub rewritable: bool,
    /// Whether it is formatted; none for media that are not.
    pub formatted: Option<bool>,
    /// Whether there are spare sectors that the drive takes for bad ones; none where it does not tell.
    pub spares: Option<bool>,
    /// Whether what is written next can leave the medium so that more can follow.
    pub can_append: bool,
    /// Speeds at which it can be written, fastest first; empty where the drive does not tell.
    pub write_speeds: Vec<WriteSpeed>,
    /// 1x of the medium in units of 100 bytes a second.
    pub single_speed: u32,
    /// The tracks on a sequential medium.
    pub tracks: Vec<TrackInfo>,
}

/// What is known of a device and its disc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// What a drive tells; none for an image file.
    pub drive: Option<DriveInfo>,
    /// What can be done with the medium, in words.
    pub state: String,
    /// Sectors of the whole medium; none where the drive does not tell (any more).
    pub capacity: Option<Sectors>,
    /// Sectors up to the end of the last session, what lies between them included.
    pub used: Sectors,
    /// Sectors that can be appended; none where the drive tells when the disc is mended.
    pub free: Option<Sectors>,
    /// Where the next session would begin.
    pub next: Option<Lba>,
    /// The whole sessions, oldest first.
    pub sessions: Vec<SessionInfo>,
    /// Sessions that were begun and never finished.
    pub torn: usize,
    /// The last of them is what the next store mends; else all of them are superseded.
    pub is_torn: bool,
    /// Label of the newest session.
    pub label: Option<String>,
    /// Which disc it is, by its first session.
    pub id: Option<String>,
    /// Days the disc shows.
    pub days: Vec<Date>,
}

/// Looks at a drive and its disc, or at an image.
///
/// # Errors
/// When there is no medium or it can't be read.
pub fn info(device: Device) -> Result<Info, ActionError> {
    match device {
        Device::Drive(drive) => {
            let mut disc = Disc::look(drive, Trays::PullIn)?;
            let drive = ask(&mut disc.drive, &disc.medium).map_err(|source| ActionError::Medium { source })?;
            let state = state_words(&disc.medium, &disc.contents);
            let mut info = describe(&disc.contents, state, disc.looked().capacity);
            info.drive = Some(drive);
            info.used = used(&disc);
            info.free = disc.looked().free;
            info.is_torn = disc.is_torn();
            info.next = disc.next_start();
            Ok(info)
        }
        Device::Image(mut image) => {
            let contents = Contents::of_file(&mut image)?;
            let sectors = image.sectors();
            Ok(Info { used: sectors, ..describe(&contents, "image file, only read".to_owned(), Some(sectors)) })
        }
    }
}

/// What the drive tells beyond what every action needs. It may refuse any of it.
fn ask(drive: &mut Drive, medium: &Medium) -> Result<DriveInfo, ScsiError> {
    let identity = drive.identity()?;
    let manufacturer = drive.medium_id(medium.profile)?;
    let mut write_speeds = match medium.state {
        State::ReadOnly | State::Unsupported => Vec::new(),
        _ => drive.write_speeds()?,
    };
    write_speeds.sort_by_key(|speed| std::cmp::Reverse(speed.write_kb_per_s));
    write_speeds.dedup_by_key(|speed| speed.write_kb_per_s);
    let buffer_bytes = match drive.run(&ReadBufferCapacity) {
        Ok(buffer) => Some(buffer.total_bytes).filter(|&bytes| bytes > 0),
        Err(error) if error.is_attention() || error.is_drive_lost() => return Err(error),
        Err(_) => None,
    };
    let spares = burn::has_spares(drive, medium)?;
    Ok(DriveInfo {
        name: format!("{} {} {}", identity.vendor, identity.product, identity.revision),
        buffer_bytes,
        medium: medium.profile.to_string(),
        manufacturer,
        status: status(medium.state),
        rewritable: medium.rewritable,
        formatted: match medium.profile {
            _ if medium.is_overwritable() => Some(medium.state != State::NeedsFormat { begun: false }),
            Profile::BdRSequential => Some(spares == Some(true)),
            _ => None,
        },
        spares,
        can_append: medium.can_append,
        write_speeds,
        single_speed: single_speed(medium.profile),
        tracks: medium.tracks.iter().map(|&track| TrackInfo { track, state: track_state(medium, track) }).collect(),
    })
}

fn track_state(medium: &Medium, track: Track) -> &'static str {
    match medium.state {
        _ if track.damaged => "damaged",
        _ if track.blank => "blank",
        State::Interrupted { track: open, .. } if open == track.number => "open",
        _ => "recorded",
    }
}

/// 1x in units of 100 bytes a second. Of a CD all 2352 bytes of a sector count, as drives do it.
fn single_speed(profile: Profile) -> u32 {
    match profile {
        Profile::CdRom | Profile::CdR | Profile::CdRw => 1764,
        Profile::BdRom | Profile::BdRSequential | Profile::BdRRandom | Profile::BdRe => 44_955,
        _ => 13_850,
    }
}

fn used(disc: &Disc) -> Sectors {
    if disc.looked().is_empty {
        return Sectors(0);
    }
    if disc.is_overwritable() {
        return Sectors(disc.contents.next_start.0.min(disc.medium.capacity.0));
    }
    Sectors(disc.medium.sessions.last().map_or(0, |session: &burn::Session| session.end.0))
}

fn describe(contents: &Contents, state: String, capacity: Option<Sectors>) -> Info {
    Info {
        drive: None,
        state,
        capacity,
        used: Sectors(0),
        free: Some(Sectors(0)),
        next: None,
        sessions: contents
            .sessions
            .iter()
            .map(|session| SessionInfo { start: session.start, end: session.end, label: session.volume.label() })
            .collect(),
        torn: contents.torn,
        is_torn: false,
        label: contents.label(),
        id: contents.identity(),
        days: contents.days(),
    }
}
