//! Linux's own isofs, in User Mode Linux (`tests/uml/mount.sh`): shows everything.

use std::path::Path;

use crate::foreign::image::Image;
use crate::foreign::listing::{self, Entry, Kind, Listing};
use crate::foreign::programs::{output, program};

pub(crate) fn list(image: &Image) -> Listing {
    let out = image.scratch("isofs");
    let options = if image.start == 0 { "ro".to_owned() } else { format!("ro,sbsector={}", image.start) };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/uml/mount.sh");
    output(program("bash").arg(script).arg(&image.disc).arg(&out).arg(options).arg("sha256"));
    let read = |suffix: &str| std::fs::read(out.with_extension(suffix)).expect("what mount.sh has written");
    parse(&read("find"), &read("sha256"))
}

fn parse(found: &[u8], digests: &[u8]) -> Listing {
    let mut listing = Listing::new();
    let mut fields = found.strip_suffix(b"\0").unwrap_or(found).split(|&b| b == 0);
    while let (Some(record), Some(target)) = (fields.next(), fields.next()) {
        let columns: Vec<&[u8]> = record.splitn(9, |&b| b == b'\t').collect();
        let [kind, mode, uid, gid, size, mtime, links, _inode, path] = columns[..] else {
            panic!("not a record of find: {}", record.escape_ascii())
        };
        let text = |bytes| std::str::from_utf8(bytes).expect("a number");
        let mut entry = Entry::new(listing::kind_of_letter(kind[0]));
        entry.mode = u32::from_str_radix(text(mode), 8).ok();
        entry.uid = text(uid).parse().ok();
        entry.gid = text(gid).parse().ok();
        entry.mtime = text(mtime).split('.').next().and_then(|seconds| seconds.parse().ok());
        match entry.kind {
            Kind::File => {
                entry.size = text(size).parse().ok();
                entry.links = text(links).parse().ok();
            }
            Kind::Symlink => entry.target = Some(target.to_vec()),
            _ => {}
        }
        listing.insert(path.to_vec(), entry);
    }
    for line in digests.split(|&b| b == 0).filter(|line| !line.is_empty()) {
        let path = line[64..].strip_prefix(b"  ./").expect("DIGEST  ./PATH");
        let entry = listing.get_mut(path).expect("a digest of a file that was listed");
        entry.sha256 = Some(String::from_utf8_lossy(&line[..64]).into_owned());
    }
    listing
}

#[test]
fn records_and_digests_come_together() {
    let digest = "ab".repeat(32);
    let found =
        b"f\t444\t0\t0\t2049\t1795384180.0000000000\t2\t1280\ta\tb\nc\0\0l\t555\t0\t0\t5\t-1.0\t1\t9\tl\0tar\tget\0";
    let listing = parse(found, format!("{digest}  ./a\tb\nc\0").as_bytes());
    let file = &listing[b"a\tb\nc".as_slice()];
    assert_eq!((file.size, file.links, file.mtime), (Some(2049), Some(2), Some(1_795_384_180)));
    assert_eq!(file.sha256.as_deref(), Some(&*digest));
    assert_eq!(listing[b"l".as_slice()].target.as_deref(), Some(b"tar\tget".as_slice()));
}
