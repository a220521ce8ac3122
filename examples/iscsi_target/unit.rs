//! The drives, and the time that passes in them.

use std::fs::File;
use std::io::{self, LineWriter};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cedarburn::scsi::sim::{SimDrive, SimError};
use cedarburn::scsi::trace::Traced;
use cedarburn::scsi::{Completion, Data, Transport, TransportError};

/// How all target names begin: RFC 7143's own example of a naming authority.
const NAME: &str = "iqn.2001-04.com.example:cedarburn.";

/// No command of an initiator runs longer: initiators have their own patience, and say so by aborting.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// The most one command may move. A real drive knows no limit, the adapter before it does; here there is none.
const MOST: &str = "maxxfer=16384k";

/// Drives have been on for so long when the first initiator comes: their discs can be read.
const WARMED_UP: Duration = Duration::from_secs(120);

/// One target with one logical unit: a drive.
#[derive(Debug)]
pub(crate) struct Unit {
    /// `None` once the drive was let go.
    state: Mutex<Option<State>>,
}

#[derive(Debug)]
struct State {
    drive: Traced<SimDrive, Box<dyn io::Write + Send>>,
    /// When the drive's clock was last moved.
    last: Instant,
    /// Seconds of the drive in one of ours.
    pace: u32,
}

impl Unit {
    /// Opens the drive named by `spec` as `--device` names it, without `sim:`; writes down what passes into `trace`.
    ///
    /// # Errors
    /// When there is no such drive.
    pub(crate) fn open(spec: &str, pace: u32, trace: Option<&Path>) -> Result<Unit, UnitError> {
        let spec = if spec.contains("maxxfer=") { spec.to_owned() } else { format!("{spec},{MOST}") };
        let drive = SimDrive::open(&spec).map_err(UnitError::Drive)?;
        let out: Box<dyn io::Write + Send> = match trace {
            Some(path) => Box::new(LineWriter::new(File::create(path).map_err(UnitError::Trace)?)),
            None => Box::new(io::sink()),
        };
        let mut drive = Traced::new(drive, out).headed(&spec);
        drive.wait(WARMED_UP);
        Ok(Unit { state: Mutex::new(Some(State { drive, last: Instant::now(), pace })) })
    }

    /// Runs one command.
    ///
    /// # Errors
    /// As the drive has them.
    pub(crate) fn execute(&self, cdb: &[u8], data: Data<'_>) -> Result<Completion, TransportError> {
        let mut state = self.lock();
        let Some(state) = state.as_mut() else { return Err(TransportError::Gone) };
        let passed = state.last.elapsed().saturating_mul(state.pace);
        state.last = Instant::now();
        state.drive.inner_mut().wait(passed);
        state.drive.execute(cdb, data, PATIENCE)
    }

    /// A reset, as the bus or the target brings it to the drive.
    ///
    /// # Errors
    /// When the drive is of no use any more.
    pub(crate) fn reset(&self) -> Result<(), TransportError> {
        let mut state = self.lock();
        let Some(state) = state.as_mut() else { return Err(TransportError::Gone) };
        state.drive.inner_mut().reset()
    }

    fn lock(&self) -> MutexGuard<'_, Option<State>> {
        // A thread that panicked has not left a drive half way through a command: commands do not panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A drive can't be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnitError {
    /// It can't be had.
    #[error("the simulated drive can't be used")]
    Drive(#[source] SimError),
    /// Its trace can't be written.
    #[error("the trace can't be written")]
    Trace(#[source] io::Error),
}

/// All drives, each a target of its own with the single unit 0.
#[derive(Debug, Default)]
pub(crate) struct Units(Vec<Unit>);

impl Units {
    pub(crate) fn new(units: Vec<Unit>) -> Units {
        Units(units)
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Unit> {
        self.0.get(at)
    }

    /// The place of the target with this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        name.strip_prefix(NAME)?.parse().ok().filter(|at| *at < self.0.len())
    }

    /// Lets all drives go; no command is answered any more.
    pub(crate) fn let_go(&self) {
        for unit in &self.0 {
            unit.lock().take();
        }
    }

    /// Names of all targets.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        (0..self.0.len()).map(|at| format!("{NAME}{at}"))
    }
}
