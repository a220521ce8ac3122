//! Fills a tree from a staging directory.
//!
//! Nothing is followed and nothing is read but metadata: links stay links, special files stay what they are.
//! That every regular file may be opened is asked of the kernel here, because a burn that has begun can only
//! leave out what it can't read. Where the mode already says so, the kernel isn't asked: a question a file is much for a million of them.
//!
//! Everything is looked at relative to its open directory. So a file costs one short call however deep it stands, and a tree may be deeper than the
//! longest path the kernel takes.
//!
//! Several directories may be grafted at one place. Directories merge with directories, and show the attributes of the one that came first; of
//! anything else there is one in a place.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, OpenHow, ResolveFlag, open, openat, openat2, readlinkat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat, major, minor};
use nix::unistd::{AccessFlags, Uid, faccessat, geteuid};

use super::tree::{Attributes, Content, Device, Graft, Inode, Kind, NodeId, Timestamp, Tree, TreeError, TreePath};

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
    /// Names that were there when their directory was read and gone, or something else, when they were looked at. A directory that is mounted only when
    /// it is opened is something else once.
    pub vanished: Vec<PathBuf>,
    /// What the caller did not want.
    pub left_out: Vec<PathBuf>,
}

/// A name that was found, before it is taken into the tree.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The directory it stands in.
    pub directory: Inode,
    /// The name.
    pub name: &'a [u8],
    /// What it names.
    pub inode: Inode,
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
    /// Two things for one place, not both of them directories.
    #[error("{at} can't be both {} and {}", first.display(), second.display())]
    Meeting {
        /// The place in the tree.
        at: TreePath,
        /// What was there first.
        first: PathBuf,
        /// What came later.
        second: PathBuf,
    },
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
    /// The caller wanted no more of it.
    #[error("the scan was stopped")]
    Stopped,
    /// The tree has no room for a name.
    #[error("the files do not fit into the tree")]
    Tree(#[from] TreeError),
}

/// Takes the directory `source` and all below it into `tree` as the directory `at`.
///
/// Parents that are missing on the way to `at` are made: root's, 0755, with the time of `source`. What stands
/// at `at` stays, and what is found is merged into it: remove it first to replace it.
///
/// # Errors
/// When `source` is no directory, something in it can't be looked at or may not be read, or a name is taken.
pub fn graft(tree: &mut Tree, source: &Path, at: &TreePath) -> Result<ScanReport, ScanError> {
    graft_without(tree, source, at, &|_| false, &|| false)
}

/// As [`graft`], without what `leave_out` doesn't want, and only until `is_over`, which is asked for each name.
///
/// # Errors
/// As [`graft`]; and [`ScanError::Stopped`], with part of what there is in the tree.
pub fn graft_without(
    tree: &mut Tree,
    source: &Path,
    at: &TreePath,
    leave_out: &dyn Fn(&Found<'_>) -> bool,
    is_over: &dyn Fn() -> bool,
) -> Result<ScanReport, ScanError> {
    let failed = |doing, source_error| ScanError::Io { path: source.to_owned(), doing, source: source_error };
    let metadata = source.symlink_metadata().map_err(|e| failed("looked at", e))?;
    if metadata.is_symlink() {
        return Err(ScanError::SymlinkedTop(source.to_owned()));
    }
    if !metadata.is_dir() {
        return Err(ScanError::NotADirectory(source.to_owned()));
    }
    let found = attributes(&metadata);
    let time = found.modified;
    let parents = Attributes { mode: 0o755, uid: 0, gid: 0, modified: time, accessed: time, changed: time };
    let mut top = tree.root();
    for name in at.names() {
        top = match tree.child(top, name) {
            Some(next) if matches!(tree.node(next).kind, Kind::Directory(_)) => next,
            Some(next) => return Err(TreeError::NotADirectory(tree.path(next)).into()),
            None => {
                let made = tree.insert(top, name, parents, Kind::Directory(Vec::new()))?;
                tree.set_graft(made, Graft::Made);
                made
            }
        };
    }
    let mut scan = Scan {
        tree,
        top: source.as_os_str().len(),
        leave_out,
        is_over,
        user: geteuid(),
        report: ScanReport::default(),
        names: Vec::new(),
        entries: Vec::new(),
        waiting: Vec::new(),
    };
    let links = u32::try_from(metadata.nlink()).unwrap_or(u32::MAX);
    scan.meet_directory(top, source, found, links, inode(&metadata));
    // Depth first and the last child first: what waits stays as small as the tree is deep and wide.
    while let Some(next) = scan.waiting.pop() {
        let is_top = next.id == top;
        scan.directory(next, is_top)?;
    }
    Ok(scan.report)
}

/// Opens what may stand deeper than the longest path the kernel takes: such a path is walked in pieces.
///
/// # Errors
/// As `open`.
pub fn open_staged(path: &Path, flags: OFlag) -> io::Result<File> {
    Ok(walk(None, path.as_os_str().as_bytes(), flags, ResolveFlag::empty())?.into())
}

/// As [`open_staged`], without following any link behind the first `top` bytes of the path, where the kernel can do that (Linux 5.6).
///
/// That another file was opened than the one that was looked at is seen afterwards; but opening alone can do something, where a directory was
/// replaced by a link to one of devices.
///
/// # Errors
/// As `open`; `ELOOP` for a link.
pub(super) fn open_below(path: &Path, top: usize, flags: OFlag) -> io::Result<File> {
    let bytes = path.as_os_str().as_bytes();
    let (above, below) = bytes.split_at(top.min(bytes.len()));
    let names = below.iter().position(|&b| b != b'/');
    match names {
        Some(names) if !above.is_empty() && can_refuse_links() => {
            let above = walk(None, above, OFlag::O_PATH | OFlag::O_DIRECTORY, ResolveFlag::empty())?;
            Ok(walk(Some(above), &below[names..], flags, ResolveFlag::RESOLVE_NO_SYMLINKS)?.into())
        }
        _ => open_staged(path, flags),
    }
}

/// Whether there is `openat2`: it is younger than other calls, and a sandbox may not know it.
fn can_refuse_links() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
        openat2(AT_FDCWD, "/", how).is_ok()
    })
}

/// Opens a path, piece by piece where it is too long.
fn walk(mut above: Option<OwnedFd>, path: &[u8], flags: OFlag, resolve: ResolveFlag) -> nix::Result<OwnedFd> {
    /// Bytes of the longest path, without the zero at its end.
    const LONGEST: usize = 4095;
    let mut rest = path;
    let open_in = |above: Option<&OwnedFd>, piece: &[u8], flags| match above {
        Some(above) if !resolve.is_empty() => openat2(above, piece, OpenHow::new().flags(flags).resolve(resolve)),
        Some(above) => openat(above, piece, flags, Mode::empty()),
        None => open(piece, flags, Mode::empty()),
    };
    while rest.len() > LONGEST {
        let slash = rest[..LONGEST].iter().rposition(|&b| b == b'/').filter(|&at| at > 0);
        let slash = slash.ok_or(Errno::ENAMETOOLONG)?;
        above = Some(open_in(above.as_ref(), &rest[..slash], OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC)?);
        let names = rest[slash..].iter().position(|&b| b != b'/').unwrap_or(rest.len() - slash);
        rest = &rest[slash + names..];
    }
    open_in(above.as_ref(), rest, flags | OFlag::O_CLOEXEC)
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

/// The same from the other form of `lstat`'s answer.
pub(super) fn attributes_of(stat: &FileStat) -> Attributes {
    let time = |seconds, nanoseconds| Timestamp { seconds, nanoseconds: u32::try_from(nanoseconds).unwrap_or(0) };
    Attributes {
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        modified: time(stat.st_mtime, stat.st_mtime_nsec),
        accessed: time(stat.st_atime, stat.st_atime_nsec),
        changed: time(stat.st_ctime, stat.st_ctime_nsec),
    }
}

pub(super) fn inode_of(stat: &FileStat) -> Inode {
    Inode { device: stat.st_dev, number: stat.st_ino }
}

/// A directory whose names are still to be taken.
struct Waiting {
    id: NodeId,
    /// What its name was when it was looked at.
    inode: Inode,
    /// How it met a node that was there before; none if the node is its own.
    met: Option<Met>,
}

/// A directory in the place of one that is in the tree already. The node learns of it only when it was opened: one that vanishes until then leaves
/// what was there before as it was.
struct Met {
    path: Arc<Path>,
    /// What the node is to show, where it was only made.
    shown: Option<(Attributes, u32)>,
}

struct Scan<'a> {
    tree: &'a mut Tree,
    /// Bytes of every path here that lead to the top.
    top: usize,
    leave_out: &'a dyn Fn(&Found<'_>) -> bool,
    is_over: &'a dyn Fn() -> bool,
    user: Uid,
    report: ScanReport,
    /// The names of the directory at hand, one after the other.
    names: Vec<u8>,
    entries: Vec<Range<usize>>,
    waiting: Vec<Waiting>,
}

/// The directory at hand.
struct Current<'a> {
    id: NodeId,
    opened: &'a Dir,
    inode: Inode,
    path: &'a Path,
    /// Its path, if the node comes from elsewhere.
    merged: Option<&'a Arc<Path>>,
}

impl Scan<'_> {
    fn directory(&mut self, waiting: Waiting, is_top: bool) -> Result<(), ScanError> {
        self.go_on()?;
        let Waiting { id, inode, met } = waiting;
        let path = match &met {
            Some(met) => met.path.to_path_buf(),
            None => self.tree.staged_path(id).unwrap_or_default(),
        };
        let opened = match self.list(&path, inode) {
            Ok(opened) => opened,
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) if !is_top => {
                if met.is_none() {
                    self.tree.remove(id);
                    self.report.directories -= 1;
                }
                self.report.vanished.push(path);
                return Ok(());
            }
            Err(errno) => return Err(ScanError::Io { path, doing: "listed", source: errno.into() }),
        };
        let merged = met.and_then(|met| self.take_over(id, met));
        let current = Current { id, opened: &opened, inode, path: &path, merged: merged.as_ref() };
        let names = std::mem::take(&mut self.names);
        let mut entries = std::mem::take(&mut self.entries);
        // What is there from elsewhere and what is found are both sorted: they are merged in one pass.
        let mut others = self.tree.take_children(id).into_iter().peekable();
        let taken = entries.drain(..).try_for_each(|range| {
            self.go_on()?;
            let name = &names[range];
            while let Some(smaller) = others.next_if(|&other| *self.tree.node(other).name < *name) {
                self.tree.append_child(id, smaller);
            }
            let there = others.peek().copied().filter(|&other| *self.tree.node(other).name == *name);
            self.name(&current, name, there)
        });
        others.for_each(|other| self.tree.append_child(id, other));
        (self.names, self.entries) = (names, entries);
        taken
    }

    fn go_on(&self) -> Result<(), ScanError> {
        if (self.is_over)() { Err(ScanError::Stopped) } else { Ok(()) }
    }

    /// Reads the names of a directory, sorted, which makes adding them to the tree cheap. Another directory in its place counts as none.
    fn list(&mut self, path: &Path, inode: Inode) -> nix::Result<Dir> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
        let opened = open_below(path, self.top, flags).map_err(|e| Errno::from_raw(e.raw_os_error().unwrap_or(0)))?;
        if inode_of(&fstat(&opened)?) != inode {
            return Err(Errno::ENOENT);
        }
        let mut opened = Dir::from_fd(opened.into())?;
        self.names.clear();
        self.entries.clear();
        for entry in opened.iter() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                let start = self.names.len();
                self.names.extend_from_slice(name);
                self.entries.push(start..self.names.len());
            }
        }
        let names = &self.names;
        self.entries.sort_unstable_by(|a, b| names[a.clone()].cmp(&names[b.clone()]));
        Ok(opened)
    }

    /// Looks at a name and takes it into the tree, where `there` has that name already.
    fn name(&mut self, current: &Current<'_>, name: &[u8], there: Option<NodeId>) -> Result<(), ScanError> {
        let path = || current.path.join(OsStr::from_bytes(name));
        let stat = match fstatat(current.opened, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::ENOENT) => {
                self.report.vanished.push(path());
                return Ok(());
            }
            Err(errno) => return Err(ScanError::Io { path: path(), doing: "looked at", source: errno.into() }),
        };
        if (self.leave_out)(&Found { directory: current.inode, name, inode: inode_of(&stat) }) {
            self.report.left_out.push(path());
            return Ok(());
        }
        let kind = match kind(&stat, current.opened, name) {
            Ok(kind) => kind,
            Err((_, Errno::ENOENT)) => {
                self.report.vanished.push(path());
                return Ok(());
            }
            Err((doing, errno)) => return Err(ScanError::Io { path: path(), doing, source: errno.into() }),
        };
        if matches!(kind, Kind::File { .. }) && !self.may_surely_read(&stat) {
            match faccessat(current.opened, name, AccessFlags::R_OK, AtFlags::AT_EACCESS) {
                Ok(()) => (),
                Err(Errno::ENOENT) => {
                    self.report.vanished.push(path());
                    return Ok(());
                }
                Err(errno) => return Err(ScanError::Unreadable { path: path(), source: errno.into() }),
            }
        }
        let attributes = attributes_of(&stat);
        let links = u32::try_from(stat.st_nlink).unwrap_or(u32::MAX);
        let is_directory = matches!(kind, Kind::Directory(_));
        if let Some(there) = there {
            if is_directory && matches!(self.tree.node(there).kind, Kind::Directory(_)) {
                self.meet_directory(there, &path(), attributes, links, inode_of(&stat));
                return Ok(());
            }
            let at = self.tree.path(there);
            return Err(match self.tree.staged_path(there) {
                Some(first) => ScanError::Meeting { at, first, second: path() },
                None => TreeError::Duplicate(at).into(),
            });
        }
        match &kind {
            Kind::Directory(_) => self.report.directories += 1,
            Kind::File { size, .. } => {
                self.report.files += 1;
                self.report.bytes = self.report.bytes.saturating_add(*size);
            }
            _ => self.report.others += 1,
        }
        let child = self.tree.insert(current.id, name, attributes, kind)?;
        self.tree.node_mut(child).links = links;
        if let Some(directory) = current.merged {
            let top = u32::try_from(self.top).unwrap_or(u32::MAX);
            self.tree.set_graft(child, Graft::NameIn { directory: directory.clone(), top });
        }
        if is_directory {
            self.waiting.push(Waiting { id: child, inode: inode_of(&stat), met: None });
        }
        Ok(())
    }

    /// A directory for one that is in the tree: they merge.
    fn meet_directory(&mut self, there: NodeId, path: &Path, attributes: Attributes, links: u32, inode: Inode) {
        let is_made = self.tree.staged_path(there).is_none();
        let met = Met { path: path.into(), shown: is_made.then_some((attributes, links)) };
        self.waiting.push(Waiting { id: there, inode, met: Some(met) });
    }

    /// Makes a node that was only made what is found now; the path of what is found, if the node stays what it is.
    fn take_over(&mut self, id: NodeId, met: Met) -> Option<Arc<Path>> {
        let Some((attributes, links)) = met.shown else { return Some(met.path) };
        for child in self.tree.children(id).to_vec() {
            if !self.tree.is_graft(child) {
                self.tree.set_graft(child, Graft::Made);
            }
        }
        self.tree.set_graft(id, Graft::Directory(met.path));
        let node = self.tree.node_mut(id);
        (node.attributes, node.links) = (attributes, links);
        None
    }

    /// Whether the mode alone says that this user may read the file: an owner who has the bit, and root where everybody has it.
    fn may_surely_read(&self, stat: &FileStat) -> bool {
        let owns = self.user.as_raw() == stat.st_uid && stat.st_mode & 0o400 != 0;
        owns || (self.user.is_root() && stat.st_mode & 0o444 == 0o444)
    }
}

/// What a name is; what was tried, where that failed.
fn kind(stat: &FileStat, directory: &Dir, name: &[u8]) -> Result<Kind, (&'static str, Errno)> {
    const TYPE: u32 = 0o170_000;
    let device = || {
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        Device { major: narrow(major(stat.st_rdev)), minor: narrow(minor(stat.st_rdev)) }
    };
    Ok(match stat.st_mode & TYPE {
        0o040_000 => Kind::Directory(Vec::new()),
        0o100_000 => {
            Kind::File { size: u64::try_from(stat.st_size).unwrap_or(0), content: Content::Staged(inode_of(stat)) }
        }
        0o120_000 => match readlinkat(directory, name) {
            Ok(target) => Kind::Symlink(target.into_vec().into()),
            Err(errno) => return Err(("read as a link", errno)),
        },
        0o010_000 => Kind::Fifo,
        0o140_000 => Kind::Socket,
        0o020_000 => Kind::CharacterDevice(device()),
        0o060_000 => Kind::BlockDevice(device()),
        _ => return Err(("kept: its type is unknown", Errno::ENOTSUP)),
    })
}

#[cfg(test)]
mod tests;
