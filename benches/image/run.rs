//! Makes an image with a program and says what it took.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::measure::{self, Outcome, Usage};
use super::trees::Tree;

/// Where the image goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sink {
    Null,
    File,
}

impl Sink {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Sink::Null => "/dev/null",
            Sink::File => "file",
        }
    }
}

/// Something that makes an image, or only reads the files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// The command; empty for this program itself.
    command: &'static str,
    before: &'static [&'static str],
    /// What names the output.
    output: &'static str,
}

pub(crate) const OURS: &str = "cedarburn --manifest";
pub(crate) const OURS_WITHOUT: &str = "cedarburn";
pub(crate) const GENISOIMAGE: &str = "genisoimage -r";
pub(crate) const XORRISO: &str = "xorriso -as mkisofs -r";
const READING: &str = "reading alone";

const BINARY: &str = env!("CARGO_BIN_EXE_cedarburn");

pub(crate) const PROGRAMS: [Program; 5] = [
    Program { name: OURS, command: BINARY, before: &["image", "--manifest"], output: "--output" },
    Program { name: OURS_WITHOUT, command: BINARY, before: &["image"], output: "--output" },
    Program { name: GENISOIMAGE, command: "genisoimage", before: &["-r", "-quiet"], output: "-o" },
    Program { name: XORRISO, command: "xorriso", before: &["-as", "mkisofs", "-r", "-quiet"], output: "-o" },
    Program { name: READING, command: "", before: &[], output: "" },
];

impl Program {
    pub(crate) fn is_there(&self) -> bool {
        let runs =
            |command| Command::new(command).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        self.command.is_empty() || runs(self.command).is_ok()
    }

    fn is_ours(&self) -> bool {
        self.command == BINARY
    }

    /// The other programs take minutes for a million files, and no target asks for their time: once is enough.
    pub(crate) fn is_measured(&self, tree: &Tree, sink: Sink, round: usize) -> bool {
        match sink {
            Sink::File => !self.command.is_empty() && (tree.is_compared || self.is_ours()),
            Sink::Null => round == 0 || tree.is_compared || self.is_ours(),
        }
    }

    /// Makes the image once. A run that finds files gone from memory is done again: it measured the disk.
    pub(crate) fn measure(&self, directory: &Path, sink: Sink, output: &Path) -> Outcome<Usage> {
        for _ in 0..3 {
            let usage = self.run(directory, sink, output)?;
            if !usage.is_of_the_disk() {
                return Ok(usage);
            }
            read_all(directory)?;
        }
        self.run(directory, sink, output)
    }

    fn run(&self, directory: &Path, sink: Sink, output: &Path) -> Outcome<Usage> {
        let null = Path::new("/dev/null");
        let output = if sink == Sink::Null { null } else { output };
        let (program, arguments) = if self.command.is_empty() {
            (std::env::current_exe()?.into_os_string(), vec![READ.into(), directory.into()])
        } else {
            let before = self.before.iter().map(OsString::from);
            let after = [self.output.into(), output.into(), directory.into()];
            (self.command.into(), before.chain(after).collect())
        };
        let usage = measure::measure(&program, &arguments);
        if sink == Sink::File {
            fs::remove_file(output)?;
            // Not to be done during the next run.
            nix::unistd::sync();
        }
        usage
    }
}

const READ: &str = "--read";

/// Whether this process is one that reads all files.
pub(crate) fn is_reader(first: &OsStr) -> bool {
    first == READ
}

/// Reads all files, one after the other: what no program that reads them so can fall below.
pub(crate) fn read_all(top: &Path) -> Outcome<()> {
    let mut buffer = vec![0; 256 << 10];
    let mut waiting = vec![top.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                waiting.push(entry.path());
                continue;
            }
            let mut file = File::open(entry.path())?;
            while file.read(&mut buffer)? > 0 {}
        }
    }
    Ok(())
}

/// Bytes a second of SHA-256 over what is in the cache, by one thread.
pub(crate) fn hash_speed() -> f64 {
    let block = vec![0x5a; 128 << 10];
    let rounds = 512;
    let once = || {
        let begun = Instant::now();
        let mut hash = Sha256::new();
        (0..rounds).for_each(|_| hash.update(&block));
        std::hint::black_box(hash.finalize());
        f64::from(rounds) * 131_072.0 / begun.elapsed().as_secs_f64()
    };
    (0..40).map(|_| once()).fold(0.0, f64::max)
}
