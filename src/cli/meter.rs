//! Progress: one line on a terminal, or an object now and then in JSON. What it shows is a pure function of numbers.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use super::{json, output};
use crate::burn::{Event, Phase, Progress};
use crate::sector::Sectors;

/// Between two updates.
const TERMINAL_PERIOD: Duration = Duration::from_millis(200);
const JSON_PERIOD: Duration = Duration::from_secs(1);

/// Where progress goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Nowhere,
    Terminal,
    Json,
}

/// How full the buffers are, in percent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fill {
    /// The one in front of the drive.
    pub(super) fifo: Option<u8>,
    /// The drive's own.
    pub(super) drive: Option<u8>,
}

/// Shows [`Event`]s.
#[derive(Debug)]
pub(super) struct Meter {
    target: Target,
    phase: Option<Phase>,
    total: Option<Sectors>,
    begun: Instant,
    shown: Option<Instant>,
    /// The newest that was not shown. In JSON the end of a phase shows it: whoever reads along sees where each ended.
    held_back: Option<(Option<Sectors>, Fill, Option<u8>)>,
}

impl Meter {
    /// A meter for the way the answer is given.
    pub(super) fn new(json: bool, wanted: bool) -> Meter {
        let target = match (json, wanted) {
            (true, _) => Target::Json,
            (false, true) if std::io::stderr().is_terminal() => Target::Terminal,
            _ => Target::Nowhere,
        };
        Meter { target, phase: None, total: None, begun: Instant::now(), shown: None, held_back: None }
    }

    fn show(&mut self, done: Option<Sectors>, fill: Fill, percent: Option<u8>) {
        let period = if self.target == Target::Json { JSON_PERIOD } else { TERMINAL_PERIOD };
        let Some(phase) = self.phase else { return };
        if self.target == Target::Nowhere {
            return;
        }
        if self.shown.is_some_and(|shown| shown.elapsed() < period) {
            self.held_back = Some((done, fill, percent));
            return;
        }
        self.held_back = None;
        self.shown = Some(Instant::now());
        let elapsed = self.begun.elapsed();
        match self.target {
            Target::Json => json::print(&json::ProgressObject::new(phase, done, self.total, percent, fill)),
            _ => output::transient(&render(phase, done, self.total, percent, fill, elapsed)),
        }
    }
}

impl Progress for Meter {
    fn event(&mut self, event: Event) {
        match event {
            Event::Begin { phase, total } => {
                (self.phase, self.total, self.begun, self.shown) = (Some(phase), total, Instant::now(), None);
                self.show(total.map(|_| Sectors(0)), Fill::default(), None);
            }
            Event::Done { sectors, fifo_percent, drive_percent } => {
                self.show(Some(sectors), Fill { fifo: fifo_percent, drive: drive_percent }, None);
            }
            Event::Working { percent } => self.show(None, Fill::default(), percent),
            Event::End { .. } => {
                if self.target == Target::Terminal {
                    output::transient("");
                }
                self.shown = None;
                match self.held_back.take() {
                    Some((done, fill, percent)) if self.target == Target::Json => self.show(done, fill, percent),
                    _ => {}
                }
                self.phase = None;
            }
        }
    }
}

/// The line: phase, part done, rate, time left, fill of the buffers.
#[allow(clippy::cast_precision_loss, reason = "a display")]
fn render(
    phase: Phase,
    done: Option<Sectors>,
    total: Option<Sectors>,
    percent: Option<u8>,
    fill: Fill,
    elapsed: Duration,
) -> String {
    let mut line = phase.to_string();
    let seconds = elapsed.as_secs_f64();
    match (done, total) {
        (Some(done), Some(total)) if total > Sectors(0) => {
            line += &format!("  {:3} %  {}", u64::from(done.0) * 100 / u64::from(total.0), output::size(done.bytes()));
            if seconds > 0.5 && done > Sectors(0) {
                let rate = done.bytes() as f64 / seconds;
                let left = (total.bytes().saturating_sub(done.bytes())) as f64 / rate;
                line += &format!("  {:.1} MB/s  {} left", rate / 1e6, clock(Duration::from_secs_f64(left)));
            }
        }
        _ => match percent {
            Some(percent) => line += &format!("  {percent:3} %  {}", clock(elapsed)),
            None => line += &format!("  {}, the drive reports no progress", clock(elapsed)),
        },
    }
    if let Some(fifo) = fill.fifo {
        line += &format!("  buffer {fifo} %");
    }
    if let Some(drive) = fill.drive {
        line += &format!("  drive's {drive} %");
    }
    line
}

fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_shows_part_rate_time_left_and_buffers() {
        let (done, total) = (Some(Sectors(5120)), Some(Sectors(10240)));
        let line = |fill| render(Phase::Write, done, total, None, fill, Duration::from_secs(2));
        let shown = "writing   50 %  10.00 MiB  5.2 MB/s  0:02 left  buffer 98 %";
        assert_eq!(line(Fill { fifo: Some(98), drive: None }), shown);
        assert_eq!(line(Fill { fifo: Some(98), drive: Some(87) }), format!("{shown}  drive's 87 %"));
    }

    #[test]
    fn a_drive_that_tells_nothing_is_not_made_up_for() {
        let line = render(Phase::Blank, None, None, None, Fill::default(), Duration::from_secs(75));
        assert_eq!(line, "blanking  1:15, the drive reports no progress");
        let line = render(Phase::Format, None, None, Some(43), Fill::default(), Duration::from_secs(20));
        assert_eq!(line, "formatting   43 %  0:20");
    }

    #[test]
    fn nothing_divides_by_zero() {
        for total in [None, Some(Sectors(0)), Some(Sectors(1))] {
            for done in [None, Some(Sectors(0)), Some(Sectors(u32::MAX))] {
                let _ = render(Phase::Verify, done, total, None, Fill::default(), Duration::ZERO);
            }
        }
    }
}
