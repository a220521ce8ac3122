//! The sessions of an overwritable medium (DVD+RW, BD-RE, an image file), where no drive knows them.
//!
//! libburnia's layout: the first session begins at sector 32, each next one at the next multiple of 32 behind
//! the one before, by the volume space size in its own descriptor, which is relative there. Sectors 0 to 31 are
//! a copy of the newest session's head with absolute sizes, the superblock, which is what gets mounted. It is
//! written last, so a power cut leaves it showing the session before, or, cut in the middle, nothing at all.
//!
//! A plain image at sector 0 has no chain, and is one volume, also when growisofs or xorriso have grown it
//! since: they move its superblock to the newer tree, and the older ones are reached by nothing.
//!
//! A medium written anew keeps stale sessions behind the end of the new ones, at the very places where a chain
//! looks. What the superblock shows is therefore taken as the truth, and a session behind it counts as torn
//! only if it is not older.

use super::reader::{ReadError, Volume};
use super::source::SectorSource;
use crate::sector::{Lba, Sectors};

/// Start of the first session, and what every start is a multiple of.
pub const UNIT: Sectors = Sectors(32);
/// A bound for hostile images; a session takes 50 sectors at least and is worth a day.
const MAX_SESSIONS: usize = 4096;

/// The sessions of an overwritable medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    superblock: Option<Volume>,
    sessions: Vec<Volume>,
    unannounced: Vec<Volume>,
}

impl Chain {
    /// Reads the superblock and follows the chain.
    ///
    /// # Errors
    /// [`ReadError::NotAVolume`] when there is neither a superblock nor a chain; when the superblock can't be
    /// read and there is no chain. A chain ends at the first session that can't be read.
    pub fn read(source: &mut dyn SectorSource) -> Result<Chain, ReadError> {
        let superblock = Volume::open(source, Lba(0));
        let mut found = follow(source);
        let superblock = match superblock {
            Ok(superblock) => superblock,
            // The superblock was being rewritten when the power went: the sessions were complete by then.
            Err(_) if !found.is_empty() => {
                found.truncate(not_older(&found));
                return Ok(Chain { superblock: None, sessions: found, unannounced: Vec::new() });
            }
            Err(error) => return Err(error),
        };
        let Some(shown) = found.iter().position(|session| session.root.start == superblock.root.start) else {
            return Ok(Chain { superblock: Some(superblock.clone()), sessions: vec![superblock], unannounced: vec![] });
        };
        let mut newer = found.split_off(shown);
        newer.truncate(not_older(&newer));
        let unannounced = newer.split_off(1);
        found.append(&mut newer);
        Ok(Chain { superblock: Some(superblock), sessions: found, unannounced })
    }

    /// The sessions the superblock shows, oldest first; all there are where the superblock is lost. Never empty.
    #[must_use]
    pub fn sessions(&self) -> &[Volume] {
        &self.sessions
    }

    /// The newest session that counts: what a mount shows.
    #[must_use]
    pub fn newest(&self) -> &Volume {
        // Both ways a chain is made leave one session at least.
        &self.sessions[self.sessions.len() - 1]
    }

    /// The volume at sector 0; `None` where there should be one and isn't.
    #[must_use]
    pub fn superblock(&self) -> Option<&Volume> {
        self.superblock.as_ref()
    }

    /// Sessions behind the one the superblock shows and not older than it: begun, perhaps complete, and never
    /// announced. Whether their data are whole no descriptor can tell.
    #[must_use]
    pub fn unannounced(&self) -> &[Volume] {
        &self.unannounced
    }

    /// Whether the superblock is missing or behind the chain.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.superblock.is_none() || !self.unannounced.is_empty()
    }

    /// Where libburnia would begin the next session: behind the newest that counts.
    #[must_use]
    pub fn next_start(&self) -> Option<Lba> {
        aligned(self.recorded_end())
    }

    /// The sector behind the last one of any session.
    #[must_use]
    pub fn recorded_end(&self) -> u64 {
        self.superblock.as_ref().map_or(self.newest().end(), Volume::end).max(self.newest().end())
    }
}

/// The chain from sector 32 on, as far as it goes.
fn follow(source: &mut dyn SectorSource) -> Vec<Volume> {
    let mut found: Vec<Volume> = Vec::new();
    let mut next = Some(Lba(UNIT.0));
    while let Some(start) = next.take() {
        let Ok(volume) = Volume::open(source, start) else { break };
        // The content of a file may be an image too; its own root then lies elsewhere.
        let root = volume.root.start;
        if root < start || u64::from(root.0) >= volume.end() || found.len() == MAX_SESSIONS {
            break;
        }
        next = aligned(volume.end()).filter(|&next| next > start);
        found.push(volume);
    }
    found
}

fn aligned(end: u64) -> Option<Lba> {
    u32::try_from(end.next_multiple_of(u64::from(UNIT.0))).ok().map(Lba)
}

/// How many of the sessions stand in the order of their making.
fn not_older(sessions: &[Volume]) -> usize {
    let in_order = |pair: &&[Volume]| match (pair[0].created, pair[1].created) {
        (Some(before), Some(after)) => before <= after,
        _ => true,
    };
    sessions.windows(2).take_while(in_order).count() + usize::from(!sessions.is_empty())
}
