//! A backup box in a temporary directory: staging tree, configuration, log, virtual disc, and the program that runs on them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::violations::amiss;

/// A week that starts on Monday, as [`BackupBox`] has it configured, and the Monday after it.
pub(crate) const MON: &str = "2026-11-16";
pub(crate) const TUE: &str = "2026-11-17";
pub(crate) const WED: &str = "2026-11-18";
pub(crate) const SUN: &str = "2026-11-22";
pub(crate) const NEXT_MON: &str = "2026-11-23";
pub(crate) const NEXT_TUE: &str = "2026-11-24";

/// The kinds of disc the simulated drive writes, one for each way of writing.
pub(crate) const MEDIA: [&str; 3] = ["cdr-80", "cdrw-80", "dvd+rw"];

/// A staging area, a configuration and a virtual disc in a directory of their own.
#[derive(Debug)]
pub(crate) struct BackupBox {
    top: TempDir,
    /// Run as nobody, who may read and write what is in the box only as far as the modes say.
    as_nobody: bool,
}

impl BackupBox {
    /// A new box with a blank disc of the kind `media`.
    pub(crate) fn new(media: &str) -> BackupBox {
        let made = BackupBox::without_disc(media);
        made.create_disc(media, None);
        made
    }

    /// A new box whose disc has so many sectors.
    pub(crate) fn with_capacity(media: &str, sectors: u64) -> BackupBox {
        let made = BackupBox::without_disc(media);
        made.create_disc(media, Some(sectors));
        made
    }

    fn without_disc(media: &str) -> BackupBox {
        let made = BackupBox { top: TempDir::new().unwrap(), as_nobody: false };
        fs::create_dir_all(made.staging()).unwrap();
        fs::write(made.config(), made.configuration(media)).unwrap();
        made
    }

    fn create_disc(&self, media: &str, capacity: Option<u64>) {
        let mut command = cedarburn();
        command.args(["disc", "create"]).arg(self.disc()).args(["--media", media]);
        if let Some(capacity) = capacity {
            command.arg("--capacity").arg(capacity.to_string());
        }
        Run::of(&mut command).expect_silence();
    }

    /// Another, blank disc in the drive.
    pub(crate) fn change_disc(&self, media: &str) {
        fs::remove_dir_all(self.disc()).unwrap();
        self.create_disc(media, None);
    }

    /// A blank disc in the drive, out of which the last one was taken.
    pub(crate) fn change_to_new(&self, media: &str) {
        self.create_disc(media, None);
    }

    /// From here on the program runs as a user who has no privileges.
    pub(crate) fn run_as_nobody(&mut self) {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        self.as_nobody = true;
        fs::copy(env!("CARGO_BIN_EXE_cedarburn"), self.path("cedarburn")).unwrap();
        self.hand_over();
    }

    /// Makes whoever runs the program the owner of all there is.
    fn hand_over(&self) {
        for path in everything_in(self.top.path()).into_iter().filter(|_| self.as_nobody) {
            std::os::unix::fs::lchown(path, Some(65534), Some(65534)).unwrap();
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }

    pub(crate) fn staging(&self) -> PathBuf {
        self.path("staging")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("cback3.conf")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path("cback3.log")
    }

    /// The virtual disc.
    pub(crate) fn disc(&self) -> PathBuf {
        self.path("disc")
    }

    /// The whole disc: sector n at byte n × 2048.
    pub(crate) fn sectors(&self) -> PathBuf {
        self.disc().join("sectors")
    }

    /// The simulated drive with the disc in it.
    pub(crate) fn device(&self) -> String {
        format!("sim:{},violations={}", self.disc().display(), self.path("violations").display())
    }

    fn configuration(&self, media: &str) -> String {
        let device_type = match &media[..2] {
            "cd" => "cdwriter",
            "bd" => "bdwriter",
            _ => "dvdwriter",
        };
        let top = self.top.path().display();
        format!(
            "<?xml version=\"1.0\"?>
<cb_config>
  <options>
    <starting_day>monday</starting_day>
    <working_dir>{top}</working_dir>
    <backup_user>root</backup_user>
    <backup_group>root</backup_group>
    <rcp_command>/usr/bin/scp -B</rcp_command>
  </options>
  <peers>
    <peer><name>alpha</name><type>local</type><collect_dir>/nonexistent</collect_dir></peer>
  </peers>
  <stage><staging_dir>{top}/staging</staging_dir></stage>
  <store>
    <source_dir>{top}/staging</source_dir>
    <media_type>{media}</media_type>
    <device_type>{device_type}</device_type>
    <target_device>/dev/nonexistent</target_device>
    <check_data>Y</check_data>
  </store>
</cb_config>
"
        )
    }

    /// Replaces a piece of the configuration, which has to be in it.
    pub(crate) fn edit_config(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.config()).unwrap();
        assert!(text.contains(from), "{from} is not in the configuration");
        fs::write(self.config(), text.replace(from, to)).unwrap();
    }

    /// Adds an element to the store section.
    pub(crate) fn configure_store(&self, element: &str) {
        self.edit_config("</store>", &format!("{element}</store>"));
    }

    /// The daily directory of `date`.
    pub(crate) fn day(&self, date: &str) -> PathBuf {
        self.staging().join(date.replace('-', "/"))
    }

    /// Stages a day with an ordinary content of its own: five files, some megabytes never.
    pub(crate) fn stage(&self, date: &str) -> PathBuf {
        self.stage_files(
            date,
            &[
                ("alpha/home.tar", &noise(date, 300_000)),
                ("alpha/etc.tar", &noise(date, 5_000)),
                ("alpha/cback.collect", b""),
                ("beta/mail.tar", &noise(date, 70_000)),
            ],
        )
    }

    /// Stages a day that has these files, and the mark that staging is finished.
    pub(crate) fn stage_files(&self, date: &str, files: &[(&str, &[u8])]) -> PathBuf {
        let day = self.day(date);
        for (name, content) in files.iter().chain(&[("cback.stage", &b""[..])]) {
            let path = day.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
        }
        settle(&self.staging());
        self.hand_over();
        day
    }

    /// A large file of zeros in a day, at the head of its directory.
    pub(crate) fn stage_large(&self, date: &str, bytes: u64) -> PathBuf {
        let path = self.day(date).join("a large file");
        fs::create_dir_all(self.day(date)).unwrap();
        fs::File::create(&path).unwrap().set_len(bytes).unwrap();
        path
    }

    /// Whether the day is marked as stored.
    pub(crate) fn is_marked(&self, date: &str) -> bool {
        self.day(date).join("cback.store").exists()
    }

    pub(crate) fn remove_mark(&self, date: &str) {
        fs::remove_file(self.day(date).join("cback.store")).unwrap();
    }

    /// The program with this box's configuration and log, ready for more arguments.
    pub(crate) fn command(&self) -> Command {
        let mut command = if self.as_nobody {
            let mut command = Command::new(self.path("cedarburn"));
            command.uid(65534).gid(65534).current_dir("/");
            bare(&mut command);
            command
        } else {
            cedarburn()
        };
        command.arg("-c").arg(self.config()).arg("-l").arg(self.log());
        command
    }

    /// `store` as on the day `today`, on the device `device`.
    pub(crate) fn store_command(&self, today: &str, device: &str) -> Command {
        let mut command = self.command();
        command.args(["store", "--today", today, "--device", device]);
        command
    }

    /// Runs another action as on the day `today`.
    pub(crate) fn act(&self, action: &str, today: &str, more: &[&str]) -> Run {
        Run::of(self.command().args([action, "--today", today, "--device", &self.device()]).args(more))
    }

    /// Runs `store` as on the day `today`.
    pub(crate) fn store(&self, today: &str) -> Run {
        self.store_with(today, &[])
    }

    /// Runs `store` with more arguments.
    pub(crate) fn store_with(&self, today: &str, more: &[&str]) -> Run {
        Run::of(self.store_command(today, &self.device()).args(more))
    }

    /// Runs `store` on a drive with a fault, or another habit.
    pub(crate) fn store_on(&self, today: &str, habit: &str) -> Run {
        Run::of(&mut self.store_command(today, &format!("{},{habit}", self.device())))
    }

    /// Stages a day, stores it, and makes sure that it went well.
    pub(crate) fn stage_and_store(&self, date: &str) {
        self.stage(date);
        self.store(date).expect_silence();
        assert!(self.is_marked(date));
    }

    /// What `store` answers in JSON.
    pub(crate) fn store_json(&self, today: &str, more: &[&str]) -> Value {
        Run::of(self.store_command(today, &self.device()).arg("--json").args(more)).result()
    }

    /// Runs an action that reads the disc.
    pub(crate) fn read(&self, arguments: &[&str]) -> Run {
        self.read_device(&self.device(), arguments)
    }

    /// Runs an action that reads a device or an image.
    pub(crate) fn read_device(&self, device: &str, arguments: &[&str]) -> Run {
        Run::of(self.command().args(["--device", device]).args(arguments))
    }

    /// The days the disc shows.
    pub(crate) fn days(&self) -> Vec<String> {
        let info = self.read(&["info", "--json"]).result();
        info["days"].as_array().unwrap().iter().map(|day| day.as_str().unwrap().to_owned()).collect()
    }

    /// Paths of everything the disc shows.
    pub(crate) fn listing(&self) -> BTreeSet<String> {
        self.read(&["list", "-R", "--json"]).paths()
    }

    /// Paths of the files below a day on the disc, relative to the day.
    pub(crate) fn files_on_disc(&self, date: &str) -> BTreeSet<String> {
        let prefix = format!("{}/", date.replace('-', "/"));
        self.listing()
            .iter()
            .filter_map(|path| path.strip_prefix('/').unwrap_or(path).strip_prefix(&prefix))
            .map(str::to_owned)
            .collect()
    }

    /// Every session on the disc is what its manifests say.
    pub(crate) fn assert_verified(&self) {
        let run = self.read(&["verify", "--session", "all"]);
        assert_eq!(run.code, Some(0), "{run}");
    }

    /// The disc as `disc show` tells it.
    pub(crate) fn shown(&self) -> Value {
        Run::of(cedarburn().args(["disc", "show", "--json"]).arg(self.disc())).result()
    }

    /// Digests of the disc's files: equal while nobody writes to it.
    pub(crate) fn disc_fingerprint(&self) -> (String, String) {
        (fingerprint(&self.sectors()), fingerprint(&self.disc().join("state.json")))
    }

    /// What is on the disc: equal while nobody burns anything. How far a format has come is left out.
    pub(crate) fn disc_content(&self) -> (Value, String) {
        let mut shown = self.shown();
        if let Some(disc) = shown["disc"].as_object_mut() {
            disc.remove("formatted");
        }
        (shown, fingerprint(&self.sectors()))
    }

    /// Everything in staging with content and time: equal while nobody touches it.
    pub(crate) fn staging_fingerprint(&self) -> Vec<(PathBuf, std::time::SystemTime, String)> {
        let describe = |path: PathBuf| {
            let metadata = path.symlink_metadata().unwrap();
            let content = if metadata.is_file() { fingerprint(&path) } else { String::new() };
            (path, metadata.modified().unwrap(), content)
        };
        let mut all: Vec<_> = everything_in(&self.staging()).into_iter().map(describe).collect();
        all.sort();
        all
    }

    /// Runs `store` as on `today`, which has to fail with `code` and without touching disc or staging; returns it.
    pub(crate) fn refused(&self, code: i32, command: &mut Command) -> Run {
        let before = (self.disc_fingerprint(), self.staging_fingerprint());
        let run = Run::of(command);
        assert_eq!(run.code, Some(code), "{run}");
        assert!((self.disc_fingerprint(), self.staging_fingerprint()) == before, "something was touched: {run}");
        run
    }

    /// First sector whose content begins with `content` in what the disc's file holds.
    pub(crate) fn sector_of(&self, content: &[u8]) -> u64 {
        let head = &content[..content.len().min(2048)];
        let sectors = fs::read(self.sectors()).unwrap();
        let found = sectors.chunks(2048).rposition(|sector| sector.starts_with(head));
        found.expect("the content is on the disc") as u64
    }

    /// Changes bytes of the disc behind everybody's back.
    pub(crate) fn patch_sectors(&self, at: u64, bytes: &[u8]) {
        use std::os::unix::fs::FileExt;
        fs::OpenOptions::new().write(true).open(self.sectors()).unwrap().write_all_at(bytes, at).unwrap();
    }

    /// Sets the label in every descriptor on the disc.
    pub(crate) fn relabel(&self, label: &str) {
        let places = self.descriptors();
        assert!(!places.is_empty(), "no descriptor on the disc");
        for at in places {
            self.patch_sectors(at * 2048 + 40, format!("{label:<32}").as_bytes());
        }
    }

    /// The sectors of the disc that hold a primary volume descriptor, in order.
    pub(crate) fn descriptors(&self) -> Vec<u64> {
        let sectors = fs::read(self.sectors()).unwrap();
        let sectors = sectors.chunks(2048).zip(0_u64..);
        sectors.filter(|(sector, _)| sector.starts_with(b"\x01CD001\x01")).map(|(_, number)| number).collect()
    }
}

impl Drop for BackupBox {
    /// No run on a simulated drive did what a real one would take amiss.
    fn drop(&mut self) {
        let report = fs::read_to_string(self.path("violations")).unwrap_or_default();
        if !std::thread::panicking() {
            assert_eq!(amiss(&report), [""; 0]);
        }
    }
}

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit code {:?}, signal {:?}\nstdout: {}\nstderr: {}",
            self.code, self.signal, self.stdout, self.stderr
        )
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        Run {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Run {
        loop {
            match command.output() {
                // Another test's child was forked while a copy of the program was being written, and holds it open until it has started.
                Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
                output => return output.unwrap().into(),
            }
        }
    }

    /// Done, and not a word about it.
    pub(crate) fn expect_silence(&self) {
        assert!(self.code == Some(0) && self.stdout.is_empty() && self.stderr.is_empty(), "{self}");
    }

    pub(crate) fn expect_code(self, code: i32) -> Run {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Each of the words is in what was told on the screen.
    pub(crate) fn expect_words(&self, words: &[&str]) {
        for word in words {
            assert!(self.stdout.contains(word) || self.stderr.contains(word), "{word:?} is not in: {self}");
        }
    }

    /// One error in the form `error:`, and a next step.
    pub(crate) fn expect_one_error(&self, words: &[&str]) {
        let told = format!("{}{}", self.stdout, self.stderr);
        assert_eq!(told.lines().filter(|line| line.starts_with("error:")).count(), 1, "{self}");
        assert!(!told.contains("panicked"), "{self}");
        self.expect_words(words);
    }

    /// The objects of `--json`.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let object =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line} is no JSON ({error}): {self}"));
        self.stdout.lines().map(object).collect()
    }

    /// The last object of `--json`, which is the result and tells the exit code.
    pub(crate) fn result(&self) -> Value {
        let objects = self.objects();
        let results = objects.iter().filter(|object| object["type"] == "result").count();
        assert_eq!(results, 1, "one result: {self}");
        let last = objects.into_iter().next_back().unwrap();
        assert_eq!(last["type"], "result", "the result comes last: {self}");
        assert_eq!(last["exit_code"].as_i64(), self.code.map(i64::from), "{self}");
        last
    }

    /// The findings of a failed run, from its JSON.
    pub(crate) fn findings(&self) -> Vec<String> {
        let result = self.result();
        let findings = result["findings"].as_array().unwrap_or_else(|| panic!("no findings: {self}"));
        findings.iter().map(|finding| finding.as_str().unwrap().to_owned()).collect()
    }

    /// The paths of the objects of type `file`.
    pub(crate) fn paths(&self) -> BTreeSet<String> {
        assert_eq!(self.code, Some(0), "{self}");
        let files = self.objects().into_iter().filter(|object| object["type"] == "file");
        files.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
    }
}

/// The program with nothing of the tester's surroundings that could change what it does.
pub(crate) fn cedarburn() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cedarburn"));
    bare(&mut command);
    command
}

fn bare(command: &mut Command) {
    command.env_clear().env("TZ", "UTC").stdin(std::process::Stdio::null());
}

/// Bytes that don't repeat, the same for the same seed.
pub(crate) fn noise(seed: &str, bytes: usize) -> Vec<u8> {
    let mut made = Vec::with_capacity(bytes + 32);
    let mut block = Sha256::digest(format!("{seed} {bytes}"));
    while made.len() < bytes {
        made.extend_from_slice(&block);
        block = Sha256::digest(block);
    }
    made.truncate(bytes);
    made
}

/// Gives everything below a directory times of the past, the same in each box.
pub(crate) fn settle(top: &Path) {
    for path in everything_in(top) {
        if !path.is_symlink() {
            set_time(&path, 1_700_000_000);
        }
    }
}

pub(crate) fn set_time(path: &Path, seconds: u64) {
    let time = UNIX_EPOCH + Duration::from_secs(seconds);
    let times = fs::FileTimes::new().set_modified(time).set_accessed(time);
    fs::File::open(path).unwrap().set_times(times).unwrap();
}

/// A directory and all below it.
pub(crate) fn everything_in(top: &Path) -> Vec<PathBuf> {
    let mut found = vec![top.to_owned()];
    let mut at = 0;
    while let Some(path) = found.get(at).cloned() {
        at += 1;
        if path.is_dir() && !path.is_symlink() {
            found.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    found
}

fn fingerprint(path: &Path) -> String {
    let digest = Sha256::digest(fs::read(path).unwrap());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The receipts of a box, oldest first.
pub(crate) fn receipts(folder: &Path) -> Vec<Value> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.file_name().unwrap().to_str().unwrap().contains("cedarburn-receipt-"));
    let mut all: Vec<Value> =
        names.iter().map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect();
    // Of runs within the same second by the time that the file system keeps finer.
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&at| names[at].metadata().unwrap().modified().unwrap());
    order.into_iter().map(|at| all[at].take()).collect()
}
