//! `cedarburn list`

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::{json, output};
use crate::actions::list::{self, list};
use crate::actions::{ActionError, device};
use crate::iso::reader::{Note, Reading};
use crate::iso::tree::{Kind, NodeId, Tree, TreePath};

/// What is listed.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Path on the disc
    #[arg(default_value = "/")]
    path: std::ffi::OsString,
    /// Session to look at, counted from 1; the newest otherwise
    #[arg(long, value_name = "N")]
    session: Option<u32>,
    /// Everything below, too
    #[arg(short = 'R', long)]
    recursive: bool,
}

/// A file in JSON. Names that are no text have their bytes escaped.
#[derive(Debug, Serialize)]
struct FileObject<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    path: String,
    file_type: &'a str,
    mode: String,
    uid: u32,
    gid: u32,
    bytes: u64,
    modified: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

pub(super) fn run(context: &Context<'_>, arguments: &Arguments) -> Result<(), ActionError> {
    let spec = context.device()?;
    let mut reading = list::Reading::new(device::open(&spec, context.trace())?)?;
    let Reading { tree, notes, more_notes, .. } = reading.session(arguments.session)?;
    let path = TreePath::new(std::os::unix::ffi::OsStrExt::as_bytes(arguments.path.as_os_str()));
    let concerns = |note: &&Note| note.what.is_loss() && (note.what.is_everywhere() || note.path.is_within(&path));
    for note in notes.iter().filter(concerns) {
        tracing::warn!("{note}");
    }
    if more_notes > 0 {
        tracing::warn!("more oddities on this disc: {more_notes}");
    }
    let nodes = list(&tree, &path, arguments.recursive)?;
    for &node in &nodes {
        if context.options.json {
            json::print(&object(&tree, node));
        } else {
            output::bytes(&line(&tree, node, arguments.recursive));
        }
    }
    #[derive(Serialize)]
    struct Fields {
        files: usize,
    }
    context.answer("list", Fields { files: nodes.len() }, |_| Vec::new());
    Ok(())
}

fn size_of(tree: &Tree, node: NodeId) -> u64 {
    match &tree.node(node).kind {
        Kind::File { size, .. } => *size,
        Kind::Symlink(target) => target.len() as u64,
        _ => 0,
    }
}

fn object(tree: &Tree, id: NodeId) -> FileObject<'static> {
    let node = tree.node(id);
    let target = match &node.kind {
        Kind::Symlink(target) => Some(String::from_utf8_lossy(target).into_owned()),
        _ => None,
    };
    FileObject {
        kind: "file",
        path: format!("/{}", String::from_utf8_lossy(tree.path(id).as_bytes())),
        file_type: node.kind.word(),
        mode: format!("{:04o}", node.attributes.mode),
        uid: node.attributes.uid,
        gid: node.attributes.gid,
        bytes: size_of(tree, id),
        modified: node.attributes.modified.seconds,
        target,
    }
}

/// A line as `ls -l` has it; the name as its own bytes, unless a terminal would act on them.
fn line(tree: &Tree, id: NodeId, whole_path: bool) -> Vec<u8> {
    let node = tree.node(id);
    let attributes = &node.attributes;
    let time = jiff::Timestamp::from_second(attributes.modified.seconds).unwrap_or_default();
    let time = time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string();
    let mut line = format!(
        "{} {:>3} {:>5} {:>5} {:>12} {time} ",
        mode_text(&node.kind, attributes.mode),
        node.links,
        attributes.uid,
        attributes.gid,
        size_of(tree, id)
    )
    .into_bytes();
    let path = tree.path(id);
    let name = if whole_path { path.as_bytes() } else { &node.name };
    line.extend_from_slice(&printable(name));
    if let Kind::Symlink(target) = &node.kind {
        line.extend_from_slice(b" -> ");
        line.extend_from_slice(&printable(target));
    }
    line.push(b'\n');
    line
}

/// Control characters as `?`, as `ls` shows them: a name from a disc must not write on somebody's terminal.
fn printable(name: &[u8]) -> Vec<u8> {
    name.iter().map(|&byte| if byte.is_ascii_control() { b'?' } else { byte }).collect()
}

/// `drwxr-sr-t`.
fn mode_text(kind: &Kind, mode: u32) -> String {
    let letter = match kind {
        Kind::Directory(_) => 'd',
        Kind::File { .. } => '-',
        Kind::Symlink(_) => 'l',
        Kind::Fifo => 'p',
        Kind::Socket => 's',
        Kind::CharacterDevice(_) => 'c',
        Kind::BlockDevice(_) => 'b',
    };
    let mut text = String::from(letter);
    for (shift, special, with_x, without_x) in [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => with_x,
            (true, false) => without_x,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_read_as_with_ls() {
        assert_eq!(mode_text(&Kind::Directory(vec![]), 0o1777), "drwxrwxrwt");
        assert_eq!(mode_text(&Kind::Fifo, 0o4444), "pr-Sr--r--");
        assert_eq!(mode_text(&Kind::Socket, 0o2755), "srwxr-sr-x");
    }

    #[test]
    fn a_name_can_not_write_on_the_terminal() {
        assert_eq!(printable(b"a\x1b[2J\nb\xff"), b"a?[2J?b\xff");
    }
}
