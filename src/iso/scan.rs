//! Fills a tree from a staging directory.
//!
//! Nothing is followed and nothing is read but metadata: links stay links, special files stay what they are.
//! That every regular file may be opened is asked of the kernel here, because a burn that has begun can only
//! leave out what it can't read.

use std::ffi::OsStr;
use std::fs::{DirEntry, File, Metadata, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{major, minor};
use nix::unistd::{AccessFlags, faccessat};

use super::tree::{Attributes, Content, Device, Inode, Kind, NodeId, Timestamp, Tree, TreeError, TreePath};

/// What a scan found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScanReport {
    /// Regular files, each name of a hard link counted.
    pub files: u64,
    /// Directories below the top.
    pub directories: u64,
    /// Links, pipes, sockets and devices.
    pub others: u64,
    /// Sizes of the files, each name of a hard link counted.
    pub bytes: u64,
    /// Names that were there when their directory was read and gone when they were looked at.
    pub vanished: Vec<PathBuf>,
}

/// A staging directory can't be taken into the tree.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The top is a link: it could lead anywhere, and what it leads to could change.
    #[error("{} is a symbolic link, not a directory", .0.display())]
    SymlinkedTop(PathBuf),
    /// The top is something else.
    #[error("{} is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// Files that were staged before stand at the place in the tree.
    #[error("{0} is staged already")]
    Occupied(TreePath),
    /// This user may not read a file.
    #[error("{} can't be opened for reading", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A directory or a file's metadata could not be read.
    #[error("{} can't be {doing}", path.display())]
    Io {
        /// What it was.
        path: PathBuf,
        /// What was tried: a participle.
        doing: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The tree has no room for a name.
    #[error("the staging directory does not fit into the tree")]
    Tree(#[from] TreeError),
}

/// Takes the directory `source` and all below it into `tree` as the directory `at`.
///
/// Parents that are missing on the way to `at` are made: root's, 0755, with the time of `source`. What stands
/// at `at` stays, so remove it first to replace it; graft outer directories before those inside them.
///
/// # Errors
/// When `source` is no directory, something in it can't be looked at or may not be read, or a name is taken.
pub fn graft(tree: &mut Tree, source: &Path, at: &TreePath) -> Result<ScanReport, ScanError> {
    let failed = |doing, source_error| ScanError::Io { path: source.to_owned(), doing, source: source_error };
    let metadata = source.symlink_metadata().map_err(|e| failed("looked at", e))?;
    if metadata.is_symlink() {
        return Err(ScanError::SymlinkedTop(source.to_owned()));
    }
    if !metadata.is_dir() {
        return Err(ScanError::NotADirectory(source.to_owned()));
    }
    if let Some(there) = tree.find(at) {
        let is_staged = |&id: &NodeId| matches!(tree.node(id).kind, Kind::File { content: Content::Staged(_), .. });
        if tree.walk_from(there).any(|id| is_staged(&id)) {
            return Err(ScanError::Occupied(at.clone()));
        }
    }

    let time = attributes(&metadata).modified;
    let parents = Attributes { mode: 0o755, uid: 0, gid: 0, modified: time, accessed: time, changed: time };
    let top = tree.make_directory(at, parents)?;
    tree.set_graft(top, source.to_owned());
    tree.node_mut(top).attributes = attributes(&metadata);
    tree.node_mut(top).links = links(&metadata);

    let mut scan = Scan { tree, report: ScanReport::default(), names: Vec::new(), entries: Vec::new() };
    // Depth first and the last child first: the stack stays as small as the tree is deep and wide.
    let mut waiting = vec![top];
    while let Some(directory) = waiting.pop() {
        scan.directory(directory, directory == top, &mut waiting)?;
    }
    Ok(scan.report)
}

/// Mode, owner and times as `lstat` has them.
pub(super) fn attributes(metadata: &Metadata) -> Attributes {
    let time = |seconds, nanoseconds| Timestamp { seconds, nanoseconds: u32::try_from(nanoseconds).unwrap_or(0) };
    Attributes {
        mode: metadata.mode() & 0o7777,
        uid: metadata.uid(),
        gid: metadata.gid(),
        modified: time(metadata.mtime(), metadata.mtime_nsec()),
        accessed: time(metadata.atime(), metadata.atime_nsec()),
        changed: time(metadata.ctime(), metadata.ctime_nsec()),
    }
}

/// Device and inode number.
pub(super) fn inode(metadata: &Metadata) -> Inode {
    Inode { device: metadata.dev(), number: metadata.ino() }
}

fn links(metadata: &Metadata) -> u32 {
    u32::try_from(metadata.nlink()).unwrap_or(u32::MAX)
}

struct Scan<'a> {
    tree: &'a mut Tree,
    report: ScanReport,
    /// The names of the directory at hand, one after the other.
    names: Vec<u8>,
    entries: Vec<(Range<usize>, DirEntry)>,
}

impl Scan<'_> {
    fn directory(&mut self, id: NodeId, is_top: bool, waiting: &mut Vec<NodeId>) -> Result<(), ScanError> {
        let path = self.tree.staged_path(id).unwrap_or_default();
        let opened = match self.list(&path) {
            Ok(opened) => opened,
            Err(e) if e.kind() == io::ErrorKind::NotFound && !is_top => {
                self.tree.remove(id);
                self.report.directories -= 1;
                self.report.vanished.push(path);
                return Ok(());
            }
            Err(source) => return Err(ScanError::Io { path, doing: "listed", source }),
        };
        for (name, entry) in std::mem::take(&mut self.entries) {
            let name = &self.names[name];
            let path = || path.join(OsStr::from_bytes(name));
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    self.report.vanished.push(path());
                    continue;
                }
                Err(source) => return Err(ScanError::Io { path: path(), doing: "looked at", source }),
            };
            let Some(kind) = self.kind(&metadata, &entry, &path)? else {
                self.report.vanished.push(path());
                continue;
            };
            if let Kind::File { size, .. } = kind {
                match faccessat(&opened, OsStr::from_bytes(name), AccessFlags::R_OK, AtFlags::AT_EACCESS) {
                    Ok(()) => (),
                    Err(Errno::ENOENT) => {
                        self.report.vanished.push(path());
                        continue;
                    }
                    Err(errno) => return Err(ScanError::Unreadable { path: path(), source: errno.into() }),
                }
                self.report.files += 1;
                self.report.bytes = self.report.bytes.saturating_add(size);
            }
            let is_directory = matches!(kind, Kind::Directory(_));
            let is_other = !is_directory && !matches!(kind, Kind::File { .. });
            self.report.others += u64::from(is_other);
            self.report.directories += u64::from(is_directory);
            let child = self.tree.insert(id, name, attributes(&metadata), kind)?;
            self.tree.node_mut(child).links = links(&metadata);
            if is_directory {
                waiting.push(child);
            }
        }
        Ok(())
    }

    /// Reads the names of a directory, sorted, which makes adding them to the tree cheap.
    fn list(&mut self, path: &Path) -> io::Result<File> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
        let opened = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
        self.names.clear();
        self.entries.clear();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let start = self.names.len();
            self.names.extend_from_slice(&entry.file_name().into_vec());
            self.entries.push((start..self.names.len(), entry));
        }
        let names = &self.names;
        self.entries.sort_unstable_by(|(a, _), (b, _)| names[a.clone()].cmp(&names[b.clone()]));
        Ok(opened)
    }

    /// What the entry is; `None` if it was a link and has vanished.
    fn kind(
        &self,
        metadata: &Metadata,
        entry: &DirEntry,
        path: &dyn Fn() -> PathBuf,
    ) -> Result<Option<Kind>, ScanError> {
        const TYPE: u32 = 0o170_000;
        let device = || {
            let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            Device { major: narrow(major(metadata.rdev())), minor: narrow(minor(metadata.rdev())) }
        };
        Ok(Some(match metadata.mode() & TYPE {
            0o040_000 => Kind::Directory(Vec::new()),
            0o100_000 => Kind::File { size: metadata.len(), content: Content::Staged(inode(metadata)) },
            0o120_000 => match std::fs::read_link(entry.path()) {
                Ok(target) => Kind::Symlink(target.into_os_string().into_vec().into()),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(source) => return Err(ScanError::Io { path: path(), doing: "read as a link", source }),
            },
            0o010_000 => Kind::Fifo,
            0o140_000 => Kind::Socket,
            0o020_000 => Kind::CharacterDevice(device()),
            0o060_000 => Kind::BlockDevice(device()),
            _ => {
                let source = io::Error::from(io::ErrorKind::Unsupported);
                return Err(ScanError::Io { path: path(), doing: "kept: its type is unknown", source });
            }
        }))
    }
}

#[cfg(test)]
mod tests;
