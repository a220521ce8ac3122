//! A folder of receipts: where it is, how one is put there, and what is in it.
//!
//! * `--receipts DIR`, else `cedarburn/receipts_dir`, else `options/working_dir`. A folder that was named for the receipts has to be there
//!   before anything is begun. `working_dir` need not be: Cedar's configuration has to have one, this program needed none so far, and a backup
//!   that runs every night must not stop for the sake of a note about it.
//! * The working directory may be `/tmp`. So a receipt is made with a name that was not there, follows no link, and is put in its place whole;
//!   and only what this user or root has written is believed ([`read`]).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access, geteuid};

use super::Receipt;

/// What the names of receipts begin with.
const PREFIX: &str = "cedarburn-receipt-";
const SUFFIX: &str = ".json";
/// Receipts are a few kilobytes long; one of a thousand days some hundred.
const MOST_BYTES: u64 = 4 << 20;
/// So many of the newest are read: some years of nights.
const MOST_RECEIPTS: usize = 5000;

/// The folder can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the folder of receipts {} can't be {what}", path.display())]
pub struct FolderError {
    path: PathBuf,
    what: &'static str,
    source: io::Error,
}

impl FolderError {
    fn new(path: &Path, what: &'static str, source: io::Error) -> FolderError {
        FolderError { path: path.to_path_buf(), what, source }
    }
}

/// Makes sure that a receipt can be put into a folder.
///
/// # Errors
/// When it is no folder, or may not be written.
pub fn check(folder: &Path) -> Result<(), FolderError> {
    let failed = |source| FolderError::new(folder, "written", source);
    if !fs::metadata(folder).map_err(failed)?.is_dir() {
        return Err(failed(io::ErrorKind::NotADirectory.into()));
    }
    access(folder, AccessFlags::W_OK | AccessFlags::X_OK).map_err(|errno| failed(errno.into()))
}

/// Puts a receipt into its folder, whole or not at all. Returns where it is.
///
/// # Errors
/// When it can't be written.
pub fn write(folder: &Path, receipt: &Receipt) -> Result<PathBuf, FolderError> {
    let failed = |source| FolderError::new(folder, "written", source);
    let name = format!("{PREFIX}{}-{}-{}{SUFFIX}", digits(&receipt.ended_utc), receipt.action, std::process::id());
    let path = folder.join(&name);
    let unfinished = folder.join(format!(".{name}.tmp"));
    let mut text = serde_json::to_vec_pretty(receipt).map_err(|error| failed(error.into()))?;
    text.push(b'\n');
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o640)
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(&unfinished)
        .map_err(failed)?;
    let written = file.write_all(&text).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&unfinished, &path));
    if let Err(error) = written {
        let _ = fs::remove_file(&unfinished);
        return Err(failed(error));
    }
    // The name is on the disk, too; where that can't be made sure, it is soon.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(path)
}

/// A time without what a file's name should not have: `2026-11-27T02-05-09Z`, which sorts by time.
fn digits(utc: &str) -> String {
    utc.replace(':', "-")
}

/// The receipts in a folder, oldest first; of very many the newest. What is no receipt, or was put there by another user than this one
/// or root, is passed over.
///
/// # Errors
/// When the folder can't be read.
pub fn read(folder: &Path) -> Result<Vec<Receipt>, FolderError> {
    let failed = |source| FolderError::new(folder, "read", source);
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
            names.push(entry.path());
        }
    }
    names.sort_unstable();
    let newest = names.split_off(names.len().saturating_sub(MOST_RECEIPTS));
    let mut receipts: Vec<Receipt> = Vec::new();
    for path in newest {
        match read_one(&path) {
            Ok(receipt) => receipts.push(receipt),
            Err(error) => tracing::debug!("{} is passed over: {error}", path.display()),
        }
    }
    receipts.sort_by_key(|receipt| receipt.ended);
    Ok(receipts)
}

fn read_one(path: &Path) -> io::Result<Receipt> {
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > MOST_BYTES {
        return Err(io::Error::other("it is no file of a receipt's size"));
    }
    if metadata.uid() != 0 && metadata.uid() != geteuid().as_raw() {
        return Err(io::Error::other("somebody else has written it"));
    }
    let mut text = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut text)?;
    let receipt: Receipt = serde_json::from_slice(&text)?;
    if receipt.receipt != super::VERSION {
        return Err(io::Error::other("it is of another version"));
    }
    Ok(receipt)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn receipt(ended: i64) -> Receipt {
        let ended_utc = jiff::Timestamp::from_second(ended).unwrap().to_string();
        Receipt { receipt: super::super::VERSION, action: "store".to_owned(), ended, ended_utc, ..Receipt::default() }
    }

    #[test]
    fn receipts_are_read_as_they_were_written_oldest_first() {
        let folder = tempfile::tempdir().unwrap();
        let times = [1_795_353_255, 1_795_000_000, 1_795_400_000];
        let paths: Vec<PathBuf> = times.iter().map(|&time| write(folder.path(), &receipt(time)).unwrap()).collect();
        let name = paths[0].file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("cedarburn-receipt-2026-11-22T") && !name.contains(':'), "{name}");
        assert_eq!(paths[0].metadata().unwrap().permissions().mode() & 0o7777 & !0o640, 0);
        let read = read(folder.path()).unwrap();
        assert_eq!(read, [receipt(times[1]), receipt(times[0]), receipt(times[2])]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing unfinished is left");
    }

    #[test]
    fn what_is_no_receipt_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let good = write(folder.path(), &receipt(5)).unwrap();
        let named = |name: &str| folder.path().join(format!("{PREFIX}{name}{SUFFIX}"));
        let text = fs::read(&good).unwrap();
        for length in 0..text.len() - 2 {
            fs::write(named("cut"), &text[..length]).unwrap();
            assert_eq!(read(folder.path()).unwrap().len(), 1, "{length} bytes");
        }
        fs::write(named("other"), String::from_utf8(text).unwrap().replace("\"receipt\": 1", "\"receipt\": 2"))
            .unwrap();
        symlink(&good, named("link")).unwrap();
        fs::create_dir(named("folder")).unwrap();
        nix::unistd::mkfifo(&named("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        File::create(named("huge")).unwrap().set_len(MOST_BYTES + 1).unwrap();
        fs::write(folder.path().join("receipt.json"), "").unwrap();
        assert_eq!(read(folder.path()).unwrap(), [receipt(5)]);
    }

    #[test]
    fn a_receipt_of_another_user_is_not_believed() {
        if !geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), &receipt(5)).unwrap();
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        assert_eq!(read(folder.path()).unwrap(), []);
    }

    #[test]
    fn a_folder_that_can_not_be_written_is_told_beforehand() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check(folder.path()).is_ok());
        fs::write(folder.path().join("file"), "").unwrap();
        for wrong in ["none", "file"] {
            let error = check(&folder.path().join(wrong)).unwrap_err();
            assert!(error.to_string().ends_with("can't be written"), "{error}");
            assert!(write(&folder.path().join(wrong), &receipt(5)).is_err());
        }
    }

    #[test]
    fn nothing_that_was_put_in_the_way_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let path = write(folder.path(), &receipt(5)).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        fs::remove_file(&path).unwrap();
        symlink(&victim, &path).unwrap();
        write(folder.path(), &receipt(5)).unwrap();
        symlink(&victim, folder.path().join(format!(".{name}.tmp"))).unwrap();
        assert!(write(folder.path(), &receipt(5)).is_err());
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
    }
}
