//! xorriso (libisofs): `-find -exec lsdl` lists types, modes, owners, sizes, targets and quoted names, an extraction
//! shows content and times.
//!
//! Not shown: link counts of files (always 1 in the listing). Names are quoted as a shell would, `'it'"'"'s'`, and
//! otherwise printed as bytes, so every name survives.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::foreign::image::Image;
use crate::foreign::listing::{self, Entry, Listing};
use crate::foreign::programs::{attempt, output, program};

fn strict() -> Command {
    let mut command = program("xorriso");
    command.args(["-abort_on", "SORRY", "-return_with", "SORRY", "32", "-osirrox", "on"]);
    command
}

fn as_device(disc: &Path) -> OsString {
    let mut device = OsString::from("stdio:");
    device.push(disc);
    device
}

/// What the program prints when it does this with the session. It loads no image at all that has a link with a target
/// it finds too long, unless it is told to make do with the rest: then it leaves such links out.
fn work_on(image: &Image, what: &[&OsStr]) -> Vec<u8> {
    attempt(open(image, strict()).args(what)).unwrap_or_else(|said| {
        assert!(said.contains("Rock Ridge path too long"), "xorriso: {said}");
        let mut lenient = program("xorriso");
        lenient.args(["-abort_on", "FATAL", "-return_with", "FATAL", "32", "-osirrox", "on"]);
        lenient.args(["-error_behavior", "image_loading", "best_effort"]);
        output(open(image, lenient).args(what))
    })
}

fn open(image: &Image, mut command: Command) -> Command {
    // Without this it would look for the newest session by itself: the whole disc is one file, and it has no table of
    // contents for that.
    command.args(["-load", "sbsector", &image.start.to_string()]);
    command.arg("-indev").arg(as_device(&image.disc));
    command
}

/// First sectors of the sessions of an overwritable disc, as the program itself finds them.
pub(crate) fn sessions(disc: &Path) -> Vec<u32> {
    table_of_contents(strict().arg("-indev").arg(as_device(disc)))
}

/// The same by the program that looks at the checksums of the descriptors and the tree first.
pub(crate) fn sessions_with_checksums(disc: &Path) -> Vec<u32> {
    table_of_contents(strict().args(["-md5", "on", "-indev"]).arg(as_device(disc)))
}

fn table_of_contents(command: &mut Command) -> Vec<u32> {
    let said = output(command.arg("-toc"));
    let said = String::from_utf8(said).expect("a table of contents in plain text");
    let rows = said.lines().filter_map(|line| line.strip_prefix("ISO session  :"));
    rows.map(|row| row.split(',').nth(1).and_then(|start| start.trim().parse().ok()).expect("a start in each row"))
        .collect()
}

/// Session `number` (the first is 1) of an overwritable disc, as the program finds it by that number.
pub(crate) fn list_session(disc: &Path, number: usize) -> Listing {
    let mut command = strict();
    command.args(["-load", "session", &number.to_string(), "-indev"]).arg(as_device(disc));
    parse(&output(command.args(LISTING)))
}

const LISTING: [&str; 5] = ["-find", "/", "-exec", "lsdl", "--"];

/// Restores the whole tree into a new directory and returns that.
pub(crate) fn extract(image: &Image) -> PathBuf {
    let directory = image.scratch("xorriso");
    work_on(image, &[OsStr::new("-extract"), OsStr::new("/"), directory.as_os_str()]);
    directory
}

/// Names and contents of another tree than the one with Rock Ridge.
pub(crate) fn extract_tree(image: &Image, tree: &str) -> PathBuf {
    let directory = image.scratch(tree);
    let mut command = strict();
    command.args(["-read_fs", tree, "-indev"]).arg(as_device(&image.disc));
    output(command.args(["-extract", "/"]).arg(&directory));
    directory
}

pub(crate) fn list(image: &Image) -> Listing {
    parse(&work_on(image, &LISTING.map(OsStr::new)))
}

/// Lines like `-r--r--r--    1 0        0            2049 Nov 22 21:49 '/a/b'`, for links with ` -> 'target'` behind.
fn parse(text: &[u8]) -> Listing {
    let mut listing = Listing::new();
    let mut rest = text;
    while !rest.is_empty() {
        let columns_end = rest.iter().position(|&b| b == b'\'').expect("a quoted path in each line");
        let columns: Vec<&[u8]> =
            rest[..columns_end].split(u8::is_ascii_whitespace).filter(|c| !c.is_empty()).collect();
        assert_eq!(columns.len(), 8, "not a line of ls -dl: {}", rest[..columns_end].escape_ascii());
        rest = &rest[columns_end..];
        let path = unquote(&mut rest);
        let mut entry = Entry::new(listing::kind_of_letter(columns[0][0]));
        entry.mode = listing::mode_of_text(columns[0]);
        entry.uid = number(columns[2]);
        entry.gid = number(columns[3]);
        match entry.kind {
            listing::Kind::File => entry.size = number(columns[4]),
            listing::Kind::CharacterDevice | listing::Kind::BlockDevice => entry.device = device(columns[4]),
            listing::Kind::Symlink => {
                rest = rest.strip_prefix(b" -> ").expect("a link's target behind its name");
                entry.target = Some(unquote(&mut rest));
            }
            _ => {}
        }
        rest = rest.strip_prefix(b"\n").expect("the end of a line");
        let path = path.strip_prefix(b"/").expect("an absolute path");
        if !path.is_empty() {
            listing.insert(path.to_vec(), entry);
        }
    }
    listing
}

/// `MAJOR,MINOR` in the column of the size.
fn device(text: &[u8]) -> Option<(u64, u64)> {
    let (major, minor) = std::str::from_utf8(text).ok()?.split_once(',')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Takes a shell word of `'...'` and `"..."` pieces off the front.
fn unquote(rest: &mut &[u8]) -> Vec<u8> {
    let mut word = Vec::new();
    while let Some(&quote @ (b'\'' | b'"')) = rest.first() {
        let length = rest[1..].iter().position(|&b| b == quote).expect("a closing quote");
        word.extend_from_slice(&rest[1..1 + length]);
        *rest = &rest[length + 2..];
    }
    word
}

#[test]
fn a_quoted_line_is_understood_whatever_is_in_the_name() {
    let text = b"dr-xr-xr-x    1 0        0               0 Nov 22 21:49 '/'\n\
        -r--r--r--    1 0        7            2049 Nov 22  2026 '/a/quo'\"'\"'te -> '\n\
        lr-xr-xr-x    1 0        0               0 Nov 22 21:49 '/a/new\nline' -> 'x y\n\xe4'\n";
    let listing = parse(text);
    assert_eq!(listing.len(), 2);
    let file = &listing[b"a/quo'te -> ".as_slice()];
    assert_eq!((file.mode, file.gid, file.size), (Some(0o444), Some(7), Some(2049)));
    assert_eq!(listing[b"a/new\nline".as_slice()].target.as_deref(), Some(b"x y\n\xe4".as_slice()));
}
