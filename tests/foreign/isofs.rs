//! Linux's own isofs, in User Mode Linux (`tests/uml/mount.sh`): shows everything.

use std::path::Path;

use crate::foreign::image::Image;
use crate::foreign::listing::{self, Entry, Kind, Listing};
use crate::foreign::programs::{output, program};

pub(crate) fn list(image: &Image) -> Listing {
    list_with(image, true)
}

/// With digests of the contents or without.
pub(crate) fn list_with(image: &Image, digest: bool) -> Listing {
    list_mounted(image, "ro", digest)
}

/// Mounted with these options.
pub(crate) fn list_mounted(image: &Image, options: &str, digest: bool) -> Listing {
    let out = image.scratch("isofs");
    let options = if image.start == 0 { options.to_owned() } else { format!("{options},sbsector={}", image.start) };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/uml/mount.sh");
    let digest = if digest { "sha256" } else { "" };
    output(program("bash").arg(script).arg(&image.disc).arg(&out).arg(options).arg(digest));
    let read = |suffix: &str| std::fs::read(out.with_extension(suffix)).expect("what mount.sh has written");
    let digests = if digest.is_empty() { Vec::new() } else { read(digest) };
    let mut listing = parse(&read("find"), &digests);
    add_devices(&mut listing, &read("devices"));
    listing
}

/// What a shell script prints that runs in the mounted tree.
pub(crate) fn run(image: &Image, commands: &str) -> Vec<u8> {
    let (out, file) = (image.scratch("isofs-script"), image.scratch("script.sh"));
    std::fs::write(&file, commands).expect("room for a script");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/uml/mount.sh");
    let options = if image.start == 0 { "ro".to_owned() } else { format!("ro,sbsector={}", image.start) };
    output(program("bash").arg(script).arg(&image.disc).arg(&out).args([&options, ""]).arg(file));
    std::fs::read(out.with_extension("script")).expect("what mount.sh has written")
}

/// `MAJOR MINOR ./PATH` NUL, the numbers in hexadecimal.
fn add_devices(listing: &mut Listing, text: &[u8]) {
    for record in text.split(|&b| b == 0).filter(|record| !record.is_empty()) {
        let mut columns = record.splitn(3, |&b| b == b' ');
        let mut next = || columns.next().expect("three columns");
        let hexadecimal =
            |text| u64::from_str_radix(std::str::from_utf8(text).expect("a number"), 16).expect("a number");
        let numbers = (hexadecimal(next()), hexadecimal(next()));
        let path = next().strip_prefix(b"./").expect("./PATH");
        listing.get_mut(path).expect("a device that was listed").device = Some(numbers);
    }
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
        let (seconds, fraction) = text(mtime).split_once('.').unwrap_or((text(mtime), "0"));
        entry.mtime = seconds.parse().ok();
        entry.nanoseconds = fraction.get(..9).unwrap_or(fraction).parse().ok();
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
