//! One run at a time: who marks days has the staging root for itself, from before the day is chosen until the run has ended.
//!
//! Two runs at once, each with its own drive, would store and mark the same day twice, or one would scan what the other is about to mark.
//! Only who reads and marks takes the lock: `info`, `--dry-run` and *initialize* do not, and `cback3` knows no lock at all.
//!
//! It is a `flock` on the root directory itself. So nothing is left behind, whoever may read the directory may lock it, all names of one
//! directory are one lock, and the kernel lets go of it when the process ends, however that happens. No program that is started meanwhile gets
//! it: Rust opens everything `O_CLOEXEC`. On a network file system it holds among the processes of one machine; where the file system knows no
//! locks a WARNING says so, and the run goes on: a box that does not back up any more is worse than two runs at once, which are an accident.

use std::fs::File;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::staging::StagingError;
use crate::holder::Holder;

/// The staging root, held until this is dropped.
#[derive(Debug)]
pub struct StagingLock {
    _root: Option<Flock<File>>,
}

impl StagingLock {
    /// Takes the staging root, at once or not at all.
    ///
    /// # Errors
    /// When it can't be read, or another process has it.
    pub fn take(root: &Path) -> Result<StagingLock, StagingError> {
        StagingLock::take_with(root, |file| Flock::lock(file, FlockArg::LockExclusiveNonblock))
    }

    fn take_with(
        root: &Path,
        lock: impl FnOnce(File) -> Result<Flock<File>, (File, Errno)>,
    ) -> Result<StagingLock, StagingError> {
        let owned = || root.to_path_buf();
        let directory = File::open(root).map_err(|source| StagingError::Root { path: owned(), source })?;
        match lock(directory) {
            Ok(held) => Ok(StagingLock { _root: Some(held) }),
            Err((directory, Errno::EWOULDBLOCK)) => {
                Err(StagingError::InUse { root: owned(), holder: Holder::of_lock(&directory, root) })
            }
            Err((_, errno)) => {
                tracing::warn!(
                    "{} can't be locked, another run that stores from it at the same time would not be noticed: {}",
                    root.display(),
                    errno.desc()
                );
                Ok(StagingLock { _root: None })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_taken_by_one_at_a_time_under_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let (root, link) = (folder.path().join("root"), folder.path().join("link"));
        std::fs::create_dir(&root).unwrap();
        std::os::unix::fs::symlink(&root, &link).unwrap();
        let held = StagingLock::take(&root).unwrap();
        for name in [&root, &link] {
            let refused = StagingLock::take(name).unwrap_err();
            assert!(matches!(&refused, StagingError::InUse { root, .. } if root == name), "{refused}");
        }
        StagingLock::take(folder.path()).unwrap();
        drop(held);
        StagingLock::take(&link).unwrap();
        assert_eq!(std::fs::read_dir(&root).unwrap().count(), 0, "something was left behind");
    }

    #[test]
    fn a_file_system_without_locks_stops_no_backup() {
        let root = tempfile::tempdir().unwrap();
        for errno in [Errno::ENOLCK, Errno::EOPNOTSUPP, Errno::EBADF] {
            assert!(StagingLock::take_with(root.path(), |file| Err((file, errno))).unwrap()._root.is_none());
        }
        let missing = StagingLock::take(&root.path().join("missing")).unwrap_err();
        assert!(matches!(missing, StagingError::Root { .. }), "{missing}");
    }
}
