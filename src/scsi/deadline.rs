//! How long everything may take: two times for each kind of command.
//!
//! * The *time-out* is the transport's: a command that does not come back within it is given up, and the kernel resets the drive.
//!   It has to be longer than any drive takes.
//! * The *deadline* is ours: for so long a drive may say that it is busy.
//!
//! | what | time-out | deadline | looked at every |
//! |---|---|---|---|
//! | questions, mode pages | 15 s | three tries | |
//! | TEST UNIT READY | 10 s | of what is polled | |
//! | READ | 60 s | a drive becoming ready | |
//! | WRITE | 60 s, the first of a job 200 s | 200 s with a full buffer | 2 to 25 ms |
//! | SYNCHRONIZE CACHE | 60 s | 15 min: the lead-out of a disc at once | 0.5 s |
//! | CLOSE TRACK SESSION | 200 s | 1 h | 0.5 s |
//! | BLANK | 200 s | 20 min, whole 3 h | 1 s |
//! | FORMAT UNIT | 200 s | 10 min, whole 5 h | 1 s |
//! | SEND OPC INFORMATION, reservations | 200 s | | |
//! | START STOP UNIT | 60 s | 2 min | 0.5 s |
//!
//! Without the Immed bit the time-out takes the deadline's place: an hour, or five for BLANK and FORMAT UNIT.

use std::time::Duration;

/// A drive becoming ready after its tray was closed.
pub const READY: Duration = Duration::from_secs(120);
/// A drive that is busy giving its tray free, and taking its own speed back.
pub const PARTING: Duration = Duration::from_secs(10);
/// A drive with a full buffer taking the next WRITE.
pub const WRITE: Duration = Duration::from_secs(200);
/// The drive's buffer going to the medium.
pub const SYNCHRONIZE: Duration = Duration::from_secs(15 * 60);
/// Closing a track or session.
pub const CLOSE: Duration = Duration::from_secs(60 * 60);
/// Minimal blanking.
pub const BLANK_MINIMAL: Duration = Duration::from_secs(20 * 60);
/// Blanking every sector.
pub const BLANK_FULL: Duration = Duration::from_secs(3 * 60 * 60);
/// A format becoming usable.
pub const FORMAT: Duration = Duration::from_secs(10 * 60);
/// Formatting every sector.
pub const FORMAT_FULL: Duration = Duration::from_secs(5 * 60 * 60);

/// Time-outs of the transport.
pub(super) mod timeout {
    use std::time::Duration;

    pub(in crate::scsi) const QUESTION: Duration = Duration::from_secs(15);
    pub(in crate::scsi) const POLL: Duration = Duration::from_secs(10);
    pub(in crate::scsi) const TRANSFER: Duration = Duration::from_secs(60);
    /// The drive may calibrate its power, or write a lead-in, before it takes the data.
    pub(in crate::scsi) const FIRST_WRITE: Duration = Duration::from_secs(200);
    pub(in crate::scsi) const TRAY: Duration = Duration::from_secs(60);
    /// What the drive does right away, however long it takes for it.
    pub(in crate::scsi) const SET_UP: Duration = Duration::from_secs(200);
    const STARTED: Duration = Duration::from_secs(200);

    /// SYNCHRONIZE CACHE.
    pub(in crate::scsi) const fn synchronize(immediate: bool) -> Duration {
        if immediate { TRANSFER } else { super::CLOSE }
    }

    /// CLOSE TRACK SESSION.
    pub(in crate::scsi) const fn close(immediate: bool) -> Duration {
        if immediate { STARTED } else { super::CLOSE }
    }

    /// BLANK and FORMAT UNIT.
    pub(in crate::scsi) const fn erase(immediate: bool) -> Duration {
        if immediate { STARTED } else { super::FORMAT_FULL }
    }
}
