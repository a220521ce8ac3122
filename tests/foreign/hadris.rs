//! hadris-iso, a Rust crate by others: shows everything.
//!
//! It reads sector 16 only, so later sessions are shown through a copy ([`Image::view`]).

use hadris_fs::sync::FileSystem;
use hadris_fs::{DirCursor, FileType, MountOptions, NodeId, OpenMode};
use hadris_iso::sync::IsoFs;
use hadris_storage::host::FileDevice;

use crate::foreign::image::Image;
use crate::foreign::listing::{self, Entry, Kind, Listing};

pub(crate) fn list(image: &Image) -> Listing {
    list_with(image, true)
}

/// With digests of the contents or without.
pub(crate) fn list_with(image: &Image, digest: bool) -> Listing {
    let device = FileDevice::open(image.view()).expect("a readable image");
    let mut disc = IsoFs::mount(device, MountOptions::new()).unwrap_or_else(|error| panic!("hadris: {error}"));
    let mut listing = Listing::new();
    let mut open = vec![(Vec::new(), disc.root())];
    while let Some((directory, node)) = open.pop() {
        let mut cursor = DirCursor::START;
        while let Some(child) = disc.readdir(node, cursor).unwrap_or_else(|error| panic!("hadris: {error}")) {
            cursor = child.next_cursor();
            let mut path: Vec<u8> = directory.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(child.name().as_bytes());
            let entry = entry(&mut disc, child.node(), &path, digest);
            if entry.kind == Kind::Directory {
                open.push((path.clone(), child.node()));
            }
            listing.insert(path, entry);
        }
    }
    listing
}

fn entry(disc: &mut IsoFs<FileDevice>, node: NodeId, path: &[u8], digest: bool) -> Entry {
    let text = path.escape_ascii().to_string();
    let status = disc.stat(node).unwrap_or_else(|error| panic!("hadris: /{text}: {error}"));
    let mut entry = Entry::new(match status.file_type() {
        FileType::Dir => Kind::Directory,
        FileType::File => Kind::File,
        FileType::Symlink => Kind::Symlink,
        FileType::Fifo => Kind::Fifo,
        FileType::Socket => Kind::Socket,
        FileType::CharDevice => Kind::CharacterDevice,
        FileType::BlockDevice => Kind::BlockDevice,
        _ => Kind::Other,
    });
    entry.mode = Some(status.permissions().bits() & 0o7777);
    entry.uid = status.owner().map(|owner| owner.uid());
    entry.gid = status.owner().map(|owner| owner.gid());
    entry.mtime = status.modified().map(|time| time.unix_seconds());
    entry.nanoseconds = status.modified().map(|time| time.nanoseconds());
    entry.device = status.device().map(|device| (u64::from(device.major()), u64::from(device.minor())));
    let mut buffer = vec![0; 1 << 16];
    match entry.kind {
        Kind::File => {
            entry.size = Some(status.len());
            entry.links = Some(status.nlink());
            if !digest {
                return entry;
            }
            let mut content = Vec::new();
            disc.open(node, OpenMode::Read).unwrap_or_else(|error| panic!("hadris: /{text}: {error}"));
            loop {
                let at = content.len() as u64;
                match disc.read(node, at, &mut buffer).unwrap_or_else(|error| panic!("hadris: /{text}: {error}")) {
                    0 => break,
                    count => content.extend_from_slice(&buffer[..count]),
                }
            }
            disc.close(node).unwrap_or_else(|error| panic!("hadris: /{text}: {error}"));
            entry.sha256 = Some(listing::sha256(&*content));
        }
        Kind::Symlink => {
            let target = disc.readlink(node, &mut buffer).unwrap_or_else(|error| panic!("hadris: /{text}: {error}"));
            entry.target = Some(target.to_vec());
        }
        _ => {}
    }
    entry
}

/// `count` bytes of the file with these names, from `offset` on.
pub(crate) fn read_at(image: &Image, path: &[&str], offset: u64, count: usize) -> Vec<u8> {
    let device = FileDevice::open(image.view()).expect("a readable image");
    let mut disc = IsoFs::mount(device, MountOptions::new()).unwrap_or_else(|error| panic!("hadris: {error}"));
    let mut node = disc.root();
    for name in path {
        let mut cursor = DirCursor::START;
        loop {
            let child = disc.readdir(node, cursor).expect("a readable directory").expect("a name that is there");
            cursor = child.next_cursor();
            if child.name().as_bytes() == name.as_bytes() {
                node = child.node();
                break;
            }
        }
    }
    let mut bytes = vec![0; count];
    disc.open(node, OpenMode::Read).expect("a file");
    let mut done = 0;
    while done < count {
        match disc.read(node, offset + done as u64, &mut bytes[done..]).expect("a readable file") {
            0 => break,
            more => done += more,
        }
    }
    bytes.truncate(done);
    bytes
}
