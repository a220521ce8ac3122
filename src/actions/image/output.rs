//! The place where an image is written.
//!
//! A regular file is written beside its place under a name of ours, and renamed: whatever becomes of the run, there is the old file or the new one,
//! whole. An old file is given up only when the new one is on the disk, so that this holds for a power cut too; where there is none, the disk is as
//! little waited for as by `cp`, and a power cut soon after may leave less than the image. Everything else is written to directly. Whatever it is, it
//! is closed before the image counts as written: some file systems tell only then that there was no room.
//!
//! Others may write to the directory too. A name that is taken is never ours: numbers of processes are unique neither across containers nor across
//! machines. And what gets the image's name is the file that was written, or nothing.
//!
//! One thread makes the image and another writes it: a large file's digest takes as long as its way to the disk. It also is what lets a signal
//! end a run that waits for the reader of a pipe: the waiting thread is left behind and ends with the process.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt as _, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::{AccessFlags, access, close};

use super::{Destination, ImageError};
use crate::burn::{Event, Phase, Progress};
use crate::iso::generator::plan::Plan;
use crate::iso::generator::stream::StreamReport;
use crate::iso::scan::Found;
use crate::iso::tree::Inode;
use crate::sector::Sectors;

/// Bytes handed over at once: as much as an ordinary user's pipe can be made to hold.
const PIECE: usize = 1 << 20;
/// Pieces on their way.
const PIECES: usize = 3;
/// Between two looks whether a signal came.
const PATIENCE: Duration = Duration::from_millis(100);
/// How the name of an unfinished image begins; 16 random digits follow.
const UNFINISHED: &str = ".cedarburn-image-";
/// Names to try: that one is taken is as good as impossible.
const NAMES: usize = 8;

/// Where the image goes.
#[derive(Debug)]
pub(super) struct Place {
    /// As it is called in messages.
    name: PathBuf,
    way: Way,
    /// Directory and name, where it has one.
    at: Option<(Inode, OsString)>,
}

#[derive(Debug)]
enum Way {
    /// A regular file, there or not, in this directory.
    Beside { directory: PathBuf, file: PathBuf },
    /// What is there is written to.
    Direct,
    /// What is open is written to; which it is, if it is a regular file.
    Open(File, Option<Inode>),
}

impl Place {
    /// Looks at it; makes and opens nothing.
    ///
    /// # Errors
    /// When it is nothing that can be written to.
    pub(super) fn new(destination: Destination) -> Result<Place, ImageError> {
        match destination {
            Destination::Open(file) => {
                let metadata = file.metadata().ok().filter(fs::Metadata::is_file);
                let inode = metadata.map(|metadata| inode(&metadata));
                Ok(Place { name: "stdout".into(), way: Way::Open(file, inode), at: None })
            }
            Destination::Path(path) => {
                let found = Place::at_path(&path);
                found.map_err(|source| ImageError::Place { path, source })
            }
        }
    }

    fn at_path(path: &Path) -> io::Result<Place> {
        let mut file = path.to_owned();
        let mut is_direct = false;
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => return Err(ErrorKind::IsADirectory.into()),
            Ok(metadata) if metadata.is_file() => {
                // A link stays and what it leads to is replaced.
                file = fs::canonicalize(path)?;
                access(&file, AccessFlags::W_OK)?;
            }
            Ok(_) => is_direct = true,
            Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => (),
            Err(error) => return Err(error),
        }
        let name = file.file_name().filter(|_| !file.as_os_str().as_bytes().ends_with(b"/"));
        let name = name.ok_or(ErrorKind::IsADirectory)?.to_owned();
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = parent.unwrap_or(Path::new(".")).to_owned();
        let metadata = directory.metadata()?;
        if !metadata.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        let way = if is_direct { Way::Direct } else { Way::Beside { directory, file } };
        Ok(Place { name: path.to_owned(), way, at: Some((inode(&metadata), name)) })
    }

    /// Whether a name that was found is the image itself, or an unfinished one beside it.
    pub(super) fn is_part(&self, found: &Found<'_>) -> bool {
        if let Way::Open(_, Some(inode)) = self.way {
            return found.inode == inode;
        }
        let Some((directory, name)) = &self.at else { return false };
        found.directory == *directory
            && (found.name == name.as_bytes() || found.name.starts_with(UNFINISHED.as_bytes()))
    }

    /// Writes the image there.
    ///
    /// # Errors
    /// When it can't be written to its end. A file that was there is as it was then.
    pub(super) fn write(
        self,
        plan: &Plan,
        stop: &AtomicBool,
        progress: &mut dyn Progress,
    ) -> Result<StreamReport, ImageError> {
        let name = self.name;
        let planned = plan.sectors().bytes();
        let failed = |stopped, is_direct: bool| {
            let path = name.clone();
            match stopped {
                Stopped::Signal { is_open } => ImageError::Interrupted { is_begun: is_direct && is_open },
                Stopped::Open(source) => ImageError::Place { path, source },
                Stopped::Write { written, source } => {
                    ImageError::Write { path, written, planned, is_begun: is_direct && written > 0, source }
                }
            }
        };
        match self.way {
            Way::Beside { directory, file } => {
                let replaces = file.exists();
                let (unfinished, opened) = Unfinished::create(&directory, &file)
                    .map_err(|source| ImageError::Place { path: name.clone(), source })?;
                let report = pass_on(plan, move || Ok(opened), replaces, stop, progress);
                let report = report.map_err(|stopped| failed(stopped, false))?;
                let written = planned;
                unfinished.rename(&file).map_err(|source| failed(Stopped::Write { written, source }, false))?;
                Ok(report)
            }
            Way::Direct => {
                let path = name.clone();
                let is_disk = path.metadata().is_ok_and(|metadata| metadata.file_type().is_block_device());
                let open = move || OpenOptions::new().write(true).open(path);
                pass_on(plan, open, is_disk, stop, progress).map_err(|stopped| failed(stopped, true))
            }
            Way::Open(file, _) => {
                pass_on(plan, move || Ok(file), false, stop, progress).map_err(|stopped| failed(stopped, true))
            }
        }
    }
}

fn inode(metadata: &fs::Metadata) -> Inode {
    Inode { device: metadata.dev(), number: metadata.ino() }
}

/// A file that is removed unless it gets its name.
struct Unfinished {
    path: PathBuf,
    /// Kept open, so that nobody else's file can be the same.
    file: File,
    is_renamed: bool,
}

impl Unfinished {
    /// Makes one that shows what `old` shows, if that is there, and nobody more than `old` does at any time.
    fn create(directory: &Path, old: &Path) -> io::Result<(Unfinished, File)> {
        let old = old.metadata().ok();
        let mode = if old.is_some() { 0o600 } else { 0o666 };
        let random = RandomState::new();
        let mut names = (0..NAMES).map(|n| directory.join(format!("{UNFINISHED}{:016x}", random.hash_one(n))));
        let (path, file) = loop {
            let path = names.next().ok_or(ErrorKind::AlreadyExists)?;
            match OpenOptions::new().write(true).create_new(true).mode(mode).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => (),
                opened => break (path, opened?),
            }
        };
        let unfinished = Unfinished { path, file, is_renamed: false };
        let opened = unfinished.file.try_clone()?;
        if let Some(old) = old {
            // To give a file away takes more than to write it, and another group is not to read what the old one might.
            let has_owner = fchown(&opened, Some(old.uid()), Some(old.gid())).is_ok();
            let has_group = has_owner || fchown(&opened, None, Some(old.gid())).is_ok();
            let kept = if has_group { 0o777 } else { 0o707 };
            opened.set_permissions(Permissions::from_mode(old.mode() & kept))?;
        }
        Ok((unfinished, opened))
    }

    /// Whether the name still leads to the file.
    fn is_there(&self) -> io::Result<bool> {
        Ok(inode(&self.path.symlink_metadata()?) == inode(&self.file.metadata()?))
    }

    fn rename(mut self, file: &Path) -> io::Result<()> {
        if !self.is_there()? {
            return Err(io::Error::other(format!("another file stands at {}", self.path.display())));
        }
        fs::rename(&self.path, file)?;
        self.is_renamed = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_renamed && self.is_there().unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The end of a writing that did not come to its end.
enum Stopped {
    /// A signal came; whether there may be a part of the image then.
    Signal { is_open: bool },
    /// There was nothing to write to.
    Open(io::Error),
    /// Writing, syncing or closing failed.
    Write { written: u64, source: io::Error },
}

/// Makes the image and hands it to a thread that writes it.
fn pass_on(
    plan: &Plan,
    open: impl FnOnce() -> io::Result<File> + Send + 'static,
    sync: bool,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<StreamReport, Stopped> {
    let (send_full, full) = sync_channel::<(Vec<u8>, usize)>(PIECES);
    let (send_empty, empty) = sync_channel::<Vec<u8>>(PIECES);
    for _ in 0..PIECES {
        let _ = send_empty.send(vec![0; PIECE]);
    }
    let is_open = Arc::new(AtomicBool::new(false));
    let opened = Arc::clone(&is_open);
    let open = move || open().inspect(|_| opened.store(true, Ordering::Relaxed));
    let write = move || write_pieces(open, &full, &send_empty, sync);
    // The user may have no more threads.
    let writer = thread::Builder::new().spawn(write).map_err(Stopped::Open)?;
    let interrupted = || Stopped::Signal { is_open: is_open.load(Ordering::Relaxed) };
    let mut stream = plan.stream();
    progress.event(Event::Begin { phase: Phase::Write, total: Some(plan.sectors()) });
    let mut done = Sectors(0);
    let result = loop {
        let mut piece = match next_empty(&empty, stop) {
            Next::Empty(piece) => piece,
            Next::Ended => break end_of(writer),
            Next::Signal => break Err(interrupted()),
        };
        let count = stream.read(&mut piece);
        if count == 0 {
            drop(send_full);
            break match rest(&empty, stop) {
                Next::Signal => Err(interrupted()),
                _ => end_of(writer),
            };
        }
        // A writer that has ended says why when its last buffers are asked for.
        let _ = send_full.send((piece, count));
        done += Sectors::for_bytes(count as u64).unwrap_or_default();
        progress.event(Event::Done { sectors: done, fifo_percent: None, drive_percent: None });
    };
    progress.event(Event::End { phase: Phase::Write });
    result.map(|()| stream.finish())
}

/// What there is for the one who makes the image.
enum Next {
    /// A buffer to fill.
    Empty(Vec<u8>),
    /// The writer has ended.
    Ended,
    /// A signal came.
    Signal,
}

fn next_empty(empty: &Receiver<Vec<u8>>, stop: &AtomicBool) -> Next {
    loop {
        if stop.load(Ordering::Relaxed) {
            return Next::Signal;
        }
        match empty.recv_timeout(PATIENCE) {
            Ok(piece) => return Next::Empty(piece),
            Err(RecvTimeoutError::Timeout) => (),
            Err(RecvTimeoutError::Disconnected) => return Next::Ended,
        }
    }
}

/// Waits until the writer has written, synced and closed everything.
fn rest(empty: &Receiver<Vec<u8>>, stop: &AtomicBool) -> Next {
    loop {
        match next_empty(empty, stop) {
            Next::Empty(_) => (),
            end => return end,
        }
    }
}

fn end_of(writer: JoinHandle<Result<(), Stopped>>) -> Result<(), Stopped> {
    let panicked = |_| Stopped::Write { written: 0, source: io::Error::other("the writing thread ended") };
    writer.join().map_err(panicked)?
}

fn write_pieces(
    open: impl FnOnce() -> io::Result<File>,
    full: &Receiver<(Vec<u8>, usize)>,
    empty: &SyncSender<Vec<u8>>,
    sync: bool,
) -> Result<(), Stopped> {
    let mut written = 0;
    let failed = |written| move |source| Stopped::Write { written, source };
    let mut file = open().map_err(Stopped::Open)?;
    // Refused where it is no pipe, or above what the user may have.
    let _ = fcntl(&file, FcntlArg::F_SETPIPE_SZ(i32::try_from(PIECE).unwrap_or(i32::MAX)));
    while let Ok((piece, count)) = full.recv() {
        let mut rest = &piece[..count];
        while !rest.is_empty() {
            match file.write(rest) {
                Ok(0) => return Err(failed(written)(ErrorKind::WriteZero.into())),
                Ok(count) => {
                    rest = &rest[count..];
                    written += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                // Somebody who shares it has made it so.
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PATIENCE / 20),
                Err(error) => return Err(failed(written)(error)),
            }
        }
        let _ = empty.send(piece);
    }
    if sync {
        file.sync_all().map_err(failed(written))?;
    }
    close(file).map_err(|errno| failed(written)(errno.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> usize {
        fs::read_dir(directory).unwrap().count()
    }

    #[test]
    fn unfinished_files_of_one_directory_have_names_of_their_own() {
        let desk = tempfile::tempdir().unwrap();
        let file = desk.path().join("image");
        let (first, _) = Unfinished::create(desk.path(), &file).unwrap();
        let (second, _) = Unfinished::create(desk.path(), &file).unwrap();
        assert_eq!(names(desk.path()), 2);
        second.rename(&file).unwrap();
        drop(first);
        assert_eq!(names(desk.path()), 1, "one is renamed, the other removed");
    }

    #[test]
    fn somebody_elses_file_gets_neither_the_images_name_nor_is_it_removed() {
        let desk = tempfile::tempdir().unwrap();
        let file = desk.path().join("image");
        fs::write(&file, "old").unwrap();
        let (unfinished, _) = Unfinished::create(desk.path(), &file).unwrap();
        let path = unfinished.path.clone();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(unfinished.rename(&file).unwrap_err().to_string().contains("another file stands at"));
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
    }

    #[test]
    fn a_file_that_replaces_another_has_its_mode() {
        let desk = tempfile::tempdir().unwrap();
        let file = desk.path().join("image");
        fs::write(&file, "old").unwrap();
        for mode in [0o600, 0o644, 0o664] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let (_unfinished, opened) = Unfinished::create(desk.path(), &file).unwrap();
            assert_eq!(opened.metadata().unwrap().mode() & 0o7777, mode);
        }
    }

    #[test]
    fn what_cannot_be_opened_is_not_begun() {
        let (_full, pieces) = sync_channel(0);
        let (empty, _emptied) = sync_channel(0);
        let refused = || Err(ErrorKind::PermissionDenied.into());
        assert!(matches!(write_pieces(refused, &pieces, &empty, false), Err(Stopped::Open(_))));
    }
}
