//! What hadris-iso shows of a disc.

use std::collections::VecDeque;

use cedarburn::iso::tree::{Device, Timestamp};
use hadris_fs::sync::FileSystem;
use hadris_fs::{DateTime, DirCursor, FileType, MountOptions, NodeId, OpenMode};
use hadris_iso::sync::IsoFs;

use crate::disc::View;
use crate::model::{Listing, Shown, What};

/// Everything below and with the root.
pub(crate) fn list(view: View) -> Result<Listing, String> {
    let mut disc = IsoFs::mount(view, MountOptions::new()).map_err(|error| format!("mount: {error}"))?;
    let root = disc.root();
    let mut listing = Listing::new();
    listing.insert(Vec::new(), shown(&mut disc, root).map_err(|error| format!("/: {error}"))?);
    let mut open = VecDeque::from([(Vec::new(), root)]);
    while let Some((directory, node)) = open.pop_front() {
        let mut cursor = DirCursor::START;
        loop {
            let failed = |error| format!("/{}: {error}", directory.escape_ascii());
            let Some(child) = disc.readdir(node, cursor).map_err(failed)? else { break };
            cursor = child.next_cursor();
            let mut path: Vec<u8> = directory.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(child.name().as_bytes());
            let shown = shown(&mut disc, child.node()).map_err(|error| format!("/{}: {error}", path.escape_ascii()))?;
            if shown.what == What::Directory {
                open.push_back((path.clone(), child.node()));
            }
            listing.insert(path, shown);
        }
    }
    Ok(listing)
}

fn shown(disc: &mut IsoFs<View>, node: NodeId) -> Result<Shown, String> {
    let status = disc.stat(node).map_err(|error| error.to_string())?;
    let device = status.device().map(|device| Device { major: device.major(), minor: device.minor() });
    let what = match status.file_type() {
        FileType::Dir => What::Directory,
        FileType::File => What::File(content(disc, node)?),
        FileType::Symlink => {
            let mut buffer = vec![0; 8192];
            What::Symlink(disc.readlink(node, &mut buffer).map_err(|error| error.to_string())?.to_vec())
        }
        FileType::Fifo => What::Fifo,
        FileType::Socket => What::Socket,
        FileType::CharDevice => What::CharacterDevice(device.ok_or("no device number")?),
        FileType::BlockDevice => What::BlockDevice(device.ok_or("no device number")?),
        other => return Err(format!("{other:?}")),
    };
    let owner = status.owner().ok_or("no owner")?;
    let time = |time: Option<DateTime>| match time {
        Some(time) => Timestamp { seconds: time.unix_seconds(), nanoseconds: time.nanoseconds() },
        None => Timestamp { seconds: i64::MIN, nanoseconds: 0 },
    };
    Ok(Shown {
        what,
        mode: status.permissions().bits() & 0o7777,
        owner: (owner.uid(), owner.gid()),
        links: status.nlink(),
        times: [time(status.modified()), time(status.accessed()), time(status.changed())],
    })
}

fn content(disc: &mut IsoFs<View>, node: NodeId) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let mut buffer = vec![0; 1 << 14];
    disc.open(node, OpenMode::Read).map_err(|error| error.to_string())?;
    loop {
        match disc.read(node, content.len() as u64, &mut buffer).map_err(|error| error.to_string())? {
            0 => break,
            count => content.extend_from_slice(&buffer[..count]),
        }
    }
    disc.close(node).map_err(|error| error.to_string())?;
    Ok(content)
}
