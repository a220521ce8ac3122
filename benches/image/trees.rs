//! The trees that are measured. Their content depends on nothing but this text.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::measure::{Outcome, Random, noise};

/// A tree of so many directories of so many files.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    /// What it is called on the command line.
    pub(crate) group: &'static str,
    /// What it is called in the report.
    pub(crate) name: &'static str,
    /// Whether the other programs make images of it often.
    pub(crate) is_compared: bool,
    directories: u64,
    files_each: u64,
    size: fn(u64) -> u64,
}

/// All trees, with so many times fewer files than there should be.
pub(crate) fn all(scale: u64) -> Vec<Tree> {
    vec![
        Tree {
            group: "small",
            name: "small files",
            is_compared: true,
            directories: 1000 / scale,
            files_each: 100,
            size: |random| random % 8193,
        },
        Tree {
            group: "large",
            name: "large files",
            is_compared: true,
            directories: 1,
            files_each: 20u64.div_ceil(scale),
            size: |_| 100 << 20,
        },
        Tree {
            group: "million",
            name: "10^4 tiny files",
            is_compared: false,
            directories: 100,
            files_each: 100,
            size: tiny,
        },
        Tree {
            group: "million",
            name: "10^6 tiny files",
            is_compared: false,
            directories: 10_000 / scale,
            files_each: 100,
            size: tiny,
        },
    ]
}

/// Half of the files are empty.
fn tiny(random: u64) -> u64 {
    if random.is_multiple_of(2) { 0 } else { random / 2 % 64 + 1 }
}

impl Tree {
    pub(crate) fn files(&self) -> u64 {
        self.directories * self.files_each
    }

    pub(crate) fn bytes(&self) -> u64 {
        let mut random = Random(1);
        (0..self.files()).map(|_| (self.size)(random.next())).sum()
    }

    /// Makes the tree below `top`, unless it is there.
    pub(crate) fn make(&self, top: &Path) -> Outcome<PathBuf> {
        let directory = top.join(format!("{}-{}", self.group, self.files()));
        let made = directory.with_extension("made");
        let what = format!("{} files, {} bytes\n", self.files(), self.bytes());
        if fs::read_to_string(&made).is_ok_and(|text| text == what) {
            return Ok(directory);
        }
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        let block = noise(1 << 20);
        let mut random = Random(1);
        for number in 0..self.directories {
            let below = directory.join(format!("directory-{number:05}"));
            fs::create_dir_all(&below)?;
            for number in 0..self.files_each {
                let drawn = random.next();
                let mut left = usize::try_from((self.size)(drawn))?;
                let mut file = File::create(below.join(format!("file-{number:03}.dat")))?;
                let mut at = usize::try_from(drawn >> 45)?;
                while left > 0 {
                    let part = &block[at..];
                    let part = &part[..left.min(part.len())];
                    file.write_all(part)?;
                    left -= part.len();
                    at = 0;
                }
            }
        }
        fs::write(made, what)?;
        nix::unistd::sync();
        Ok(directory)
    }
}
