//! What is in the days of a span, thing by thing.

use jiff::civil::Date;

use super::journal::{Stamp, escaped};
use crate::actions::staging::{self, Day};
use crate::actions::{ActionError, own_files};
use crate::iso::scan;
use crate::iso::tree::{Kind, Timestamp, Tree, TreePath};
use crate::sector::SECTOR_BYTES;

/// What an item takes beside its content and twice its name: its record, its share of a directory, its line in the list.
const OWN_BYTES: u64 = 320;

/// One thing of a day.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) path: TreePath,
    pub(super) key: String,
    pub(super) day: Date,
    pub(super) host: String,
    /// Of its content.
    pub(super) bytes: u64,
    pub(super) stamp: Stamp,
}

/// What the keys of a day begin with.
pub(super) fn prefix(day: Date) -> String {
    format!("{}/", escaped(&staging::disc_path(day)))
}

/// What an entry takes on a disc, roughly.
pub(super) fn size(entry: &Entry) -> u64 {
    let content = entry.bytes.div_ceil(SECTOR_BYTES as u64) * SECTOR_BYTES as u64;
    content + OWN_BYTES + 2 * entry.path.as_bytes().len() as u64
}

/// Everything in the days that has to be on some disc.
pub(super) fn entries(days: &[Day]) -> Result<Vec<Entry>, ActionError> {
    let mut all = Vec::new();
    for day in days {
        let mut tree = Tree::new(own_files::attributes(0o755, Timestamp::from_seconds(0)));
        let at = day.on_disc();
        scan::graft(&mut tree, &day.path, &at)?;
        let Some(top) = tree.find(&at) else { continue };
        let depth = at.names().count();
        for id in tree.walk_from(top) {
            let node = tree.node(id);
            let bytes = match &node.kind {
                Kind::Directory(children) if id == top || !children.is_empty() => continue,
                Kind::File { size, .. } => *size,
                _ => 0,
            };
            let path = tree.path(id);
            let modified = node.attributes.modified;
            let names: Vec<&[u8]> = path.names().skip(depth).collect();
            let host = match names.as_slice() {
                [host, _, ..] => String::from_utf8_lossy(host).into_owned(),
                _ => String::new(),
            };
            let stamp = Stamp { bytes, seconds: modified.seconds, nanoseconds: modified.nanoseconds };
            all.push(Entry { key: escaped(&path), path: path.clone(), day: day.date, host, bytes, stamp });
        }
    }
    Ok(all)
}
