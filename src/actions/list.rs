//! *list*: the files on a disc, without mounting it.

use crate::actions::ActionError;
use crate::actions::contents::Contents;
use crate::actions::device::Device;
use crate::burn::{self, DriveSource};
use crate::iso::reader;
use crate::iso::source::SectorSource;
use crate::iso::tree::{NodeId, Tree, TreePath};
use crate::scsi::Trays;

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
        let found = self.contents.sessions.len();
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let recorded = index.and_then(|index| self.contents.sessions.get(index)).cloned();
        let recorded = recorded.ok_or(ActionError::NoSuchSession { wanted: number, found })?;
        let reading = self.with_source(|source| reader::read_tree(source, &recorded.volume));
        reading.map_err(|source| ActionError::Contents { source })
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
