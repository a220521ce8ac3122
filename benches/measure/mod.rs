//! What the benchmarks share: what a process took, figures in words, and content that depends on nothing but this text.
//!
//! Each process that is measured has one of its own for a parent, the benchmark once more: the kernel counts the memory of all the
//! children of a process together, and a child's peak begins with what its parent had.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

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

impl Usage {
    /// Whether what was to be in memory was not: the run measured the disk.
    pub(crate) fn is_of_the_disk(&self) -> bool {
        self.read >= 100
    }
}

const MEASURE: &str = "--measure";

/// Runs a program and measures it.
pub(crate) fn measure(program: &OsStr, arguments: &[OsString]) -> Outcome<Usage> {
    let mut command = Command::new(std::env::current_exe()?);
    let answer = command.arg(MEASURE).arg(program).args(arguments).stdin(Stdio::null()).output()?;
    if !answer.status.success() {
        let said = String::from_utf8_lossy(&answer.stderr);
        return Err(format!("{} {arguments:?} failed: {said}", program.display()).into());
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

/// Whether this process is the parent of one that is measured.
pub(crate) fn is_parent(first: &OsStr) -> bool {
    first == MEASURE
}

/// What such a process does.
pub(crate) fn parent(arguments: &[OsString]) -> Outcome<()> {
    let (program, rest) = arguments.split_first().ok_or("nothing to do")?;
    let begun = Instant::now();
    let status = Command::new(program).args(rest).stdout(Stdio::null()).status()?;
    let wall = begun.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("{} ended with {status}", program.display()).into());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6;
    println!("{wall} {cpu} {} {}", usage.max_rss(), usage.block_reads());
    Ok(())
}

fn sorted(usages: &[Usage]) -> Vec<f64> {
    let mut walls: Vec<f64> = usages.iter().map(|usage| usage.wall).collect();
    walls.sort_by(f64::total_cmp);
    walls
}

/// The shortest wall time in seconds.
pub(crate) fn least(usages: &[Usage]) -> f64 {
    sorted(usages).first().copied().unwrap_or(f64::NAN)
}

/// The wall time in the middle, in seconds.
pub(crate) fn median(usages: &[Usage]) -> f64 {
    let walls = sorted(usages);
    walls.get(walls.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The least time of all cores together, in seconds.
pub(crate) fn cpu(usages: &[Usage]) -> f64 {
    usages.iter().map(|usage| usage.cpu).fold(f64::INFINITY, f64::min)
}

/// The peak of the memory in KiB.
pub(crate) fn memory(usages: &[Usage]) -> i64 {
    usages.iter().map(|usage| usage.memory).max().unwrap_or_default()
}

/// A promise that something is no more than this.
pub(crate) fn at_most(what: &str, value: Option<f64>, most: f64) {
    line(what, value, "at most", most, |value| value <= most);
}

/// A promise that something is no less than this.
pub(crate) fn at_least(what: &str, value: Option<f64>, least: f64) {
    line(what, value, "at least", least, |value| value >= least);
}

fn line(what: &str, value: Option<f64>, how: &str, bound: f64, holds: impl Fn(f64) -> bool) {
    match value {
        Some(value) => {
            let verdict = if holds(value) { "holds" } else { "MISSED" };
            println!("{verdict:<8}{what:<64}{value:>8.2}  ({how} {bound:.2})");
        }
        None => println!("{:<8}{what:<64}", "?"),
    }
}

/// So many bytes, a multiple of 8, that no compression makes smaller.
pub(crate) fn noise(bytes: usize) -> Vec<u8> {
    let mut random = Random(2);
    (0..bytes / 8).flat_map(|_| random.next().to_le_bytes()).collect()
}

/// The generator of Vigna's splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
