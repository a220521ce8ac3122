//! *demo*: a week on virtual discs, with real files, in a folder to look at afterwards.
//!
//! The staging tree is what `cback3 collect` and `cback3 stage` leave on a machine: archives per host and day, a full one on the starting
//! day, small ones after it. The files in them are copied from this machine as far as they can be read. Beside them stand the names
//! and kinds of files that give trouble on discs.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use jiff::Span;
use jiff::civil::{Date, Weekday};

use super::ActionError;
use super::device;
use super::list::Reading;
use super::policy::{Decision, week_of};
use super::receipt::Record;
use super::staging::{STAGE_INDICATOR, STORE_INDICATOR};
use super::store::{self, store};
use super::verify::{Which, verify};
use crate::burn::Progress;
use crate::config::Config;
use crate::iso::tree::Timestamp;
use crate::scsi::sim::{Medium, VirtualDisc};

/// The virtual discs, in the order of their weeks.
const MEDIA: [Medium; 3] = [Medium::CdRw80, Medium::CdR80, Medium::DvdPlusRw];
/// Says that a folder was made here and may be made anew.
const MARK: &str = ".cedarburn-demo";
/// Bytes of real files on the starting day, and on each other day.
const FULL_BYTES: u64 = 24 << 20;
const DAILY_BYTES: u64 = 3 << 20;
/// Where files are looked for, the ones worth looking at first.
const SOURCES: [&str; 5] = ["/etc", "/usr/share/doc", "/usr/share/common-licenses", "/usr/share", "/usr/bin"];

/// What the demonstration is asked to do.
#[derive(Debug)]
pub struct Request<'a> {
    /// The folder to make.
    pub folder: &'a Path,
    /// The week is the last one that was over on this day.
    pub today: Date,
    /// Written into the images.
    pub now: Timestamp,
}

/// A line of what happens.
#[derive(Debug)]
pub struct Told(pub String);

/// What the demonstration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The folder.
    pub folder: PathBuf,
    /// Discs in it.
    pub discs: usize,
    /// Days on each.
    pub days: usize,
    /// The last of the days.
    pub last_day: Date,
}

/// The folder can't be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Somebody else's.
    #[error("{0} exists and was not made by a demo")]
    NotOurs(PathBuf),
    /// A name that can't stand in a configuration or a device specification.
    #[error("the folder's path {0:?} has a comma, `<`, `&` or a byte that is no text in it")]
    Path(PathBuf),
    /// The file system refuses.
    #[error("{path} can't be made")]
    Io {
        /// What was to be made.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> DemoError + '_ {
    move |source| DemoError::Io { path: path.to_path_buf(), source }
}

/// Whether the folder can be made: nothing is.
///
/// # Errors
/// When it is somebody else's.
pub fn rehearse(folder: &Path, today: Date) -> Result<Report, ActionError> {
    refuse_others(folder)?;
    let days = last_week(today);
    Ok(Report { folder: folder.to_path_buf(), discs: MEDIA.len(), days: days.len(), last_day: days[6] })
}

/// Makes the folder, stores the week on every disc, and reads it back.
///
/// # Errors
/// When the folder can't be made, or a day does not get on a disc.
pub fn demo(
    request: &Request<'_>,
    stop: &AtomicBool,
    progress: &mut dyn Progress,
    tell: &mut dyn FnMut(Told),
) -> Result<Report, ActionError> {
    let folder = make_folder(request.folder)?;
    let staging = folder.join("staging");
    let days = last_week(request.today);
    let (files, bytes) = stage_week(&staging, &days)?;
    tell(Told(format!(
        "staged    {} to {}: {files} files, {:.1} MB, below {}",
        days[0],
        days[6],
        megabytes(bytes),
        staging.display()
    )));
    let config_path = folder.join("cback3.conf");
    let text = configuration(&folder, &staging);
    fs::write(&config_path, &text).map_err(at(&config_path))?;
    let config = Config::parse(text.as_bytes())?.config;
    for medium in MEDIA {
        let disc = folder.join(medium.as_str());
        VirtualDisc::create(&disc, medium, None)?;
        let device = format!("{}{}", device::SIMULATED, disc.display());
        unmark(&staging, &days)?;
        let (mut new_discs, mut appended) = (0, 0);
        for &today in &days {
            let request = store::Request {
                what: store::What::Day,
                config: &config,
                device: Some(&device),
                trace: None,
                today,
                now: request.now,
                source_date_epoch: None,
                receipts: None,
                full: false,
                dry_run: false,
                finalize: false,
                defect_management: None,
            };
            match store(&request, stop, progress, &mut Record::default())?.decision {
                Decision::NewDisc { .. } => new_discs += 1,
                Decision::Append { .. } => appended += 1,
            }
        }
        let mut reading = Reading::new(device::open(&device, None)?)?;
        let proven = verify(&mut reading, Which::Newest, stop, progress)?;
        tell(Told(format!(
            "{:9} {new_discs} new disc, {appended} sessions appended; read back: {} files, {:.1} MB, all as {} manifests say",
            medium.as_str(),
            proven.files,
            megabytes(proven.bytes),
            proven.manifests
        )));
    }
    Ok(Report { folder: request.folder.to_path_buf(), discs: MEDIA.len(), days: days.len(), last_day: days[6] })
}

#[allow(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn refuse_others(folder: &Path) -> Result<(), DemoError> {
    if folder.exists() && !folder.join(MARK).exists() {
        return Err(DemoError::NotOurs(folder.to_path_buf()));
    }
    Ok(())
}

/// The folder, empty but for its mark, by a path that holds from anywhere.
fn make_folder(folder: &Path) -> Result<PathBuf, DemoError> {
    let mark = folder.join(MARK);
    refuse_others(folder)?;
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(at(folder))?;
    }
    fs::create_dir_all(folder).map_err(at(folder))?;
    fs::write(&mark, "made by cedarburn demo, which may remove this folder\n").map_err(at(&mark))?;
    let absolute = folder.canonicalize().map_err(at(folder))?;
    match absolute.to_str() {
        Some(text) if !text.contains([',', '<', '&']) => Ok(absolute),
        _ => Err(DemoError::Path(absolute)),
    }
}

/// Monday to Sunday of the last week that is over.
fn last_week(today: Date) -> [Date; 7] {
    let monday = week_of(today, Weekday::Monday).saturating_sub(Span::new().days(7));
    std::array::from_fn(|day| monday.saturating_add(Span::new().days(i64::try_from(day).unwrap_or(0))))
}

fn day_directory(staging: &Path, day: Date) -> PathBuf {
    staging.join(day.strftime("%Y/%m/%d").to_string())
}

/// Takes the marks of the disc before away: each disc gets the whole week.
fn unmark(staging: &Path, days: &[Date]) -> Result<(), DemoError> {
    for &day in days {
        let mark = day_directory(staging, day).join(STORE_INDICATOR);
        if mark.exists() {
            fs::remove_file(&mark).map_err(at(&mark))?;
        }
    }
    Ok(())
}

fn configuration(folder: &Path, staging: &Path) -> String {
    let (folder, staging) = (folder.display(), staging.display());
    format!(
        "<?xml version=\"1.0\"?>
<cb_config>
  <reference><description>written by cedarburn demo</description></reference>
  <options>
    <starting_day>monday</starting_day>
    <working_dir>{folder}</working_dir>
    <backup_user>root</backup_user>
    <backup_group>root</backup_group>
    <rcp_command>/usr/bin/scp -B</rcp_command>
  </options>
  <stage>
    <staging_dir>{staging}</staging_dir>
    <peer>
      <name>alpha</name>
      <type>local</type>
      <collect_dir>{folder}</collect_dir>
    </peer>
  </stage>
  <store>
    <source_dir>{staging}</source_dir>
    <media_type>auto</media_type>
    <target_device>sim:{folder}/cdrw-80</target_device>
    <check_data>Y</check_data>
  </store>
</cb_config>
"
    )
}

/// Fills the staging tree. Returns how many files and bytes it has.
fn stage_week(staging: &Path, days: &[Date; 7]) -> Result<(u64, u64), DemoError> {
    let mut real = RealFiles::new();
    for (number, &day) in days.iter().enumerate() {
        let directory = day_directory(staging, day);
        let budget = if number == 0 { FULL_BYTES } else { DAILY_BYTES };
        let alpha = directory.join("alpha");
        fs::create_dir_all(&alpha).map_err(at(&alpha))?;
        stage_archive(&alpha, &real.take(budget / 2), number == 0)?;
        stage_copies(&directory.join("beta"), &real.take(budget / 2))?;
        if number == 0 {
            stage_oddities(&directory.join("odd-names"))?;
        }
        for host in ["alpha", "beta"] {
            write(&directory.join(host).join("cback.collect"), b"")?;
        }
        write(&directory.join(STAGE_INDICATOR), b"")?;
    }
    let (mut files, mut bytes) = (0, 0);
    let mut directories = vec![staging.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).map_err(at(&directory))?.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                directories.push(entry.path());
            } else if metadata.is_file() {
                files += 1;
                bytes += metadata.len();
            }
        }
    }
    Ok((files, bytes))
}

fn write(path: &Path, content: &[u8]) -> Result<(), DemoError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    fs::write(path, content).map_err(at(path))
}

/// A tar archive, as collect makes them.
fn stage_archive(host: &Path, files: &[PathBuf], full: bool) -> Result<(), DemoError> {
    let path = host.join(if full { "system.full.tar" } else { "system.incr.tar" });
    let mut archive = tar::Builder::new(File::create(&path).map_err(at(&path))?);
    for file in files {
        let Ok(mut source) = File::open(file) else { continue };
        archive.append_file(file.strip_prefix("/").unwrap_or(file), &mut source).map_err(at(&path))?;
    }
    archive.into_inner().and_then(|mut file| file.flush()).map_err(at(&path))
}

/// The files themselves, at the places where they stand on the machine.
fn stage_copies(host: &Path, files: &[PathBuf]) -> Result<(), DemoError> {
    for file in files {
        let copy = host.join(file.strip_prefix("/").unwrap_or(file));
        let Ok(content) = fs::read(file) else { continue };
        write(&copy, &content)?;
    }
    fs::create_dir_all(host).map_err(at(host))
}

/// What gives trouble on discs.
fn stage_oddities(directory: &Path) -> Result<(), DemoError> {
    let names: [&[u8]; 10] = [
        b"a name with blanks",
        "Umlaute \u{e4}\u{f6}\u{fc} und \u{4f60}\u{597d}.txt".as_bytes(),
        b"no UTF-8: \xff\xfe.bin",
        b"back\\slash",
        b"new\nline",
        b"semi;1",
        b".hidden.",
        b"case",
        b"CASE",
        &[b'n'; 240],
    ];
    for name in names {
        write(&directory.join(OsStr::from_bytes(name)), name)?;
    }
    for size in [0, 1, 2047, 2048, 2049] {
        write(&directory.join(format!("{size} bytes")), &vec![b'x'; size])?;
    }
    let deep: PathBuf = (0..20).map(|level| format!("level-{level:02}")).collect();
    write(&directory.join(deep).join("at the bottom"), b"found\n")?;
    let empty = directory.join("empty directory");
    fs::create_dir_all(&empty).map_err(at(&empty))?;
    for (link, target) in [
        ("link to a file", "case".to_owned()),
        ("link to nowhere", "/no/such/file".to_owned()),
        ("link of a thousand bytes", "long/".repeat(200) + "end"),
    ] {
        let link = directory.join(link);
        symlink(target, &link).map_err(at(&link))?;
    }
    let (name, other) = (directory.join("case"), directory.join("a hard link to case"));
    fs::hard_link(&name, &other).map_err(at(&other))
}

/// Readable regular files of this machine, one after the other.
struct RealFiles {
    directories: Vec<PathBuf>,
    sources: std::slice::Iter<'static, &'static str>,
    files: Vec<PathBuf>,
}

/// Larger files would fill the day alone.
const LARGEST: u64 = 2 << 20;

impl RealFiles {
    fn new() -> RealFiles {
        RealFiles { directories: Vec::new(), sources: SOURCES.iter(), files: Vec::new() }
    }

    /// The next files, together about `budget` bytes; fewer where the machine has no more.
    fn take(&mut self, budget: u64) -> Vec<PathBuf> {
        let mut taken = Vec::new();
        let mut left = budget;
        while left > 0 {
            let Some(file) = self.next() else { break };
            let Ok(metadata) = file.symlink_metadata() else { continue };
            // What not everybody may read has no business in a folder that is made to be looked at.
            let is_public = metadata.is_file() && metadata.mode() & 0o004 != 0;
            if is_public && metadata.len() <= LARGEST && metadata.len() <= left && File::open(&file).is_ok() {
                left -= metadata.len().max(1);
                taken.push(file);
            } else if left < LARGEST && metadata.len() > left {
                break;
            }
        }
        taken
    }

    fn next(&mut self) -> Option<PathBuf> {
        loop {
            if let Some(file) = self.files.pop() {
                return Some(file);
            }
            let directory = match self.directories.pop() {
                Some(directory) => directory,
                None => PathBuf::from(self.sources.next()?),
            };
            let mut entries: Vec<PathBuf> = fs::read_dir(&directory)
                .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
                .unwrap_or_default();
            entries.sort_unstable_by(|a, b| b.cmp(a));
            for entry in entries {
                match entry.symlink_metadata() {
                    Ok(metadata) if metadata.is_dir() && metadata.mode() & 0o001 != 0 => self.directories.push(entry),
                    Ok(metadata) if metadata.is_file() => self.files.push(entry),
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_week_is_the_last_one_that_is_over() {
        let week = last_week(date(2026, 11, 22));
        assert_eq!((week[0], week[6]), (date(2026, 11, 9), date(2026, 11, 15)));
    }

    #[test]
    fn a_folder_that_is_not_a_demo_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(make_folder(folder.path()), Err(DemoError::NotOurs(_))));
        let ours = folder.path().join("demo");
        make_folder(&ours).unwrap();
        fs::write(ours.join("left over"), "").unwrap();
        make_folder(&ours).unwrap();
        assert!(!ours.join("left over").exists());
    }

    #[test]
    fn the_configuration_is_one() {
        let text = configuration(Path::new("/demo"), Path::new("/demo/staging"));
        let loaded = Config::parse(text.as_bytes()).unwrap();
        assert_eq!(loaded.warnings, []);
    }
}
