//! A drive: runs commands, waits where the standard says wait, gives up where it says give up.
//!
//! What a condition asks for is decided by the [table of reactions](crate::scsi::Reaction); the files of this module carry it out:
//!
//! ```text
//! drive.rs      what a drive is asked, the tray's lock
//! obey.rs       one command, and what the table says to its failing
//! waiting.rs    operations that go on after their command came back: started with the Immed bit, polled with TEST UNIT READY
//! transfer.rs   READ and WRITE
//! tray.rs       what a look may do with the tray
//! error.rs      what reaches the caller
//! ```

mod error;
mod obey;
mod transfer;
mod tray;
mod waiting;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

pub use self::error::ScsiError;
pub use self::tray::Trays;
use super::command::Command;
pub use super::deadline;
use super::mmc::{
    Capabilities, CurrentFeatures, GetConfiguration, GetWriteSpeeds, Profile, ReadMediumId, TrackAddress,
    WriteParameters, WriteSpeed,
};
use super::sbc::StartStopUnit;
use super::spc::{Identity, Inquiry, ModeSelect10, PreventAllowMediumRemoval};
use super::transport::{Mountable, Presence, Transport};
use crate::sector::SECTOR_BYTES;

/// The most sectors one READ or WRITE moves on any medium.
const MOST_SECTORS: u16 = 32;

/// Told at every look at a long operation how far it is, from 0 to 65535; `None`: the drive reports no progress. For people only: drives
/// are known that stick at one value for the whole job.
pub type OnProgress<'a> = &'a mut dyn FnMut(Option<u16>);

/// Set once the user won't wait any more for a drive. A signal is the whole process's, and so is this.
static IMPATIENT: AtomicBool = AtomicBool::new(false);

/// From here on no drive is waited for in this process: whatever is being waited for ends with [`ScsiError::GivenUp`], so that who holds a
/// drive can let go of it. What leaves the drive as others expect it is still sent.
pub fn give_up_waiting() {
    IMPATIENT.store(true, Ordering::Relaxed);
}

/// How many drives this process holds.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// Whether this process holds a drive.
#[must_use]
pub fn is_any_held() -> bool {
    HELD.load(Ordering::Relaxed) > 0
}

/// What became of the tray's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    /// Not ours.
    None,
    /// We locked the tray.
    Held,
    /// We did, and a reset has freed it since. Whoever heard of the reset may have gone on, as a proof does that only reads.
    Lost,
}

/// A drive that commands can be sent to.
pub struct Drive {
    transport: Box<dyn Transport>,
    name: String,
    /// Who it is, since it was asked.
    identity: Option<Box<Identity>>,
    /// A unit attention that met a command whose failing does not matter: told to whoever sends the next one.
    unheard: Option<ScsiError>,
    lock: Lock,
    /// The most sectors a READ or WRITE moves on the medium that is in.
    transfer: u16,
    /// The drive does not know force unit access.
    ignores_fua: bool,
    /// The drive does not know WRITE(12) with the Streaming bit.
    ignores_streaming: bool,
    /// The next WRITE is the first of a job.
    first_write: bool,
    /// Whose next writable address the job's WRITEs go to.
    written_track: Option<TrackAddress>,
    /// Mode page 05h as we sent it, for when the drive says that it is no longer so.
    write_page: Option<ModeSelect10>,
    /// A reset has taken that page from the drive.
    write_page_is_lost: bool,
    /// The user won't wait any more.
    impatient: &'static AtomicBool,
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
        HELD.fetch_add(1, Ordering::Relaxed);
        Drive {
            transport,
            name: name.into(),
            identity: None,
            unheard: None,
            lock: Lock::None,
            transfer: MOST_SECTORS,
            ignores_fua: false,
            ignores_streaming: false,
            first_write: false,
            written_track: None,
            write_page: None,
            write_page_is_lost: false,
            impatient: &IMPATIENT,
        }
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

    /// Whether the drive told that its disc may be another one, and nobody has looked since.
    pub(crate) fn has_news(&self) -> bool {
        self.unheard.is_some()
    }

    /// Makes the operating system ask whether the medium was changed, and tells what it takes it for; `None` for a simulated drive. What
    /// the drive has to say of a change is heard by the system then, and by us no more.
    pub fn look_again(&mut self) -> Option<Mountable> {
        self.transport.look_again()
    }

    /// Makes the operating system ask the drive whether there is a medium; `None` for a simulated drive. As with
    /// [`look_again`](Drive::look_again), what the drive has to say is heard by the system and by us no more.
    pub fn presence(&mut self) -> Option<Presence> {
        self.transport.presence()
    }

    /// Lets time pass on the drive's clock.
    pub fn wait(&mut self, duration: Duration) {
        self.transport.wait(duration);
    }

    /// Whether the user won't wait any more.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        self.impatient.load(Ordering::Relaxed)
    }

    /// The user's patience is that of a test.
    #[cfg(test)]
    pub(crate) fn be_given_up_by(&mut self, impatient: &'static AtomicBool) {
        self.impatient = impatient;
    }

    /// Lets time pass before `what` is looked at again, unless the user won't wait any more.
    fn wait_for(&mut self, what: impl FnOnce() -> String, duration: Duration) -> Result<(), ScsiError> {
        if !self.impatient.load(Ordering::Relaxed) {
            self.wait(duration);
        }
        if self.impatient.load(Ordering::Relaxed) {
            return Err(ScsiError::GivenUp { what: what() });
        }
        Ok(())
    }

    /// The drive's clock.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.transport.now()
    }

    /// Who the drive is.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn identity(&mut self) -> Result<Identity, ScsiError> {
        let identity = self.run(&Inquiry)?;
        self.identity = Some(Box::new(identity.clone()));
        Ok(identity)
    }

    /// Who it is, as it said when it was asked the last time.
    #[must_use]
    pub fn known_identity(&self) -> Option<&Identity> {
        self.identity.as_deref()
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
        if command.allocation() > self.transport.max_transfer() {
            return Ok(None);
        }
        match self.run(&command) {
            Ok(id) => Ok(id),
            Err(error) if error.is_attention() || error.is_drive_lost() => Err(error),
            Err(error) => {
                tracing::debug!(%error, "the maker of the medium is not known");
                Ok(None)
            }
        }
    }

    /// Sends mode page 05h: the drive's own with the recipe's changes; where the drive refuses that, or does not tell its own, nothing but
    /// what the recipe asks for.
    ///
    /// # Errors
    /// When the drive takes neither.
    pub fn set_write_parameters(
        &mut self,
        recipe: impl Fn(WriteParameters) -> WriteParameters,
    ) -> Result<(), ScsiError> {
        self.write_page = None;
        let own = match self.run(&WriteParameters::sense()) {
            Err(error) if error.is_unsupported() => {
                tracing::debug!(%error, "the drive does not tell its own page");
                WriteParameters::minimal()
            }
            page => WriteParameters::new(page?),
        };
        let mut select = recipe(own).select();
        match self.run(&select) {
            Err(error) if error.is_unsupported() => {
                tracing::debug!(%error, "the drive refuses its own page, the shortest one is tried");
                select = recipe(WriteParameters::minimal()).select();
                self.run(&select)?;
            }
            other => other?,
        }
        self.write_page = Some(select);
        self.write_page_is_lost = false;
        Ok(())
    }

    /// Sends mode page 05h once more, where a reset has taken it from the drive. Whoever heard of the reset may have gone on, as a proof does
    /// that only reads.
    ///
    /// # Errors
    /// When the drive does not take it.
    pub fn renew_write_parameters(&mut self) -> Result<(), ScsiError> {
        if self.write_page_is_lost {
            self.resend_write_page()?;
        }
        Ok(())
    }

    /// Locks the tray for as long as this value lives; once more, where a reset has freed it since. A drive that won't be locked is used all the same. A unit attention in its stead is
    /// kept for the next command: the disc may be another one by now.
    pub fn lock_tray(&mut self) {
        if self.lock == Lock::Held {
            return;
        }
        let command = PreventAllowMediumRemoval { prevent: true };
        let mut locked = self.run(&command);
        if locked.as_ref().is_err_and(ScsiError::is_attention) {
            let again = self.run(&command);
            self.unheard = std::mem::replace(&mut locked, again).err();
        }
        // A command that did not come back may have been carried out.
        let is_held = matches!(locked, Ok(()) | Err(ScsiError::Transport { .. }));
        self.lock = if is_held { Lock::Held } else { Lock::None };
        if let Err(error) = locked {
            tracing::debug!(%error, "the tray can't be locked");
        }
    }

    /// Opens the tray. Whoever locked it, it is unlocked first if it has to be.
    ///
    /// # Errors
    /// When the drive does not open it.
    pub fn eject(&mut self) -> Result<(), ScsiError> {
        self.unlock_tray();
        self.run(&StartStopUnit::Eject)
    }

    /// Frees the tray, if we locked it.
    pub fn unlock_tray(&mut self) {
        if std::mem::replace(&mut self.lock, Lock::None) == Lock::None {
            return;
        }
        match self.part_with(&PreventAllowMediumRemoval { prevent: false }) {
            Err(error) if !error.is_attention() => tracing::warn!(%error, "the tray can't be unlocked"),
            _ => {}
        }
    }
}

/// A drive that goes out of use with its tray locked frees it, on every way out: an appliance whose button is dead is a visit.
impl Drop for Drive {
    fn drop(&mut self) {
        self.unlock_tray();
        HELD.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
