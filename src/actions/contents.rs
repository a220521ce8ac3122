//! What is on a disc: its sessions as file systems, and the tree of the newest that is whole.
//!
//! Where sessions begin is known to different parties: on a sequential medium to the drive, on an overwritable one to the chain of
//! descriptors, in a file that holds the sectors of a whole disc to nobody, so that they are searched for.
//!
//! A session whose burn broke off may have its descriptors and directories on the disc and its files not. It is told by its end: a
//! volume, or a file's extent, that reaches beyond the sectors that were recorded. Such a session is passed over, and the one before
//! it is what the disc shows.

use jiff::civil::Date;

use crate::burn::{Medium, Recipe, Session, State};
use crate::iso::chain::Chain;
use crate::iso::reader::{self, ReadError, Reading, Volume};
use crate::iso::source::{ImageFile, SectorSource, SourceError};
use crate::iso::tree::{Content, Kind, NodeId, Tree, TreePath};
use crate::scsi::{ScsiError, SenseKey};
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// System area and descriptors of a session stand in this many sectors.
const HEAD_SECTORS: u32 = 32;
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
    /// On overwritable media: where the next session goes.
    pub next_start: Lba,
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
            _ if medium.recipe() == Some(Recipe::Overwrite) => Contents::of_chain(source),
            _ => Contents::of_sessions(source, &medium.sessions),
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
        Contents::of_sessions(image, &sessions)
    }

    fn nothing() -> Contents {
        Contents {
            sessions: Vec::new(),
            shown: Shown::Nothing,
            torn: 0,
            next_start: crate::burn::overwrite::FIRST_SESSION,
            newest: None,
        }
    }

    fn of_sessions(source: &mut dyn SectorSource, found: &[Session]) -> Result<Contents, ReadError> {
        let mut contents = Contents::nothing();
        let mut strange = false;
        for session in found {
            match Volume::open(source, session.start) {
                Ok(volume) if volume.volume_space.0 > session.end.0 => contents.torn += 1,
                Ok(volume) => {
                    contents.sessions.push(Recorded { volume, start: session.start, end: Some(session.end) });
                }
                Err(ReadError::NotAVolume { .. } | ReadError::Descriptor { .. })
                    if ends_in_its_head(session) || is_unwritten(source, session) =>
                {
                    contents.torn += 1;
                }
                Err(error) => {
                    tracing::debug!(%error, session = session.number, "no file system");
                    strange = true;
                }
            }
        }
        // The newest whole one counts: what was torn is passed over.
        while let Some(last) = contents.sessions.last() {
            match reader::read_tree(source, &last.volume) {
                Ok(reading) if last.end.is_none_or(|end| lies_before(&reading.tree, end)) => {
                    contents.newest = Some(reading);
                    contents.shown = Shown::Sessions;
                    return Ok(contents);
                }
                Ok(_) | Err(ReadError::BrokenRoot { .. } | ReadError::Directory { .. }) => {
                    contents.sessions.pop();
                    contents.torn += 1;
                }
                Err(error) => return Err(error),
            }
        }
        if strange {
            contents.shown = Shown::Unreadable;
        }
        Ok(contents)
    }

    fn of_chain(source: &mut dyn SectorSource) -> Result<Contents, ReadError> {
        let mut contents = Contents::nothing();
        let chain = match Chain::read(source) {
            Ok(chain) => chain,
            Err(ReadError::NotAVolume { .. } | ReadError::Descriptor { .. }) if superblock_is_wiped(source) => {
                return Ok(contents);
            }
            Err(ReadError::NotAVolume { .. }) => {
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
        contents.newest = Some(reader::read_tree(source, chain.newest())?);
        contents.shown = if chain.superblock().is_some() { Shown::Sessions } else { Shown::Unreadable };
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

    /// The days the disc shows.
    #[must_use]
    pub fn days(&self) -> Vec<Date> {
        self.newest.as_ref().map(|reading| days_in(&reading.tree)).unwrap_or_default()
    }
}

/// Whether a data session is over before its descriptors can be: its burn broke off there. A finished one is at least 300 sectors long on a
/// CD, and longer elsewhere.
fn ends_in_its_head(session: &Session) -> bool {
    session.data && session.end.0.saturating_sub(session.start.0) < HEAD_SECTORS
}

/// Whether the head of a data session, where system area and descriptors belong, was never written: zeros, or nothing that can be read
/// back. That is what a burn leaves that broke off before its first sectors were on the medium.
fn is_unwritten(source: &mut dyn SectorSource, session: &Session) -> bool {
    let count = (session.end.0.saturating_sub(session.start.0)).min(HEAD_SECTORS) as usize;
    let mut head = vec![0; count * SECTOR_BYTES];
    session.data && (source.read(session.start, &mut head).is_err() || head.iter().all(|&byte| byte == 0))
}

/// Whether the superblock of an overwritable medium is zeros: never written, or wiped at the beginning of a new disc. While a format is
/// not over, the drive answers for sectors that were never written that they are blank.
fn superblock_is_wiped(source: &mut dyn SectorSource) -> bool {
    let mut sector = [0xff; SECTOR_BYTES];
    (0..HEAD_SECTORS).map(Lba).all(|at| match source.read(at, &mut sector) {
        Ok(()) => sector.iter().all(|&byte| byte == 0),
        Err(error) => is_blank(&error),
    })
}

fn is_blank(error: &SourceError) -> bool {
    let sense = error.cause.downcast_ref::<ScsiError>().and_then(ScsiError::sense);
    sense.is_some_and(|sense| sense.key == SenseKey::BlankCheck)
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

/// A path below `/.cedarburn` on the disc.
#[must_use]
pub fn own_directory() -> TreePath {
    TreePath::new(".cedarburn")
}
