//! Sessions written with the library to a sparse file: at any sector, behind others, on sequential or overwritable media.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use cedarburn::iso::generator::plan::{AttributePolicy, Options, Plan, VolumeSpace};
use cedarburn::iso::reader::{Volume, read_tree};
use cedarburn::iso::scan;
use cedarburn::iso::source::ImageFile;
use cedarburn::iso::tree::{Attributes, Timestamp, Tree, TreePath};
use cedarburn::sector::{Lba, Sectors};

/// A disc that grows session by session.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// Sector n at byte n × 2048; what was never written is a hole.
    pub(crate) disc: PathBuf,
    pub(crate) starts: Vec<u32>,
    attributes: AttributePolicy,
    is_overwritable: bool,
    /// With a Joliet tree.
    pub(crate) joliet: bool,
}

impl Sessions {
    /// A blank disc in the file `disc`.
    pub(crate) fn new(disc: &Path, attributes: AttributePolicy, is_overwritable: bool) -> Sessions {
        Sessions { disc: disc.to_owned(), starts: Vec::new(), attributes, is_overwritable, joliet: false }
    }

    /// Writes a session at `start` that shows what the newest one shows and the directory `source` at `graft`.
    pub(crate) fn append(&mut self, start: u32, source: &Path, graft: &str) {
        let mut tree = self.tree();
        scan::graft(&mut tree, source, &TreePath::new(graft)).expect("a directory that can be scanned");
        self.append_tree(start, tree);
    }

    /// What the newest session shows, or an empty tree.
    pub(crate) fn tree(&self) -> Tree {
        let Some(&newest) = self.starts.last() else { return Tree::new(plain_root()) };
        let mut source = ImageFile::open(&self.disc).expect("a readable disc");
        let volume = Volume::open(&mut source, Lba(newest)).expect("a session");
        let reading = read_tree(&mut source, &volume).expect("a tree");
        assert!(!reading.lost, "{:?}", reading.notes);
        reading.tree
    }

    /// Writes a session at `start` with this tree.
    pub(crate) fn append_tree(&mut self, start: u32, tree: Tree) -> Plan {
        let mut options = Options::new("LIMITS", Timestamp::from_seconds(1_795_000_000));
        options.start = Lba(start);
        options.attributes = self.attributes;
        options.volume_space = VolumeSpace::AbsoluteEnd;
        options.joliet = self.joliet;
        if self.is_overwritable {
            options.volume_space = VolumeSpace::SessionLength;
            options.align = Sectors(32);
        }
        let plan = Plan::new(tree, options).expect("a tree that fits");
        write(&plan, &self.disc);
        if self.is_overwritable {
            let file = OpenOptions::new().write(true).open(&self.disc).expect("the disc just written");
            file.write_all_at(&plan.superblock(), 0).expect("room on the disc");
        }
        self.starts.push(start);
        plan
    }
}

/// Root's, as store has it.
pub(crate) fn plain_root() -> Attributes {
    let time = Timestamp::from_seconds(1_500_000_000);
    Attributes { mode: 0o755, uid: 0, gid: 0, modified: time, accessed: time, changed: time }
}

/// Writes the session to its place in the file; sectors of zeros become holes where nothing was before.
pub(crate) fn write(plan: &Plan, disc: &Path) {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(disc).expect("a file for the disc");
    let mut stream = plan.stream();
    let mut at = plan.start().byte_offset();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let count = stream.read(&mut buffer);
        if count == 0 {
            break;
        }
        for part in buffer[..count].chunks(1 << 14) {
            if !is_zero(part) {
                file.write_all_at(part, at).expect("room on the disc");
            }
            at += part.len() as u64;
        }
    }
    let report = stream.finish();
    assert!(report.damages.is_empty(), "{:?}", report.damages);
    let end = plan.end().byte_offset();
    assert_eq!(at, end, "the stream is as long as planned");
    let length = file.metadata().expect("a file").len();
    file.set_len(length.max(end)).expect("room on the disc");
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&b| b == 0)
}
