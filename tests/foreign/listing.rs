//! What a reader shows of a disc, in one form for all readers, and the same form made from a directory.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Path bytes from the disc's root, without a `/` in front, to what stands there. The root itself is left out.
pub(crate) type Listing = BTreeMap<Vec<u8>, Entry>;

/// The type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    File,
    Symlink,
    Fifo,
    Socket,
    CharacterDevice,
    BlockDevice,
    /// What the reader has no word for.
    Other,
}

/// What a reader says of one path; `None` is what it can't say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// Permission bits with setuid, setgid and sticky.
    pub(crate) mode: Option<u32>,
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
    /// Bytes of a regular file.
    pub(crate) size: Option<u64>,
    /// Where a symbolic link points.
    pub(crate) target: Option<Vec<u8>>,
    /// Names of a regular file.
    pub(crate) links: Option<u64>,
    /// Seconds since 1970.
    pub(crate) mtime: Option<i64>,
    /// What the time has beside whole seconds.
    pub(crate) nanoseconds: Option<u32>,
    /// Major and minor number of a device.
    pub(crate) device: Option<(u64, u64)>,
    /// SHA-256 of a regular file's content, in hexadecimal.
    pub(crate) sha256: Option<String>,
}

impl Entry {
    /// An entry of which only the type is known.
    pub(crate) fn new(kind: Kind) -> Entry {
        Entry {
            kind,
            mode: None,
            uid: None,
            gid: None,
            size: None,
            target: None,
            links: None,
            mtime: None,
            nanoseconds: None,
            device: None,
            sha256: None,
        }
    }

    /// As `mkisofs -r` would record it: root's, readable by all, executable by all or none, writable by nobody.
    pub(crate) fn rationalized(mut self) -> Entry {
        self.mode = self.mode.map(|mode| match self.kind {
            Kind::Symlink => 0o555,
            _ if mode & 0o111 != 0 => 0o555,
            _ => 0o444,
        });
        self.uid = Some(0);
        self.gid = Some(0);
        self
    }
}

/// Permission bits from ten characters as `ls -l` prints them.
pub(crate) fn mode_of_text(text: &[u8]) -> Option<u32> {
    if text.len() != 10 {
        return None;
    }
    let mut mode = 0;
    for (place, (&letter, &plain)) in text[1..].iter().zip(b"rwxrwxrwx").enumerate() {
        let bit = 0o400 >> place;
        let special = 0o4000 >> (place / 3);
        match letter {
            b'-' => {}
            _ if letter == plain => mode |= bit,
            b's' | b't' if plain == b'x' => mode |= bit | special,
            b'S' | b'T' if plain == b'x' => mode |= special,
            _ => return None,
        }
    }
    Some(mode)
}

/// The type from the first character of an `ls -l` line or of `find -printf %y`.
pub(crate) fn kind_of_letter(letter: u8) -> Kind {
    match letter {
        b'd' => Kind::Directory,
        b'-' | b'f' => Kind::File,
        b'l' => Kind::Symlink,
        b'p' => Kind::Fifo,
        b's' => Kind::Socket,
        b'c' => Kind::CharacterDevice,
        b'b' => Kind::BlockDevice,
        _ => Kind::Other,
    }
}

/// SHA-256 of everything `source` yields.
pub(crate) fn sha256(mut source: impl Read) -> String {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = source.read(&mut buffer).expect("reading to the end");
        if count == 0 {
            break;
        }
        digest.update(&buffer[..count]);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything below `top`, as `lstat` and the content show it.
pub(crate) fn of_directory(top: &Path) -> Listing {
    let mut listing = Listing::new();
    let mut names: HashMap<(u64, u64), Vec<Vec<u8>>> = HashMap::new();
    let mut open = vec![Vec::new()];
    while let Some(directory) = open.pop() {
        let children = fs::read_dir(top.join(OsStr::from_bytes(&directory))).expect("a readable directory");
        for child in children {
            let name = child.expect("a readable directory").file_name();
            let mut path = directory.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name.as_bytes());
            let place = top.join(OsStr::from_bytes(&path));
            let status = fs::symlink_metadata(&place).expect("a file that stays while it is listed");
            let kind = match status.file_type() {
                t if t.is_dir() => Kind::Directory,
                t if t.is_file() => Kind::File,
                t if t.is_symlink() => Kind::Symlink,
                t if t.is_fifo() => Kind::Fifo,
                t if t.is_socket() => Kind::Socket,
                t if t.is_char_device() => Kind::CharacterDevice,
                t if t.is_block_device() => Kind::BlockDevice,
                _ => Kind::Other,
            };
            let mut entry = Entry::new(kind);
            entry.mode = Some(status.mode() & 0o7777);
            entry.uid = Some(status.uid());
            entry.gid = Some(status.gid());
            entry.mtime = Some(status.mtime());
            entry.nanoseconds = u32::try_from(status.mtime_nsec()).ok();
            match kind {
                Kind::Directory => open.push(path.clone()),
                Kind::File => {
                    entry.size = Some(status.len());
                    entry.sha256 = Some(sha256(fs::File::open(&place).expect("a readable file")));
                    names.entry((status.dev(), status.ino())).or_default().push(path.clone());
                }
                Kind::Symlink => {
                    entry.target = Some(fs::read_link(&place).expect("a link").as_os_str().as_bytes().to_vec());
                }
                Kind::CharacterDevice | Kind::BlockDevice => {
                    entry.device = Some((nix::sys::stat::major(status.rdev()), nix::sys::stat::minor(status.rdev())));
                }
                Kind::Fifo | Kind::Socket | Kind::Other => {}
            }
            listing.insert(path, entry);
        }
    }
    for group in names.values() {
        for path in group {
            if let Some(entry) = listing.get_mut(path) {
                entry.links = Some(group.len() as u64);
            }
        }
    }
    listing
}

/// What a program restored below `top`. Modes and owners are left out: they belong to who restores, not to the disc.
pub(crate) fn of_extraction(top: &Path) -> Listing {
    let mut listing = of_directory(top);
    for entry in listing.values_mut() {
        *entry = Entry { mode: None, uid: None, gid: None, links: None, ..entry.clone() };
    }
    listing
}

/// What a disc has to show of the daily directory `day` at `graft` (`2026/11/16`), attributes rationalised. The
/// directories above it belong to no file of the staging area: of them only type, owner and mode are demanded.
pub(crate) fn expected_on_disc(day: &Path, graft: &str) -> Listing {
    let mut listing = Listing::new();
    for (path, entry) in of_directory(day) {
        let mut at = graft.as_bytes().to_vec();
        at.push(b'/');
        at.extend_from_slice(&path);
        listing.insert(at, entry.rationalized());
    }
    let mut above = String::new();
    for name in graft.split('/') {
        above.push_str(name);
        let entry = Entry { mode: Some(0o755), ..Entry::new(Kind::Directory) };
        listing.insert(above.clone().into_bytes(), entry.rationalized());
        above.push('/');
    }
    listing
}
