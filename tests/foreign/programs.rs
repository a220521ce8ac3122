//! The foreign programs: whether they are there, and how they are run.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Program and the Debian package that brings it.
const PROGRAMS: [(&str, &str); 12] = [
    ("xorriso", "xorriso"),
    ("isoinfo", "genisoimage"),
    ("isovfy", "genisoimage"),
    ("genisoimage", "genisoimage"),
    ("7z", "p7zip-full"),
    ("bsdtar", "libarchive-tools"),
    ("linux.uml", "user-mode-linux"),
    ("cc", "gcc"),
    ("perl", "perl-base"),
    ("sha256sum", "coreutils"),
    ("diff", "diffutils"),
    ("cp", "coreutils"),
];

/// Fails, naming what is missing and the Debian packages: a check that can't be made has not passed.
pub(crate) fn require_all() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = |program: &str| std::env::split_paths(&path).any(|directory| directory.join(program).is_file());
    let missing: Vec<_> = PROGRAMS.iter().filter(|(program, _)| !there(program)).collect();
    let mut packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    packages.dedup();
    let programs: Vec<_> = missing.iter().map(|(program, _)| *program).collect();
    let pycdlib = outcome(program(crate::foreign::pycdlib::PYTHON).args(["-c", "import pycdlib"]));
    assert!(pycdlib.status.success(), "missing: pycdlib. On Debian: apt-get install python3-pycdlib");
    assert!(missing.is_empty(), "missing: {}. On Debian: apt-get install {}", programs.join(", "), packages.join(" "));
}

/// A program that writes plain English, UTC and bytes as they are.
pub(crate) fn program(name: impl AsRef<Path>) -> Command {
    let mut command = Command::new(name.as_ref());
    command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// Runs to the end, whatever comes out.
pub(crate) fn outcome(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?} can't be run: {error}"))
}

/// Runs to success and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Vec<u8> {
    attempt(command).unwrap_or_else(|said| panic!("{command:?}: {said}"))
}

/// Runs to the end; returns what it printed, or, when it failed, what it said of that.
pub(crate) fn attempt(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = outcome(command);
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}
