//! A session of a disc as a file that other programs can read.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::foreign::programs::{output, program};

const SECTOR: usize = 2048;
/// Where a volume's descriptors begin (ECMA-119 8.1.1), counted from the session's start.
const DESCRIPTORS: u32 = 16;

/// One session of a disc.
#[derive(Debug)]
pub(crate) struct Image {
    /// The whole disc: sector n at byte n × 2048.
    pub(crate) disc: PathBuf,
    /// The sector the session starts at: 0 for the newest tree of overwritable media.
    pub(crate) start: u32,
    view: PathBuf,
    scratch: TempDir,
}

impl Image {
    /// The session of `disc` that starts at sector `start`.
    pub(crate) fn new(disc: &Path, start: u32) -> Image {
        let scratch = TempDir::new().expect("a temporary directory");
        let view = if start == 0 { disc.to_owned() } else { scratch.path().join("view.iso") };
        if start != 0 {
            show_session_at_sector_16(disc, start, &view);
        }
        Image { disc: disc.to_owned(), start, view, scratch }
    }

    /// A file in which the session's descriptors stand at sector 16, for readers that look nowhere else.
    pub(crate) fn view(&self) -> &Path {
        &self.view
    }

    /// A path for a reader's files; nothing is there yet.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }
}

fn byte_of(sector: u32) -> u64 {
    u64::from(sector) * SECTOR as u64
}

/// All addresses on a disc are absolute, so a copy shows a later session once the descriptors at sector 16 are that
/// session's. Only they are replaced, up to and with the terminator: a first session may have files right behind.
fn show_session_at_sector_16(disc: &Path, start: u32, view: &Path) {
    output(program("cp").args(["--sparse=always", "--reflink=auto"]).arg(disc).arg(view));
    let file = OpenOptions::new().read(true).write(true).open(view).expect("the copy just made");
    for index in DESCRIPTORS..DESCRIPTORS + 84 {
        let mut sector = [0; SECTOR];
        file.read_exact_at(&mut sector, byte_of(start + index)).expect("a session within the disc");
        assert_eq!(&sector[1..6], b"CD001", "no volume descriptor at sector {}", start + index);
        file.write_all_at(&sector, byte_of(index)).expect("room for a few sectors");
        if sector[0] == 255 {
            return;
        }
    }
    panic!("the descriptors of the session at {start} have no end");
}

/// Volume space size in the primary volume descriptor of the session at `start`, if one is there.
pub(crate) fn volume_sectors(disc: &Path, start: u32) -> Option<u32> {
    let file = File::open(disc).expect("a readable disc");
    let mut sector = [0; SECTOR];
    file.read_exact_at(&mut sector, byte_of(start + DESCRIPTORS)).ok()?;
    let size = u32::from_le_bytes([sector[80], sector[81], sector[82], sector[83]]);
    (sector.starts_with(b"\x01CD001\x01") && size != 0).then_some(size)
}

/// Session starts on overwritable media as xorriso finds them: the first session starts at sector 32, each one's own
/// descriptor says how long it is, the next starts at the following multiple of 32.
pub(crate) fn chain_of_overwritable(disc: &Path) -> Vec<u32> {
    let mut starts = Vec::new();
    let mut start = 32;
    while let Some(sectors) = volume_sectors(disc, start) {
        starts.push(start);
        start = (start + sectors).next_multiple_of(32);
    }
    starts
}
