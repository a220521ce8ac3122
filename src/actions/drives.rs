//! *drives*: the drives of this machine, what they can write, and what is in them.
//!
//! The kernel names them; all else is asked from the drive. One that can't be opened is listed all the same: that it is there, and why it
//! can't be used, is what the user came for. So nothing is waited for that somebody else uses.

use std::path::Path;

use super::ActionError;
use super::device::{self, DeviceError};
use super::disc::status;
use crate::burn::{self, Medium};
use crate::scsi::ScsiError;
use crate::scsi::discover::{self, FoundDrive};

/// A drive, and what it says.
#[derive(Debug)]
pub struct DriveListed {
    /// What the kernel knows.
    pub found: FoundDrive,
    /// What the drive says, or why it can't be asked.
    pub asked: Result<Asked, DeviceError>,
}

/// What a drive says.
#[derive(Debug)]
pub struct Asked {
    /// The kinds of media that it writes, in its order; empty where it does not tell.
    pub writes: Vec<String>,
    /// What is in it; none where there is nothing.
    pub disc: Option<Inserted>,
    /// Why it can't say what is in it.
    pub trouble: Option<ScsiError>,
}

/// A disc in a drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserted {
    /// Its kind.
    pub medium: String,
    /// What can be done with it, in a word that scripts may rely on.
    pub status: &'static str,
    /// The same in words.
    pub state: String,
}

impl Inserted {
    fn new(medium: &Medium) -> Inserted {
        Inserted { medium: medium.profile.to_string(), status: status(medium.state), state: medium.state.to_string() }
    }
}

/// Lists the drives that are found below `sysfs`, and asks each.
///
/// # Errors
/// When there is none.
pub fn drives(sysfs: &Path) -> Result<Vec<DriveListed>, ActionError> {
    let found = discover::drives(sysfs);
    if found.is_empty() {
        return Err(ActionError::NoDrives);
    }
    Ok(found.into_iter().map(|found| DriveListed { asked: ask(&found.path), found }).collect())
}

fn ask(path: &Path) -> Result<Asked, DeviceError> {
    let mut drive = device::open_at_once(path)?;
    // A disc that was put in since is no news here.
    let features = match drive.features() {
        Err(error) if error.is_attention() => drive.features(),
        features => features,
    };
    let profiles = features.map(|features| features.profiles()).unwrap_or_default();
    let writes = profiles.into_iter().filter(|profile| profile.is_recordable()).map(|profile| profile.to_string());
    let (disc, trouble) = match burn::inspect(&mut drive) {
        Ok(medium) => (Some(Inserted::new(&medium)), None),
        Err(error) if error.is_no_medium() => (None, None),
        Err(error) => (None, Some(error)),
    };
    Ok(Asked { writes: writes.collect(), disc, trouble })
}
