//! A run of the guest: a drive, some files, a script.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::week::{self, Names};

const RIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vm");
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/x86_64-unknown-linux-gnu");

/// What a script printed, apart from the rig's own lines.
#[derive(Debug)]
pub(crate) struct Said(String);

/// A guest to be booted.
#[derive(Debug)]
pub(crate) struct Guest {
    arguments: Vec<OsString>,
    /// Where its files are until it has run.
    folders: Vec<TempDir>,
}

impl Guest {
    /// With the drive of a mode of `run.sh`.
    pub(crate) fn new(mode: &str) -> Guest {
        Guest { arguments: vec!["-m".into(), mode.into()], folders: Vec::new() }
            .option("-b", binary())
            .file(&Path::new(RIG).join("common.sh"), "t/common.sh")
    }

    /// An option of `run.sh`.
    pub(crate) fn option(mut self, letter: &str, value: impl Into<OsString>) -> Guest {
        self.arguments.extend([letter.into(), value.into()]);
        self
    }

    /// A file or a directory for the guest.
    pub(crate) fn file(self, from: &Path, to: &str) -> Guest {
        let mut pair = from.as_os_str().to_owned();
        pair.push("=");
        pair.push(to);
        self.option("-d", pair)
    }

    /// Daily directories of [`week`], each as an archive that is called `/t/YYYY-MM-DD.tar` in the guest.
    pub(crate) fn days(self, days: &[&str]) -> Guest {
        self.days_with(days, Names::All)
    }

    /// The same, with some names only.
    pub(crate) fn days_with(mut self, days: &[&str], names: Names) -> Guest {
        let folder = tempfile::tempdir().expect("a new directory");
        for day in days {
            let directory = week::make_day(folder.path(), day, names);
            // Twenty megabytes take the guest, which is no fast machine, half a minute.
            let large = std::fs::File::options().write(true).open(directory.join("only here"));
            large.and_then(|file| file.set_len(700_001)).expect("an own file");
            let name = format!("{}.tar", day.replace('/', "-"));
            let archive = folder.path().join(&name);
            let mut tar = Command::new("tar");
            tar.arg("-cf").arg(&archive).arg("-C").arg(folder.path()).arg(day);
            assert!(tar.status().expect("tar runs").success(), "{tar:?} failed");
            self = self.file(&archive, &format!("t/{name}"));
        }
        self.folders.push(folder);
        self
    }

    /// Runs a script that has to end well. It has `common.sh`, and ends where a command in it fails.
    pub(crate) fn run(self, script: &str) -> Said {
        let folder = tempfile::tempdir().expect("a new directory");
        let file = folder.path().join("script.sh");
        std::fs::write(&file, format!(". /t/common.sh\n{script}\n")).expect("a new file");
        let mut command = Command::new("bash");
        command.arg(format!("{RIG}/run.sh")).args(&self.arguments).arg("-s").arg(&file);
        let output = command.stdin(Stdio::null()).output().expect("bash runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{script}\n--\n{said}\n{complaints}", output.status);
        Said(said)
    }
}

impl Said {
    /// Fails unless it was said.
    #[track_caller]
    pub(crate) fn expect(&self, text: &str) -> &Said {
        assert!(self.0.contains(text), "{text:?} was not said in\n{}", self.0);
        self
    }

    /// The line that is JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        let line = self.0.lines().find(|line| line.starts_with('{')).expect("a line of JSON");
        serde_json::from_str(line).expect("a line of JSON")
    }
}

/// The static program: what `CEDARBURN_STATIC` names, or the newest that was built.
pub(crate) fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("CEDARBURN_STATIC") {
        return named.into();
    }
    let built = ["release", "debug"].map(|profile| Path::new(TARGET).join(profile).join("cedarburn"));
    let newest = built.into_iter().filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path))).max();
    let how = "RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --target x86_64-unknown-linux-gnu --bin cedarburn";
    newest.unwrap_or_else(|| panic!("there is no static program to take into the guest: {how}")).1
}
