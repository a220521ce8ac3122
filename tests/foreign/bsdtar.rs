//! bsdtar (libarchive): an mtree description lists types, modes, owners, times, link counts and targets, an extraction
//! shows sizes and content.
//!
//! It reads sector 16 only, so later sessions are shown through a copy ([`Image::view`]). mtree writes every odd byte as
//! `\ooo`, so all names survive, whatever the locale. Sizes are not taken from the
//! description: there a second name of the same data has none.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::foreign::image::Image;
use crate::foreign::listing::{Entry, Kind, Listing};
use crate::foreign::programs::{attempt, program};

const KEYWORDS: &str = "--options=mtree:!all,type,mode,uid,gid,time,link,nlink,device";

pub(crate) fn list(image: &Image) -> Result<Listing, String> {
    let mut archive = OsString::from("@");
    archive.push(image.view());
    let described = attempt(program("bsdtar").args(["-c", "-f", "-", "--format=mtree", KEYWORDS]).arg(archive))?;
    Ok(parse(&described))
}

/// Restores the whole tree into a new directory and returns that.
pub(crate) fn extract(image: &Image) -> Result<PathBuf, String> {
    extract_with(image, "bsdtar", &[])
}

/// The same into a directory of this name, with more options.
pub(crate) fn extract_with(image: &Image, name: &str, options: &[&str]) -> Result<PathBuf, String> {
    let directory = image.scratch(name);
    std::fs::create_dir(&directory).expect("a new directory");
    let extraction =
        attempt(program("bsdtar").args(options).args(["-x", "-f"]).arg(image.view()).arg("-C").arg(&directory));
    match extraction {
        // What it can't make is missing in what it restored, and noticed there.
        Err(said)
            if said.lines().skip(1).all(|line| {
                line.contains(": Can't create ") || line.contains("Error exit delayed") || line.is_empty()
            }) =>
        {
            Ok(directory)
        }
        Err(said) => Err(said),
        Ok(_) => Ok(directory),
    }
}

fn parse(text: &[u8]) -> Listing {
    let mut listing = Listing::new();
    for line in text.split(|&b| b == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
        let mut words = line.split(|&b| b == b' ');
        let path = plain(words.next().expect("a path in each line"));
        let Some(path) = path.strip_prefix(b"./") else { continue };
        let mut entry = Entry::new(Kind::Other);
        entry.links = Some(1);
        for word in words {
            let equals = word.iter().position(|&b| b == b'=').expect("KEY=VALUE");
            let value = plain(&word[equals + 1..]);
            let text = String::from_utf8_lossy(&value);
            match &word[..equals] {
                b"type" => {
                    entry.kind = match &*value {
                        b"dir" => Kind::Directory,
                        b"file" => Kind::File,
                        b"link" => Kind::Symlink,
                        b"fifo" => Kind::Fifo,
                        b"socket" => Kind::Socket,
                        b"char" => Kind::CharacterDevice,
                        b"block" => Kind::BlockDevice,
                        _ => Kind::Other,
                    }
                }
                b"mode" => entry.mode = u32::from_str_radix(&text, 8).ok(),
                b"uid" => entry.uid = text.parse().ok(),
                b"gid" => entry.gid = text.parse().ok(),
                b"nlink" => entry.links = text.parse().ok(),
                // Behind the point stand nanoseconds, a number of its own: `5.30` is 30 ns after 5 s.
                b"time" => {
                    let (seconds, nanoseconds) = text.split_once('.').unwrap_or((&text, "0"));
                    entry.mtime = seconds.parse().ok();
                    entry.nanoseconds = nanoseconds.parse().ok();
                }
                // `native,MAJOR,MINOR`
                b"device" => {
                    let mut numbers = text.split(',').skip(1).map(|number| number.parse().ok());
                    entry.device = numbers.next().flatten().zip(numbers.next().flatten());
                }
                b"link" => entry.target = Some(value),
                other => panic!("bsdtar says {} unasked", other.escape_ascii()),
            }
        }
        listing.insert(path.to_vec(), entry);
    }
    listing
}

/// Without the `\ooo` escapes.
fn plain(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        let code = (first == b'\\').then(|| behind.get(..3)).flatten().and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 8).ok()
        });
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &behind[3..] } else { behind };
    }
    bytes
}

#[test]
fn an_escaped_line_is_understood() {
    let text = b"#mtree\n. mode=555 type=dir\n\
        ./a\\040b/new\\012line\\134 time=5.0 mode=444 gid=0 uid=0 nlink=2 type=file\n\
        ./l time=5.0 mode=555 gid=0 uid=0 type=link link=x\\344\n";
    let listing = parse(text);
    assert_eq!(listing.len(), 2);
    assert_eq!(listing[b"a b/new\nline\\".as_slice()].links, Some(2));
    assert_eq!(listing[b"l".as_slice()].target.as_deref(), Some(b"x\xe4".as_slice()));
}
