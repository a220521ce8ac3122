//! pycdlib, a Python library: shows everything, through `list_with_pycdlib.py`.
//!
//! It reads sector 16 only, so later sessions are shown through a copy ([`Image::view`]).

use std::path::Path;

use crate::foreign::image::Image;
use crate::foreign::listing::{self, Entry, Kind, Listing};
use crate::foreign::programs::{attempt, program};

/// Which of a disc's trees.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Names {
    RockRidge,
    Joliet,
    Plain,
}

pub(crate) fn list(image: &Image) -> Result<Listing, String> {
    list_tree(image.view(), Names::RockRidge, true)
}

/// With digests of the contents or without; the message when the library gives up.
pub(crate) fn list_tree(view: &Path, names: Names, digest: bool) -> Result<Listing, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/list_with_pycdlib.py");
    let names = match names {
        Names::RockRidge => "rock",
        Names::Joliet => "joliet",
        Names::Plain => "plain",
    };
    let mut command = program(PYTHON);
    command.arg(script).arg(view).arg(names).args(digest.then_some("digest"));
    attempt(&mut command).map(|text| parse(&text))
}

/// The system's, which has Debian's libraries; another one may stand before it in `PATH`.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

fn parse(text: &[u8]) -> Listing {
    let mut listing = Listing::new();
    let mut fields = text.strip_suffix(b"\0").unwrap_or(text).split(|&b| b == 0);
    while let (Some(record), Some(target)) = (fields.next(), fields.next()) {
        let columns: Vec<&[u8]> = record.splitn(10, |&b| b == b'\t').collect();
        let [kind, mode, uid, gid, links, size, time, device, sha256, path] = columns[..] else {
            panic!("not a record: {}", record.escape_ascii())
        };
        let text = |bytes| std::str::from_utf8(bytes).ok().filter(|&text| text != "-");
        let number = |bytes| text(bytes).and_then(|text| text.parse::<u64>().ok());
        let mut entry = Entry::new(listing::kind_of_letter(kind[0]));
        entry.mode = text(mode).and_then(|text| u32::from_str_radix(text, 8).ok());
        entry.uid = number(uid).and_then(|id| u32::try_from(id).ok());
        entry.gid = number(gid).and_then(|id| u32::try_from(id).ok());
        if let Some((seconds, hundredths)) = text(time).and_then(|text| text.split_once('.')) {
            entry.mtime = seconds.parse().ok();
            entry.nanoseconds = hundredths.parse::<u32>().ok().map(|hundredths| hundredths * 10_000_000);
        }
        entry.device = text(device).and_then(|text| {
            let (major, minor) = text.split_once(',')?;
            Some((major.parse().ok()?, minor.parse().ok()?))
        });
        match entry.kind {
            Kind::File => {
                entry.size = number(size);
                entry.links = number(links);
                entry.sha256 = text(sha256).map(str::to_owned);
            }
            Kind::Symlink => entry.target = Some(target.to_vec()),
            _ => {}
        }
        // What is listed twice is nothing one could rely on.
        if listing.contains_key(path) {
            entry = Entry::new(Kind::Other);
        }
        listing.insert(path.to_vec(), entry);
    }
    listing
}

#[test]
fn a_record_becomes_an_entry() {
    let text = b"f\t444\t0\t7\t2\t2049\t-5.30\t-\tab\ta\tb\nc\0\0c\t600\t0\t0\t1\t-\t9.00\t259,300\t-\tdev\0\0";
    let listing = parse(text);
    let file = &listing[b"a\tb\nc".as_slice()];
    assert_eq!((file.mode, file.gid, file.links, file.size), (Some(0o444), Some(7), Some(2), Some(2049)));
    assert_eq!((file.mtime, file.nanoseconds), (Some(-5), Some(300_000_000)));
    assert_eq!(listing[b"dev".as_slice()].device, Some((259, 300)));
}

/// `count` bytes of a file from `offset` on, nothing if the library refuses.
pub(crate) fn read_at(image: &Image, path: &str, offset: u64, count: usize) -> Vec<u8> {
    let code = "import sys, pycdlib
iso = pycdlib.PyCdlib()
iso.open(sys.argv[1])
with iso.open_file_from_iso(rr_path=sys.argv[2]) as file:
    file.seek(int(sys.argv[3]))
    sys.stdout.buffer.write(file.read(int(sys.argv[4])))
";
    let mut command = program(PYTHON);
    command.args(["-c", code]).arg(image.view()).args([path, &offset.to_string(), &count.to_string()]);
    attempt(&mut command).unwrap_or_default()
}
