//! Why a span can't go on.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::iso::tree::TreePath;

/// A span can't go on.
#[derive(Debug, thiserror::Error)]
pub enum SpanError {
    /// The journal's file.
    #[error("the journal {} can't be {what}", path.display())]
    Journal {
        /// Where it is.
        path: PathBuf,
        /// What was to be done with it.
        what: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// What stands in it.
    #[error("the journal {} can't be used: {what}", path.display())]
    BrokenJournal {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A file that fits on no disc of this kind.
    #[error("{path} fits on no such disc: it takes about {bytes} bytes, an empty one has {capacity}")]
    TooLarge {
        /// The file.
        path: TreePath,
        /// What it takes.
        bytes: u64,
        /// What there is.
        capacity: u64,
    },
    /// A disc that is done is in the drive.
    #[error("disc {wanted} of the span is wanted, disc {found} is in the drive")]
    DoneAlready {
        /// Which one is in.
        found: usize,
        /// Which one should be.
        wanted: usize,
    },
    /// This disc is done, and more are wanted.
    #[error("{0}, the next one is wanted")]
    NextDisc(Done),
    /// A signal, while the next disc was waited for.
    #[error("interrupted while the next disc was waited for: {0}")]
    Interrupted(Done),
    /// What was to be burned is on no disc, and not in staging any more.
    #[error("gone from staging before it was on a disc: {first}{}", and_more(*count))]
    Gone {
        /// The first of it, as the journal has it.
        first: String,
        /// How much it is.
        count: usize,
    },
}

fn and_more(count: usize) -> String {
    if count > 1 { format!(", and more: {}", count - 1) } else { String::new() }
}

/// How far a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Which disc is done.
    pub number: usize,
    /// Of how many, as far as can be told.
    pub of: usize,
    /// It was read back and compared.
    pub proven: bool,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Done { number, of, proven } = self;
        write!(f, "disc {number} of {of} is burned{}", if *proven { " and proven" } else { "" })
    }
}
