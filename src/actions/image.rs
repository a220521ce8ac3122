//! *image*: directories become an image in a file, a pipe or a device. The generator alone: no configuration, no drive.
//!
//! ```text
//! where does it go? ─ scan the directories ─ plan ─ (nothing has been written so far) ─ write
//! ```
//!
//! What decides between `mkisofs` and us, where they differ:
//!
//! * A source that is a symbolic link to a directory is followed, once, at the beginning: `mkisofs` makes an image with nothing but the link in it,
//!   which nobody wants. Below it nothing is followed.
//! * What changes while it is read does not spoil the image: it is finished and kept, sound, and what is not whole is named. What comes to a
//!   directory that was listed already is no damage: it is not in the image.
//! * A name that goes away or is replaced between listing and looking refuses the run, as in *store*: what was asked for was not there to take. Nobody runs *image*
//!   again by itself, so the error says that.
//! * The image does not hold itself: the file that is written is left out, and so are unfinished ones beside it.

mod output;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::Date;

use self::output::Place;
use super::proof::Finding;
use super::{notes, own_files};
use crate::burn::Progress;
use crate::iso::generator::plan::{AttributePolicy, Options, Plan, PlanError};
use crate::iso::scan::{self, ScanError};
use crate::iso::tree::{Kind, Timestamp, Tree, TreeError, TreePath};
use crate::sector::Sectors;

/// A directory, and where its content goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The directory.
    pub directory: PathBuf,
    /// The directory of the image that shows its content.
    pub at: TreePath,
}

/// Where the image goes.
#[derive(Debug)]
pub enum Destination {
    /// A file to make or to replace; or a pipe or a device, which is written to.
    Path(PathBuf),
    /// What is open already: stdout.
    Open(fs::File),
}

/// What *image* is asked to do.
#[derive(Debug)]
pub struct Request<'a> {
    /// The directories, in the order in which they merge.
    pub sources: &'a [Source],
    /// Volume identifier.
    pub volume_id: &'a str,
    /// Owner and permissions.
    pub attributes: AttributePolicy,
    /// Add a list of digests of this day, and a text that explains it.
    pub manifest: Option<Date>,
    /// Add a Joliet tree.
    pub joliet: bool,
    /// The time it is: written into the image.
    pub now: Timestamp,
    /// The image is to depend on nothing but its content.
    pub source_date_epoch: Option<Timestamp>,
    /// Plan and say, write nothing.
    pub dry_run: bool,
}

/// What is in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its length, exactly.
    pub sectors: Sectors,
    /// Regular files, each name of a hard link counted.
    pub files: u64,
    /// Directories below the root.
    pub directories: u64,
    /// Volume identifier.
    pub volume_id: String,
    /// What the image can't show exactly, or some reader won't: a sentence each.
    pub notes: Vec<String>,
}

/// There is no image, or none of what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A directory can't be read.
    #[error("the files can't be read")]
    Scan(#[from] ScanError),
    /// A source that can't be followed.
    #[error("{} can't be looked at", path.display())]
    Source {
        /// The source.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Somebody is at work in a directory; or something was mounted there because it was opened, and running again is all it takes.
    #[error("{} went away or was replaced while its directory was looked at", path.display())]
    Moving {
        /// What went away.
        path: PathBuf,
    },
    /// The tree can't be put together.
    #[error("the files can't be put into one image")]
    Tree(#[from] TreeError),
    /// The tree can't become an image.
    #[error("the files can't be put into an image")]
    Plan(#[from] PlanError),
    /// The file can't be what the image is written to.
    #[error("the image can't be written to {}", path.display())]
    Place {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Writing failed.
    #[error("writing {} stopped after {written} of {planned} bytes", path.display())]
    Write {
        /// The file, as named.
        path: PathBuf,
        /// Bytes that were written.
        written: u64,
        /// Bytes of the image.
        planned: u64,
        /// Whether there is part of an image now, in a pipe or on a device.
        is_begun: bool,
        /// Why.
        source: io::Error,
    },
    /// A signal.
    #[error("the image was not finished: interrupted")]
    Interrupted {
        /// Whether there is part of an image now, in a pipe or on a device.
        is_begun: bool,
    },
    /// Files that are not in the image as they were.
    #[error("files changed while the image was written: {}", findings.len())]
    Changed {
        /// Each of them.
        findings: Vec<Finding>,
    },
}

impl ImageError {
    /// Whether there was no room.
    #[must_use]
    pub fn is_no_room(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let kind = match self {
            ImageError::Write { source, .. } | ImageError::Place { source, .. } => source.kind(),
            _ => return false,
        };
        matches!(kind, FileTooLarge | QuotaExceeded | StorageFull)
    }
}

/// Makes an image; see the module's text.
///
/// # Errors
/// When there is no image at the end, or files in it are not what they were: [`ImageError::Changed`].
pub fn image(
    request: &Request<'_>,
    destination: Destination,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<Report, ImageError> {
    let place = Place::new(destination)?;
    let tree = scan(request, &place, stop)?;
    let options = Options {
        attributes: request.attributes,
        joliet: request.joliet,
        source_date_epoch: request.source_date_epoch,
        ..Options::new(request.volume_id, request.now)
    };
    let plan = Plan::new(tree, options)?;
    let report = report(&plan, request);
    if request.dry_run {
        return Ok(report);
    }
    let streamed = place.write(&plan, stop, progress)?;
    if streamed.damages.is_empty() {
        return Ok(report);
    }
    let findings = streamed.damages.iter().map(|damage| Finding::damage(damage, "written")).collect();
    Err(ImageError::Changed { findings })
}

fn scan(request: &Request<'_>, place: &Place, stop: &AtomicBool) -> Result<Tree, ImageError> {
    let mut tree = Tree::new(own_files::attributes(0o755, request.now));
    for source in request.sources {
        let directory = followed(&source.directory)?;
        let is_over = || stop.load(Ordering::Relaxed);
        let report = scan::graft_without(&mut tree, &directory, &source.at, &|found| place.is_part(found), &is_over);
        let report = report.map_err(|error| match error {
            ScanError::Stopped => ImageError::Interrupted { is_begun: false },
            error => error.into(),
        })?;
        if let Some(path) = report.vanished.into_iter().next() {
            return Err(ImageError::Moving { path });
        }
        for path in report.left_out {
            tracing::warn!("{} is left out: it is where the image is written", path.display());
        }
        if is_over() {
            return Err(ImageError::Interrupted { is_begun: false });
        }
    }
    if let Some(date) = request.manifest {
        own_files::add(&mut tree, date, request.now, None)?;
    }
    Ok(tree)
}

/// What a source that is a link leads to now.
fn followed(directory: &Path) -> Result<PathBuf, ImageError> {
    let failed = |source| ImageError::Source { path: directory.to_owned(), source };
    let is_link = directory.symlink_metadata().map_err(failed)?.is_symlink();
    if is_link { fs::canonicalize(directory).map_err(failed) } else { Ok(directory.to_owned()) }
}

fn report(plan: &Plan, request: &Request<'_>) -> Report {
    let tree = plan.tree();
    let (mut files, mut directories) = (0, 0);
    for id in tree.walk().skip(1) {
        match tree.node(id).kind {
            Kind::File { .. } => files += 1,
            Kind::Directory(_) => directories += 1,
            _ => (),
        }
    }
    let notes = notes::tell(plan, &[TreePath::default()]);
    Report { sectors: plan.sectors(), files, directories, volume_id: request.volume_id.to_owned(), notes }
}
