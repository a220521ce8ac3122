//! The drive: power, tray, clock, operations that take time. What commands do stands in `commands`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::buffer::Buffer;
use super::describe::Description;
use super::disc::{DiscError, VirtualDisc};
use super::family::{Effect, Family, Job, family_of};
use super::faults::{self, Action, Fault};
use super::formatting;
use super::kinds::Nature;
use super::mode::WritePage;
use super::operation::Operation;
use super::options::{OptionError, Options, Quirks};
use super::sense::Sense;
use super::system::System;
use super::watch::{Violation, Watch};
use crate::holder::Holder;
use crate::scsi::{Completion, Data, Mountable, Opcode, Status, Transport, TransportError};

/// The most one command may move, as with most kernels and drives.
pub(super) const MAX_TRANSFER: usize = 64 * 1024;

/// What any command costs.
const COMMAND_TIME: Duration = Duration::from_micros(100);

/// From a disc put in to a disc that can be read.
const SPIN_UP: Duration = Duration::from_secs(3);

/// A simulated drive that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The name can't be understood.
    #[error("the name of the simulated drive is wrong")]
    Options(#[source] OptionError),
    /// There is no disc at the path.
    #[error("there is no virtual disc at {}", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// Another process works on the disc.
    #[error("the virtual disc {} is in another drive: {} has it", path.display(), holder.as_ref().map_or("another program".to_owned(), Holder::to_string))]
    Busy {
        /// The path.
        path: PathBuf,
        /// Who has it, as far as this user may see that.
        holder: Option<Holder>,
    },
    /// The disc can't be used.
    #[error("the virtual disc {} can't be used", path.display())]
    Disc {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: DiscError,
    },
}

/// Why a command did not end with GOOD.
#[derive(Debug)]
pub(super) enum Stop {
    Sense(Sense),
    Transport(TransportError),
    /// A status that says it all.
    Status(Status),
    /// The host gives it up.
    TimedOut,
    /// The host's file system failed the drive.
    Host(DiscError),
}

impl From<Sense> for Stop {
    fn from(sense: Sense) -> Stop {
        Stop::Sense(sense)
    }
}

impl From<TransportError> for Stop {
    fn from(error: TransportError) -> Stop {
        Stop::Transport(error)
    }
}

impl From<DiscError> for Stop {
    fn from(error: DiscError) -> Stop {
        Stop::Host(error)
    }
}

/// A disc and what the drive knows of it.
#[derive(Debug)]
pub(super) struct Inserted {
    pub(super) disc: VirtualDisc,
    pub(super) family: Box<dyn Family>,
    pub(super) buffer: Buffer,
}

impl Inserted {
    /// What the laser has written becomes a fact.
    pub(super) fn commit(&mut self) -> Result<(), DiscError> {
        let mut claimed = 0;
        for (at, count) in self.buffer.commit(&self.disc)? {
            claimed += if self.family.drained(&mut self.disc, at, count) { count } else { 0 };
        }
        if claimed > 0 { self.disc.claim(claimed) } else { Ok(()) }
    }

    pub(super) fn commit_all(&mut self) -> Result<(), DiscError> {
        self.buffer.drain_all();
        self.commit()?;
        self.disc.settle()
    }

    /// What the laser had not written when a SYNCHRONIZE CACHE failed never gets there, and it failed where it was.
    fn synchronize_failed(&mut self) -> Result<(), DiscError> {
        self.commit()?;
        let at = self.buffer.next().unwrap_or(u32::MAX);
        self.buffer.clear();
        self.family.write_failed(&mut self.disc, at)
    }

    /// Where any sector can be written, the ECC unit in which the laser was when the power went is neither the old one nor the new one.
    fn tear(&mut self) -> Result<(), DiscError> {
        match self.buffer.next().filter(|_| self.disc.state.is_overwritable()) {
            Some(at) => self.family.write_failed(&mut self.disc, at),
            None => Ok(()),
        }
    }

    /// An operation came to nothing. What it destroyed when it began stays destroyed.
    fn failed(&mut self, effect: Effect, quirks: Quirks) -> Result<(), DiscError> {
        match effect {
            Effect::Synchronize => self.synchronize_failed(),
            Effect::CloseTrack | Effect::CloseSession { .. } | Effect::Nothing => Ok(()),
            _ => {
                self.family = family_of(&self.disc.state);
                self.family.set_quirks(quirks);
                self.family.inserted(&mut self.disc);
                self.disc.save()
            }
        }
    }

    /// The drive lets go of the disc in the midst of whatever it was doing: the laser's work stays, the buffer is lost, and a track
    /// that was being written is a damaged one.
    fn let_go(&mut self) -> Result<(), DiscError> {
        self.commit()?;
        self.buffer.forget();
        self.family.cut_off(&mut self.disc);
        self.family.suspend(&mut self.disc)?;
        self.disc.save()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    On,
    Off,
    Vanished,
}

/// A drive in software, with a virtual disc in it. It owns the disc until it is dropped.
///
/// Dropping it turns the power off: what is in the buffer and not yet written is lost, and so is an operation that has not ended.
#[derive(Debug)]
pub struct SimDrive {
    pub(super) slot: Option<Inserted>,
    pub(super) tray_open: bool,
    pub(super) now: Duration,
    pub(super) page: WritePage,
    pub(super) prevented: bool,
    pub(super) attention: Option<Sense>,
    pub(super) operation: Option<Operation>,
    /// Media event code that nobody has fetched; 0 for none (MMC-6 table 283).
    pub(super) media_event: u8,
    pub(super) stopped: bool,
    pub(super) write_kb_per_s: u32,
    pub(super) streaming_set: bool,
    /// Reads from here on fail until the drive looks at the disc anew (quirk `stale`).
    pub(super) stale_from: Option<u32>,
    pub(super) quirks: Quirks,
    pub(super) watch: Watch,
    /// How an operation that has ended failed; nobody has been told yet.
    pub(super) deferred: Option<Sense>,
    /// The operation this command begins will fail with this.
    pub(super) fails_late: Option<Sense>,
    /// The operation this command begins will not end.
    pub(super) endless: bool,
    /// This command moves half of its reply.
    pub(super) cut_short: bool,
    /// Until then TEST UNIT READY does not see that the drive is ready (quirk `clueless`).
    pub(super) clueless_until: Duration,
    /// Commands counted for the quirk `uastorm`.
    pub(super) counted: u32,
    pub(super) system: System,
    faults: Vec<Fault>,
    power: Power,
    failure: Option<DiscError>,
    report: Option<Report>,
}

/// Where violations are written in the end, and the name this drive has there.
#[derive(Debug)]
struct Report {
    file: PathBuf,
    drive: String,
}

impl SimDrive {
    /// Opens the drive named by `spec`: the path of a virtual disc, and options (see the [module](super)).
    ///
    /// # Errors
    /// When the name is wrong, or the disc is missing, damaged or in use.
    pub fn open(spec: &str) -> Result<SimDrive, SimError> {
        let options = Options::parse(spec).map_err(SimError::Options)?;
        let slot = if options.empty { None } else { Some(insert(&options.path)?) };
        let mut drive = SimDrive {
            slot,
            tray_open: false,
            now: Duration::ZERO,
            page: WritePage::new(),
            prevented: false,
            attention: None,
            operation: None,
            media_event: 0,
            stopped: false,
            write_kb_per_s: 0,
            streaming_set: false,
            stale_from: None,
            quirks: options.quirks,
            watch: Watch::default(),
            deferred: None,
            fails_late: None,
            endless: false,
            cut_short: false,
            clueless_until: Duration::ZERO,
            counted: 0,
            system: System::default(),
            faults: options.faults,
            power: Power::On,
            failure: None,
            report: options.violations.map(|file| Report { file, drive: spec.to_owned() }),
        };
        drive.loaded();
        if drive.quirks.stopped {
            drive.stopped = true;
            drive.operation = None;
        }
        if drive.quirks.power_on {
            drive.deferred = drive.attention.replace(Sense::RESET);
        }
        Ok(drive)
    }

    /// What the clients of this drive did that they should not.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        self.watch.violations()
    }

    /// Tells the drive that its client thinks the job is done. What is left undone then is a violation too.
    pub fn job_over(&mut self) -> &[Violation] {
        if self.prevented {
            self.watch.record("the tray was left locked", &[]);
        }
        if self.operation.is_some_and(|operation| operation.effect != Effect::Nothing) {
            self.watch.record("an operation was left running", &[]);
        }
        if self.slot.as_ref().is_some_and(|inserted| !inserted.buffer.is_empty()) {
            self.watch.record("data was left in the buffer", &[]);
        }
        if self.streaming_set {
            self.watch.record("SET STREAMING was left in force", &[]);
        }
        self.watch.violations()
    }

    /// What is on the disc, or was when the drive last looked; `None` without one.
    #[must_use]
    pub fn describe(&self) -> Option<Description> {
        self.slot.as_ref().map(|inserted| inserted.disc.describe())
    }

    /// Cuts the power: what the laser has not written is lost, and no command is answered any more.
    pub fn power_cut(&mut self) {
        self.lose_power(Power::Off);
    }

    /// Somebody resets the drive (SAM-5 6.3.3): the buffer, what was being done and the lock are lost, and the next command meets
    /// 6/29/00.
    ///
    /// # Errors
    /// When the drive is without power, or the host's file system fails it.
    pub fn reset(&mut self) -> Result<(), TransportError> {
        if self.power != Power::On {
            return Err(TransportError::Gone);
        }
        self.be_reset().map_err(|error| self.fail(error))?;
        self.attention = Some(Sense::RESET);
        Ok(())
    }

    fn be_reset(&mut self) -> Result<(), DiscError> {
        self.operation = None;
        if let Some(inserted) = &mut self.slot {
            inserted.let_go()?;
            inserted.disc.reload()?;
        }
        self.loaded();
        self.operation = None;
        self.attention = None;
        self.prevented = false;
        Ok(())
    }

    fn lose_power(&mut self, power: Power) {
        if self.power != Power::On {
            return;
        }
        self.power = power;
        self.operation = None;
        if let Some(inserted) = &mut self.slot {
            // Time has passed for the laser too. If the host fails here, less is on the disc: a power cut may do that.
            let kept = inserted.commit().and_then(|()| inserted.tear()).and_then(|()| inserted.disc.settle());
            inserted.buffer.forget();
            let writing = inserted.family.is_writing();
            let lost = inserted.family.cut_off(&mut inserted.disc);
            if kept.is_ok() && (lost || !writing) {
                let _ = inserted.disc.save();
            }
        }
    }

    /// A disc has come to lie in the drive, or the drive has come to life.
    pub(super) fn loaded(&mut self) {
        self.page = WritePage::new();
        self.stale_from = None;
        self.stopped = false;
        self.streaming_set = false;
        self.watch.address_asked = false;
        self.watch.unsynced_data = false;
        if let Some(inserted) = &mut self.slot {
            inserted.family.set_quirks(self.quirks);
            inserted.family.inserted(&mut inserted.disc);
            self.write_kb_per_s = inserted.disc.medium().write_kb_per_s().first().copied().unwrap_or(1);
            self.attention = Some(Sense::MEDIUM_CHANGED);
            self.media_event = 2;
            self.spin_up();
        }
    }

    pub(super) fn spin_up(&mut self) {
        let takes = self.quirks.load_seconds.map_or(SPIN_UP, |seconds| Duration::from_secs(seconds.into()));
        self.operation = Some(Operation {
            effect: Effect::Nothing,
            sense: Sense::BECOMING_READY,
            since: self.now,
            until: self.now.saturating_add(takes),
            fails: None,
            told_ready: false,
        });
    }

    /// The disc, if there is one that can be used.
    pub(super) fn inserted(&mut self) -> Result<&mut Inserted, Sense> {
        match &mut self.slot {
            _ if self.tray_open => Err(Sense::NO_MEDIUM_TRAY_OPEN),
            None => Err(Sense::NO_MEDIUM_TRAY_CLOSED),
            Some(inserted) => Ok(inserted),
        }
    }

    /// Begins an operation; without Immed the clock runs until it has ended, or until nobody waits for it any more.
    pub(super) fn begin(&mut self, job: Job, immediate: bool, timeout: Duration) -> Result<(), Stop> {
        let (now, speed, fails) = (self.now, self.write_kb_per_s, self.fails_late.take());
        let endless = self.endless;
        let inserted = self.inserted()?;
        if matches!(
            job.effect,
            Effect::Blank | Effect::BlankMinimally | Effect::Format | Effect::Reformat { keep: false, .. }
        ) {
            inserted.buffer.clear();
        }
        match job.effect {
            Effect::Reformat { keep, .. } => formatting::begin(&mut inserted.disc, keep)?,
            effect => inserted.family.begin(&mut inserted.disc, effect)?,
        }
        let takes = if endless { Duration::MAX } else { job.takes };
        let takes = takes.saturating_add(inserted.buffer.drain_time(speed));
        let until = now.saturating_add(takes);
        self.operation =
            Some(Operation { effect: job.effect, sense: job.sense, since: now, until, fails, told_ready: false });
        if immediate {
            return Ok(());
        }
        self.advance(takes.min(timeout))?;
        if takes > timeout {
            return Err(TransportError::TimedOut(timeout).into());
        }
        self.deferred.take().map_or(Ok(()), |sense| Err(sense.into()))
    }

    /// Lets time pass and does what falls due.
    pub(super) fn advance(&mut self, time: Duration) -> Result<(), DiscError> {
        self.now = self.now.saturating_add(time);
        let now = self.now;
        let due = self.operation.take_if(|operation| operation.until <= now);
        let Some(inserted) = &mut self.slot else { return Ok(()) };
        if let Some(operation) = due {
            let lost = operation.fails.is_some() && operation.effect == Effect::Synchronize;
            if !lost {
                inserted.commit_all()?;
            }
            if let Some(seconds) = self.quirks.clueless {
                self.clueless_until = operation.until.saturating_add(Duration::from_secs(seconds.into()));
            }
            if let Some(sense) = operation.fails {
                self.deferred = Some(sense);
                inserted.failed(operation.effect, self.quirks)?;
                return Ok(());
            }
            match operation.effect {
                Effect::Reformat { to, .. } => formatting::complete(&mut inserted.disc, to)?,
                effect => inserted.family.complete(&mut inserted.disc, effect, operation.until)?,
            }
            if matches!(operation.effect, Effect::Blank | Effect::BlankMinimally | Effect::Reformat { .. })
                && inserted.disc.medium().nature() == Nature::DvdMinus
            {
                inserted.family = family_of(&inserted.disc.state);
                inserted.family.set_quirks(self.quirks);
            }
            self.watch.unsynced_data = false;
            // What is written at once is closed by its SYNC.
            if self.quirks.stale && matches!(operation.effect, Effect::CloseSession { .. } | Effect::Synchronize) {
                let closed = inserted.disc.state.sessions.last().filter(|session| session.lead_out.is_some());
                let last = closed.and_then(|session| session.tracks.first());
                self.stale_from = last.map(|track| track.start);
            }
        } else {
            inserted.buffer.drain_until(now, self.write_kb_per_s);
            if inserted.buffer.has_run() {
                inserted.commit()?;
            }
        }
        if inserted.family.tick(&mut inserted.disc, now)? {
            // Background format complete.
            self.media_event = 5;
        }
        Ok(())
    }

    /// Does to a command what the faults want. `Ok(Some(sector))`: it succeeds with a wrong bit in that sector.
    pub(super) fn meet_fault(&mut self, code: u8, blocks: Option<(u32, u32)>) -> Result<Option<u32>, Stop> {
        let Some((action, sector)) = faults::met(&mut self.faults, code, blocks) else { return Ok(None) };
        match action {
            Action::Flip => Ok(sector),
            Action::PowerCut => {
                self.lose_power(Power::Off);
                Err(TransportError::Gone.into())
            }
            Action::Vanish => {
                self.lose_power(Power::Vanished);
                Err(no_connection().into())
            }
            Action::Kill => {
                self.lose_power(Power::Off);
                std::process::abort()
            }
            Action::Status(status) => Err(Stop::Status(status)),
            Action::TimeOut => Err(Stop::TimedOut),
            Action::Never => {
                self.endless = true;
                Ok(None)
            }
            Action::Short => {
                self.cut_short = true;
                Ok(None)
            }
            Action::Late(sense) => {
                self.fails_late = Some(sense);
                Ok(None)
            }
            Action::Reset => {
                self.be_reset()?;
                Err(Sense::RESET.into())
            }
            Action::Eject => {
                self.operation = None;
                if let Some(inserted) = self.slot.as_mut().filter(|_| !self.tray_open) {
                    inserted.let_go()?;
                    self.media_event = 3;
                }
                self.tray_open = true;
                Err(Sense::NO_MEDIUM_TRAY_OPEN.into())
            }
            Action::Sense(sense) => {
                let on_medium = matches!(sense.key(), 3 | 4);
                let writes =
                    [Opcode::Write10.code(), Opcode::Write12.code(), Opcode::SynchronizeCache10.code()].contains(&code);
                let slot = self.slot.as_mut().filter(|_| on_medium && writes && !self.tray_open);
                // What had been acknowledged before lies in the buffer.
                let sector = sector.filter(|_| !sense.is_deferred());
                match (slot, sector) {
                    (Some(inserted), Some(at)) => {
                        inserted.commit_all()?;
                        inserted.family.write_failed(&mut inserted.disc, at)?;
                    }
                    (Some(inserted), None) => inserted.synchronize_failed()?,
                    (None, _) => {}
                }
                let sense = match sector {
                    Some(sector) if on_medium => sense.at(sector),
                    _ => sense,
                };
                Err(sense.into())
            }
        }
    }

    /// The host's file system failed: the drive is of no use any more, and says why once.
    fn fail(&mut self, error: DiscError) -> TransportError {
        self.power = Power::Off;
        TransportError::Kernel(match error {
            DiscError::Io { source, .. } => source,
            other => std::io::Error::other(other),
        })
    }
}

fn insert(path: &Path) -> Result<Inserted, SimError> {
    let disc = VirtualDisc::open(path).map_err(|error| match error {
        DiscError::Missing { path } => SimError::Missing { path },
        DiscError::Busy { path, holder } => SimError::Busy { path, holder },
        source => SimError::Disc { path: path.to_owned(), source },
    })?;
    let family = family_of(&disc.state);
    Ok(Inserted { disc, family, buffer: Buffer::default() })
}

fn no_connection() -> TransportError {
    TransportError::Host { host: 0x01, driver: 0, name: "DID_NO_CONNECT" }
}

impl Transport for SimDrive {
    fn execute(&mut self, cdb: &[u8], data: Data<'_>, timeout: Duration) -> Result<Completion, TransportError> {
        match self.power {
            Power::On => {}
            Power::Off => return Err(TransportError::Gone),
            Power::Vanished => return Err(no_connection()),
        }
        if cdb.is_empty() || cdb.len() > 16 || data.len() > self.max_transfer() {
            return Err(TransportError::Kernel(std::io::ErrorKind::InvalidInput.into()));
        }
        if let Some(error) = self.failure.take() {
            return Err(self.fail(error));
        }
        let room = if let Data::In(buffer) = &data { Some(buffer.len()) } else { None };
        let done = match self.advance(COMMAND_TIME) {
            Ok(()) => self.command(cdb, data, timeout),
            Err(error) => Err(Stop::Host(error)),
        };
        match done {
            Ok(moved) => Ok(Completion::good(room.filter(|_| self.quirks.bogus_residual).unwrap_or(moved))),
            Err(Stop::Sense(sense)) if self.quirks.descriptor_sense => Ok(Completion::check(sense.descriptors())),
            Err(Stop::Sense(sense)) => Ok(Completion::check(sense.bytes())),
            Err(Stop::Status(status)) => Ok(Completion { status, moved: 0, sense: Vec::new() }),
            Err(Stop::Transport(error)) => Err(error),
            Err(Stop::TimedOut) => match self.advance(timeout) {
                Ok(()) => Err(TransportError::TimedOut(timeout)),
                Err(error) => Err(self.fail(error)),
            },
            Err(Stop::Host(error)) => Err(self.fail(error)),
        }
    }

    fn max_transfer(&self) -> usize {
        let kib = self.quirks.most_kib.and_then(|kib| usize::try_from(kib).ok());
        kib.map_or(MAX_TRANSFER, |kib| kib * 1024)
    }

    fn look_again(&mut self) -> Option<Mountable> {
        self.system_looks()
    }

    fn wait(&mut self, duration: Duration) {
        if self.power == Power::On && self.failure.is_none() {
            self.failure = self.advance(duration).err();
        } else {
            self.now = self.now.saturating_add(duration);
        }
    }

    fn now(&self) -> Duration {
        self.now
    }
}

impl SimDrive {
    /// Appends what the watch has seen to the file that was named for it.
    fn report_violations(&mut self) -> std::io::Result<()> {
        let Some(Report { file, drive }) = self.report.take() else { return Ok(()) };
        let violations = if self.power == Power::On { self.job_over() } else { self.violations() };
        let mut text = String::new();
        for Violation { what, cdb } in violations {
            let cdb: String = cdb.iter().map(|byte| format!(" {byte:02x}")).collect();
            text += &format!("{what}; cdb={}; {drive}\n", cdb.trim_start());
        }
        std::fs::OpenOptions::new().append(true).create(true).open(file)?.write_all(text.as_bytes())
    }
}

impl Drop for SimDrive {
    fn drop(&mut self) {
        // Nobody is left to tell it to; whoever reads the file misses it.
        let _ = self.report_violations();
        self.power_cut();
    }
}
