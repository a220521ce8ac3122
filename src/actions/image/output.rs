//! The place where an image is written.
//!
//! A regular file is written beside its place under a name of ours, and renamed: whatever happens, there is the old file or the new one, whole.
//! An old file is given up only when the new one is on the disk; where there is none, the disk is as little waited for as by `cp`. Everything else is
//! written to directly.
//!
//! One thread makes the image and another writes it: a large file's digest takes as long as its way to the disk. It also is what lets a signal
//! end a run that waits for the reader of a pipe: the waiting thread is left behind and ends with the process.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::{AccessFlags, access};

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
/// How the name of an unfinished image begins; the process's number follows.
const UNFINISHED: &str = ".cedarburn-image-";

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
        let failed = |is_begun| {
            let path = name.clone();
            move |Stopped { written, why }: Stopped| match why {
                Some(source) => ImageError::Write { path, written, planned, is_begun, source },
                None => ImageError::Interrupted { is_begun },
            }
        };
        match self.way {
            Way::Beside { directory, file } => {
                let replaces = file.exists();
                let (unfinished, opened) = Unfinished::create(&directory, &file)
                    .map_err(|source| ImageError::Place { path: name.clone(), source })?;
                let report = pass_on(plan, move || Ok(opened), replaces, stop, progress).map_err(failed(false))?;
                let written = planned;
                unfinished.rename(&file).map_err(|why| failed(false)(Stopped { written, why: Some(why) }))?;
                Ok(report)
            }
            Way::Direct => {
                let path = name.clone();
                let is_disk = path.metadata().is_ok_and(|metadata| metadata.file_type().is_block_device());
                let open = move || OpenOptions::new().write(true).open(path);
                pass_on(plan, open, is_disk, stop, progress).map_err(failed(true))
            }
            Way::Open(file, _) => pass_on(plan, move || Ok(file), false, stop, progress).map_err(failed(true)),
        }
    }
}

fn inode(metadata: &fs::Metadata) -> Inode {
    Inode { device: metadata.dev(), number: metadata.ino() }
}

/// A file that is removed unless it gets its name.
struct Unfinished(Option<PathBuf>);

impl Unfinished {
    /// Makes one that shows what `file` shows, if that is there.
    fn create(directory: &Path, file: &Path) -> io::Result<(Unfinished, File)> {
        let path = directory.join(format!("{UNFINISHED}{}", std::process::id()));
        let create = || OpenOptions::new().write(true).create_new(true).open(&path);
        let opened = match create() {
            // What a process left behind that had our number and was killed.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                fs::remove_file(&path)?;
                create()
            }
            opened => opened,
        }?;
        let unfinished = Unfinished(Some(path));
        if let Ok(old) = file.metadata() {
            // To give a file away takes more than to write it.
            let _ = std::os::unix::fs::fchown(&opened, Some(old.uid()), Some(old.gid()));
            opened.set_permissions(Permissions::from_mode(old.mode() & 0o777))?;
        }
        Ok((unfinished, opened))
    }

    fn rename(mut self, file: &Path) -> io::Result<()> {
        let path = self.0.as_ref().ok_or(ErrorKind::NotFound)?;
        fs::rename(path, file)?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            let _ = fs::remove_file(path);
        }
    }
}

/// The end of a writing that did not come to its end.
struct Stopped {
    written: u64,
    /// None: a signal.
    why: Option<io::Error>,
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
    let writer = thread::spawn(move || write_pieces(open, &full, &send_empty, sync));
    let mut stream = plan.stream();
    progress.event(Event::Begin { phase: Phase::Write, total: Some(plan.sectors()) });
    let mut done = Sectors(0);
    let result = loop {
        let mut piece = match next_empty(&empty, stop, done) {
            Ok(Some(piece)) => piece,
            Ok(None) => break end_of(writer).map(drop),
            Err(stopped) => break Err(stopped),
        };
        let count = stream.read(&mut piece);
        if count == 0 {
            drop(send_full);
            break finish(writer, &empty, stop, done);
        }
        // A writer that has ended says why when its last buffers are asked for.
        let _ = send_full.send((piece, count));
        done += Sectors::for_bytes(count as u64).unwrap_or_default();
        progress.event(Event::Done { sectors: done, fifo_percent: None });
    };
    progress.event(Event::End { phase: Phase::Write });
    result.map(|()| stream.finish())
}

/// A buffer to fill; none if the writer has ended.
fn next_empty(empty: &Receiver<Vec<u8>>, stop: &AtomicBool, done: Sectors) -> Result<Option<Vec<u8>>, Stopped> {
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(Stopped { written: done.bytes(), why: None });
        }
        match empty.recv_timeout(PATIENCE) {
            Ok(piece) => return Ok(Some(piece)),
            Err(RecvTimeoutError::Timeout) => (),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
        }
    }
}

/// Waits until the writer has written and synced everything.
fn finish(
    writer: JoinHandle<Result<u64, Stopped>>,
    empty: &Receiver<Vec<u8>>,
    stop: &AtomicBool,
    done: Sectors,
) -> Result<(), Stopped> {
    while next_empty(empty, stop, done)?.is_some() {}
    end_of(writer).map(drop)
}

fn end_of(writer: JoinHandle<Result<u64, Stopped>>) -> Result<u64, Stopped> {
    let panicked = |_| Stopped { written: 0, why: Some(io::Error::other("the writing thread ended")) };
    writer.join().map_err(panicked)?
}

fn write_pieces(
    open: impl FnOnce() -> io::Result<File>,
    full: &Receiver<(Vec<u8>, usize)>,
    empty: &SyncSender<Vec<u8>>,
    sync: bool,
) -> Result<u64, Stopped> {
    let mut written = 0;
    let failed = |written| move |error| Stopped { written, why: Some(error) };
    let mut file = open().map_err(failed(0))?;
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
    Ok(written)
}
