//! What a look at a disc may do with the tray.
//!
//! * Nobody's tray moves unless who looks has allowed it: an open one stays open, in a rack behind a door perhaps, and the next run fails.
//! * Who lists the drives moves none: an open tray is somebody's who is at work there.
//! * Who looks at the disc of one drive pulls an open tray in: somebody changed the disc and left. A drive that can't refuses, and nothing
//!   is lost.
//! * A disc that the drive can't make out goes out and in again only for who is about to change it, looking at it for the first time. Not
//!   for a look alone, and not after the work on the disc began: what comes in may be another disc. Not with `no_eject` either, and only in a
//!   drive that says that it pulls its tray in: a laptop's would stay open.

use super::super::mmc::TrayMotor;
use super::super::sbc::StartStopUnit;
use super::super::{During, Reaction};
use super::{Drive, ScsiError};

/// Unit attentions that may come in the way of one command: a drive has them one after another.
const ATTENTIONS: usize = 4;

/// What somebody who looks at a disc may do with the tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trays {
    /// It stays as it is.
    Stay,
    /// One that is open is pulled in.
    PullIn,
    /// That, and a disc that the drive can't make out goes out and in again.
    OutAndIn,
}

impl Trays {
    /// For who opens a disc to change it, or, in a dry run, to say how.
    #[must_use]
    pub fn before_a_change(is_dry_run: bool, no_eject: bool) -> Trays {
        if is_dry_run || no_eject { Trays::PullIn } else { Trays::OutAndIn }
    }
}

impl Drive {
    /// What the drive says of its tray's motor.
    pub fn tray_motor(&mut self) -> TrayMotor {
        let features = match self.features() {
            Err(error) if error.is_attention() => {
                let again = self.features();
                self.tell_again(&error);
                again
            }
            features => features,
        };
        features.map_or(TrayMotor::Untold, |features| features.tray())
    }

    /// Takes the medium out and in again, for a drive that can't make out what it is. Returns whether it did: not where it must not or can't,
    /// and then the tray is as it was. A tray that was opened is closed also for a user who won't wait any more.
    ///
    /// # Errors
    /// [`ScsiError::TrayLeftOpen`] where it did not close; whatever kept the drive from becoming ready then.
    pub fn reload(&mut self, trays: Trays) -> Result<bool, ScsiError> {
        if trays != Trays::OutAndIn {
            return Ok(false);
        }
        if self.tray_motor() != TrayMotor::OutAndIn {
            tracing::debug!("the drive does not say that it can open and close a tray by itself");
            return Ok(false);
        }
        let mut opened = self.eject();
        for _ in 1..ATTENTIONS {
            if !opened.as_ref().is_err_and(ScsiError::is_attention) {
                break;
            }
            opened = self.eject();
        }
        match opened {
            // A command that did not come back may have been carried out.
            Err(error) if error.is_time_out() => {}
            Err(error) if error.is_drive_lost() || error.is_given_up() => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "it can't");
                self.tell_again(&error);
                return Ok(false);
            }
            Ok(()) => {}
        }
        match self.part_with(&StartStopUnit::Load) {
            Err(error) if error.is_drive_lost() => return Err(error),
            Err(error) if !error.is_attention() => return Err(left_open(error)),
            _ => {}
        }
        match self.make_ready(Trays::PullIn) {
            Err(error) if error.reaction(During::Inspect) == Reaction::TrayOpen => Err(left_open(error)),
            other => other.map(|()| true),
        }
    }
}

fn left_open(source: ScsiError) -> ScsiError {
    ScsiError::TrayLeftOpen { source: Box::new(source) }
}
