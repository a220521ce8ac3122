//! The wait for the next disc.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::error::{Done, SpanError};
use crate::actions::disc::Disc;
use crate::actions::eject::eject;
use crate::actions::proof::with_causes;
use crate::actions::{ActionError, ON_SCREEN, device, store};
use crate::burn::BurnError;
use crate::scsi::Trays;

/// How often it is looked whether another disc is in: soon at first, and then at leisure.
const FIRST_LOOK: Duration = Duration::from_millis(500);
const LAST_LOOK: Duration = Duration::from_secs(30);
/// How often a signal is looked for meanwhile.
const TICK: Duration = Duration::from_millis(100);

/// The wait for one disc. It is one wait, with one end, whatever is put in meanwhile.
pub(super) struct Wait<'a> {
    request: &'a store::Request<'a>,
    done: Done,
    begun: Instant,
    patience: Duration,
    /// Before the next look.
    pause: Duration,
    /// Why the disc was refused that was put in.
    refused: Option<String>,
}

impl<'a> Wait<'a> {
    /// Begins to wait: opens the tray.
    pub(super) fn begin(
        request: &'a store::Request<'a>,
        done: Done,
        patience: Duration,
    ) -> Result<Wait<'a>, ActionError> {
        tracing::info!("{done}: waiting for the next one");
        open_tray(request)?;
        Ok(Wait { request, done, begun: Instant::now(), patience, pause: FIRST_LOOK, refused: None })
    }

    /// The disc that was put in is none for the span. That is told once, and not with every look at it.
    pub(super) fn refuse(&mut self, error: &ActionError) -> Result<(), ActionError> {
        let told = with_causes(error);
        if self.refused.as_ref() != Some(&told) {
            tracing::warn!(target: ON_SCREEN, "{told}: another disc is waited for");
            open_tray(self.request)?;
            self.refused = Some(told);
        }
        Ok(())
    }

    /// Waits until a disc is in that is not done.
    pub(super) fn for_disc(&mut self, is_done: impl Fn(&Disc) -> bool, stop: &AtomicBool) -> Result<Disc, ActionError> {
        let spec = self.request.device()?;
        loop {
            let mut paused = Duration::ZERO;
            while paused < self.pause && self.begun.elapsed() <= self.patience {
                if stop.load(Ordering::Relaxed) {
                    return Err(SpanError::Interrupted(self.done).into());
                }
                thread::sleep(TICK);
                paused += TICK;
            }
            if self.begun.elapsed() > self.patience {
                return Err(SpanError::NextDisc(self.done).into());
            }
            self.pause = (self.pause * 2).min(LAST_LOOK);
            // Nobody's tray is pulled in while somebody changes the disc.
            let drive = device::open_drive_again(spec, self.request.trace).map_err(ActionError::from);
            match drive.and_then(|drive| Disc::look(drive, Trays::Stay)) {
                Ok(disc) if !is_done(&disc) => return Ok(disc),
                Ok(_) => tracing::debug!("a disc of the span that is done is in the drive"),
                Err(error) => tracing::debug!("no disc yet: {error}"),
            }
        }
    }
}

/// Opens the tray, unless that is forbidden.
fn open_tray(request: &store::Request<'_>) -> Result<(), ActionError> {
    if !request.config.require_store()?.no_eject {
        let opened = device::open_drive(request.device()?, None).map_err(ActionError::from);
        if let Err(error) = opened.and_then(|mut drive| eject(&mut drive)) {
            tracing::warn!("the tray stays closed: {error}");
        }
    }
    Ok(())
}

/// Whether another disc would do.
pub(super) fn is_about_the_disc(error: &ActionError) -> bool {
    matches!(
        error,
        ActionError::Refused(_)
            | ActionError::OtherMedium { .. }
            | ActionError::Burn(BurnError::NoRecipe { .. })
            | ActionError::Span(SpanError::DoneAlready { .. })
    )
}
