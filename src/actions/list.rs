//! *list*: the files on a disc, without mounting it.

use crate::actions::ActionError;
use crate::actions::contents::Contents;
use crate::actions::device::Device;
use crate::burn::{self, DriveSource};
use crate::iso::reader::{self, Volume};
use crate::iso::source::SectorSource;
use crate::iso::tree::{NodeId, Tree, TreePath};
use crate::scsi::Trays;
use crate::sector::Lba;

/// A disc that is being read: the device, and what is on it.
#[derive(Debug)]
pub struct Reading {
    device: Device,
    /// Its sessions and newest tree.
    pub contents: Contents,
}

impl Reading {
    /// Looks at what is in a drive or an image.
    ///
    /// # Errors
    /// When there is no medium or it can't be read.
    pub fn new(mut device: Device) -> Result<Reading, ActionError> {
        let contents = match &mut device {
            Device::Drive(drive) => {
                let medium =
                    burn::inspect_with(drive, Trays::PullIn).map_err(|source| ActionError::Medium { source })?;
                Contents::of_medium(&mut DriveSource(drive), &medium)
                    .map_err(|source| ActionError::Contents { source })?
            }
            Device::Image(image) => Contents::of_file(image)?,
        };
        Ok(Reading { contents, device })
    }

    /// Runs `read` on the device's sectors.
    pub fn with_source<T>(&mut self, read: impl FnOnce(&mut dyn SectorSource) -> T) -> T {
        match &mut self.device {
            Device::Drive(drive) => read(&mut DriveSource(drive)),
            Device::Image(image) => read(image),
        }
    }

    /// The tree of one session, counted from 1; of the newest where none is named.
    ///
    /// # Errors
    /// When there is no such session, or it can't be read.
    pub fn session(&mut self, session: Option<u32>) -> Result<reader::Reading, ActionError> {
        let Some(number) = session else {
            return Ok(self.contents.newest().ok_or_else(|| nothing(&self.contents))?.clone());
        };
        let starts = self.starts();
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let start = index.and_then(|index| starts.get(index)).copied();
        let start = start.ok_or(ActionError::NoSuchSession { wanted: number, found: starts.len() })?;
        let known =
            self.contents.sessions.iter().find(|session| session.start == start).map(|known| known.volume.clone());
        let reading = self.with_source(|source| {
            let volume = known.map_or_else(|| Volume::open(source, start), Ok)?;
            reader::read_tree(source, &volume)
        });
        reading.map_err(|source| ActionError::Contents { source })
    }

    /// Where the sessions begin that hold something, those that can't be read now, too: one more bad spot gives none of them another number.
    #[must_use]
    pub fn starts(&self) -> Vec<Lba> {
        let whole = self.contents.sessions.iter().map(|session| session.start);
        let mut starts: Vec<Lba> = whole.chain(self.contents.unopened.iter().copied()).collect();
        starts.sort_unstable();
        starts
    }
}

/// Why there is nothing to read.
pub(super) fn nothing(contents: &Contents) -> ActionError {
    match contents.torn {
        0 => ActionError::NothingToRead,
        torn => ActionError::NothingWhole { torn },
    }
}

/// The nodes to list for a path: what is in a directory, or the file itself.
///
/// # Errors
/// When the path is not on the disc.
pub fn list(tree: &Tree, path: &TreePath, recursive: bool) -> Result<Vec<NodeId>, ActionError> {
    let top = tree.find(path).ok_or_else(|| ActionError::NoSuchPath { path: path.clone() })?;
    if !matches!(tree.node(top).kind, crate::iso::tree::Kind::Directory(_)) {
        return Ok(vec![top]);
    }
    Ok(if recursive { tree.walk_from(top).skip(1).collect() } else { tree.children(top).to_vec() })
}
