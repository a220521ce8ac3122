//! A directory with everything at the limit of what a file system can hold and a disc can carry, in a few megabytes.
//!
//! Made by root: device nodes and other owners need that.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{Mode, SFlag, UtimensatFlags, makedev, mknod, utimensat};
use nix::sys::time::TimeSpec;

use crate::foreign::listing::{Entry, Kind, Listing, of_directory};
use crate::foreign::properties::{Example, Property};

/// A limit tree on the file system of this machine.
#[derive(Debug)]
pub(crate) struct LimitTree {
    pub(crate) top: PathBuf,
    /// Paths below `top`.
    pub(crate) examples: Vec<Example>,
}

/// 2155-12-31 23:59:59, the last second that a year of one byte can say.
const LAST_SECOND: i64 = 5_869_583_999;

impl LimitTree {
    /// Makes the tree at `top`, which is not there yet. Another `seed` is another content below the same names.
    pub(crate) fn make(top: &Path, seed: u64) -> LimitTree {
        assert!(
            nix::unistd::geteuid().is_root(),
            "a limit tree has device nodes and foreign owners: only root can make it"
        );
        fs::create_dir_all(top).expect("a new directory");
        let mut maker = Maker { top: top.to_owned(), seed, examples: Vec::new() };
        maker.sizes();
        maker.names();
        maker.paths();
        maker.symlinks();
        maker.hard_links();
        maker.special_files();
        maker.attributes();
        // Whatever has no time of its own has a plain one.
        maker.times();
        LimitTree { top: maker.top, examples: maker.examples }
    }

    /// What a disc has to show of the tree, attributes as they are, paths below `top`.
    pub(crate) fn expected(&self) -> Listing {
        let mut listing = of_directory(&self.top);
        for entry in listing.values_mut() {
            entry.mtime = entry.mtime.map(|seconds| seconds.min(LAST_SECOND));
        }
        listing
    }
}

/// The listing below another directory.
pub(crate) fn below(prefix: &str, listing: &Listing) -> Listing {
    let at = |path: &[u8]| [prefix.as_bytes(), b"/", path].concat();
    listing.iter().map(|(path, entry)| (at(path), entry.clone())).collect()
}

/// As `mkisofs -r` would record it.
pub(crate) fn rationalized(listing: Listing) -> Listing {
    listing.into_iter().map(|(path, entry)| (path, Entry::rationalized(entry))).collect()
}

/// Link targets of so many bytes with their names: of components as long as can be, of nine bytes and of one byte.
pub(crate) fn targets(length: usize) -> impl Iterator<Item = (String, Vec<u8>)> {
    [("long", 250), ("nine", 9), ("one", 1)].into_iter().map(move |(name, component)| {
        let mut target = [vec![b't'; component], vec![b'/']].concat().repeat(length)[..length].to_vec();
        if let Some(last @ b'/') = target.last_mut() {
            *last = b't';
        }
        (format!("{name} {length}"), target)
    })
}

struct Maker {
    top: PathBuf,
    seed: u64,
    examples: Vec<Example>,
}

impl Maker {
    fn at(&self, path: &[u8]) -> PathBuf {
        self.top.join(OsStr::from_bytes(path))
    }

    fn example(&mut self, property: Property, path: &[u8]) {
        self.examples.push((path.to_vec(), property));
    }

    /// A file whose content is its own; missing directories are made.
    fn file(&mut self, path: &[u8], bytes: usize) {
        let place = self.at(path);
        fs::create_dir_all(place.parent().expect("a path with a parent")).expect("a new directory");
        let mut state = self.seed
            ^ path.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, &byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let words = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 24).to_le_bytes()
        });
        let content: Vec<u8> = words.flat_map(|word| word[..4].to_vec()).take(bytes).collect();
        fs::write(place, content).expect("a new file");
    }

    fn sizes(&mut self) {
        for bytes in [0, 1, 2047, 2048, 2049, 65_535, 65_536, 65_537] {
            let path = format!("sizes/{bytes}").into_bytes();
            self.file(&path, bytes);
            self.example(Property::Sizes, &path);
        }
        for path in [b"empty".as_slice(), b"empty/one", b"empty/two"] {
            fs::create_dir(self.at(path)).expect("a new directory");
            self.example(Property::EmptyDirectories, path);
        }
    }

    fn names(&mut self) {
        let prefix = "thirty characters that are same";
        let prefixed: Vec<Vec<u8>> = (0..40).map(|number| format!("{prefix} {number}.tar.gz").into_bytes()).collect();
        let prefixed: Vec<&[u8]> = prefixed.iter().map(Vec::as_slice).collect();
        let sets: [(Property, &str, &[&[u8]]); 16] = [
            (
                Property::NotUtf8,
                "utf8",
                &[b"latin1 \xe4\xf6\xff", b"\xff\xfe", b"cut \xe2\x82", b"\xed\xa0\x80 half a pair"],
            ),
            (
                Property::BeyondAscii,
                "unicode",
                &[
                    "gr\u{fc}\u{df}e \u{20ac}".as_bytes(),
                    "u\u{308} in two".as_bytes(),
                    "\u{1f4bf}".as_bytes(),
                    "\u{202e}txt".as_bytes(),
                ],
            ),
            (Property::LineBreaks, "lines", &[b"new\nline", b"ends in one\n", b"\n", b"return\rhere"]),
            (
                Property::ControlCharacters,
                "control",
                &[b"tab\there", b"bell \x07 delete \x7f", b"escape \x1b[31m", b"\x01\x02"],
            ),
            (Property::OneControlCharacter, "one", &[b"\x01"]),
            (Property::Backslashes, "backslash", &[b"back\\slash", b"back\\nslash", b"\\", b"ends in\\"]),
            (Property::Quotes, "quotes", &[b"it's", b"\"quoted\"", b"`id`", b"'"]),
            (Property::Versions, "semicolon", &[b"file;1", b"a;b", b"FILE.TXT;1", b"ends in;", b";", b"file.;1"]),
            (Property::LeadingDots, "dots", &[b".hidden", b"..two", b"...", b".a.b", b"...and more"]),
            (Property::FinalDots, "final", &[b"dot.", b"two..", b"a.b."]),
            (Property::LeadingHyphens, "hyphen", &[b"-rf", b"-", b"--", b"--help"]),
            (Property::Blanks, "blank", &[b"with blank", b" in front", b"behind ", b" ", b"two  blanks"]),
            (
                Property::ShellCharacters,
                "shell",
                &[b"*", b"?", b"[a-z]", b"$HOME", b"a & b", b"#hash%41", b"=equals", b"comma,colon:"],
            ),
            (Property::CaseTwins, "case", &[b"readme.txt", b"README.TXT", b"Readme.txt", b"ReadMe.TXT"]),
            (Property::Prefix30, "prefix", &prefixed),
            (Property::Prefix30, "prefixed directories", &[]),
        ];
        for (property, directory, names) in sets {
            for (index, name) in names.iter().enumerate() {
                let path = [directory.as_bytes(), b"/", name].concat();
                self.file(&path, 20 + index);
                self.example(property, &path);
            }
        }
        for number in 0..5 {
            let path = format!("prefixed directories/{prefix} {number}").into_bytes();
            self.file(&[&path[..], b"/inside"].concat(), 5);
            self.example(Property::Prefix30, &path);
        }
        // 39 names, then 3 and 2 more.
        for length in (60..=250).step_by(5).chain(251..=255) {
            let property = match length {
                ..=250 => Property::LongNames,
                251..=253 => Property::Names251To253,
                _ => Property::Names254And255,
            };
            // Alike in all but the last bytes.
            let name = format!("{}{length}", "n".repeat(length - length.to_string().len()));
            let path = [b"long/", name.as_bytes()].concat();
            self.file(&path, length);
            self.example(property, &path);
        }
    }

    fn paths(&mut self) {
        let mut path = b"deep".to_vec();
        for level in 2..=39 {
            path.extend_from_slice(format!("/level {level}").as_bytes());
            self.file(&[&path[..], b"/beside"].concat(), level);
            self.example(Property::Deep, &path);
        }
        path.extend_from_slice(b"/bottom");
        self.file(&path, 4000);
        self.example(Property::Deep, &path);
        // Directories of fifty bytes each, so that no name is long.
        let mut path = b"path".to_vec();
        while path.len() < 2900 {
            path.extend_from_slice(format!("/{:50}", path.len()).replace(' ', "_").as_bytes());
            if path.len() < 240 {
                continue;
            }
            let file = [&path[..], b"/a file"].concat();
            self.file(&file, 77);
            if [256..300, 1024..1100, 2900..3000].iter().any(|lengths| lengths.contains(&file.len())) {
                self.example(Property::LongPaths, &file);
            }
        }
    }

    fn link(&mut self, property: Property, name: &[u8], target: &[u8]) {
        let path = [b"links/", name].concat();
        let place = self.at(&path);
        fs::create_dir_all(place.parent().expect("a path with a parent")).expect("a new directory");
        symlink(OsStr::from_bytes(target), place).expect("a new link");
        self.example(property, &path);
    }

    fn symlinks(&mut self) {
        let plain: [(&str, &[u8]); 10] = [
            ("plain", b"data"),
            ("into", b"../sizes/2048"),
            ("dangling", b"not there"),
            ("absolute", b"/nonexistent/somewhere"),
            ("up", b"../../../../outside"),
            ("dot", b"."),
            ("dots", b"./././a/../b"),
            ("parent", b".."),
            ("root", b"/"),
            ("itself", b"itself"),
        ];
        for (name, target) in plain {
            self.link(Property::Targets, name.as_bytes(), target);
        }
        self.file(b"links/data", 100);
        let odd: [&[u8]; 5] = [b"a b", b"new\nline", b"latin1 \xe4", b"x -> y", b"back\\slash;1"];
        for (index, target) in odd.into_iter().enumerate() {
            self.link(Property::OddTargets, format!("odd {index}").as_bytes(), target);
        }
        for length in [60, 100, 150, 200, 240, 249, 250, 255, 400, 500, 700, 900] {
            let property = if length < 250 { Property::Targets249 } else { Property::Targets900 };
            for (name, target) in targets(length) {
                self.link(property, name.as_bytes(), &target);
            }
        }
    }

    fn hard_links(&mut self) {
        for (property, count) in [(Property::HardLinks, 2), (Property::HardLinks300, 300)] {
            let first = format!("hard {count}/name 1").into_bytes();
            self.file(&first, 3000 + count);
            self.example(property, &first);
            for number in 2..=count {
                let path = format!("hard {count}/name {number}").into_bytes();
                fs::hard_link(self.at(&first), self.at(&path)).expect("a new link");
                self.example(property, &path);
            }
        }
    }

    fn node(&mut self, path: &str, kind: SFlag, device: (u64, u64)) {
        let place = self.at(path.as_bytes());
        fs::create_dir_all(place.parent().expect("a path with a parent")).expect("a new directory");
        mknod(&place, kind, Mode::from_bits_truncate(0o640), makedev(device.0, device.1)).expect("a new node, as root");
    }

    fn special_files(&mut self) {
        self.node("special/pipe", SFlag::S_IFIFO, (0, 0));
        self.example(Property::Fifos, b"special/pipe");
        self.node("special/socket", SFlag::S_IFSOCK, (0, 0));
        self.example(Property::Sockets, b"special/socket");
        let devices = [
            ("block 8 1", SFlag::S_IFBLK, (8, 1)),
            ("character 1 3", SFlag::S_IFCHR, (1, 3)),
            ("character 4 255", SFlag::S_IFCHR, (4, 255)),
            ("block 259 300", SFlag::S_IFBLK, (259, 300)),
            ("character 136 1000000", SFlag::S_IFCHR, (136, 1_000_000)),
        ];
        for (name, kind, numbers) in devices {
            let path = format!("special/{name}");
            self.node(&path, kind, numbers);
            self.example(Property::Devices, path.as_bytes());
            let property = if numbers.1 < 256 { Property::DeviceNumbers } else { Property::LargeMinors };
            self.example(property, path.as_bytes());
        }
    }

    fn attributes(&mut self) {
        for mode in [0, 0o400, 0o444, 0o600, 0o644, 0o711, 0o755, 0o777, 0o111, 0o070] {
            let path = format!("modes/{mode:04o}").into_bytes();
            self.file(&path, 10);
            fs::set_permissions(self.at(&path), fs::Permissions::from_mode(mode)).expect("an own file");
            self.example(Property::Modes, &path);
        }
        for mode in [0o4755, 0o2755, 0o1755, 0o7777, 0o4644, 0o2644, 0o1644] {
            let path = format!("modes/{mode:04o}").into_bytes();
            self.file(&path, 10);
            fs::set_permissions(self.at(&path), fs::Permissions::from_mode(mode)).expect("an own file");
            self.example(Property::SpecialBits, &path);
        }
        for mode in [0o1777, 0o2775] {
            let path = format!("modes/directory {mode:04o}").into_bytes();
            fs::create_dir(self.at(&path)).expect("a new directory");
            fs::set_permissions(self.at(&path), fs::Permissions::from_mode(mode)).expect("an own directory");
            self.example(Property::SpecialBits, &path);
        }
        for (uid, gid) in
            [(0, 0), (1, 2), (1000, 100), (65_534, 65_535), (65_536, 70_000), (4_294_967_294, 4_294_967_293)]
        {
            let path = format!("owners/{uid} {gid}").into_bytes();
            self.file(&path, 10);
            lchown(self.at(&path), Some(uid), Some(gid)).expect("root gives files away");
            self.example(if uid < 65_536 { Property::Owners } else { Property::LargeOwners }, &path);
        }
    }

    fn times(&mut self) {
        let listing = of_directory(&self.top);
        for (number, (path, entry)) in (0..).zip(&listing) {
            if entry.kind != Kind::Directory {
                self.set_time(path, 1_700_000_000 + 61 * number, 0);
            }
        }
        // Years as seconds: 1901-12-31, 1969-12-31 and so on.
        let times: [(Property, &[i64]); 6] = [
            (Property::TimesBefore1970, &[-2_145_916_801, -1_000_000_000, -86_400, -1]),
            (Property::Times, &[0, 1, 951_782_400, 1_000_000_000, 2_147_483_647]),
            (Property::TimesAfter2038, &[2_147_483_648, 3_000_000_000, 4_294_967_295]),
            (Property::TimesAfter2106, &[4_294_967_296, 5_000_000_000, LAST_SECOND]),
            (Property::TimesAfter2155, &[LAST_SECOND + 1, 7_500_000_000]),
            (Property::Fractions, &[1_000_000_000, 1_600_000_000]),
        ];
        for (property, seconds) in times {
            for &seconds in seconds {
                let is_fraction = property == Property::Fractions;
                let path = format!("times/{}{seconds}", if is_fraction { "fraction " } else { "" }).into_bytes();
                self.file(&path, 10);
                self.set_time(&path, seconds, if is_fraction { 250_000_000 } else { 0 });
                self.example(property, &path);
            }
        }
        for path in [b"links/plain".as_slice(), b"links/nine 500"] {
            self.set_time(path, 1_234_567_890, 0);
            self.example(Property::TimesOfLinks, path);
        }
        // Directories last: what happens in them changes their times.
        let mut directories: Vec<&Vec<u8>> =
            listing.iter().filter(|(_, entry)| entry.kind == Kind::Directory).map(|(path, _)| path).collect();
        let times = b"times".to_vec();
        directories.push(&times);
        for (number, path) in (0..).zip(directories) {
            self.set_time(path, 1_600_000_000 + 61 * number, 0);
        }
        self.set_time(b"", 1_500_000_000, 0);
        for path in [b"sizes".as_slice(), b"empty/one", b"deep"] {
            self.example(Property::TimesOfDirectories, path);
        }
    }

    fn set_time(&self, path: &[u8], seconds: i64, nanoseconds: i64) {
        let time = TimeSpec::new(seconds, nanoseconds);
        let place = self.at(path);
        // Another one, so that a reader that takes one for the other is found out.
        let accessed = TimeSpec::new(seconds + 7000, 0);
        utimensat(AT_FDCWD, &place, &accessed, &time, UtimensatFlags::NoFollowSymlink).expect("an own file");
        assert_eq!(
            std::os::unix::fs::MetadataExt::mtime(&fs::symlink_metadata(&place).expect("an own file")),
            seconds,
            "the file system under {} can't hold this time",
            place.display()
        );
    }
}
