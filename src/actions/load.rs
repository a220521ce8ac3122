//! *load*: the tray closes, and the drive says what is in it.
//!
//! Slot-in and laptop drives can't pull their tray in and refuse the command. Where a disc is ready all the same there is nothing left to
//! do, and that is no error.

use super::ActionError;
use super::eject::move_tray;
use crate::burn::{self, Medium};
use crate::scsi::sbc::StartStopUnit;
use crate::scsi::{Drive, ScsiError};

/// Closes the tray. Returns what is in it; none for an empty one.
///
/// # Errors
/// When the drive can't close it, or can't say what is in it.
pub fn load(drive: &mut Drive) -> Result<Option<Medium>, ActionError> {
    let moved = move_tray(drive, StartStopUnit::Load);
    let refused = match moved {
        Err(error) if error.is_drive_lost() => return Err(failed(error)),
        Err(error) if error.is_no_medium() => None,
        Err(error) => Some(error),
        Ok(()) => None,
    };
    match burn::inspect(drive) {
        Ok(medium) => Ok(Some(medium)),
        Err(error) if error.is_drive_lost() => Err(failed(error)),
        Err(error) => match refused {
            Some(refused) => Err(failed(refused)),
            None if error.is_no_medium() => Ok(None),
            None => Err(ActionError::Medium { source: error }),
        },
    }
}

fn failed(source: ScsiError) -> ActionError {
    ActionError::Tray { what: "closed", source }
}
