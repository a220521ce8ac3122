//! *eject*: the tray opens.
//!
//! A tray may still be locked by a run that was killed. Whoever else uses the drive holds it, and then it can't be opened by us; so a lock
//! that is met here is nobody's, and is taken off first.

use super::ActionError;
use crate::scsi::sbc::StartStopUnit;
use crate::scsi::spc::PreventAllowMediumRemoval;
use crate::scsi::{Drive, ScsiError};

/// Unit attentions that may come in the way of one command: a drive has them one after another.
const ATTENTIONS: usize = 4;

/// Opens the tray.
///
/// # Errors
/// When the drive won't, or is lost.
pub fn eject(drive: &mut Drive) -> Result<(), ActionError> {
    let failed = |source: ScsiError| ActionError::Tray { what: "opened", source };
    for _ in 0..ATTENTIONS {
        match drive.run(&PreventAllowMediumRemoval { prevent: false }) {
            Err(error) if error.is_attention() => {}
            Err(error) if error.is_drive_lost() => return Err(failed(error)),
            // A drive without a lock has none to take off.
            _ => break,
        }
    }
    move_tray(drive, StartStopUnit::Eject).map_err(failed)?;
    tracing::info!("the tray is open");
    Ok(())
}

/// Moves the tray. What changed behind our back is no reason not to: what is in it is not going to be used.
pub(super) fn move_tray(drive: &mut Drive, command: StartStopUnit) -> Result<(), ScsiError> {
    let mut result = drive.run_when_free(&command, crate::scsi::drive::deadline::READY);
    for _ in 1..ATTENTIONS {
        if !result.as_ref().is_err_and(ScsiError::is_attention) {
            break;
        }
        result = drive.run_when_free(&command, crate::scsi::drive::deadline::READY);
    }
    result
}
