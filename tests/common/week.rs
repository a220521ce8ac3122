//! A staging area as `cback3 stage` leaves it, with every kind of name and size a disc has to carry.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// Monday to Sunday, as daily directories are named.
pub(crate) const DAYS: [&str; 7] =
    ["2026/11/16", "2026/11/17", "2026/11/18", "2026/11/19", "2026/11/20", "2026/11/21", "2026/11/22"];

/// Which names a day has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// Every kind.
    All,
    /// Those that fit into a directory record, and link targets that do: without long ones.
    Short,
}

/// Makes the daily directory `day` below `staging` and returns it. Names are the same each day, contents are not, and
/// the same day always has the same.
pub(crate) fn make_day(staging: &Path, day: &str, names: Names) -> PathBuf {
    let number: u64 = day.replace('/', "").parse().expect("YYYY/MM/DD");
    let directory = staging.join(day);
    let daily = Maker { top: directory.clone(), number, longest: if names == Names::All { 4095 } else { 60 } };
    daily.files_of_a_host("alpha");
    daily.odd_names("beta");
    daily.links("gamma");
    daily.file("only here", number);
    daily.file("cback.stage", 0);
    daily.settle();
    directory
}

struct Maker {
    top: PathBuf,
    number: u64,
    longest: usize,
}

impl Maker {
    fn path(&self, path: impl AsRef<[u8]>) -> PathBuf {
        self.top.join(OsStr::from_bytes(path.as_ref()))
    }

    fn directory(&self, path: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(path)).expect("a new directory");
    }

    fn file(&self, path: impl AsRef<[u8]>, bytes: u64) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a path with a parent")).expect("a new directory");
        fs::write(&path, noise(self.number ^ path.as_os_str().len() as u64, bytes)).expect("a new file");
    }

    /// Archives, and the sizes around a sector's and a block's border.
    fn files_of_a_host(&self, host: &str) {
        for (name, bytes) in [
            ("etc.tar.gz", 300_000),
            ("home.tar", 200_704),
            ("0", 0),
            ("also 0", 0),
            ("1", 1),
            ("2047", 2047),
            ("2048", 2048),
            ("2049", 2049),
            ("65536", 65_536),
            ("1 MiB + 3", (1 << 20) + 3),
            ("cback.collect", 0),
        ] {
            self.file(format!("{host}/{name}"), bytes);
        }
        self.directory(format!("{host}/nothing in here"));
        for (name, mode) in [("1", 0o4750), ("2047", 0o600), ("2048", 0o644), ("2049", 0o711)] {
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(self.path(format!("{host}/{name}")), permissions).expect("an own file");
        }
    }

    fn odd_names(&self, host: &str) {
        let forty = "forty characters that are the same for 2";
        let long: [Vec<u8>; 3] = [vec![b'2'; 200], vec![b'5'; 250], vec![b'x'; 255]];
        let names: [&[u8]; 30] = [
            b"with space",
            b" in front",
            b"behind ",
            b".hidden",
            b"..two dots",
            b"...",
            b"-rf",
            "gr\u{fc}\u{df}e \u{20ac} \u{1f4bf}".as_bytes(),
            "u\u{308} in two".as_bytes(),
            b"latin1 \xe4\xf6\xff",
            b"new\nline",
            b"ends in one\n",
            b"tab\there",
            b"return\rhere",
            b"bell \x07 and delete \x7f",
            b"escape \x1b[31m",
            b"back\\slash",
            b"back\\nslash",
            b"it's \"quoted\"",
            b"star * question ? [a-z]",
            b"$HOME `id` & ; |",
            b"version;1",
            b"dot.",
            b"a.b.c.tar.gz",
            b"Case",
            b"case",
            b"CASE",
            b"comma, colon: equals=",
            b"{brace}",
            b"#hash%41",
        ];
        let names = names.into_iter().chain(long.iter().map(Vec::as_slice)).filter(|name| name.len() <= self.longest);
        for (index, name) in names.enumerate() {
            self.file([host.as_bytes(), b"/", name].concat(), 10 + index as u64);
        }
        self.file(format!("{host}/{forty} A"), 5);
        self.file(format!("{host}/{forty} B"), 6);
        self.directory([host.as_bytes(), b"/directory \xe9\n with \\ all"].concat());
        self.file([host.as_bytes(), b"/directory \xe9\n with \\ all/inside \xe8"].concat(), 7);
        let deep: String = (1..=12).map(|level| format!("/deep{level}")).collect();
        self.file(format!("{host}{deep}/bottom"), 8);
    }

    fn links(&self, host: &str) {
        self.file(format!("{host}/data"), 5000);
        self.file(format!("{host}/sub/more data"), 6000);
        for (from, to) in [("data", "hard link"), ("data", "sub/third name"), ("sub/more data", "sub/its link")] {
            fs::hard_link(self.path(format!("{host}/{from}")), self.path(format!("{host}/{to}"))).expect("a new link");
        }
        let thousand: Vec<u8> = [b"nine char/".repeat(99), b"the last 10".to_vec()].concat()[..1000].to_vec();
        let names_of_250: Vec<u8> = [vec![b'c'; 250], vec![b'd'; 250]].join(&b'/');
        let targets: [(&str, &[u8]); 9] = [
            ("relative", b"data"),
            ("into sub", b"sub/more data"),
            ("dangling", b"not there"),
            ("absolute", b"/nonexistent/somewhere"),
            ("up", b"../../../../outside"),
            ("dot", b"."),
            ("odd", b"a b\n\xe4 -> \\c"),
            ("1000 bytes", &thousand),
            ("components of 250 bytes", &names_of_250),
        ];
        for (name, target) in targets.into_iter().filter(|(_, target)| target.len() <= self.longest) {
            symlink(OsStr::from_bytes(target), self.path(format!("{host}/{name}"))).expect("a new link");
        }
    }

    /// Times from the past, so that a time that was lost shows.
    fn settle(&self) {
        let mut open = vec![self.top.clone()];
        let mut directories = Vec::new();
        let mut age = 0;
        while let Some(directory) = open.pop() {
            for child in fs::read_dir(&directory).expect("an own directory") {
                let child = child.expect("an own directory");
                let kind = child.file_type().expect("an own file");
                if kind.is_dir() {
                    open.push(child.path());
                } else if kind.is_file() {
                    age += 61;
                    set_time(&child.path(), 1_700_000_000 + self.number + age);
                }
            }
            directories.push(directory);
        }
        for directory in directories {
            age += 61;
            set_time(&directory, 1_600_000_000 + self.number + age);
        }
    }
}

fn set_time(path: &Path, seconds: u64) {
    let time = UNIX_EPOCH + Duration::from_secs(seconds);
    let file = fs::File::open(path).expect("an own file");
    file.set_times(fs::FileTimes::new().set_modified(time).set_accessed(time)).expect("an own file");
}

/// Bytes that don't compress and don't repeat, the same for the same seed.
fn noise(seed: u64, bytes: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(usize::try_from(bytes).expect("a small file")).collect()
}
