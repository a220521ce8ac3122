//! A virtual disc, told and drawn.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::disc::{DiscError, load};
use super::family::family_of;
use super::kinds::Medium;
use super::state::{DiscState, FormatStatus, Range};

/// What is on a virtual disc. All addresses and counts are sectors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// The folder.
    pub path: PathBuf,
    /// The kind of disc.
    pub medium: Medium,
    /// Sectors on the disc.
    pub capacity: u32,
    /// What can be done with it, in words: `blank`, `appendable`, `session open`, `damaged`, `closed`, `being blanked`,
    /// `not formatted`, `format suspended`, `format running`, `formatted`.
    pub state: &'static str,
    /// Where the next track would begin; `None` where there is none, or where one can write anywhere.
    pub next_writable: Option<u32>,
    /// Sectors that can still be written.
    pub free: u32,
    /// Sessions of a sequential disc.
    pub sessions: Vec<SessionDescription>,
    /// On an overwritable disc: what was written.
    pub recorded: Vec<Range>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionDescription {
    /// Counted from 1.
    pub number: u32,
    /// Its tracks.
    pub tracks: Vec<TrackDescription>,
    /// Start of the lead-out; `None` while the session is open.
    pub lead_out: Option<u32>,
}

/// A track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrackDescription {
    /// Counted from 1 through all sessions.
    pub number: u16,
    /// First sector.
    pub start: u32,
    /// Sectors that can be read.
    pub blocks: u32,
    /// Sectors behind them that belong to the track and hold no data.
    pub run_out: u32,
    /// Whether it was ended properly.
    pub closed: bool,
}

/// Looks at the virtual disc in the folder `path`, whether it is in a drive or not.
///
/// # Errors
/// When there is none, or its state is damaged.
pub fn describe_path(path: &Path) -> Result<Description, DiscError> {
    Ok(describe(path, &load(path)?))
}

pub(super) fn describe(path: &Path, disc: &DiscState) -> Description {
    let sequential = !disc.is_overwritable();
    let next_writable = family_of(disc).next_track_start(disc);
    let state = match disc.format.filter(|_| !sequential).map(|format| format.status) {
        Some(FormatStatus::None) => "not formatted",
        Some(FormatStatus::Suspended) => "format suspended",
        Some(FormatStatus::Running) => "format running",
        Some(FormatStatus::Complete) => "formatted",
        Some(FormatStatus::Intermediate) => "formatted, the last border open",
        None if disc.erasing => "being blanked",
        None if disc.finalised => "closed",
        None if disc.open_track().is_some_and(super::state::Track::is_damaged) => "damaged",
        None => match disc.sessions.last() {
            None => "blank",
            Some(session) if session.lead_out.is_none() => "session open",
            Some(_) => "appendable",
        },
    };
    let track = |track: &super::state::Track| TrackDescription {
        number: track.number,
        start: track.start,
        blocks: track.blocks,
        run_out: track.run_out,
        closed: track.closed,
    };
    let sessions = (1..).zip(&disc.sessions).map(|(number, session)| SessionDescription {
        number,
        tracks: session.tracks.iter().map(track).collect(),
        lead_out: session.lead_out,
    });
    let free = match next_writable {
        // Spare areas are no room.
        Some(start) => disc.format.map_or(disc.capacity, |format| format.formatted).saturating_sub(start),
        None if sequential => 0,
        None => disc.recorded.0.iter().fold(disc.capacity, |free, r| free.saturating_sub(r.last - r.first + 1)),
    };
    Description {
        path: path.to_owned(),
        medium: disc.medium,
        capacity: disc.capacity,
        state,
        next_writable,
        free,
        sessions: sessions.collect(),
        recorded: disc.recorded.0.clone(),
    }
}

/// Width of the bar that shows the whole disc.
const BAR: u32 = 64;

impl Description {
    /// One character for each part of the disc: `#` recorded, `-` lost between sessions, `.` free.
    fn bar(&self) -> String {
        let tracks = self.sessions.iter().flat_map(|s| &s.tracks).map(|t| (t.start, t.start + t.blocks));
        let ranges = self.recorded.iter().map(|r| (r.first, r.last + 1));
        let recorded: Vec<(u32, u32)> = tracks.chain(ranges).collect();
        let used_end = match self.next_writable {
            Some(next) => next,
            None if self.sessions.is_empty() => 0,
            None => self.capacity,
        };
        let cell = |n: u32| {
            let edge = |n: u32| u64::from(n) * u64::from(self.capacity) / u64::from(BAR);
            let (from, to) = (edge(n), edge(n + 1).max(edge(n) + 1));
            if recorded.iter().any(|(start, end)| u64::from(*start) < to && u64::from(*end) > from) {
                '#'
            } else if from < u64::from(used_end) {
                '-'
            } else {
                '.'
            }
        };
        (0..BAR).map(cell).collect()
    }
}

fn size(sectors: u32) -> String {
    // Tenths of a MiB, rounded down: 512 sectors make one MiB.
    let tenths = u64::from(sectors) * 10 / 512;
    format!("{sectors} sectors, {}.{} MiB", tenths / 10, tenths % 10)
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} ({}), {}", self.path.display(), self.medium, size(self.capacity), self.state)?;
        writeln!(f, "[{}]", self.bar())?;
        let mut free_from = 0;
        for session in &self.sessions {
            for (at, track) in session.tracks.iter().enumerate() {
                if track.start > free_from {
                    writeln!(f, "{free_from:>9}  gap ({})", size(track.start - free_from))?;
                }
                if at == 0 {
                    writeln!(f, "           session {}", session.number)?;
                }
                let broken = if track.closed { "" } else { ", not closed" };
                writeln!(f, "{:>9}    track {} ({}){broken}", track.start, track.number, size(track.blocks))?;
                free_from = track.start + track.blocks;
                if track.run_out > 0 {
                    writeln!(f, "{free_from:>9}    run-out ({} sectors)", track.run_out)?;
                    free_from += track.run_out;
                }
            }
            match session.lead_out {
                Some(at) => writeln!(f, "{at:>9}    lead-out")?,
                None => writeln!(f, "             no lead-out yet")?,
            }
        }
        for range in &self.recorded {
            if range.first > free_from {
                writeln!(f, "{free_from:>9}  never written ({})", size(range.first - free_from))?;
            }
            writeln!(f, "{:>9}  written ({})", range.first, size(range.last - range.first + 1))?;
            free_from = range.last + 1;
        }
        match self.next_writable {
            Some(next) => {
                if next > free_from {
                    writeln!(f, "{free_from:>9}  gap ({})", size(next - free_from))?;
                }
                writeln!(f, "{next:>9}  free ({})", size(self.free))?;
            }
            None if self.sessions.is_empty() && free_from < self.capacity => {
                writeln!(f, "{free_from:>9}  never written ({})", size(self.capacity - free_from))?;
            }
            None => writeln!(f, "           nothing more can be written")?,
        }
        writeln!(f, "{:>9}  end of the disc", self.capacity)
    }
}
