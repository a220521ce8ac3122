//! A folder of receipts: where it is, how one is put there, and what is in it.
//!
//! * `--receipts DIR`, else `cedarburn/receipts_dir`, else `options/working_dir`. A folder that was named for the receipts has to be there
//!   before anything is begun. `working_dir` need not be: Cedar's configuration has to have one, this program needed none so far, and a backup
//!   that runs every night must not stop for the sake of a note about it.
//! * The working directory may be `/tmp`. So a receipt is made with a name that was not there, follows no link, and is put in its place whole;
//!   and only what this user or root has written is believed ([`read`]). Of anybody else is believed what takes trust away: that a disc was
//!   wiped, or found damaged.
//! * A receipt that can't be read may be the one that says so. Whoever asks for copies is told that there is one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access, geteuid};

use super::{Receipt, Record};

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
    let stem = format!("{PREFIX}{}-{}-{}", digits(&receipt.ended_utc), receipt.action, std::process::id());
    // A run may leave several, a disc one, and in the same second.
    let names = std::iter::once(format!("{stem}{SUFFIX}"))
        .chain((2..=MOST_RECEIPTS).map(|more| format!("{stem}_{more}{SUFFIX}")));
    let is_free = |name: &String| folder.join(name).symlink_metadata().is_err();
    let name = names.into_iter().find(is_free).ok_or_else(|| failed(io::ErrorKind::AlreadyExists.into()))?;
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

/// What is in a folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The receipts, oldest first; of very many the newest.
    pub receipts: Vec<Receipt>,
    /// What bears a receipt's name and can't be read.
    pub unread: Vec<PathBuf>,
}

/// The receipts in a folder.
///
/// # Errors
/// When the folder can't be read.
pub fn read(folder: &Path) -> Result<Found, FolderError> {
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
    let mut found = Found::default();
    for path in newest {
        match read_one(&path) {
            Ok(receipt) => found.receipts.push(receipt),
            // It was removed since.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::debug!("{} can't be read: {error}", path.display());
                found.unread.push(path);
            }
        }
    }
    found.receipts.sort_by_key(|receipt| receipt.ended);
    Ok(found)
}

fn read_one(path: &Path) -> io::Result<Receipt> {
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > MOST_BYTES {
        return Err(io::Error::other("it is no file of a receipt's size"));
    }
    let mut text = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut text)?;
    let receipt: Receipt = serde_json::from_slice(&text)?;
    if receipt.receipt != super::VERSION {
        return Err(io::Error::other("it is of another version"));
    }
    let is_believed = metadata.uid() == 0 || metadata.uid() == geteuid().as_raw();
    Ok(if is_believed { receipt } else { without_claims(receipt) })
}

/// Only what takes trust away.
fn without_claims(receipt: Receipt) -> Receipt {
    let Record { wiped, wiped_unknown, disc, proven, findings, .. } = receipt.record;
    let is_damaged = receipt.action == "verify" && proven == Some(false);
    let record = Record { wiped, wiped_unknown, ..Record::default() };
    match is_damaged {
        true => Receipt { record: Record { disc, proven, findings, ..record }, ..receipt },
        false => Receipt { action: "somebody else's".to_owned(), record, ..receipt },
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::super::{DayFacts, DiscFacts};
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
        let found = read(folder.path()).unwrap();
        assert_eq!(found.receipts, [receipt(times[1]), receipt(times[0]), receipt(times[2])]);
        assert!(found.unread.is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing unfinished is left");
    }

    #[test]
    fn two_of_one_second_are_two_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        for exit_code in 0..3 {
            write(folder.path(), &Receipt { exit_code, ..receipt(5) }).unwrap();
        }
        let codes: Vec<u8> = read(folder.path()).unwrap().receipts.iter().map(|receipt| receipt.exit_code).collect();
        assert_eq!(codes, [0, 1, 2]);
    }

    #[test]
    fn what_is_no_receipt_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let good = write(folder.path(), &receipt(5)).unwrap();
        let named = |name: &str| folder.path().join(format!("{PREFIX}{name}{SUFFIX}"));
        let text = fs::read(&good).unwrap();
        for length in 0..text.len() - 2 {
            fs::write(named("cut"), &text[..length]).unwrap();
            let found = read(folder.path()).unwrap();
            assert_eq!((found.receipts.len(), found.unread), (1, vec![named("cut")]), "{length} bytes");
        }
        fs::write(named("other"), String::from_utf8(text).unwrap().replace("\"receipt\": 1", "\"receipt\": 2"))
            .unwrap();
        symlink(&good, named("link")).unwrap();
        fs::create_dir(named("folder")).unwrap();
        nix::unistd::mkfifo(&named("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        File::create(named("huge")).unwrap().set_len(MOST_BYTES + 1).unwrap();
        fs::write(folder.path().join("receipt.json"), "").unwrap();
        let found = read(folder.path()).unwrap();
        assert_eq!(found.receipts, [receipt(5)]);
        assert_eq!(found.unread, ["cut", "folder", "huge", "link", "other", "pipe"].map(named));
    }

    #[test]
    fn of_another_users_receipt_only_what_takes_trust_away_is_believed() {
        let disc = Some(DiscFacts { id: Some("a".to_owned()), ..DiscFacts::default() });
        let day = DayFacts { day: "2026-11-27".to_owned(), outcome: "stored".to_owned(), ..DayFacts::default() };
        let record =
            Record { disc, days: vec![day], proven: Some(true), wiped: Some("b".to_owned()), ..Record::default() };
        let stored = Receipt { record, ..receipt(5) };
        let left = without_claims(stored.clone());
        assert!(
            !left.stores() && left.record.days.is_empty() && left.record.disc.is_none() && left.record.proven.is_none()
        );
        assert_eq!(left.record.wiped.as_deref(), Some("b"));
        let verified = |proven| {
            let record = Record { proven: Some(proven), ..stored.record.clone() };
            without_claims(Receipt { action: "verify".to_owned(), record, ..stored.clone() })
        };
        assert!(!verified(true).verifies());
        assert!(verified(false).verifies() && verified(false).record.disc.is_some());
        if !geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), &stored).unwrap();
        assert_eq!(read(folder.path()).unwrap().receipts, [stored]);
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        assert_eq!(read(folder.path()).unwrap().receipts, [left]);
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
        assert_ne!(write(folder.path(), &receipt(5)).unwrap(), path);
        fs::remove_file(&path).unwrap();
        symlink(&victim, folder.path().join(format!(".{name}.tmp"))).unwrap();
        assert!(write(folder.path(), &receipt(5)).is_err());
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
    }
}
