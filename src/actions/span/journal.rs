//! The journal of a span: how far it is, beside the staging root.
//!
//! For `/srv/staging` it is `/srv/staging.cedarburn-span.json`: not in the tree, where whatever stands is a day or is burned, and in no directory
//! that is cleared at a reboot. It says which days the span is for, what was proven on which disc, and what was about to be burned when it
//! was written last. It is replaced as a whole; a run that is killed leaves the one before. When all is on discs it is removed: by then the
//! days have their marks, and the runs their receipts.
//!
//! What is still to come is what is staged and not proven, asked anew by each run. So a file that changed since it was proven is burned once more, and
//! nothing that came to staging leads it astray. What was there and is gone before it was on a disc is told at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};

use super::SpanError;
use crate::iso::tree::TreePath;

const VERSION: u32 = 1;
/// Some millions of items.
const MOST_BYTES: u64 = 1 << 30;
const MOST_DISCS: usize = 9999;

/// The journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    span: u32,
    /// When the span began: part of what its discs say of themselves.
    pub(super) begun: Date,
    /// The days it is for.
    pub(super) days: Vec<Date>,
    /// The discs that are done, in their order.
    pub(super) discs: Vec<DoneDisc>,
    /// What was about to be burned on the next one.
    pub(super) burning: Option<Vec<String>>,
    /// The disc that was burned last and not found to be right: it may be written anew.
    #[serde(default)]
    pub(super) unproven: Option<String>,
    /// All that was found in staging so far: what is gone before it was burned is missed by this.
    #[serde(default)]
    pub(super) planned: BTreeSet<String>,
}

/// A disc that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DoneDisc {
    pub(super) label: String,
    /// Which disc it is: see the receipts.
    pub(super) id: Option<String>,
    /// What was proven on it, by its path.
    pub(super) items: BTreeMap<String, Stamp>,
}

impl DoneDisc {
    /// Whether something whose key begins like this is on it.
    pub(super) fn has(&self, prefix: &str) -> bool {
        self.items.range(prefix.to_owned()..).next().is_some_and(|(key, _)| key.starts_with(prefix))
    }

    /// It was wiped. Its number stays taken: it is written on the discs behind it.
    pub(super) fn forget(&mut self) {
        self.items.clear();
        self.id = None;
    }
}

/// By what a changed item is told from the one that was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    /// Of the last change.
    pub(super) seconds: i64,
    pub(super) nanoseconds: u32,
}

/// Where the journal of a staging root is.
pub(super) fn place(root: &Path) -> PathBuf {
    let mut name = root.file_name().map_or_else(|| "staging".into(), ToOwned::to_owned);
    name.push(".cedarburn-span.json");
    root.parent().unwrap_or(Path::new("/")).join(name)
}

/// Puts a journal that nobody can use where no run looks for it. Returns where that is.
pub(super) fn set_aside(place: &Path) -> Result<PathBuf, SpanError> {
    let mut aside = place.as_os_str().to_owned();
    aside.push(".broken");
    let aside = PathBuf::from(aside);
    let failed = |source| SpanError::Journal { path: place.to_path_buf(), what: "set aside", source };
    fs::rename(place, &aside).map_err(failed)?;
    Ok(aside)
}

/// A path as it stands in the journal: names need not be text.
pub(super) fn escaped(path: &TreePath) -> String {
    let mut text = String::new();
    for piece in path.as_bytes().utf8_chunks() {
        text += &piece.valid().replace('\\', "\\\\");
        piece.invalid().iter().for_each(|byte| text += &format!("\\x{byte:02x}"));
    }
    text
}

impl Journal {
    pub(super) fn new(begun: Date, days: Vec<Date>) -> Journal {
        Journal {
            span: VERSION,
            begun,
            days,
            discs: Vec::new(),
            burning: None,
            unproven: None,
            planned: BTreeSet::new(),
        }
    }

    /// Reads the journal, if there is one.
    pub(super) fn read(place: &Path) -> Result<Option<Journal>, SpanError> {
        let failed = |source| SpanError::Journal { path: place.to_path_buf(), what: "read", source };
        let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        let metadata = file.metadata().map_err(failed)?;
        let broken = |what: &str| SpanError::BrokenJournal { path: place.to_path_buf(), what: what.to_owned() };
        if !metadata.is_file() || metadata.len() > MOST_BYTES {
            return Err(broken("it is no file, or too large for one"));
        }
        if metadata.uid() != 0 && metadata.uid() != geteuid().as_raw() {
            return Err(broken("another user has written it"));
        }
        let mut text = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut text).map_err(failed)?;
        let journal: Journal = serde_json::from_slice(&text).map_err(|error| broken(&error.to_string()))?;
        if journal.span != VERSION {
            return Err(broken(&format!("it is of version {}, this program knows version {VERSION}", journal.span)));
        }
        if journal.days.is_empty() || journal.discs.len() > MOST_DISCS {
            return Err(broken("it is for no day, or for more discs than there are"));
        }
        Ok(Some(journal))
    }

    /// Puts it in its place, whole or not at all.
    pub(super) fn save(&self, place: &Path) -> Result<(), SpanError> {
        let failed = |source| SpanError::Journal { path: place.to_path_buf(), what: "written", source };
        let mut unfinished = place.as_os_str().to_owned();
        unfinished.push(".tmp");
        let text = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        // What a killed run left; the staging lock is ours.
        let _ = fs::remove_file(&unfinished);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).custom_flags(nix::libc::O_NOFOLLOW);
        let mut file = options.open(&unfinished).map_err(failed)?;
        let written = file.write_all(&text).and_then(|()| file.sync_all());
        written.and_then(|()| fs::rename(&unfinished, place)).map_err(failed)?;
        File::open(place.parent().unwrap_or(Path::new("/"))).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Takes it away.
    pub(super) fn remove(place: &Path) -> Result<(), SpanError> {
        match fs::remove_file(place) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(SpanError::Journal { path: place.to_path_buf(), what: "removed", source })
            }
            _ => Ok(()),
        }
    }

    /// What was proven, the newest word of each path.
    pub(super) fn proven(&self) -> HashMap<&str, Stamp> {
        self.discs.iter().flat_map(|disc| &disc.items).map(|(path, stamp)| (path.as_str(), *stamp)).collect()
    }

    /// The number of the disc with this identity, if it is one that is done.
    pub(super) fn number_of(&self, id: Option<&str>) -> Option<usize> {
        let id = id?;
        self.discs.iter().position(|disc| disc.id.as_deref() == Some(id)).map(|at| at + 1)
    }

    /// What was about to be burned.
    pub(super) fn burning(&self) -> Option<HashSet<&str>> {
        Some(self.burning.as_ref()?.iter().map(String::as_str).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use jiff::civil::date;

    use super::*;

    fn journal() -> Journal {
        let mut journal = Journal::new(date(2026, 11, 27), vec![date(2026, 11, 26)]);
        let stamp = Stamp { bytes: 5, seconds: 7, nanoseconds: 9 };
        journal.discs.push(DoneDisc {
            label: "L 1/2".to_owned(),
            id: Some("a".to_owned()),
            items: [("2026/11/26/x".to_owned(), stamp)].into(),
        });
        journal.burning = Some(vec!["2026/11/26/y".to_owned()]);
        journal
    }

    #[test]
    fn it_is_read_as_it_was_written_and_gone_when_it_was_removed() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(&folder.path().join("staging"));
        assert_eq!(place, folder.path().join("staging.cedarburn-span.json"));
        assert_eq!(Journal::read(&place).unwrap(), None);
        journal().save(&place).unwrap();
        journal().save(&place).unwrap();
        let read = Journal::read(&place).unwrap().unwrap();
        assert_eq!(read, journal());
        assert_eq!(read.number_of(Some("a")), Some(1));
        assert_eq!(read.number_of(Some("b")), None);
        assert_eq!(read.number_of(None), None);
        assert_eq!(read.proven()["2026/11/26/x"].bytes, 5);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        Journal::remove(&place).unwrap();
        Journal::remove(&place).unwrap();
        assert_eq!(Journal::read(&place).unwrap(), None);
    }

    #[test]
    fn one_that_is_not_whole_or_somebody_elses_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(&folder.path().join("staging"));
        journal().save(&place).unwrap();
        let text = fs::read(&place).unwrap();
        for length in 0..text.len() {
            fs::write(&place, &text[..length]).unwrap();
            assert!(matches!(Journal::read(&place), Err(SpanError::BrokenJournal { .. })), "{length}");
        }
        let text = String::from_utf8(text).unwrap();
        for (from, to) in [("\"span\":1", "\"span\":2"), ("[\"2026-11-26\"]", "[]"), ("2026-11-26", "2026-02-30")] {
            assert!(text.contains(from));
            fs::write(&place, text.replace(from, to)).unwrap();
            assert!(matches!(Journal::read(&place), Err(SpanError::BrokenJournal { .. })), "{to}");
        }
        fs::remove_file(&place).unwrap();
        symlink("/etc/passwd", &place).unwrap();
        assert!(Journal::read(&place).is_err(), "a link");
        fs::remove_file(&place).unwrap();
        nix::unistd::mkfifo(&place, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(Journal::read(&place).is_err(), "a pipe");
    }

    #[test]
    fn names_that_are_no_text_are_told_apart() {
        let names: [&[u8]; 4] = [b"a\xff", b"a\\xff", b"a\xc3\xa4", b"a\xc3"];
        let all: HashSet<String> = names.iter().map(|name| escaped(&TreePath::new(name))).collect();
        assert_eq!(all.len(), 4, "{all:?}");
        assert_eq!(escaped(&TreePath::new("2026/11/26/x")), "2026/11/26/x");
    }
}
