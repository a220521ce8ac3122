//! The table of reactions: what a condition asks for, given what was being done. It is the whole policy of waiting, repeating and giving
//! up. Nobody else compares sense codes to decide anything; who carries a reaction out stands beside it.
//!
//! Two places where the standard and experience leave a choice:
//!
//! * A WRITE that meets 2/04/04 or 2/04/07 is offered again, and no SYNCHRONIZE CACHE is sent first: on a CD that would end the track.
//! * Power calibration never fails a job: whatever is wrong with the medium, the first WRITE tells better. Only what says that drive or
//!   medium are no longer what they were is told.

use std::time::Duration;

use super::{Sense, SenseKey};
use crate::scsi::transport::{Status, TransportError};

/// What is being done when a drive speaks up: the same condition asks for different things at different times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum During {
    /// Looking at the drive and its medium.
    Inspect,
    /// Telling the drive how it is to write: mode pages, speed, reservations, cue sheet.
    SetUp,
    /// Power calibration.
    Calibrate,
    /// The first WRITE of a job.
    FirstWrite,
    /// Every other WRITE.
    Write,
    /// The drive's buffer going to the medium.
    Synchronize,
    /// Closing a track, a session or the disc.
    Close,
    /// Blanking.
    Blank,
    /// Formatting.
    Format,
    /// Polling for the end of an operation that was started.
    Poll,
    /// Reading sectors.
    Read,
    /// Moving the tray, spinning up and down.
    Eject,
}

impl During {
    /// Every one, for tests that go through the whole table.
    pub const ALL: [During; 12] = [
        During::Inspect,
        During::SetUp,
        During::Calibrate,
        During::FirstWrite,
        During::Write,
        During::Synchronize,
        During::Close,
        During::Blank,
        During::Format,
        During::Poll,
        During::Read,
        During::Eject,
    ];
}

/// What to do about a condition. Up to [`AllowRemoval`](Reaction::AllowRemoval) [`Drive`](crate::scsi::Drive) does it by itself; the rest
/// reaches the caller with the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// The command worked, or its failing does not matter.
    Ignore,
    /// The drive is busy: the same command again, until the deadline of what is being done.
    Wait,
    /// The same, but not for longer than this.
    WaitAtMost(Duration),
    /// The drive says that it is not ready and never why: after so long it counts as ready, and is looked at afresh.
    WaitThenInspect(Duration),
    /// The drive stands still: START UNIT once, then wait.
    Start,
    /// Nothing was done: the same command again at once, a few times.
    Repeat,
    /// Once it is ready, the same command again, once.
    RepeatWhenReady,
    /// After a pause the same WRITE again, once, but only if the drive still expects the next WRITE at that sector.
    RepeatIfUnmoved(Duration),
    /// SYNCHRONIZE CACHE, then the same command again, once.
    SynchronizeThenRepeat,
    /// Mode page 05h is no longer as we sent it: it is sent again, then the same command, once.
    Resend,
    /// The tray is locked: free it, then the same command again, once.
    AllowRemoval,
    /// Medium or drive changed state behind our back: look at everything afresh.
    Inspect,
    /// There is no medium.
    NoMedium,
    /// The tray is open: there may be a medium in it.
    TrayOpen,
    /// The drive does not know the command or a field of it: do without, or differently.
    Unsupported,
    /// The sectors were never written.
    Blank,
    /// The medium ends before the sector.
    BehindTheEnd,
    /// The sectors can't be read like this: again, slower, one by one.
    ReadAgain,
    /// The track in the session is not closed: close it, then the session again, once.
    CloseTrackFirst,
    /// The first WRITE of a disc that does not take sessions: nothing was written, the disc may be written at once.
    DiscAtOnce,
    /// Minimal blanking is not enough: every sector.
    BlankFully,
    /// Out with the medium and in again, once.
    Reload,
    /// The way to the drive is broken.
    Lost,
    /// Nothing helps.
    Fail,
}

/// A drive that never says why it is not ready counts as ready after this.
const CLUELESS: Duration = Duration::from_secs(30);
/// A drive configures itself within this, or never.
const SELF_CONFIGURATION: Duration = Duration::from_secs(10);
/// A first WRITE that failed is known to work after this.
const HEAL: Duration = Duration::from_secs(10);

impl Sense {
    /// What is to be done about it.
    #[must_use]
    pub fn reaction(&self, during: During) -> Reaction {
        if self.deferred {
            return self.deferred_reaction(during);
        }
        match self.key {
            // CHECK CONDITION without a reason: a bridge lost it. What became of a WRITE nobody knows.
            SenseKey::NoSense => match (self.asc, during) {
                // 00/16, operation in progress.
                _ if (self.asc, self.ascq) == (0x00, 0x16) => Reaction::Wait,
                (_, During::Poll) => Reaction::Wait,
                (_, During::Read | During::Inspect) => Reaction::Repeat,
                _ => Reaction::Fail,
            },
            SenseKey::RecoveredError => Reaction::Ignore,
            SenseKey::NotReady => self.not_ready(during),
            SenseKey::UnitAttention => self.unit_attention(during),
            _ if during == During::Calibrate => Reaction::Ignore,
            SenseKey::MediumError => self.medium_error(during),
            SenseKey::HardwareError if during == During::Read => Reaction::ReadAgain,
            SenseKey::IllegalRequest => self.illegal_request(during),
            SenseKey::BlankCheck if during == During::Read || during == During::Inspect => Reaction::Blank,
            // Broken off on the way.
            SenseKey::AbortedCommand => match during {
                During::Read | During::Inspect => Reaction::Repeat,
                During::Poll => Reaction::Wait,
                _ => Reaction::Fail,
            },
            SenseKey::HardwareError | SenseKey::DataProtect | SenseKey::BlankCheck | SenseKey::Other(_) => {
                Reaction::Fail
            }
        }
    }

    /// The drive was reset: what others told it is forgotten, and the tray is free (SPC-4 6.18).
    #[must_use]
    pub fn is_reset(&self) -> bool {
        (self.key, self.asc) == (SenseKey::UnitAttention, 0x29)
    }

    /// An earlier command failed after it had been acknowledged; this one was not begun (SPC-4 4.5.7).
    fn deferred_reaction(&self, during: During) -> Reaction {
        match (self.key, during) {
            (SenseKey::NoSense | SenseKey::RecoveredError, _) => Reaction::Wait,
            (SenseKey::NotReady | SenseKey::UnitAttention, _) => Sense { deferred: false, ..*self }.reaction(during),
            // Whoever had the drive before us left it behind; the medium is looked at anyway.
            (_, During::Inspect | During::SetUp | During::Calibrate | During::Eject) => Reaction::Repeat,
            _ => Reaction::Fail,
        }
    }

    /// Key 2h.
    fn not_ready(&self, during: During) -> Reaction {
        let writing = matches!(during, During::FirstWrite | During::Write);
        match (self.asc, self.ascq) {
            // Not ready, no reason given.
            (0x04, 0x00) if writing => Reaction::WaitAtMost(CLUELESS),
            (0x04, 0x00) => Reaction::WaitThenInspect(CLUELESS),
            (0x04, 0x02) => Reaction::Start,
            // Manual intervention required.
            (0x04, 0x03) => Reaction::Fail,
            // Becoming ready, format, operation, long write or self-test in progress, and their kin.
            (0x04, _) => Reaction::Wait,
            // The medium is gone in the middle of the work.
            (0x3a, _)
                if writing
                    || matches!(
                        during,
                        During::Synchronize | During::Close | During::Blank | During::Format | During::Poll
                    ) =>
            {
                Reaction::Fail
            }
            (0x3a, 0x02) => Reaction::TrayOpen,
            (0x3a, _) => Reaction::NoMedium,
            (0x3e, 0x00) => Reaction::WaitAtMost(SELF_CONFIGURATION),
            (0x53, 0x02) if during == During::Eject => Reaction::AllowRemoval,
            // 30/xx: the drive can't use the medium.
            _ => Reaction::Fail,
        }
    }

    /// Key 3h.
    fn medium_error(&self, during: During) -> Reaction {
        match (self.asc, self.ascq) {
            (0x0c, 0x00) if during == During::FirstWrite => Reaction::RepeatIfUnmoved(HEAL),
            // Erase failure, and incomplete erase.
            (0x51, _) if during == During::Blank => Reaction::BlankFully,
            // The table of contents can't be read.
            (0x57, 0x00) if during == During::Inspect => Reaction::Reload,
            // 02, 03, 09, 15 tracking, focus, seek; 10, 11 what was read is wrong; and whatever else keeps a sector from being read.
            _ if during == During::Read => Reaction::ReadAgain,
            // 0C write errors, of which 07 is closed by the next store as a burn that broke off; 31 a damaged format, which only the user may
            // have made anew, because what is on the medium is lost then; 73 power calibration area and program memory area: the disc is probably spoiled.
            _ => Reaction::Fail,
        }
    }

    /// Key 5h.
    fn illegal_request(&self, during: During) -> Reaction {
        let writing = matches!(during, During::FirstWrite | During::Write);
        match (self.asc, self.ascq) {
            // Command, length of the parameters, field of the command, field of the parameters.
            (0x1a | 0x20 | 0x24 | 0x26, _) => Reaction::Unsupported,
            (0x21, 0x00) if during == During::Read => Reaction::BehindTheEnd,
            // Not the address to write at: somebody is wrong about it, and the drive may be asked who.
            (0x21, 0x02) if writing => Reaction::RepeatIfUnmoved(Duration::ZERO),
            // Not in the middle of a run: what is written at once, and a CD's track, would end there.
            (0x2c, 0x00) if matches!(during, During::FirstWrite | During::Close) => Reaction::SynchronizeThenRepeat,
            (0x53, 0x02) if during == During::Eject => Reaction::AllowRemoval,
            (0x55, _) => Reaction::RepeatWhenReady,
            (0x64, 0x00) if during == During::FirstWrite => Reaction::DiscAtOnce,
            // Incomplete track in the session, reserved track empty or not full.
            (0x72, 0x03 | 0x04) if during == During::Close => Reaction::CloseTrackFirst,
            // 21/01, 21/03 addresses, 25 logical unit, 27 write protected, 2C/03-04 program area, 30 incompatible medium, 32 no spares,
            // 39 saving parameters (never asked for), 63 end of the user area, 64 illegal mode, 6F copy protection, 72 session fixation.
            _ => Reaction::Fail,
        }
    }

    /// Key 6h. The command that meets one was not begun (SAM-5 5.14), so that repeating it is never wrong by itself.
    fn unit_attention(&self, during: During) -> Reaction {
        match (self.asc, during) {
            // Mode parameters changed.
            (0x2a, _) => Reaction::Resend,
            // Insufficient time.
            (0x2e, _) => Reaction::Wait,
            // The end of an operation that changed what is on the medium is itself announced as a change, by some drives.
            (0x28, During::Poll) => Reaction::Inspect,
            // A reset in the middle of the work, or another medium: what the drive had taken is lost, or goes elsewhere.
            (
                _,
                During::FirstWrite
                | During::Write
                | During::Synchronize
                | During::Close
                | During::Blank
                | During::Format
                | During::Poll,
            ) => Reaction::Fail,
            // 28, 29, 2F, 3F and the rest.
            _ => Reaction::Inspect,
        }
    }
}

impl Status {
    /// What is to be done about a command that ended with this status; CHECK CONDITION has its sense data for that.
    #[must_use]
    pub fn reaction(self) -> Reaction {
        match self {
            Status::Good => Reaction::Ignore,
            Status::Busy | Status::TaskSetFull => Reaction::Wait,
            Status::CheckCondition | Status::ReservationConflict | Status::Other(_) => Reaction::Fail,
        }
    }
}

/// Linux's host status codes (`include/scsi/scsi_status.h`) that leave the way to the drive whole: bus busy, timed out, aborted,
/// parity error, soft error, retry at once, requeue.
const PASSING: [u16; 7] = [0x02, 0x03, 0x05, 0x06, 0x0b, 0x0c, 0x0d];

impl TransportError {
    /// What is to be done about a command that did not get through: questions and READs may be asked again. What a drive took of
    /// anything else nobody knows.
    #[must_use]
    pub fn reaction(&self, during: During) -> Reaction {
        let passing = match self {
            TransportError::TimedOut(_) => true,
            TransportError::Host { host, .. } => PASSING.contains(host),
            TransportError::NotPermitted(_) => return Reaction::Unsupported,
            TransportError::Kernel(_) | TransportError::Gone => false,
        };
        match during {
            _ if !passing => Reaction::Lost,
            During::Inspect | During::Read => Reaction::Repeat,
            During::Poll => Reaction::Wait,
            _ => Reaction::Fail,
        }
    }
}

#[cfg(test)]
mod tests;
