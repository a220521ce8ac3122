//! How fast a disc is burned and proven when no drive is waited for, beside `cp` and `cmp` of the same file in the same minutes:
//!
//! ```sh
//! cargo bench --bench burning                          # a file of 2 GiB, 6 GB in the temporary directory, some minutes
//! cargo bench --bench burning -- --quick               # a hundredth of it: whether the benchmark works
//! cargo bench --bench burning -- dvd+rw --runs 9 --directory /var/tmp
//! ```
//!
//! The drive is the simulated one. Its time is its own, so that what is measured is this program: reading the staged file, hashing it,
//! the checksums, the commands, the drive's buffer, the file that stands for the disc, and all of it read back and hashed once more. `cp`
//! and `cmp` move as many bytes and compare them, and hash nothing.
//!
//! `cp` is measured twice: as it comes, when it asks the kernel to copy, and with `--reflink=never`, when it reads and writes. On a
//! file system that lets two files share their blocks the first copies nothing, and says little.
//!
//! What counts is the shortest of the runs, because everything that disturbs makes a run longer. The exit code says whether all could be
//! measured, not whether it was fast.

#![allow(clippy::print_stdout, reason = "the report is the purpose of this program")]

#[path = "../measure/mod.rs"]
mod measure;
mod run;

use std::path::PathBuf;

use clap::Parser;

use measure::{Outcome, Usage, at_least, at_most, cpu, least, median, memory};
use run::{Bench, Phases, Way};

/// Measures how fast discs are burned and proven, beside cp and cmp.
#[derive(Debug, Parser)]
struct Arguments {
    /// The media to burn, as the configuration names them
    #[arg(default_values = ["dvd+rw", "bd-r"])]
    media: Vec<String>,
    /// Where the file, its copy and the disc are made; the default is a temporary directory
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// How often each is done
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// A hundredth of the bytes: shows that the benchmark works, not how fast anything is
    #[arg(long)]
    quick: bool,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<()> {
    let given: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some((first, rest)) = given.split_first()
        && measure::is_parent(first)
    {
        return measure::parent(rest);
    }
    let arguments = Arguments::parse();
    let temporary = match &arguments.directory {
        Some(directory) => tempfile::tempdir_in(directory)?,
        None => tempfile::tempdir()?,
    };
    let mebibytes = if arguments.quick { 20 } else { 2048 };
    let bench = Bench::new(temporary.path(), mebibytes)?;
    for media in &arguments.media {
        measure_media(&bench, media, arguments.runs.max(1))?;
    }
    Ok(())
}

fn measure_media(bench: &Bench, media: &str, runs: usize) -> Outcome<()> {
    bench.configure(media)?;
    let mut usages = Way::ALL.map(|way| (way, Vec::new()));
    for _ in 0..runs {
        for (way, usages) in &mut usages {
            usages.push(bench.measure(*way, media)?);
        }
    }
    let phases = bench.phases(media)?;
    println!("\n{media}: a file of {} MiB, {} cores", bench.mebibytes, std::thread::available_parallelism()?);
    report(bench, &usages, &phases);
    Ok(())
}

fn report(bench: &Bench, usages: &[(Way, Vec<Usage>)], phases: &Phases) {
    let gibibytes = f64::from(bench.mebibytes) / 1024.0;
    let store = usages.iter().find(|(way, _)| *way == Way::Store).map_or(&[][..], |(_, usages)| usages);
    let head = ["least s", "median s", "MB/s", "CPU s", "CPU s/GiB", "ours ×", "peak MiB", "runs"];
    println!("{:<28}{}", "", head.map(|title| format!("{title:>10}")).concat());
    for (way, usages) in usages {
        println!(
            "{:<28}{:>10.2}{:>10.2}{:>10.0}{:>10.2}{:>10.2}{:>10.2}{:>10}{:>10}",
            way.name(),
            least(usages),
            median(usages),
            f64::from(bench.mebibytes) * 1.048_576 / least(usages),
            cpu(usages),
            cpu(usages) / gibibytes,
            least(store) / least(usages),
            memory(usages) / 1024,
            usages.len()
        );
    }
    println!("in one run more: {phases}");
    println!("\nwhat is promised of `{}`", Way::Store.name());
    for (way, usages) in usages.iter().filter(|(way, _)| *way != Way::Store) {
        at_least(&format!("speed of `{}` ×", way.name()), Some(least(usages) / least(store)), 0.5);
    }
    at_most("peak of the memory in MiB", Some(memory(store) as f64 / 1024.0), 32.0);
}
