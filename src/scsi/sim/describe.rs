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
    /// `not formatted`, `format suspended`, `format running`, `formatted`, `formatted, the last border open`.
    pub state: &'static str,
    /// Where the next track would begin, or the one left open goes on; `None` where there is none, or where one can write anywhere.
    pub next_writable: Option<u32>,
    /// Sectors that can still be written.
    pub free: u32,
    /// Whether any sector can be written at any time.
    pub overwritable: bool,
    /// Sectors from the beginning that are formatted; `None` on a disc that knows no formatting, or not yet.
    pub formatted: Option<u32>,
    /// Sectors at the end that are set aside for defect management.
    pub spares: u32,
    /// Sessions of a sequential disc.
    pub sessions: Vec<SessionDescription>,
    /// On an overwritable disc: what was written.
    pub recorded: Vec<Range>,
    /// On an overwritable disc: what can't be read until it is written again, as a WRITE went wrong there.
    pub unreadable: Vec<Range>,
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
    let next_writable = family_of(disc).next_writable(disc);
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
        Some(start) => disc.usable().saturating_sub(start),
        None if sequential => 0,
        None => disc.recorded.0.iter().fold(disc.usable(), |free, r| free.saturating_sub(r.last - r.first + 1)),
    };
    Description {
        path: path.to_owned(),
        medium: disc.medium,
        capacity: disc.capacity,
        state,
        next_writable,
        free,
        overwritable: !sequential,
        formatted: disc.format.filter(|format| format.status != FormatStatus::None).map(|format| format.formatted),
        spares: disc.format.map_or(0, |format| format.spares),
        sessions: sessions.collect(),
        recorded: disc.recorded.0.clone(),
        unreadable: disc.unreadable.0.clone(),
    }
}

/// Width of the bar that shows the whole disc.
const BAR: u32 = 64;

/// Lines of a drawing; what there is more is counted.
const MOST_LINES: usize = 500;

impl Description {
    /// One character for each part of the disc: `x` unreadable, `#` recorded, `=` spare area, `-` lost between sessions, `.` free.
    fn bar(&self) -> String {
        let tracks = self.sessions.iter().flat_map(|s| &s.tracks).map(|t| (t.start, t.start + t.blocks));
        let recorded: Vec<(u32, u32)> = tracks.chain(self.recorded.iter().map(bounds)).collect();
        let unreadable: Vec<(u32, u32)> = self.unreadable.iter().map(bounds).collect();
        let spares = [(self.capacity - self.spares, self.capacity)];
        let used_end = match self.next_writable {
            Some(next) => next,
            None if self.sessions.is_empty() => 0,
            None => self.capacity,
        };
        let cell = |n: u32| {
            let edge = |n: u32| u64::from(n) * u64::from(self.capacity) / u64::from(BAR);
            let (from, to) = (edge(n), edge(n + 1).max(edge(n) + 1));
            let meets = |parts: &[(u32, u32)]| {
                parts.iter().any(|(start, end)| start < end && u64::from(*start) < to && u64::from(*end) > from)
            };
            if meets(&unreadable) {
                'x'
            } else if meets(&recorded) {
                '#'
            } else if meets(&spares) {
                '='
            } else if from < u64::from(used_end) {
                '-'
            } else {
                '.'
            }
        };
        (0..BAR).map(cell).collect()
    }

    /// The tracks of a sequential disc, and what lies between them.
    fn sessions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut free_from = 0;
        let skipped = self.sessions.len().saturating_sub(MOST_LINES);
        if let Some(last) = skipped.checked_sub(1).and_then(|at| self.sessions.get(at)) {
            writeln!(f, "           {skipped} sessions before")?;
            free_from = last.lead_out.unwrap_or(0);
        }
        for session in self.sessions.iter().skip(skipped) {
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
        match self.next_writable {
            Some(next) => {
                if next > free_from {
                    writeln!(f, "{free_from:>9}  gap ({})", size(next - free_from))?;
                }
                writeln!(f, "{next:>9}  free ({})", size(self.free))
            }
            None => writeln!(f, "           nothing more can be written"),
        }
    }

    /// What was written on an overwritable disc, what never was, and where it can't be read.
    fn ranges(&self, formatted: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        let mut free_from = 0;
        for (first, end) in self.recorded.iter().map(bounds) {
            if first > free_from {
                lines.push((free_from, first, "never written"));
            }
            lines.push((first, end, "written"));
            free_from = end;
        }
        if free_from < formatted {
            lines.push((free_from, formatted, "never written"));
        }
        lines.extend(self.unreadable.iter().map(bounds).map(|(first, end)| (first, end, "unreadable")));
        let end = self.capacity - self.spares;
        if formatted.max(free_from) < end {
            lines.push((formatted.max(free_from), end, "not formatted"));
        }
        lines.sort_by_key(|(first, ..)| *first);
        lines
            .iter()
            .take(MOST_LINES)
            .try_for_each(|(first, end, what)| writeln!(f, "{first:>9}  {what} ({})", size(end - first)))?;
        match lines.len().saturating_sub(MOST_LINES) {
            0 => Ok(()),
            more => writeln!(f, "           and {more} ranges more"),
        }
    }
}

/// First sector, and first behind.
fn bounds(range: &Range) -> (u32, u32) {
    (range.first, range.last.saturating_add(1))
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
        if self.overwritable {
            self.ranges(self.formatted.unwrap_or(0), f)?;
        } else {
            self.sessions(f)?;
        }
        if self.spares > 0 {
            writeln!(f, "{:>9}  spare area ({})", self.capacity - self.spares, size(self.spares))?;
        }
        writeln!(f, "{:>9}  end of the disc", self.capacity)
    }
}
