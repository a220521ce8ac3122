//! How fast images are made, beside genisoimage and xorriso in the same minutes:
//!
//! ```sh
//! cargo bench --bench image                                  # three trees, half an hour, 9 GB in the temporary directory
//! cargo bench --bench image -- --quick                       # a hundredth of it: whether the benchmark works
//! cargo bench --bench image -- small large --trees /var/tmp/trees     # two of them, kept for the next time
//! ```
//!
//! Every program makes every image in turn, round by round, to `/dev/null` and to a file, from trees that are in
//! memory; what counts is the shortest of the runs, because everything that disturbs makes a run longer. The exit
//! code says whether all could be measured, not whether it was fast: figures are read by people.

#![allow(clippy::print_stdout, reason = "the report is the purpose of this program")]

#[path = "../measure/mod.rs"]
mod measure;
mod report;
mod run;
mod trees;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;

use measure::{Outcome, Usage};
use report::Measured;
use run::{PROGRAMS, Program, Sink};
use trees::Tree;

/// Measures how fast images are made, beside genisoimage and xorriso.
#[derive(Debug, Parser)]
struct Arguments {
    /// The trees to measure: small, large, million (all, if none is named)
    names: Vec<String>,
    /// Where the trees are made, or are already; the default is a temporary directory
    #[arg(long, value_name = "DIR")]
    trees: Option<PathBuf>,
    /// How often each image is made
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// A hundredth of the files: shows that the benchmark works, not how fast anything is
    #[arg(long)]
    quick: bool,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<()> {
    let given: Vec<_> = std::env::args_os().skip(1).collect();
    match given.split_first() {
        Some((first, rest)) if measure::is_parent(first) => return measure::parent(rest),
        Some((first, [top])) if run::is_reader(first) => return run::read_all(Path::new(top)),
        _ => {}
    }
    let arguments = Arguments::parse();
    let temporary = tempfile::tempdir()?;
    let top = arguments.trees.as_deref().unwrap_or(temporary.path());
    fs::create_dir_all(top)?;

    let scale = if arguments.quick { 100 } else { 1 };
    let all = trees::all(scale);
    if let Some(unknown) = arguments.names.iter().find(|name| !all.iter().any(|tree| tree.group == **name)) {
        return Err(format!("there is no tree {unknown}").into());
    }
    let chosen: Vec<Tree> = all
        .into_iter()
        .filter(|tree| arguments.names.is_empty() || arguments.names.iter().any(|name| name == tree.group))
        .collect();
    let programs: Vec<Program> = PROGRAMS.into_iter().filter(|program| program.is_there()).collect();
    for missing in PROGRAMS.iter().filter(|program| !program.is_there()) {
        println!("{} is not installed: nothing to compare with there", missing.name);
    }

    let mut hash = run::hash_speed();
    let mut measured = Vec::new();
    for tree in chosen {
        let begun = Instant::now();
        let directory = tree.make(top)?;
        println!(
            "\n{}: {} files, {} MB ({:.0} s to make)",
            tree.name,
            tree.files(),
            tree.bytes() / 1_000_000,
            begun.elapsed().as_secs_f64()
        );
        let result = measure(&tree, &directory, top, &programs, arguments.runs)?;
        report::table(&result);
        measured.push(result);
        // The best that this machine can, like all that is measured: not what it could in one bad moment.
        hash = hash.max(run::hash_speed());
    }
    println!("\n{} cores; SHA-256 of one stream: {:.0} MB/s", std::thread::available_parallelism()?, hash / 1e6);
    report::targets(&measured, hash);
    Ok(())
}

fn measure(tree: &Tree, directory: &Path, top: &Path, programs: &[Program], runs: usize) -> Outcome<Measured> {
    let output = top.join("image.iso");
    let mut usages: BTreeMap<(usize, Sink), Vec<Usage>> = BTreeMap::new();
    run::read_all(directory)?;
    for round in 0..runs.max(1) {
        for (number, program) in programs.iter().enumerate() {
            for sink in [Sink::Null, Sink::File] {
                if program.is_measured(tree, sink, round) {
                    let usage = program.measure(directory, sink, &output)?;
                    usages.entry((number, sink)).or_default().push(usage);
                }
            }
        }
    }
    let rows = usages.into_iter().map(|((number, sink), usages)| (programs[number], sink, usages)).collect();
    Ok(Measured { tree: tree.clone(), rows })
}
