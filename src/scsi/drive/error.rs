//! What can go wrong between a command and its reply.

use std::time::Duration;

use super::super::transport::{Status, TransportError};
use super::super::wire::Short;
use super::super::{During, Reaction, Sense};

/// A command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ScsiError {
    /// The drive refused it or failed.
    #[error("{command} failed: {sense}")]
    Sense {
        /// The command with its arguments.
        command: String,
        /// What the drive says.
        sense: Sense,
    },
    /// It ended with a status that is neither GOOD nor CHECK CONDITION.
    #[error("{command} ended with SCSI status {status:?}")]
    Status {
        /// The command with its arguments.
        command: String,
        /// The status.
        status: Status,
    },
    /// It could not be carried to the drive.
    #[error("{command} did not get through")]
    Transport {
        /// The command with its arguments.
        command: String,
        /// What broke.
        #[source]
        source: TransportError,
    },
    /// The reply can't be used.
    #[error("the drive's reply can't be used")]
    Short(#[from] Short),
    /// The tray was opened so that the drive looks at its disc anew, and did not close.
    #[error("the tray was opened so that the drive looks at its disc anew, and it is still open")]
    TrayLeftOpen {
        /// Why it did not.
        #[source]
        source: Box<ScsiError>,
    },
    /// It was still at work when its time was over.
    #[error("the drive was not done with {what} after {} s and is still busy", waited.as_secs())]
    Deadline {
        /// The command with its arguments.
        what: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// It was still at work when the user would not wait any more.
    #[error("the drive was not done with {what} and may still be busy: it was not waited for")]
    GivenUp {
        /// The command with its arguments.
        what: String,
    },
}

impl ScsiError {
    /// The drive's own words, if it is the drive that refused.
    #[must_use]
    pub fn sense(&self) -> Option<Sense> {
        match self {
            ScsiError::Sense { sense, .. } => Some(*sense),
            _ => None,
        }
    }

    /// What the table of reactions says to it, given what was being done.
    #[must_use]
    pub fn reaction(&self, during: During) -> Reaction {
        match self {
            ScsiError::Sense { sense, .. } => sense.reaction(during),
            ScsiError::Status { status, .. } => status.reaction(),
            ScsiError::Transport { source, .. } => source.reaction(during),
            ScsiError::Short(_)
            | ScsiError::TrayLeftOpen { .. }
            | ScsiError::Deadline { .. }
            | ScsiError::GivenUp { .. } => Reaction::Fail,
        }
    }

    /// Whether the drive does not know the command, or a field of it.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.sense().is_some_and(|sense| sense.reaction(During::SetUp) == Reaction::Unsupported)
    }

    /// Whether there is no medium.
    #[must_use]
    pub fn is_no_medium(&self) -> bool {
        matches!(self.reaction(During::Inspect), Reaction::NoMedium | Reaction::TrayOpen)
    }

    /// Whether the drive says that it, or its medium, changed state behind our back. It says so once only, so nobody may overhear it.
    #[must_use]
    pub fn is_attention(&self) -> bool {
        matches!(self.reaction(During::Inspect), Reaction::Inspect | Reaction::Resend)
    }

    /// Whether the sectors were never written.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.reaction(During::Read) == Reaction::Blank
    }

    /// Whether the drive did not answer in time, or the connection stumbled: a bad spot on the disc may be behind it.
    #[must_use]
    pub fn is_time_out(&self) -> bool {
        matches!(self, ScsiError::Transport { source, .. } if source.reaction(During::Read) == Reaction::Repeat)
    }

    /// Whether the drive itself is lost: unplugged, or its connection broken. A time-out alone may be a bad spot on the disc.
    #[must_use]
    pub fn is_drive_lost(&self) -> bool {
        self.reaction(During::Read) == Reaction::Lost
    }

    /// Whether the user would not wait any more.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        matches!(self, ScsiError::GivenUp { .. })
    }
}
