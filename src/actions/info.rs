//! *info*: the drive, the disc in it, and what the next *store* would do.

use jiff::civil::Date;

use super::ActionError;
use super::contents::{Contents, Shown};
use super::device::Device;
use super::disc::Disc;
use crate::burn::State;
use crate::sector::{Lba, Sectors};

/// A session as *info* tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// First sector.
    pub start: Lba,
    /// Volume identifier.
    pub label: String,
}

/// What is known of a device and its disc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Vendor, product and revision; none for an image file.
    pub drive: Option<String>,
    /// The medium's kind; none for an image file.
    pub medium: Option<String>,
    /// What can be done with the medium, in words.
    pub state: String,
    /// Whether it can be blanked or overwritten.
    pub rewritable: bool,
    /// Sectors of the whole medium.
    pub capacity: Sectors,
    /// Sectors that can be appended.
    pub free: Sectors,
    /// Where the next session would begin.
    pub next: Option<Lba>,
    /// The whole sessions, oldest first.
    pub sessions: Vec<SessionInfo>,
    /// Sessions that were begun and never finished.
    pub torn: usize,
    /// Label of the newest session.
    pub label: Option<String>,
    /// Days the disc shows.
    pub days: Vec<Date>,
}

/// Looks at a drive and its disc, or at an image.
///
/// # Errors
/// When there is no medium or it can't be read.
pub fn info(device: Device) -> Result<Info, ActionError> {
    match device {
        Device::Drive(mut drive) => {
            let identity = drive.identity().map_err(|source| ActionError::Medium { source })?;
            let disc = Disc::look(drive)?;
            let state = state_words(disc.medium.state, &disc.contents.shown);
            let mut info = describe(&disc.contents, state, disc.medium.capacity);
            info.drive = Some(format!("{} {} {}", identity.vendor, identity.product, identity.revision));
            info.medium = Some(disc.medium.profile.to_string());
            info.rewritable = disc.medium.rewritable;
            info.free = disc.appendable();
            info.next = disc.next_start();
            Ok(info)
        }
        Device::Image(mut image) => {
            let contents = Contents::of_image(&mut image).map_err(|source| ActionError::Contents { source })?;
            Ok(describe(&contents, "image file, only read".to_owned(), image.sectors()))
        }
    }
}

fn describe(contents: &Contents, state: String, capacity: Sectors) -> Info {
    Info {
        drive: None,
        medium: None,
        state,
        rewritable: false,
        capacity,
        free: Sectors(0),
        next: None,
        sessions: contents
            .sessions
            .iter()
            .map(|session| SessionInfo { start: session.start, label: session.volume.label() })
            .collect(),
        torn: contents.torn,
        label: contents.label(),
        days: contents.days(),
    }
}

fn state_words(state: State, shown: &Shown) -> String {
    match shown {
        Shown::Unreadable => format!("{state}, with content this program can't read"),
        Shown::Nothing | Shown::Sessions => state.to_string(),
    }
}
