//! The figures in words.

use super::measure::{Usage, at_least, at_most, cpu, least, median, memory};
use super::run::{GENISOIMAGE, OURS, Program, Sink, XORRISO};
use super::trees::Tree;

/// What the programs took for a tree.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) tree: Tree,
    pub(crate) rows: Vec<(Program, Sink, Vec<Usage>)>,
}

impl Measured {
    fn usages(&self, name: &str, sink: Sink) -> Option<&[Usage]> {
        let row = self.rows.iter().find(|(program, at, _)| program.name == name && *at == sink);
        row.map(|(_, _, usages)| &usages[..])
    }

    /// The shortest wall time in seconds.
    fn least(&self, name: &str, sink: Sink) -> Option<f64> {
        self.usages(name, sink).map(least)
    }

    /// The peak of the memory in KiB.
    fn memory(&self, name: &str) -> Option<i64> {
        [Sink::Null, Sink::File].into_iter().filter_map(|sink| self.usages(name, sink)).map(memory).max()
    }
}

/// Prints what was measured of a tree; the ratio is that of the shortest time to ours.
pub(crate) fn table(measured: &Measured) {
    println!(
        "{:<24}{:<11}{:>9}{:>9}{:>9}{:>9}{:>10}{:>6}",
        "", "to", "least s", "median s", "CPU s", "ours ×", "peak MiB", "runs"
    );
    for (program, sink, usages) in &measured.rows {
        let ratio = measured.least(OURS, *sink).map_or(f64::NAN, |ours| ours / least(usages));
        println!(
            "{:<24}{:<11}{:>9.3}{:>9.3}{:>9.3}{ratio:>9.2}{:>10}{:>6}",
            program.name,
            sink.word(),
            least(usages),
            median(usages),
            cpu(usages),
            memory(usages) / 1024,
            usages.len()
        );
    }
}

/// Prints which of the promises in CONTRIBUTING.md hold.
pub(crate) fn targets(all: &[Measured], hash: f64) {
    println!("\nwhat is promised of `{OURS}`");
    let find = |name| all.iter().find(|measured| measured.tree.name == name);
    if let Some(small) = find("small files") {
        for sink in [Sink::Null, Sink::File] {
            for (peer, most) in [(GENISOIMAGE, 0.6), (XORRISO, 0.25)] {
                let ratio = small.least(OURS, sink).zip(small.least(peer, sink)).map(|(ours, peer)| ours / peer);
                at_most(&format!("small files to {}: time of `{peer}` ×", sink.word()), ratio, most);
            }
        }
    }
    if let Some(large) = find("large files") {
        for sink in [Sink::Null, Sink::File] {
            let speed = large.least(OURS, sink).map(|ours| large.tree.bytes() as f64 / ours / hash);
            at_least(&format!("large files to {}: speed of SHA-256 ×", sink.word()), speed, 0.7);
            let ratio = large.least(OURS, sink).zip(large.least(XORRISO, sink)).map(|(ours, peer)| ours / peer);
            at_most(&format!("large files to {}: time of `{XORRISO}` ×", sink.word()), ratio, 1.0);
        }
    }
    for measured in all {
        let room = 16.0 + 0.35 * measured.tree.files() as f64 / 1024.0;
        let peak = measured.memory(OURS).map(|kib| kib as f64 / 1024.0);
        at_most(&format!("{}: peak of the memory in MiB", measured.tree.name), peak, room);
    }
    if let (Some(few), Some(many)) = (find("10^4 tiny files"), find("10^6 tiny files")) {
        for sink in [Sink::Null, Sink::File] {
            let each = |measured: &Measured| Some(measured.least(OURS, sink)? / measured.tree.files() as f64);
            let ratio = each(many).zip(each(few)).map(|(many, few)| many / few);
            at_most(&format!("time per file to {}, 10^6 to 10^4 ×", sink.word()), ratio, 1.3);
        }
    }
}
