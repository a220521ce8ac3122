//! A drive: runs commands, waits where the standard says wait, gives up where it says give up.
//!
//! The rules of waiting stand here once. What a condition asks for is [`Sense::reaction`]'s answer; this file carries it out:
//!
//! * `Wait` repeats the *same* command until its deadline; a BUSY or TASK SET FULL status likewise.
//! * Long operations are started with the Immed bit and polled with TEST UNIT READY. A drive that rejects the bit gets the
//!   command again without it. Completion needs two GOOD answers in a row: one is known to come early.
//! * A READ is tried again once after a transport fault. A WRITE never is: what the drive took of it nobody knows.

use std::fmt;
use std::time::Duration;

use super::command::{Command, Variable};
use super::mmc::{
    Capabilities, CurrentFeatures, GetConfiguration, GetWriteSpeeds, Profile, ReadMediumId, WriteParameters, WriteSpeed,
};
use super::sbc::{Read10, StartStopUnit, Write10, Write12};
use super::spc::{Identity, Inquiry, PreventAllowMediumRemoval, RequestSense, TestUnitReady};
use super::transport::{Completion, Data, Status, Transport, TransportError};
use super::wire::Short;
use super::{Cdb, Reaction, Sense, SenseKey};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// The most sectors one READ or WRITE moves on any medium.
const MOST_SECTORS: u16 = 32;

/// How long operations may take before they count as failed.
pub mod deadline {
    use std::time::Duration;

    /// A drive becoming ready after its tray was closed.
    pub const READY: Duration = Duration::from_secs(120);
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
}

/// Between two looks at a long operation.
const POLL: Duration = Duration::from_millis(500);
/// Between the two GOOD answers that prove its end.
const SECOND_LOOK: Duration = Duration::from_millis(200);
/// After a BUSY status.
const BUSY_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause before a WRITE is offered again to a full buffer.
const WRITE_PAUSE: Duration = Duration::from_millis(25);
/// A unit attention in the way of unlocking the tray must not leave it locked.
const UNLOCK_TRIES: usize = 3;

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
    /// It was still at work when its time was over.
    #[error("the drive was not done with {what} after {} s", waited.as_secs())]
    Deadline {
        /// The command with its arguments.
        what: String,
        /// How long it was waited for.
        waited: Duration,
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

    fn reaction(&self) -> Option<Reaction> {
        self.sense().map(|sense| sense.reaction())
    }

    /// Whether the drive does not know the command, or a field of it.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.reaction() == Some(Reaction::Unsupported)
    }

    /// Whether there is no medium.
    #[must_use]
    pub fn is_no_medium(&self) -> bool {
        self.reaction() == Some(Reaction::NoMedium)
    }

    /// Whether the drive says that it, or its medium, changed state behind our back. It says so once only, so nobody may overhear it.
    #[must_use]
    pub fn is_attention(&self) -> bool {
        self.reaction() == Some(Reaction::Inspect)
    }

    /// Whether the sectors were never written.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.reaction() == Some(Reaction::Blank)
    }

    /// Whether the drive did not answer in time.
    #[must_use]
    pub fn is_time_out(&self) -> bool {
        matches!(self, ScsiError::Transport { source: TransportError::TimedOut(_), .. })
    }

    /// Whether the drive itself is lost: unplugged, or its connection broken. A time-out alone may be a bad spot on the disc.
    #[must_use]
    pub fn is_drive_lost(&self) -> bool {
        matches!(self, ScsiError::Transport { source, .. } if !matches!(source, TransportError::TimedOut(_)))
    }
}

/// Told how far a long operation is, where the drive says so: 0 to 65535.
pub type OnProgress<'a> = &'a mut dyn FnMut(Option<u16>);

/// A drive that commands can be sent to.
pub struct Drive {
    transport: Box<dyn Transport>,
    name: String,
    /// A unit attention that met a command whose failing does not matter: told to whoever sends the next one.
    unheard: Option<ScsiError>,
    /// The tray was locked by us.
    locked: bool,
    /// The most sectors a READ or WRITE moves on the medium that is in.
    transfer: u16,
    /// The drive does not know force unit access.
    ignores_fua: bool,
}

impl fmt::Debug for Drive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drive").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Drive {
    /// A drive behind `transport`; `name` is what the user calls it.
    #[must_use]
    pub fn new(transport: Box<dyn Transport>, name: impl Into<String>) -> Drive {
        Drive { transport, name: name.into(), unheard: None, locked: false, transfer: MOST_SECTORS, ignores_fua: false }
    }

    /// What the user calls the drive.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The most sectors that one READ or WRITE may move: what the medium takes (64 KiB, one BD cluster, two DVD ECC units, unless
    /// [limited](Drive::limit_transfers)) and the connection lets through; a power of two, so that transfers keep to ECC unit borders.
    #[must_use]
    pub fn sectors_per_transfer(&self) -> u16 {
        let most = (self.transport.max_transfer() / SECTOR_BYTES).clamp(1, usize::from(self.transfer));
        u16::try_from(1usize << most.ilog2()).unwrap_or(1)
    }

    /// Moves no more than `sectors` with one READ or WRITE from here on.
    pub fn limit_transfers(&mut self, sectors: u16) {
        self.transfer = sectors.clamp(1, MOST_SECTORS);
    }

    /// Lets the next command fail as this one did, if the drive told that its disc may be another one: for a caller whose own caller
    /// may take the error for a flaw of the disc.
    pub(crate) fn tell_again(&mut self, error: &ScsiError) {
        if let ScsiError::Sense { command, sense } = error
            && error.is_attention()
        {
            self.unheard = Some(ScsiError::Sense { command: command.clone(), sense: *sense });
        }
    }

    /// Lets time pass on the drive's clock.
    pub fn wait(&mut self, duration: Duration) {
        self.transport.wait(duration);
    }

    /// The drive's clock.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.transport.now()
    }

    /// Runs one command. BUSY is waited for; everything else the drive says comes back.
    ///
    /// # Errors
    /// When the command did not do its work.
    pub fn run<C: Command>(&mut self, command: &C) -> Result<C::Reply, ScsiError> {
        let mut asked = command.allocation();
        let mut cdb = command.cdb();
        if let Some(Variable { first, available }) = command.variable() {
            let mut head = vec![0; usize::from(first)];
            let moved = self.execute(command, &command.cdb_asking(first), &mut head)?;
            head.truncate(moved);
            let there = available(&head).min(asked).next_multiple_of(2);
            let Ok(rest) = u16::try_from(there) else { return Ok(command.parse(&head)?) };
            if rest <= first {
                return Ok(command.parse(&head)?);
            }
            asked = there;
            cdb = command.cdb_asking(rest);
        }
        let mut reply = vec![0; asked];
        let moved = self.execute(command, &cdb, &mut reply)?;
        Ok(command.parse(&reply[..moved.min(reply.len())])?)
    }

    /// Runs a command until the drive no longer says that it is busy with something else.
    ///
    /// # Errors
    /// When the command did not do its work, or the drive was still busy after `deadline`.
    pub fn run_when_free<C: Command>(&mut self, command: &C, deadline: Duration) -> Result<C::Reply, ScsiError> {
        let begun = self.now();
        loop {
            match self.run(command) {
                Err(error) if error.reaction() == Some(Reaction::Wait) => {
                    self.pause_before(command, begun, deadline, POLL)?;
                }
                other => return other,
            }
        }
    }

    /// Starts a long operation with the Immed bit and waits for its end. `with_immed(false)` makes the command for a drive that does
    /// not know the bit.
    ///
    /// # Errors
    /// When the operation failed, or was not done after `deadline`.
    pub fn run_long<C: Command>(
        &mut self,
        with_immed: impl Fn(bool) -> C,
        deadline: Duration,
        on_progress: OnProgress<'_>,
    ) -> Result<(), ScsiError> {
        let command = with_immed(true);
        match self.run_when_free(&command, deadline) {
            Err(error) if error.is_unsupported() => {
                self.run_when_free(&with_immed(false), deadline)?;
            }
            other => {
                other?;
            }
        }
        self.wait_until_done(&command.describe(), deadline, on_progress)
    }

    /// Polls until the operation `what` is over.
    fn wait_until_done(
        &mut self,
        what: &str,
        deadline: Duration,
        on_progress: OnProgress<'_>,
    ) -> Result<(), ScsiError> {
        let begun = self.now();
        let mut good_before = false;
        loop {
            match self.run(&TestUnitReady) {
                Ok(()) if good_before => return Ok(()),
                Ok(()) => {
                    good_before = true;
                    self.wait(SECOND_LOOK);
                    continue;
                }
                Err(error) => {
                    let Some(sense) = error.sense() else { return Err(error) };
                    match sense.reaction() {
                        Reaction::Wait => {
                            let progress = sense.progress().or_else(|| self.run(&RequestSense).ok()?.progress());
                            on_progress(progress);
                        }
                        Reaction::Start => self.run(&StartStopUnit::Start)?,
                        // The end of a long operation may itself be announced as a change of the medium.
                        Reaction::Inspect if sense.asc == 0x28 => {}
                        Reaction::Ignore => {}
                        // The operation's own failure comes as the answer to the poll.
                        _ => return Err(ScsiError::Sense { command: what.to_owned(), sense }),
                    }
                }
            }
            good_before = false;
            let waited = self.now().saturating_sub(begun);
            if waited >= deadline {
                return Err(ScsiError::Deadline { what: what.to_owned(), waited });
            }
            self.wait(POLL);
        }
    }

    /// Waits until the medium can be read. Unit attentions on the way are what a fresh medium looks like and are taken.
    ///
    /// # Errors
    /// When there is no medium, or it did not become ready.
    pub fn wait_until_ready(&mut self) -> Result<(), ScsiError> {
        let begun = self.now();
        let mut loaded = false;
        loop {
            let error = match self.run(&TestUnitReady) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            match error.reaction() {
                // An open tray may have the disc in it: somebody changed it and left.
                Some(Reaction::NoMedium) if !loaded && error.sense().is_some_and(|sense| sense.ascq == 0x02) => {
                    loaded = true;
                    if self.run(&StartStopUnit::Load).is_err() {
                        return Err(error);
                    }
                }
                Some(Reaction::Inspect | Reaction::Ignore) => continue_unless_over(&self.transport, begun)?,
                Some(Reaction::Wait) => self.pause_before(&TestUnitReady, begun, deadline::READY, POLL)?,
                Some(Reaction::Start) => {
                    self.run(&StartStopUnit::Start)?;
                    self.pause_before(&TestUnitReady, begun, deadline::READY, POLL)?;
                }
                _ => return Err(error),
            }
        }
    }

    /// Who the drive is.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn identity(&mut self) -> Result<Identity, ScsiError> {
        self.run(&Inquiry)
    }

    /// Profile and current features.
    ///
    /// # Errors
    /// When the drive does not answer.
    pub fn features(&mut self) -> Result<CurrentFeatures, ScsiError> {
        self.run(&GetConfiguration)
    }

    /// The speeds at which the medium that is in can be written, as the drive lists them; nothing where it lists none.
    ///
    /// # Errors
    /// When the drive changed state, or is lost. A drive that knows no list is no error.
    pub fn write_speeds(&mut self) -> Result<Vec<WriteSpeed>, ScsiError> {
        match self.run(&GetWriteSpeeds) {
            Ok(speeds) if !speeds.is_empty() => return Ok(speeds),
            Err(error) if error.is_attention() || error.is_drive_lost() => return Err(error),
            other => tracing::debug!(?other, "no write speeds from GET PERFORMANCE"),
        }
        match self.run(&Capabilities::sense()) {
            Ok(page) => Ok(Capabilities::parse(&page).write_speeds),
            Err(error) if error.is_attention() || error.is_drive_lost() => Err(error),
            Err(error) => {
                tracing::debug!(%error, "no write speeds from the mode page");
                Ok(Vec::new())
            }
        }
    }

    /// Who made the medium, as the medium says; `None` where neither it nor the drive tells. For people: nothing may depend on it.
    ///
    /// # Errors
    /// When the drive changed state, or is lost.
    pub fn medium_id(&mut self, profile: Profile) -> Result<Option<String>, ScsiError> {
        let Some(command) = ReadMediumId::for_profile(profile) else { return Ok(None) };
        match self.run(&command) {
            Ok(id) => Ok(id),
            Err(error) if error.is_attention() || error.is_drive_lost() => Err(error),
            Err(error) => {
                tracing::debug!(%error, "the maker of the medium is not known");
                Ok(None)
            }
        }
    }

    /// Sends mode page 05h: the drive's own with the recipe's changes; where the drive refuses that, nothing but what the recipe asks for.
    ///
    /// # Errors
    /// When the drive takes neither.
    pub fn set_write_parameters(
        &mut self,
        recipe: impl Fn(WriteParameters) -> WriteParameters,
    ) -> Result<(), ScsiError> {
        let page = self.run(&WriteParameters::sense())?;
        match self.run(&recipe(WriteParameters::new(page)).select()) {
            Err(error) if error.is_unsupported() => {
                tracing::debug!(%error, "the drive refuses its own page, the shortest one is tried");
                self.run(&recipe(WriteParameters::minimal()).select())
            }
            other => other,
        }
    }

    /// Reads whole sectors. A transport fault is tried again once.
    ///
    /// # Errors
    /// When the drive can't read them.
    pub fn read(&mut self, at: Lba, out: &mut [u8], from_medium: bool) -> Result<(), ScsiError> {
        let per_transfer = self.sectors_per_transfer();
        let pieces = out.chunks_mut(usize::from(per_transfer) * SECTOR_BYTES);
        for (piece, number) in pieces.zip((0..).step_by(usize::from(per_transfer))) {
            let count = u16::try_from(piece.len() / SECTOR_BYTES).unwrap_or(u16::MAX);
            let at = at.checked_add(Sectors(number)).unwrap_or(Lba(u32::MAX));
            let from_medium = from_medium && !self.ignores_fua;
            match self.read_piece(&Read10 { at, count, from_medium }, piece) {
                Err(error) if from_medium && error.is_unsupported() => {
                    tracing::debug!(%error, "no forced access to the medium");
                    self.ignores_fua = true;
                    self.read_piece(&Read10 { at, count, from_medium: false }, piece)?;
                }
                other => other?,
            }
        }
        Ok(())
    }

    fn read_piece(&mut self, command: &Read10, piece: &mut [u8]) -> Result<(), ScsiError> {
        let begun = self.now();
        let mut tried = false;
        loop {
            let error = match self.execute(command, &command.cdb(), piece) {
                Ok(moved) => return Ok(command.parse(&piece[..moved.min(piece.len())])?),
                Err(error) => error,
            };
            let transient = matches!(&error, ScsiError::Transport { source: TransportError::TimedOut(_), .. });
            match error.reaction() {
                Some(Reaction::Wait) => self.pause_before(command, begun, deadline::READY, POLL)?,
                Some(Reaction::RetryRead) if !tried => tried = true,
                None if transient && !tried => tried = true,
                _ => return Err(error),
            }
        }
    }

    /// Writes whole sectors with one WRITE, waiting while the drive's buffer is full. The data's length must not exceed
    /// [`sectors_per_transfer`](Drive::sectors_per_transfer).
    ///
    /// # Errors
    /// When the drive refuses or fails. What it had taken before is not known then; nothing is sent twice.
    pub fn write(&mut self, at: Lba, data: &[u8]) -> Result<(), ScsiError> {
        self.offer(&Write10 { at, data })
    }

    /// The same with WRITE(12) and its Streaming bit: at full speed, without the drive's check and replacement of what it wrote.
    ///
    /// # Errors
    /// As [`write`](Drive::write).
    pub fn write_streaming(&mut self, at: Lba, data: &[u8]) -> Result<(), ScsiError> {
        self.offer(&Write12 { at, data, streaming: true })
    }

    fn offer<C: Command>(&mut self, command: &C) -> Result<(), ScsiError> {
        let begun = self.now();
        let mut pause = Duration::from_millis(2);
        loop {
            match self.execute(command, &command.cdb(), &mut []) {
                Ok(_) => return Ok(()),
                // The buffer was full and nothing was taken: the same command again.
                Err(error) if error.reaction() == Some(Reaction::Wait) => {
                    self.pause_before(command, begun, deadline::WRITE, pause)?;
                    pause = (pause * 2).min(WRITE_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Locks the tray for as long as this value lives. A drive that won't be locked is used all the same. A unit attention in its stead is
    /// kept for the next command: the disc may be another one by now.
    pub fn lock_tray(&mut self) {
        if self.locked {
            return;
        }
        let command = PreventAllowMediumRemoval { prevent: true };
        let mut locked = self.run(&command);
        if locked.as_ref().is_err_and(ScsiError::is_attention) {
            let again = self.run(&command);
            self.unheard = std::mem::replace(&mut locked, again).err();
        }
        match locked {
            Ok(()) => self.locked = true,
            Err(error) => tracing::debug!(%error, "the tray can't be locked"),
        }
    }

    /// Frees the tray, if we locked it.
    pub fn unlock_tray(&mut self) {
        if !std::mem::take(&mut self.locked) {
            return;
        }
        let unheard = self.unheard.take();
        for _ in 0..UNLOCK_TRIES {
            match self.run(&PreventAllowMediumRemoval { prevent: false }) {
                Err(error) if !error.is_drive_lost() => tracing::debug!(%error, "the tray can't be unlocked"),
                _ => break,
            }
        }
        self.unheard = unheard;
    }

    /// One command with its data, BUSY waited for, sense decoded.
    fn execute<C: Command>(&mut self, command: &C, cdb: &Cdb, reply: &mut [u8]) -> Result<usize, ScsiError> {
        if let Some(error) = self.unheard.take() {
            return Err(error);
        }
        let begun = self.now();
        loop {
            let data = match (command.parameters(), &mut *reply) {
                ([], []) => Data::None,
                ([], buffer) => Data::In(buffer),
                (parameters, _) => Data::Out(parameters),
            };
            let Completion { status, moved, sense } =
                self.transport
                    .execute(cdb.as_bytes(), data, command.timeout())
                    .map_err(|source| ScsiError::Transport { command: command.describe(), source })?;
            match status {
                Status::Good => return Ok(moved),
                Status::CheckCondition => {
                    let sense = Sense::parse(&sense);
                    if sense.key == SenseKey::RecoveredError && !sense.deferred {
                        tracing::debug!("{}: {sense}", command.describe());
                        return Ok(moved);
                    }
                    return Err(ScsiError::Sense { command: command.describe(), sense });
                }
                Status::Busy | Status::TaskSetFull => {
                    self.pause_before(command, begun, deadline::READY, BUSY_PAUSE)?;
                }
                other => return Err(ScsiError::Status { command: command.describe(), status: other }),
            }
        }
    }

    fn pause_before<C: Command>(
        &mut self,
        command: &C,
        begun: Duration,
        deadline: Duration,
        pause: Duration,
    ) -> Result<(), ScsiError> {
        let waited = self.now().saturating_sub(begun);
        if waited >= deadline {
            return Err(ScsiError::Deadline { what: command.describe(), waited });
        }
        self.wait(pause);
        Ok(())
    }
}

/// A drive that answers nothing but unit attentions must not hold us for ever, although each alone costs no time.
fn continue_unless_over(transport: &dyn Transport, begun: Duration) -> Result<(), ScsiError> {
    let waited = transport.now().saturating_sub(begun);
    if waited >= deadline::READY {
        return Err(ScsiError::Deadline { what: "getting ready".to_owned(), waited });
    }
    Ok(())
}

/// A drive that goes out of use with its tray locked frees it, on every way out: an appliance whose button is dead is a visit.
impl Drop for Drive {
    fn drop(&mut self) {
        self.unlock_tray();
    }
}

#[cfg(test)]
mod tests;
