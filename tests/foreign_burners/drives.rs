//! Simulated drives in a guest: virtual discs, the iSCSI target that serves them, and what the drives noticed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::guest::{Guest, Said};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign_burners");

/// Seconds that pass in a drive while one passes outside: discs are blanked for half an hour.
const PACE: &str = "50";

/// Minutes a guest may have, in seconds.
const TIME: &str = "560";

/// Drives, each with a blank disc in it, behind a target that runs as long as this lives.
#[derive(Debug)]
pub(crate) struct Drives {
    folder: TempDir,
    target: Child,
    portals: Vec<String>,
}

impl Drives {
    /// Blank discs by the words of `media_type`, the first in `/dev/sr0`.
    pub(crate) fn with(media: &[&str]) -> Drives {
        let folder = tempfile::tempdir().expect("a new directory");
        let violations = folder.path().join("violations");
        let mut command = Command::new(target());
        command.args(["--pace", PACE, "--trace"]).arg(folder.path());
        for (at, medium) in media.iter().enumerate() {
            let disc = folder.path().join(at.to_string());
            let mut create = Command::new(env!("CARGO_BIN_EXE_cedarburn"));
            create.args(["disc", "create"]).arg(&disc).args(["--media", medium]);
            assert!(create.status().expect("cedarburn runs").success(), "{create:?} failed");
            command.arg(format!("sim:{},violations={}", disc.display(), violations.display()));
        }
        let mut target = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the target runs");
        let lines = BufReader::new(target.stdout.take().expect("its output")).lines();
        let lines: Vec<_> = lines.take(1 + media.len()).map(|line| line.expect("a line")).collect();
        let address = lines.first().and_then(|line| line.strip_prefix("listening on ")).expect("an address").to_owned();
        let portals = lines.iter().skip(1).map(|name| format!("{address}/{name}")).collect();
        Drives { folder, target, portals }
    }

    /// HOST:PORT/TARGET of each drive.
    pub(crate) fn portals(&self) -> &[String] {
        &self.portals
    }

    /// Runs a script in a guest that has these drives, after `burners.sh`; it has to end well.
    pub(crate) fn run(self, script: &str) -> (Said, Noticed) {
        let burners = Path::new(SCRIPTS).join("burners.sh");
        let guest = Guest::new("iscsi").option("-t", TIME).file(&burners, "t/burners.sh");
        self.run_in(guest, &format!(". /t/burners.sh\n{script}"))
    }

    /// Runs a script in a guest of mode `iscsi` that gets these drives; it has to end well.
    pub(crate) fn run_in(self, mut guest: Guest, script: &str) -> (Said, Noticed) {
        for portal in &self.portals {
            guest = guest.option("-p", portal);
        }
        (guest.run(script), self.let_go())
    }

    /// Lets the drives go.
    fn let_go(mut self) -> Noticed {
        drop(self.target.stdin.take());
        assert!(self.target.wait().expect("the target ends").success());
        let lines =
            std::fs::read_to_string(self.folder.path().join("violations")).expect("the drives say what they saw");
        Noticed(lines.lines().map(str::to_owned).collect())
    }
}

impl Drop for Drives {
    fn drop(&mut self) {
        let _ = self.target.kill();
        let _ = self.target.wait();
    }
}

/// The kernel asks whether a drive is ready each time that somebody opens it, and burners open it several times in a row.
const KERNEL: [&str; 1] = ["the drive was polled faster than 100 times a second; cdb=00 "];

/// What the drives noticed of their clients, a line each: what, the CDB, the drive.
#[derive(Debug)]
pub(crate) struct Noticed(Vec<String>);

impl Noticed {
    /// Fails if there is anything but what is known of these burners, and of the kernel.
    #[track_caller]
    pub(crate) fn nothing_but(&self, known: &[&str]) {
        let known = |line: &&String| known.iter().chain(&KERNEL).any(|what| line.starts_with(what));
        let others: Vec<_> = self.0.iter().filter(|line| !known(line)).collect();
        assert!(others.is_empty(), "the drives noticed {others:#?}");
    }
}

/// The target, built as an example.
fn target() -> PathBuf {
    let built = Path::new(env!("CARGO_BIN_EXE_cedarburn")).with_file_name("examples").join("iscsi_target");
    assert!(built.is_file(), "{} is missing: cargo build --example iscsi_target", built.display());
    built
}
