//! The seam between commands and whatever carries them: the kernel's `SG_IO` or the simulated drive.
//!
//! A transport moves bytes. It knows neither what a command means nor what a reply says: CDBs, data and sense
//! cross it as the standards lay them out, so that the two sides can only agree through the standards.
//!
//! A refusal is not a breakage: CHECK CONDITION is an `Ok` with sense in it. `Err` means that the command did not run
//! to its end, or that nobody knows whether it did.

use std::time::Duration;

use crate::sector::{Lba, Sectors};

/// Carries SCSI commands to one logical unit, one at a time.
pub trait Transport: Send {
    /// Runs one command. `cdb` has its natural length (6, 10 or 12 bytes).
    ///
    /// # Errors
    /// When the command could not be carried, or the way broke while it ran.
    fn execute(&mut self, cdb: &[u8], data: Data<'_>, timeout: Duration) -> Result<Completion, TransportError>;

    /// The most data bytes one command may move.
    fn max_transfer(&self) -> usize;

    /// What the way to the drive lets through, in words for a trace.
    fn limits(&self) -> String {
        format!("at most {} bytes a command", self.max_transfer())
    }

    /// Makes the operating system ask whether the medium was changed, and tells what it then takes the medium for. `None` where it has
    /// nothing to do with the medium, which is so with the simulated drive.
    fn look_again(&mut self) -> Option<Mountable> {
        None
    }

    /// What the operating system hears when it asks the drive by itself whether there is a medium. A change that the drive has to announce is
    /// heard by the system then. `None` where it does not ask.
    fn presence(&mut self) -> Option<Presence> {
        None
    }

    /// Lets time pass. The simulated drive advances its own clock and returns at once.
    fn wait(&mut self, duration: Duration);

    /// Time since some fixed moment, on the clock that [`wait`](Transport::wait) advances.
    fn now(&self) -> Duration;
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn execute(&mut self, cdb: &[u8], data: Data<'_>, timeout: Duration) -> Result<Completion, TransportError> {
        (**self).execute(cdb, data, timeout)
    }
    fn max_transfer(&self) -> usize {
        (**self).max_transfer()
    }
    fn limits(&self) -> String {
        (**self).limits()
    }
    fn look_again(&mut self) -> Option<Mountable> {
        (**self).look_again()
    }
    fn presence(&mut self) -> Option<Presence> {
        (**self).presence()
    }
    fn wait(&mut self, duration: Duration) {
        (**self).wait(duration);
    }
    fn now(&self) -> Duration {
        (**self).now()
    }
}

/// What the operating system takes the medium for. A mount goes by that, whatever the drive would say meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mountable {
    /// Length.
    pub sectors: Sectors,
    /// Where the last session of the table of contents begins, as far as that is known.
    pub last_session: Option<Lba>,
}

/// Whether there is a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// There is one that can be read.
    Ready,
    /// There is none.
    Empty,
    /// The drive is busy finding out.
    NotReady,
}

/// The data phase of a command.
#[derive(Debug)]
pub enum Data<'a> {
    /// No data.
    None,
    /// From the device; the buffer's length is the most that is taken.
    In(&'a mut [u8]),
    /// To the device.
    Out(&'a [u8]),
}

impl Data<'_> {
    /// Length of the buffer in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Data::None => 0,
            Data::In(buffer) => buffer.len(),
            Data::Out(buffer) => buffer.len(),
        }
    }

    /// Whether no data moves.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How a command ended that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// SCSI status.
    pub status: Status,
    /// Data bytes that moved.
    pub moved: usize,
    /// Sense data as the device sent it; empty unless the status is CHECK CONDITION.
    pub sense: Vec<u8>,
}

impl Completion {
    /// GOOD, with `moved` data bytes.
    #[must_use]
    pub fn good(moved: usize) -> Completion {
        Completion { status: Status::Good, moved, sense: Vec::new() }
    }

    /// CHECK CONDITION with this sense data.
    #[must_use]
    pub fn check(sense: impl Into<Vec<u8>>) -> Completion {
        Completion { status: Status::CheckCondition, moved: 0, sense: sense.into() }
    }
}

/// SCSI status byte (SAM-5 5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 00h.
    Good,
    /// 02h: look at the sense data.
    CheckCondition,
    /// 08h: ask again later.
    Busy,
    /// 18h: another initiator holds the unit.
    ReservationConflict,
    /// 28h: ask again later.
    TaskSetFull,
    /// Any other value.
    Other(u8),
}

impl From<u8> for Status {
    fn from(byte: u8) -> Status {
        match byte {
            0x00 => Status::Good,
            0x02 => Status::CheckCondition,
            0x08 => Status::Busy,
            0x18 => Status::ReservationConflict,
            0x28 => Status::TaskSetFull,
            other => Status::Other(other),
        }
    }
}

/// The command could not be carried to the device, or the way broke.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The kernel refused the call.
    #[error("the kernel refused the command")]
    Kernel(#[source] std::io::Error),
    /// The kernel's command filter refused it: the device is not open for writing, or a privilege is missing.
    #[error("the kernel does not let this user send the command")]
    NotPermitted(#[source] std::io::Error),
    /// The host adapter reports trouble (`host_status`, DID_xx in the kernel's words).
    #[error("the connection to the drive failed ({name}, host status {host:#04x}, driver status {driver:#04x})")]
    Host {
        /// `host_status`.
        host: u16,
        /// `driver_status`.
        driver: u16,
        /// The kernel's name of the host status in words.
        name: &'static str,
    },
    /// The drive did not answer in time.
    #[error("the drive did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The device went away.
    #[error("the drive is gone")]
    Gone,
}
