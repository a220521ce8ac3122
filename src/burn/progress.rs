//! What a burn tells while it runs. It is drawn elsewhere.

use std::fmt;

use crate::sector::Sectors;

/// A part of the work that takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The medium is made empty.
    Blank,
    /// The medium is formatted.
    Format,
    /// Sectors are written.
    Write,
    /// Track and session are closed.
    Close,
    /// Sectors are read back.
    Verify,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Blank => "blanking",
            Phase::Format => "formatting",
            Phase::Write => "writing",
            Phase::Close => "closing",
            Phase::Verify => "verifying",
        })
    }
}

/// Something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A phase begins; `total` where it is counted in sectors.
    Begin {
        /// Which.
        phase: Phase,
        /// How many sectors it has.
        total: Option<Sectors>,
    },
    /// So many sectors of the phase are done.
    Done {
        /// Sectors, from the phase's beginning.
        sectors: Sectors,
        /// How full the buffer in front of the drive is, in percent, while writing.
        fifo_percent: Option<u8>,
        /// How full the drive's own buffer was when it was last asked, in percent, while writing.
        drive_percent: Option<u8>,
    },
    /// The drive is at work by itself; its own progress in percent, if it tells.
    Working {
        /// 0 to 100.
        percent: Option<u8>,
    },
    /// The phase is over.
    End {
        /// Which.
        phase: Phase,
    },
}

/// Listens to [`Event`]s.
pub trait Progress {
    /// Takes note of one.
    fn event(&mut self, event: Event);
}

impl<F: FnMut(Event)> Progress for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}

/// Runs one phase without a sector count, translating the drive's own progress.
pub(super) fn working<T, E>(
    progress: &mut dyn Progress,
    phase: Phase,
    work: impl FnOnce(crate::scsi::drive::OnProgress<'_>) -> Result<T, E>,
) -> Result<T, E> {
    progress.event(Event::Begin { phase, total: None });
    let result = work(&mut |done| {
        let percent = done.map(|done| u8::try_from(u32::from(done) * 100 / 65536).unwrap_or(100));
        progress.event(Event::Working { percent });
    });
    progress.event(Event::End { phase });
    result
}
