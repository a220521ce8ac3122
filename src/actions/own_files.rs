//! What we add to a tree: the list of digests, and the text that explains it.

use bytes::Bytes;
use jiff::civil::Date;

use crate::iso::manifest;
use crate::iso::tree::{Attributes, Content, Kind, Timestamp, Tree, TreeError};

/// Owner, mode and times of what is in a tree and comes from nowhere else.
#[must_use]
pub fn attributes(mode: u32, now: Timestamp) -> Attributes {
    Attributes { mode, uid: 0, gid: 0, modified: now, accessed: now, changed: now }
}

/// Adds the manifest of the day `date`, and the text that explains it where there is none yet; `note` is a paragraph about this disc.
///
/// # Errors
/// When something that is no directory stands in the place of ours.
pub fn add(tree: &mut Tree, date: Date, now: Timestamp, note: Option<&str>) -> Result<(), TreeError> {
    let own = tree.make_directory(&manifest::directory(), attributes(0o755, now))?;
    let file = attributes(0o644, now);
    if tree.child(own, b"README.txt").is_none() {
        let text = include_str!("disc_readme.txt");
        let text = match note {
            None => Bytes::from_static(text.as_bytes()),
            Some(note) => Bytes::from(format!("{}\n\n{text}", note.trim_end())),
        };
        let kind = Kind::File { size: text.len() as u64, content: Content::Bytes(text) };
        tree.insert(own, b"README.txt", file, kind)?;
    }
    let name = manifest::name(date, |name| tree.child(own, name).is_some());
    // The plan gives it its size.
    tree.insert(own, name.as_bytes(), file, Kind::File { size: 0, content: Content::Manifest })?;
    Ok(())
}
