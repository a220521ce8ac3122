//! Runs a program and says what it took.
//!
//! Each run has a process of its own for a parent, this program once more: the kernel counts the memory of all the
//! children of a process together, and a child's peak begins with what its parent had.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use sha2::{Digest, Sha256};

use super::Outcome;
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

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Seconds from start to end.
    pub(crate) wall: f64,
    /// Seconds of all cores together.
    pub(crate) cpu: f64,
    /// Peak of the resident memory in KiB.
    pub(crate) memory: i64,
    /// Blocks that had to be read from the disk.
    read: i64,
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
            if usage.read < 100 {
                return Ok(usage);
            }
            read_all(directory)?;
        }
        self.run(directory, sink, output)
    }

    fn run(&self, directory: &Path, sink: Sink, output: &Path) -> Outcome<Usage> {
        let null = Path::new("/dev/null");
        let output = if sink == Sink::Null { null } else { output };
        let own = std::env::current_exe()?;
        let mut command = Command::new(&own);
        command.arg(MEASURE);
        if self.command.is_empty() {
            command.arg(own).arg(READ);
        } else {
            command.arg(self.command).args(self.before).arg(self.output).arg(output);
        }
        command.arg(directory);
        let answer = command.stdin(Stdio::null()).output()?;
        if sink == Sink::File {
            fs::remove_file(output)?;
            // Not to be done during the next run.
            nix::unistd::sync();
        }
        if !answer.status.success() {
            let said = String::from_utf8_lossy(&answer.stderr);
            return Err(format!("{} of {} failed: {said}", self.name, directory.display()).into());
        }
        let text = String::from_utf8(answer.stdout)?;
        let mut numbers = text.split_whitespace();
        let mut number = || numbers.next().ok_or("an answer is incomplete");
        Ok(Usage {
            wall: number()?.parse()?,
            cpu: number()?.parse()?,
            memory: number()?.parse()?,
            read: number()?.parse()?,
        })
    }
}

const MEASURE: &str = "--measure";
const READ: &str = "--read";

/// Whether this process is one that the benchmark started.
pub(crate) fn is_inner(first: &OsStr) -> bool {
    first == MEASURE || first == READ
}

/// What such a process does.
pub(crate) fn inner(first: &OsStr, arguments: Vec<OsString>) -> Outcome<()> {
    let (target, rest) = arguments.split_first().ok_or("nothing to do")?;
    if first == READ {
        return read_all(Path::new(target));
    }
    let begun = Instant::now();
    let status = Command::new(target).args(rest).stdout(Stdio::null()).status()?;
    let wall = begun.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("{} ended with {status}", target.display()).into());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6;
    println!("{wall} {cpu} {} {}", usage.max_rss(), usage.block_reads());
    Ok(())
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
