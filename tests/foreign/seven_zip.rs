//! 7-Zip: `l -slt` lists types, modes, sizes and times, an extraction shows content.
//!
//! It reads sector 16 only, so later sessions are shown through a copy ([`Image::view`]).
//! Not shown: owners, link counts, and targets of symbolic links, which the listing leaves empty.

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::foreign::image::Image;
use crate::foreign::listing::{self, Entry, Kind, Listing};
use crate::foreign::programs::{outcome, output, program};

pub(crate) fn list(image: &Image) -> Listing {
    parse(&output(program("7z").args(["l", "-slt", "-tiso", "--"]).arg(image.view())))
}

/// Restores the whole tree into a new directory and returns that.
pub(crate) fn extract(image: &Image) -> PathBuf {
    let directory = image.scratch("7z");
    let mut out = OsString::from("-o");
    out.push(&directory);
    let extraction =
        outcome(program("7z").args(["x", "-tiso", "-y", "-bb0", "-bd"]).arg(out).arg("--").arg(image.view()));
    // It answers with errors where it refuses a link; any other error is one.
    for line in extraction.stderr.split(|&b| b == b'\n').filter(|line| line.starts_with(b"ERROR")) {
        assert!(line.starts_with(b"ERROR: Dangerous link path was ignored"), "{}", line.escape_ascii());
    }
    directory
}

/// Blocks of `Key = value` lines behind a line of dashes.
fn parse(text: &[u8]) -> Listing {
    let mut listing = Listing::new();
    let mut path: Option<Vec<u8>> = None;
    let mut size = None;
    let mut mtime = None;
    let mut lines = text.split(|&b| b == b'\n');
    assert!(lines.by_ref().any(|line| line == b"----------"), "no listing from 7z");
    for line in lines {
        let Some(equals) = line.windows(3).position(|part| part == b" = ") else { continue };
        let (key, value) = (&line[..equals], &line[equals + 3..]);
        match key {
            b"Path" => path = Some(value.to_vec()),
            b"Size" => size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()),
            b"Modified" => mtime = seconds(value),
            b"Mode" => {
                let mut entry = Entry::new(listing::kind_of_letter(value[0]));
                entry.mode = listing::mode_of_text(value);
                entry.mtime = mtime.take();
                entry.size = size.take().filter(|_| entry.kind == Kind::File);
                listing.insert(path.take().expect("a path before its mode"), entry);
            }
            _ => {}
        }
    }
    listing
}

/// `2026-11-22 21:49:40`, which is UTC because the program runs with `TZ=UTC`.
fn seconds(text: &[u8]) -> Option<i64> {
    let time: DateTime = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

#[test]
fn a_block_becomes_an_entry() {
    let text = b"Listing archive: x\n\n--\nPath = x.iso\nMode = ----------\n----------\n\
        Path = 2026/a = b\nFolder = -\nSize = 2049\nPacked Size = 2049\nModified = 1970-01-02 00:00:01\n\
        Mode = -r-xr-xr-x\nSymbolic Link = \n\n";
    let mut entry = Entry::new(Kind::File);
    (entry.mode, entry.size, entry.mtime) = (Some(0o555), Some(2049), Some(86_401));
    assert_eq!(parse(text), Listing::from([(b"2026/a = b".to_vec(), entry)]));
}
