//! The virtual disc: a folder with `sectors` and `state.json`.
//!
//! `sectors` is sparse, logical sector n at byte n × 2048. `state.json` says which of them the disc admits to hold.
//! The order of the two is what a power cut leaves behind: sectors are written first, then the state that claims
//! them replaces the old one in a single rename. So whatever moment a process dies at, the state describes sectors that are there,
//! if not all of them.
//! Nothing is flushed to the host's own disk: a virtual disc survives a killed process, not a crashed host.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};

use super::describe::{Description, describe};
use super::kinds::Medium;
use super::state::{DiscState, VERSION};
use crate::holder::Holder;
use crate::sector::{SECTOR_BYTES, Sectors};

/// Sectors written that `state.json` doesn't claim yet: 16 MiB.
const MOST_UNCLAIMED: u32 = 8192;

/// What is wrong with a virtual disc.
#[derive(Debug, thiserror::Error)]
pub enum DiscError {
    /// There is no such folder.
    #[error("there is no virtual disc at {}", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// Something is there already.
    #[error("{} exists and is not empty", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// Another process has the disc in its drive.
    #[error("the virtual disc {} is in another drive: {} has it", path.display(), holder.as_ref().map_or("another program".to_owned(), Holder::to_string))]
    Busy {
        /// The folder.
        path: PathBuf,
        /// Who has it, as far as this user may see that.
        holder: Option<Holder>,
    },
    /// Such a disc can't be made.
    #[error("a {medium} can't have {asked} sectors ({least} to {most}, in steps of {unit})")]
    Capacity {
        /// The kind of disc.
        medium: Medium,
        /// The capacity asked for.
        asked: u32,
        /// The least there may be.
        least: u32,
        /// The most there may be.
        most: u32,
        /// What it has to be a multiple of.
        unit: u32,
    },
    /// The state can't be read as what it should be.
    #[error("{} is no state of a virtual disc", path.display())]
    Syntax {
        /// `state.json`.
        path: PathBuf,
        /// Where the text goes wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The state reads well and means nothing.
    #[error("{} describes a disc that can't be: {flaw}", path.display())]
    Flaw {
        /// `state.json`.
        path: PathBuf,
        /// What is impossible.
        flaw: String,
    },
    /// The state was written by another version of this program.
    #[error("{} has layout {found}, this program knows layout {VERSION}", path.display())]
    Version {
        /// `state.json`.
        path: PathBuf,
        /// The version in it.
        found: u64,
    },
    /// The host's file system failed.
    #[error("{} can't be {verb}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was to be done with it, as a participle.
        verb: &'static str,
        /// What the host said.
        #[source]
        source: io::Error,
    },
}

fn io_error(path: &Path, verb: &'static str) -> impl FnOnce(io::Error) -> DiscError + use<> {
    let path = path.to_owned();
    move |source| DiscError::Io { path, verb, source }
}

/// A virtual disc, locked for as long as the value lives.
#[derive(Debug)]
pub struct VirtualDisc {
    folder: PathBuf,
    sectors: Flock<File>,
    pub(super) state: DiscState,
    /// What `state.json` says.
    durable: DiscState,
    /// Sectors written while the disc was in this drive, and how many of them `state.json` doesn't claim.
    recorded: u32,
    unclaimed: u32,
}

impl VirtualDisc {
    /// Makes a new disc in the folder `path`, which may exist if it is empty. Without `capacity` it is an ordinary disc of its kind.
    ///
    /// # Errors
    /// When something is at `path`, or the kind of disc does not come in that capacity.
    pub fn create(path: &Path, medium: Medium, capacity: Option<Sectors>) -> Result<Description, DiscError> {
        let state = VirtualDisc::planned(path, medium, capacity)?;
        fs::create_dir_all(path).map_err(io_error(path, "made"))?;
        let sectors = path.join("sectors");
        File::create_new(&sectors).map_err(io_error(&sectors, "made"))?;
        save(path, &state)?;
        Ok(describe(path, &state))
    }

    /// What [`create`](VirtualDisc::create) would make; nothing is.
    ///
    /// # Errors
    /// As that.
    pub fn rehearse(path: &Path, medium: Medium, capacity: Option<Sectors>) -> Result<Description, DiscError> {
        Ok(describe(path, &VirtualDisc::planned(path, medium, capacity)?))
    }

    fn planned(path: &Path, medium: Medium, capacity: Option<Sectors>) -> Result<DiscState, DiscError> {
        let asked = capacity.unwrap_or(medium.capacity()).0;
        let state = DiscState::blank(medium, asked);
        let (least, most, unit) = medium.capacity_limits();
        if state.flaw().is_some() {
            return Err(DiscError::Capacity { medium, asked, least, most, unit });
        }
        match fs::read_dir(path) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(DiscError::Exists { path: path.to_owned() });
                }
            }
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) if e.kind() == ErrorKind::NotADirectory => return Err(DiscError::Exists { path: path.to_owned() }),
            Err(e) => return Err(io_error(path, "read")(e)),
        }
        Ok(state)
    }

    /// Takes the disc for this process alone.
    ///
    /// # Errors
    /// When there is none, when another process has it, or when its state is damaged.
    pub fn open(path: &Path) -> Result<VirtualDisc, DiscError> {
        // The state first: it tells a folder that is no disc from one with a part missing.
        load(path)?;
        let name = path.join("sectors");
        let file = OpenOptions::new().read(true).write(true).open(&name).map_err(io_error(&name, "opened"))?;
        let sectors = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(sectors) => sectors,
            Err((file, Errno::EWOULDBLOCK)) => {
                return Err(DiscError::Busy { path: path.to_owned(), holder: Holder::of_lock(&file, &name) });
            }
            Err((_, errno)) => return Err(io_error(&name, "locked")(errno.into())),
        };
        // Read again under the lock: the drive that had the disc may have changed it in between.
        let state = load(path)?;
        Ok(VirtualDisc { folder: path.to_owned(), sectors, durable: state.clone(), state, recorded: 0, unclaimed: 0 })
    }

    /// The kind of disc.
    #[must_use]
    pub fn medium(&self) -> Medium {
        self.state.medium
    }

    /// What is on it.
    #[must_use]
    pub fn describe(&self) -> Description {
        describe(&self.folder, &self.state)
    }

    /// Goes back to what is durable.
    pub(super) fn reload(&mut self) -> Result<(), DiscError> {
        self.durable = load(&self.folder)?;
        self.state = self.durable.clone();
        Ok(())
    }

    /// Makes the state durable, if it has changed.
    pub(super) fn save(&mut self) -> Result<(), DiscError> {
        if self.state != self.durable {
            save(&self.folder, &self.state)?;
            self.durable = self.state.clone();
        }
        self.unclaimed = 0;
        Ok(())
    }

    /// So many more sectors are written, and the state claims them. It becomes durable when they are a sixteenth of what was recorded in
    /// this drive, or 16 MiB: to replace a file costs as much as to write a megabyte. A process that dies has written less.
    pub(super) fn claim(&mut self, sectors: u32) -> Result<(), DiscError> {
        self.recorded = self.recorded.saturating_add(sectors);
        self.unclaimed = self.unclaimed.saturating_add(sectors);
        if self.unclaimed >= (self.recorded / 16).min(MOST_UNCLAIMED) { self.save() } else { Ok(()) }
    }

    /// Makes what was claimed durable.
    pub(super) fn settle(&mut self) -> Result<(), DiscError> {
        if self.unclaimed > 0 { self.save() } else { Ok(()) }
    }

    fn io(&self, verb: &'static str) -> impl FnOnce(io::Error) -> DiscError + use<> {
        io_error(&self.folder.join("sectors"), verb)
    }

    pub(super) fn write_sectors(&self, at: u32, bytes: &[u8]) -> Result<(), DiscError> {
        self.sectors.write_all_at(bytes, offset(at)).map_err(self.io("written"))
    }

    /// Makes `count` sectors from `at` zero.
    pub(super) fn write_zeros(&self, at: u32, count: u32) -> Result<(), DiscError> {
        let zeros = [0; SECTOR_BYTES];
        (at..at.saturating_add(count)).try_for_each(|at| self.write_sectors(at, &zeros))
    }

    /// Fills `out` from the sectors at `at`; what the file does not have is zero.
    pub(super) fn read_sectors(&self, at: u32, out: &mut [u8]) -> Result<(), DiscError> {
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.sectors.read_at(rest, offset(at) + filled as u64) {
                Ok(0) => {
                    rest.fill(0);
                    return Ok(());
                }
                Ok(got) => filled += got,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(self.io("read")(e)),
            }
        }
        Ok(())
    }

    /// Lets go of all sectors. A file that is empty is left alone: ext4 writes whatever was ever cut to nothing to its disk when it is closed.
    pub(super) fn erase_sectors(&self) -> Result<(), DiscError> {
        if self.sectors.metadata().map_err(self.io("looked at"))?.len() == 0 {
            return Ok(());
        }
        self.sectors.set_len(0).map_err(self.io("emptied"))
    }
}

fn offset(at: u32) -> u64 {
    u64::from(at) * SECTOR_BYTES as u64
}

pub(super) fn load(folder: &Path) -> Result<DiscState, DiscError> {
    let path = folder.join("state.json");
    let text = match read_file(&path) {
        Ok(text) => text,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(DiscError::Missing { path: folder.to_owned() });
        }
        Err(e) => return Err(io_error(&path, "read")(e)),
    };
    let syntax = |source| DiscError::Syntax { path: path.clone(), source };
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(syntax)?;
    // Before the rest is read strictly: a later layout has fields this one does not know.
    if let Some(found) = value.get("version").and_then(serde_json::Value::as_u64).filter(|v| *v != u64::from(VERSION)) {
        return Err(DiscError::Version { path, found });
    }
    let state: DiscState = serde_json::from_value(value).map_err(syntax)?;
    match state.flaw() {
        Some(flaw) => Err(DiscError::Flaw { path, flaw }),
        None => Ok(state),
    }
}

/// What stands in a plain file. Anything else that bears the name (a FIFO with nobody at its other end) is refused, not waited for.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is no plain file"));
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(text)
}

/// A file with this text, made anew whatever bore the name before.
fn write_file(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = match File::create_new(path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            File::create_new(path)?
        }
        made => made?,
    };
    file.write_all(text)
}

fn save(folder: &Path, state: &DiscState) -> Result<(), DiscError> {
    let path = folder.join("state.json");
    let new = folder.join("state.json.new");
    let mut text =
        serde_json::to_vec_pretty(state).map_err(|source| DiscError::Syntax { path: path.clone(), source })?;
    text.push(b'\n');
    write_file(&new, &text).map_err(io_error(&new, "written"))?;
    fs::rename(&new, &path).map_err(io_error(&path, "replaced"))
}
