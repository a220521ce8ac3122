//! What is on a disc: its sessions as file systems, and the tree of the newest that is whole.
//!
//! Where sessions begin is known to different parties: on a sequential medium to the drive, on an overwritable one to the chain of
//! descriptors, in a file that holds the sectors of a whole disc to nobody, so that they are searched for.
//!
//! A session whose burn broke off may have its descriptors and directories on the disc and its files not. It is told by the drive, while it
//! is open, and by its end: a volume, or a file's extent, that reaches beyond the sectors that were recorded. Such a session is passed
//! over, and the one before it is what the disc shows.

use std::error::Error;

use jiff::civil::Date;

use super::ActionError;
use super::label;
use super::receipt;
use crate::burn::{Medium, Session, State};
use crate::iso::chain::Chain;
use crate::iso::manifest;
use crate::iso::reader::{self, ReadError, Reading, Volume};
use crate::iso::source::{ImageFile, SectorSource, SourceError};
use crate::iso::tree::{Content, Kind, NodeId, Tree};
use crate::scsi::{ScsiError, SenseKey};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// System area and descriptors of a session stand in this many sectors.
const HEAD_SECTORS: u32 = 32;
/// The shortest track of a CD, with the two sectors that its end takes.
const SHORTEST_TRACK: Sectors = Sectors(crate::burn::cd::MINIMUM_TRACK.0 + 2);
/// The descriptors begin behind so many sectors.
const SYSTEM_AREA: u32 = 16;

/// A session with a file system in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its descriptors.
    pub volume: Volume,
    /// First sector.
    pub start: Lba,
    /// The sector behind it, as far as somebody knows.
    pub end: Option<Lba>,
}

/// How a disc presents itself to whoever mounts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Nothing is on it, or only a first session that was never finished.
    Nothing,
    /// The newest whole session is the last of [`Contents::sessions`].
    Sessions,
    /// There is something on it, and it is no file system that can be read.
    Unreadable,
}

/// The sessions of a disc.
#[derive(Debug, Clone)]
pub struct Contents {
    /// Whole sessions, oldest first.
    pub sessions: Vec<Recorded>,
    /// What the disc shows.
    pub shown: Shown,
    /// Sessions that were begun and never finished.
    pub torn: usize,
    /// What is on it can be read, and is no file system of ours: it never was one of our discs.
    pub is_foreign: bool,
    /// Where sessions begin that hold something that can't be read now, older ones than the newest.
    pub unopened: Vec<Lba>,
    /// On overwritable media: where the next session goes.
    pub next_start: Lba,
    /// Behind the last sector that belongs to a session of an overwritable medium.
    pub recorded_end: Lba,
    newest: Option<Reading>,
}

impl Contents {
    /// Reads what is on the medium.
    ///
    /// # Errors
    /// When sectors that must be readable are not.
    pub fn of_medium(source: &mut dyn SectorSource, medium: &Medium) -> Result<Contents, ReadError> {
        match medium.state {
            State::Blank | State::NeedsFormat { begun: false } => Ok(Contents::nothing()),
            _ if medium.is_overwritable() => Contents::of_chain(source),
            State::Interrupted { session: open, .. } => {
                let closed: Vec<Session> =
                    medium.sessions.iter().copied().filter(|session| session.number < open).collect();
                let mut contents = Contents::of_sessions(source, &closed, SHORTEST_TRACK)?;
                contents.torn += medium.sessions.len() - closed.len();
                if !is_ours_to_close(source, medium, open) {
                    tracing::warn!("somebody is still writing on the disc: its last session is open, and none of ours");
                    contents.shown = Shown::Unreadable;
                }
                Ok(contents)
            }
            _ => Contents::of_sessions(source, &medium.sessions, SHORTEST_TRACK),
        }
    }

    /// Reads what is in a file that holds the sectors of a disc, or a single image.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn of_image(image: &mut ImageFile) -> Result<Contents, ReadError> {
        let end = Lba(image.sectors().0);
        if end <= Lba(SYSTEM_AREA) {
            return Ok(Contents::nothing());
        }
        let chained = Contents::of_chain(image)?;
        if chained.sessions.first().is_some_and(|first| first.start != Lba(0)) {
            return Ok(chained);
        }
        let starts = search_sessions(image)?;
        let ends = starts.iter().skip(1).copied().chain([end]);
        let sessions: Vec<Session> = starts
            .iter()
            .zip(ends)
            .zip(1..)
            .map(|((&start, end), number)| Session { number, start, end, data: true })
            .collect();
        // Nobody fills up a file.
        Contents::of_sessions(image, &sessions, Sectors(0))
    }

    /// Reads what is in a file that has to be an image.
    ///
    /// # Errors
    /// When the file can't be read, or nothing is in it that ever was a file system.
    pub fn of_file(image: &mut ImageFile) -> Result<Contents, ActionError> {
        let contents = Contents::of_image(image).map_err(|source| ActionError::Contents { source })?;
        if contents.sessions.is_empty() && contents.torn == 0 {
            return Err(ActionError::NoImage);
        }
        Ok(contents)
    }

    pub(super) fn nothing() -> Contents {
        Contents {
            sessions: Vec::new(),
            shown: Shown::Nothing,
            torn: 0,
            is_foreign: false,
            unopened: Vec::new(),
            next_start: crate::burn::overwrite::FIRST_SESSION,
            recorded_end: crate::burn::overwrite::FIRST_SESSION,
            newest: None,
        }
    }

    /// There is something, and nobody can say what.
    pub(super) fn unreadable() -> Contents {
        Contents { shown: Shown::Unreadable, ..Contents::nothing() }
    }

    /// The newest closed session that is whole is what the disc shows. That a session is torn has to be proven by where it ends: what
    /// merely can't be read is an error, because carrying on from the session before it would hide a day for ever. Whoever closes the track
    /// of a torn session fills it up to `filled_up` sectors.
    fn of_sessions(
        source: &mut dyn SectorSource,
        closed: &[Session],
        filled_up: Sectors,
    ) -> Result<Contents, ReadError> {
        let mut contents = Contents::nothing();
        for session in closed.iter().rev() {
            let opened = Volume::open(source, session.start);
            let is_torn = match &opened {
                Ok(volume) => reaches_beyond(volume, session),
                Err(_) => ends_in_its_head(session) || is_unwritten(source, session),
            };
            if is_torn {
                contents.torn += 1;
                continue;
            }
            if contents.shown == Shown::Nothing {
                match opened {
                    Ok(volume) => {
                        let Some(reading) = read_whole(source, &volume, session, filled_up)? else {
                            contents.torn += 1;
                            continue;
                        };
                        contents.newest = Some(reading);
                        contents.shown = Shown::Sessions;
                        contents.sessions.push(Recorded { volume, start: session.start, end: Some(session.end) });
                    }
                    Err(ReadError::NotAVolume { .. }) => {
                        contents.shown = Shown::Unreadable;
                        contents.is_foreign = true;
                    }
                    Err(error) => return Err(error),
                }
            } else {
                match opened {
                    // One that was torn, filled up and superseded is no session for anybody.
                    Ok(volume)
                        if is_at_most(session, filled_up)
                            && matches!(read_whole(source, &volume, session, filled_up), Ok(None)) =>
                    {
                        contents.torn += 1;
                    }
                    Ok(volume) => {
                        contents.sessions.push(Recorded { volume, start: session.start, end: Some(session.end) });
                    }
                    Err(ReadError::NotAVolume { .. }) => {}
                    Err(error) => {
                        tracing::warn!(%error, "the session at sector {} can't be read", session.start);
                        contents.unopened.push(session.start);
                    }
                }
            }
        }
        contents.sessions.reverse();
        contents.unopened.reverse();
        Ok(contents)
    }

    fn of_chain(source: &mut dyn SectorSource) -> Result<Contents, ReadError> {
        let mut contents = Contents::nothing();
        let chain = match Chain::read(source) {
            Ok(chain) => chain,
            Err(ReadError::NotAVolume { .. } | ReadError::Descriptor { .. })
                if superblock_is_wiped(source) && holds_nothing(source, crate::burn::overwrite::FIRST_SESSION) =>
            {
                return Ok(contents);
            }
            Err(ReadError::NotAVolume { .. }) => {
                contents.shown = Shown::Unreadable;
                contents.is_foreign = true;
                return Ok(contents);
            }
            // Somebody's disc may lie behind the bad spot: only whoever is told to may write over it.
            Err(ReadError::Descriptor { source: error }) if is_bad_spot(&error) => {
                tracing::warn!(%error, "the beginning of the disc, which says what is on it, can't be read");
                contents.shown = Shown::Unreadable;
                return Ok(contents);
            }
            Err(error) => return Err(error),
        };
        if chain.superblock().is_none() && superblock_is_wiped(source) {
            contents.torn = chain.sessions().len();
            return Ok(contents);
        }
        contents.torn = chain.unannounced().len();
        contents.sessions = chain
            .sessions()
            .iter()
            .map(|volume| Recorded { volume: volume.clone(), start: volume.session_start, end: None })
            .collect();
        contents.next_start = chain.next_start().unwrap_or(Lba(u32::MAX));
        contents.recorded_end = Lba(u32::try_from(chain.recorded_end()).unwrap_or(u32::MAX));
        contents.newest = Some(reader::read_tree(source, chain.newest())?);
        // The superblock is written when all else is on the medium. One that can't be read was being written when the power went, and the
        // chain is whole; one that can be read and is none is somebody else's, and the chain a leftover.
        let is_whole = chain.superblock().is_some();
        let is_cut = !is_whole && source.read(Lba(SYSTEM_AREA), &mut [0; SECTOR_BYTES]).is_err();
        contents.shown = if is_whole || is_cut { Shown::Sessions } else { Shown::Unreadable };
        Ok(contents)
    }

    /// The tree the disc shows, with what was odd about it.
    #[must_use]
    pub fn newest(&self) -> Option<&Reading> {
        self.newest.as_ref()
    }

    /// The label of the newest session.
    #[must_use]
    pub fn label(&self) -> Option<String> {
        self.sessions.last().map(|session| session.volume.label())
    }

    /// The label in sector 16, which Cedar's media check goes by: of the first session, or, where one superblock stands for all, of the newest.
    #[must_use]
    pub fn label_in_front(&self) -> Option<String> {
        let has_superblock = self.sessions.first().is_some_and(|session| session.end.is_none());
        let session = if has_superblock { self.sessions.last() } else { self.sessions.first() };
        session.map(|session| session.volume.label())
    }

    /// Which disc it is, by its first whole session: see [`receipt::identity`]. Not known where an older session can't be read, since then the first
    /// that can is not the one by which others know the disc; nor where a superblock moves from session to session and no chain leads to the first.
    #[must_use]
    pub fn identity(&self) -> Option<String> {
        let Recorded { volume, start, end } = self.sessions.first()?;
        let is_first = end.is_some() || *start == crate::burn::overwrite::FIRST_SESSION;
        (is_first && self.unopened.is_empty()).then(|| receipt::identity(&volume.label(), volume.created, *start))
    }

    /// The days the disc shows.
    #[must_use]
    pub fn days(&self) -> Vec<Date> {
        self.newest.as_ref().map(|reading| days_in(&reading.tree)).unwrap_or_default()
    }
}

fn is_at_most(session: &Session, sectors: Sectors) -> bool {
    session.end.0.saturating_sub(session.start.0) <= sectors.0
}

/// Whether the open session is what a burn of this program or of Cedar Backup left, or holds nothing yet. Others leave sessions open on
/// purpose, to put more tracks into them; who closed such a one for them would take that away for ever.
fn is_ours_to_close(source: &mut dyn SectorSource, medium: &Medium, open: u16) -> bool {
    let Some(session) = medium.sessions.iter().find(|session| session.number >= open) else { return true };
    let is_one_track = medium.tracks.iter().filter(|track| track.session >= open && !track.blank).count() <= 1;
    if !session.data || !is_one_track {
        return false;
    }
    let mut sector = [0; SECTOR_BYTES];
    let mut read = |number: u32| {
        let at = session.start.checked_add(Sectors(number)).filter(|&at| at < session.end)?;
        source.read(at, &mut sector).ok()?;
        Some(sector)
    };
    // What can't be read has not reached the disc.
    match read(SYSTEM_AREA) {
        Some(descriptor) if descriptor.starts_with(b"\x01CD001\x01") => {
            descriptor[40..].starts_with(label::PREFIX.as_bytes())
        }
        _ => (0..HEAD_SECTORS).filter_map(read).all(|sector| sector.iter().all(|&byte| byte == 0)),
    }
}

/// The tree of a session; none where the session is torn. A torn track that is closed may be filled up with zeros to the shortest length a
/// track has, so that the end of a short session proves nothing: its last file does, which is the manifest, and sectors that the tree leads
/// to. A session that was written whole and is odd is no torn one, and what it lost is for the reading to say.
fn read_whole(
    source: &mut dyn SectorSource,
    volume: &Volume,
    session: &Session,
    filled_up: Sectors,
) -> Result<Option<Reading>, ReadError> {
    let reading = match reader::read_tree(source, volume) {
        Ok(reading) => reading,
        Err(ReadError::BrokenRoot { .. }) if are_empty(source, volume.root.start, 1, NO_BAD_SPOT) => return Ok(None),
        Err(ReadError::Directory { source: error, .. }) if is_blank(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let may_be_filled_up = is_at_most(session, filled_up);
    let is_torn = !lies_before(&reading.tree, session.end)
        || (may_be_filled_up && leads_nowhere(source, &reading, session))
        || !ends_with_its_manifest(source, &reading.tree, session)?;
    Ok((!is_torn).then_some(reading))
}

/// Whether something is lost because a sector of the session was never written.
fn leads_nowhere(source: &mut dyn SectorSource, reading: &Reading, session: &Session) -> bool {
    let own = reading.may_be_unwritten().range(session.start..session.end).copied().collect::<Vec<_>>();
    own.into_iter().any(|at| are_empty(source, at, 1, NO_BAD_SPOT))
}

/// Whether the manifests that a session wrote, its last files, are there to their last line feed. Sessions of others have none.
fn ends_with_its_manifest(source: &mut dyn SectorSource, tree: &Tree, session: &Session) -> Result<bool, ReadError> {
    let Some(own) = tree.find(&manifest::directory()) else { return Ok(true) };
    for &node in tree.children(own) {
        let Kind::File { size: 1.., content: Content::Recorded(extents) } = &tree.node(node).kind else { continue };
        let Some(last) =
            extents.last().filter(|last| manifest::is_manifest(&tree.node(node).name) && last.start >= session.start)
        else {
            continue;
        };
        let mut sector = [0; SECTOR_BYTES];
        let at = last.start.checked_add(Sectors(last.sectors().0.saturating_sub(1))).unwrap_or(last.start);
        match source.read(at, &mut sector) {
            Ok(()) if sector[usize::try_from((last.bytes - 1) % SECTOR_BYTES as u64).unwrap_or(0)] == b'\n' => {}
            Ok(()) => return Ok(false),
            Err(error) if is_blank(&error) => return Ok(false),
            Err(error) => return Err(ReadError::Directory { path: tree.path(node), source: error }),
        }
    }
    Ok(true)
}

/// Whether a data session is over before its descriptors can be: its burn broke off there. A finished one is at least 300 sectors long on a
/// CD, and longer elsewhere.
fn ends_in_its_head(session: &Session) -> bool {
    session.data && session.end.0.saturating_sub(session.start.0) < HEAD_SECTORS
}

/// Whether nothing was ever written where system area and descriptors of a data session belong. Zeros, or sectors the drive calls blank;
/// a sector that can't be read is neither.
fn is_unwritten(source: &mut dyn SectorSource, session: &Session) -> bool {
    session.data && are_empty(source, session.start, HEAD_SECTORS, NO_BAD_SPOT)
}

/// No bad spot is excused.
const NO_BAD_SPOT: fn(Lba) -> bool = |_| false;

/// Whether so many sectors from `start` on are zeros or were never written: while a format is not over, the drive answers for those that
/// they are blank. A bad spot is something, unless it is excused where it is.
fn are_empty(source: &mut dyn SectorSource, start: Lba, count: u32, excused: fn(Lba) -> bool) -> bool {
    let mut sector = [0xff; SECTOR_BYTES];
    (0..count).filter_map(|number| start.checked_add(Sectors(number))).all(|at| match source.read(at, &mut sector) {
        Ok(()) => sector.iter().all(|&byte| byte == 0),
        Err(error) => is_blank(&error) || (excused(at) && is_bad_spot(&error)),
    })
}

/// Whether a volume is larger than its session. Our own descriptors count from sector 0, those of others from the session's start.
fn reaches_beyond(volume: &Volume, session: &Session) -> bool {
    let space = u64::from(volume.volume_space.0);
    let start = u64::from(session.start.0);
    let end = if space > start { space } else { start + space };
    end > u64::from(session.end.0)
}

/// Whether the superblock of an overwritable medium is empty: never written, or wiped at the beginning of a new disc. A bad spot beside the
/// descriptors, as a WRITE that failed there leaves it, says nothing.
fn superblock_is_wiped(source: &mut dyn SectorSource) -> bool {
    are_empty(source, Lba(0), HEAD_SECTORS, |at| at != Lba(SYSTEM_AREA))
}

/// Whether the sectors where a first session would stand are empty, or as bad as nobody reads. File systems that are no discs' leave more than the
/// superblock's sectors empty at the beginning: 64 KiB and then their own superblock.
fn holds_nothing(source: &mut dyn SectorSource, start: Lba) -> bool {
    are_empty(source, start, HEAD_SECTORS, |_| true)
}

fn is_blank(error: &SourceError) -> bool {
    key_of(error) == Some(SenseKey::BlankCheck)
}

/// Whether the drive is there and well, and the medium is not.
pub(super) fn is_bad_spot(error: &(dyn Error + 'static)) -> bool {
    key_of(error) == Some(SenseKey::MediumError)
}

/// What the drive said among the causes.
fn key_of(error: &(dyn Error + 'static)) -> Option<SenseKey> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(sense) = error.downcast_ref::<ScsiError>().and_then(ScsiError::sense) {
            return Some(sense.key);
        }
        cause = error.source();
    }
    None
}

/// Whether no file reaches beyond `end`.
fn lies_before(tree: &Tree, end: Lba) -> bool {
    tree.walk().all(|id| match &tree.node(id).kind {
        Kind::File { content: Content::Recorded(extents), .. } => extents.iter().all(|extent| {
            extent.bytes == 0 || extent.start.checked_add(extent.sectors()).is_some_and(|behind| behind <= end)
        }),
        _ => true,
    })
}

/// The days whose directories `/YYYY/MM/DD` are in the tree, oldest first.
#[must_use]
pub fn days_in(tree: &Tree) -> Vec<Date> {
    fn numbered<'a>(tree: &'a Tree, id: NodeId, digits: usize) -> impl Iterator<Item = (NodeId, i16)> + 'a {
        tree.children(id).iter().filter_map(move |&child| {
            let node = tree.node(child);
            let name = std::str::from_utf8(&node.name).ok().filter(|name| name.len() == digits)?;
            let number = name.bytes().all(|b| b.is_ascii_digit()).then(|| name.parse().ok()).flatten()?;
            matches!(node.kind, Kind::Directory(_)).then_some((child, number))
        })
    }
    let mut days = Vec::new();
    for (in_year, year) in numbered(tree, tree.root(), 4) {
        for (in_month, month) in numbered(tree, in_year, 2) {
            days.extend(
                numbered(tree, in_month, 2)
                    .filter_map(|(_, day)| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()),
            );
        }
    }
    days
}

/// Where file systems begin in a file that holds the sectors of a whole disc. A primary descriptor alone proves nothing, the content of
/// a backed-up file may be an image too: its root directory has to stand where it says itself, counted from the disc's beginning.
fn search_sessions(image: &mut ImageFile) -> Result<Vec<Lba>, ReadError> {
    const PIECE: usize = 512;
    let mut found = Vec::new();
    let mut piece = vec![0; PIECE * SECTOR_BYTES];
    let unreadable =
        |at, source: std::io::Error| ReadError::Descriptor { source: SourceError::new(at, SECTOR_BYTES, source) };
    let mut at = Lba(0);
    while let Some(data) = image.next_data(at).map_err(|error| unreadable(at, error))? {
        at = data;
        let count = (image.sectors().0 - at.0).min(512);
        let piece = &mut piece[..count as usize * SECTOR_BYTES];
        image.read(at, piece).map_err(|source| ReadError::Descriptor { source })?;
        for (sector, number) in piece.chunks(SECTOR_BYTES).zip(0..) {
            if sector.starts_with(b"\x01CD001\x01")
                && let Some(start) = (at.0 + number).checked_sub(16).map(Lba)
                && stands_alone(image, start)
            {
                found.push(start);
            }
        }
        at += Sectors(count);
    }
    Ok(found)
}

fn stands_alone(image: &mut ImageFile, start: Lba) -> bool {
    let Ok(volume) = Volume::open(image, start) else { return false };
    let mut sector = [0; SECTOR_BYTES];
    volume.root.start > start
        && image.read(volume.root.start, &mut sector).is_ok()
        // Location of extent in the directory's own record, little-endian (ECMA-119 9.1.3).
        && sector[2..6] == volume.root.start.0.to_le_bytes()
}
