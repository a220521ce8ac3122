//! Operations that go on after their command came back, and a drive that becomes ready.
//!
//! * Long operations are started with the Immed bit and polled with TEST UNIT READY. A drive that rejects the bit gets the
//!   command again without it.
//! * Completion needs two GOOD answers in a row: one is known to come early.
//! * Where TEST UNIT READY tells no progress, REQUEST SENSE is asked for it, until it tells none either. Progress is for people: it decides
//!   nothing, because drives are known that stick at one per cent for the whole job.
//! * The failure of an operation comes as the answer to the poll.
//! * A drive that announces a change of the medium meanwhile is heard out, and what it announced is the operation's result: some announce
//!   so that the operation itself has changed the medium. Whoever started it decides, by looking at the medium. Blanking and formatting
//!   are followed by such a look anyway.
//! * A drive that is taken to be ready although it never said so is left alone for a moment first: who comes next may ask it the same.
//! * A user who won't wait any more ends the waiting, not the operation.
//! * At the deadline nothing more is sent to stop the drive: it is still at work, and the error says so.

use std::time::Duration;

use super::super::command::Command;
use super::super::sbc::StartStopUnit;
use super::super::spc::{RequestSense, TestUnitReady};
use super::super::{During, Reaction, SenseKey};
use super::{Drive, OnProgress, ScsiError, Trays, deadline};

/// Between two looks at a long operation.
const POLL: Duration = Duration::from_millis(500);
/// The same, at one that takes minutes on any medium.
const SLOW_POLL: Duration = Duration::from_secs(1);
/// Unit attentions that a drive may have pending at once.
const PENDING: usize = 4;
/// Between the two GOOD answers that prove its end.
const SECOND_LOOK: Duration = Duration::from_millis(200);

impl Drive {
    /// Starts a long operation with the Immed bit and waits for its end. `with_immed(false)` makes the command for a drive that does
    /// not know the bit.
    ///
    /// # Errors
    /// When the operation failed, or was not done after `deadline`; when the drive announced a change of the medium, although the operation
    /// is over then (not for blanking and formatting).
    pub fn run_long<C: Command>(
        &mut self,
        with_immed: impl Fn(bool) -> C,
        deadline: Duration,
        on_progress: OnProgress<'_>,
    ) -> Result<(), ScsiError> {
        let command = with_immed(true);
        match self.run_when_free(&command, deadline) {
            Err(error) if error.is_unsupported() => {
                self.run_when_free(&with_immed(false), deadline)?;
            }
            other => {
                other?;
            }
        }
        let pause = match C::DURING {
            During::Blank | During::Format => SLOW_POLL,
            _ => POLL,
        };
        self.wait_until_done(&command.describe(), C::DURING, deadline, pause, on_progress)
    }

    /// Polls until the operation `what` is over.
    fn wait_until_done(
        &mut self,
        what: &str,
        during: During,
        deadline: Duration,
        pause: Duration,
        on_progress: OnProgress<'_>,
    ) -> Result<(), ScsiError> {
        let begun = self.now();
        let mut good_before = false;
        let mut started = false;
        let mut ask_for_progress = true;
        // The mode page has to be sent again before anything else is closed under it.
        let mut resend = false;
        let mut change = None;
        // What the drive has been saying, and since when.
        let mut says = (Reaction::Wait, begun);
        loop {
            let error = match self.once(&TestUnitReady) {
                Ok(()) if good_before => {
                    if resend {
                        self.resend_write_page()?;
                    }
                    return change.map_or(Ok(()), Err);
                }
                Ok(()) => {
                    good_before = true;
                    self.wait_for(|| what.to_owned(), SECOND_LOOK)?;
                    continue;
                }
                Err(ScsiError::Sense { sense, .. }) => ScsiError::Sense { command: what.to_owned(), sense },
                Err(error) => error,
            };
            good_before = false;
            let reaction = error.reaction(During::Poll);
            let now = self.now();
            if says.0 != reaction {
                says = (reaction, now);
            }
            let lasted = now.saturating_sub(says.1);
            match reaction {
                Reaction::WaitThenInspect(limit) if lasted >= limit => {
                    tracing::warn!(%error, "the drive does not say whether it is done with {what}");
                    return self.wait_for(|| what.to_owned(), POLL);
                }
                Reaction::WaitAtMost(limit) if lasted >= limit => return Err(error),
                Reaction::Start if !started => {
                    started = true;
                    self.once(&StartStopUnit::Start)?;
                }
                // One that was started is on its way.
                Reaction::Wait | Reaction::WaitAtMost(_) | Reaction::WaitThenInspect(_) | Reaction::Start => {
                    let mut progress = error.sense().and_then(|sense| sense.progress());
                    if progress.is_none() && ask_for_progress {
                        progress = self.requested_progress();
                        ask_for_progress = progress.is_some();
                    }
                    on_progress(progress);
                }
                Reaction::Inspect if matches!(during, During::Blank | During::Format) => {}
                Reaction::Inspect => change = Some(error),
                Reaction::Resend => resend = true,
                _ => return Err(error),
            }
            let waited = self.now().saturating_sub(begun);
            if waited >= deadline {
                return Err(ScsiError::Deadline { what: what.to_owned(), waited });
            }
            self.wait_for(|| what.to_owned(), pause)?;
        }
    }

    /// The progress that REQUEST SENSE tells. A unit attention that it tells instead is kept for the next command.
    fn requested_progress(&mut self) -> Option<u16> {
        let sense = self.once(&RequestSense).ok()?;
        self.heard(&sense);
        if sense.key == SenseKey::UnitAttention {
            self.unheard = Some(ScsiError::Sense { command: RequestSense.describe(), sense });
        }
        sense.progress()
    }

    /// Stops and starts the drive, which looks at the disc anew then: some go on showing it as it was before a session was closed. One that
    /// refuses is asked for the disc all the same.
    ///
    /// # Errors
    /// When there is no medium, or it did not become ready.
    pub fn restart(&mut self) -> Result<(), ScsiError> {
        for command in [StartStopUnit::Stop, StartStopUnit::Start] {
            if let Err(error) = self.run(&command) {
                tracing::debug!(%error, "to look at the disc anew");
            }
        }
        self.wait_until_ready()
    }

    /// Waits until the medium can be read. Unit attentions on the way are what a fresh medium looks like and are taken. The tray stays as it
    /// is.
    ///
    /// # Errors
    /// When there is no medium, or it did not become ready.
    pub fn wait_until_ready(&mut self) -> Result<(), ScsiError> {
        self.make_ready(Trays::Stay)
    }

    /// The same, and pulls in a tray that is open where `trays` allows it.
    ///
    /// # Errors
    /// When there is no medium, or it did not become ready.
    pub fn make_ready(&mut self, trays: Trays) -> Result<(), ScsiError> {
        // Whatever was sent for the medium that was in is not meant for this one.
        self.write_page = None;
        self.poll_until_ready(true, trays)
    }

    /// Polls until the drive is ready. `anew`: whatever is in will be looked at afresh, so that a change is no news.
    pub(super) fn poll_until_ready(&mut self, anew: bool, trays: Trays) -> Result<(), ScsiError> {
        let begun = self.now();
        let mut loaded = false;
        let mut started = false;
        let mut tries = 0;
        let mut attentions = 0;
        loop {
            let error = match self.once(&TestUnitReady) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let waited = self.now().saturating_sub(begun);
            // A drive that answers nothing but unit attentions must not hold us for ever.
            if waited >= deadline::READY {
                return Err(ScsiError::Deadline { what: getting_ready(), waited });
            }
            match error.reaction(During::Inspect) {
                // An open tray may have the disc in it: somebody changed it and left.
                Reaction::TrayOpen if trays != Trays::Stay && !loaded => {
                    loaded = true;
                    if self.once(&StartStopUnit::Load).is_err() {
                        return Err(error);
                    }
                }
                Reaction::Inspect | Reaction::Resend if anew => {
                    attentions += 1;
                    // Several may be pending. One that has more is asked no faster than any other.
                    if attentions > PENDING {
                        self.wait_for(getting_ready, POLL)?;
                    }
                }
                Reaction::Resend => self.resend_write_page()?,
                Reaction::WaitAtMost(limit) if waited >= limit => return Err(error),
                Reaction::WaitThenInspect(limit) if waited >= limit => {
                    tracing::warn!(%error, "the drive never says that it is ready, and is taken to be");
                    return self.wait_for(getting_ready, POLL);
                }
                Reaction::Wait | Reaction::WaitAtMost(_) | Reaction::WaitThenInspect(_) => {
                    self.wait_for(getting_ready, POLL)?;
                }
                Reaction::Start if !started => {
                    started = true;
                    self.once(&StartStopUnit::Start)?;
                    self.wait_for(getting_ready, POLL)?;
                }
                Reaction::Start => self.wait_for(getting_ready, POLL)?,
                Reaction::Repeat if tries < 2 => tries += 1,
                _ => return Err(error),
            }
        }
    }
}

/// What a drive that is not ready is at.
fn getting_ready() -> String {
    "getting ready".to_owned()
}
