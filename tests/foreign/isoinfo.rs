//! isoinfo (cdrkit): `-R -l` shows types, modes, owners, sizes, link counts, names and targets, `-x` a file's content.
//!
//! Not shown: the time of day of a file. A name stands between the columns and a blank or ` -> `, unquoted, so a name
//! that holds a line like those of the listing, or a link's name with ` -> ` in it, would be misread; the week has none.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::foreign::image::Image;
use crate::foreign::listing::{self, Entry, Kind, Listing};
use crate::foreign::programs::{attempt, output, program};

pub(crate) fn list(image: &Image) -> Result<Listing, String> {
    list_tree(image, &["-R"])
}

/// With the options that choose a tree.
pub(crate) fn list_tree(image: &Image, tree: &[&str]) -> Result<Listing, String> {
    let start = image.start.to_string();
    let isoinfo = || {
        let mut command = program("isoinfo");
        command.arg("-i").arg(&image.disc).args(tree).args(["-T", &start]);
        command
    };
    // It is started once for each file and walks the whole disc each time: names of one extent are read once.
    let mut digests = HashMap::new();
    let mut listing = Listing::new();
    for (path, (mut entry, extent)) in parse(&attempt(isoinfo().arg("-l"))?) {
        if entry.kind == Kind::File {
            let digest = digests.entry((extent, entry.size)).or_insert_with(|| {
                let mut argument = OsString::from("/");
                argument.push(OsStr::from_bytes(&path));
                listing::sha256(&*output(isoinfo().arg("-x").arg(argument)))
            });
            entry.sha256 = Some(digest.clone());
        }
        listing.insert(path, entry);
    }
    Ok(listing)
}

/// Without digests of the contents.
pub(crate) fn list_only(image: &Image) -> Result<Listing, String> {
    let mut isoinfo = program("isoinfo");
    isoinfo.arg("-i").arg(&image.disc).args(["-R", "-T", &image.start.to_string(), "-l"]);
    Ok(parse(&attempt(&mut isoinfo)?).into_iter().map(|(path, (entry, _))| (path, entry)).collect())
}

/// Paths to entries and the first sectors of their extents.
type Located = BTreeMap<Vec<u8>, (Entry, u64)>;

const HEADING: &[u8] = b"Directory listing of ";

/// What a line of the listing is; anything else continues the name before it.
enum Line<'a> {
    Heading(&'a [u8]),
    Entry((Entry, u64), &'a [u8]),
    Continuation,
}

fn parse(text: &[u8]) -> Located {
    let mut listing = Located::new();
    let mut directory = Vec::new();
    let mut pending: Option<((Entry, u64), Vec<u8>)> = None;
    let mut heading: Option<Vec<u8>> = None;
    let lines: Vec<&[u8]> = text.strip_suffix(b"\n").unwrap_or(text).split(|&b| b == b'\n').collect();
    for (number, line) in lines.iter().enumerate() {
        let before_heading = line.is_empty() && lines.get(number + 1).is_some_and(|next| next.starts_with(HEADING));
        match read_line(line) {
            Line::Heading(path) => {
                finish(&mut listing, &directory, pending.take());
                heading = Some(path.to_vec());
            }
            Line::Entry(entry, name) => {
                if let Some(path) = heading.take() {
                    directory = path.strip_suffix(b"/").expect("a directory's path ends with /").to_vec();
                }
                finish(&mut listing, &directory, pending.replace((entry, name.to_vec())));
            }
            Line::Continuation if before_heading => {}
            Line::Continuation => {
                let name = heading.as_mut().or(pending.as_mut().map(|(_, name)| name));
                let name = name.expect("a listing begins with a heading");
                name.push(b'\n');
                name.extend_from_slice(line);
            }
        }
    }
    finish(&mut listing, &directory, pending);
    listing
}

fn finish(listing: &mut Located, directory: &[u8], pending: Option<((Entry, u64), Vec<u8>)>) {
    let Some(((mut entry, extent), name)) = pending else { return };
    let mut name = &*name;
    if entry.kind == Kind::Symlink {
        let arrow = name.windows(4).position(|part| part == b" -> ").expect("a link's target");
        entry.target = Some(name[arrow + 4..].to_vec());
        name = &name[..arrow];
    } else {
        name = name.strip_suffix(b" ").expect("a blank behind the name");
    }
    if name == b"." || name == b".." {
        return;
    }
    let mut path = directory.strip_prefix(b"/").unwrap_or(directory).to_vec();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    listing.insert(path, (entry, extent));
}

/// An entry looks like `-r--r--r--   2    0    0            2049 Nov 22 2026 [     56 00]  name `; owner and group are octal.
fn read_line(line: &[u8]) -> Line<'_> {
    if let Some(path) = line.strip_prefix(HEADING) {
        return Line::Heading(path);
    }
    let entry = || {
        let bracket = line.iter().position(|&b| b == b'[')?;
        let columns = std::str::from_utf8(&line[..bracket]).ok()?;
        // Large owners fill their columns, and are cut by the next ones.
        let fixed = |from: usize, to: usize| Some(columns.get(from..to)?.trim());
        let (mode, links, uid, gid) = (fixed(0, 10)?, fixed(10, 15)?, fixed(15, 20)?, fixed(20, 30)?);
        let rest: Vec<&str> = columns.get(30..)?.split_ascii_whitespace().collect();
        let [size, _month, _day, _year] = rest[..] else { return None };
        let close = bracket + line[bracket..].windows(3).position(|part| part == b"]  ")?;
        let mut entry = Entry::new(match mode.as_bytes()[0] {
            // A named pipe, which others show as `p`; a regular file is `-`.
            b'f' => Kind::Fifo,
            letter => listing::kind_of_letter(letter),
        });
        entry.mode = Some(listing::mode_of_text(mode.as_bytes())?);
        entry.links = Some(links.parse().ok()?);
        entry.uid = Some(u32::from_str_radix(uid, 8).ok()?);
        entry.gid = Some(u32::from_str_radix(gid, 8).ok()?);
        entry.size = (entry.kind == Kind::File).then_some(size.parse().ok()?);
        let extent =
            std::str::from_utf8(&line[bracket + 1..close]).ok()?.split_ascii_whitespace().next()?.parse().ok()?;
        Some(((entry, extent), &line[close + 3..]))
    };
    entry().map_or(Line::Continuation, |(entry, name)| Line::Entry(entry, name))
}

#[test]
fn names_keep_their_line_breaks_and_blanks() {
    let text = b"\nDirectory listing of /\n\
        dr-xr-xr-x   1    0    0            2048 Nov 22 2026 [     18 02]  . \n\
        dr-xr-xr-x   1    0    0            2048 Nov 22 2026 [     20 02]  2026 \n\
        \nDirectory listing of /2026/\n\
        -r--r--r--   2    0    0            2049 Nov 22 2026 [     56 00]  trail  \n\
        -r--r--r--   1    0    0               1 Nov 22 2026 [     61 00]  end\n\n \n\
        lr-xr-xr-x   1    0    0               0 Nov 22 2026 [     43 00]  l -> a b\n -> c\n";
    let listing = parse(text);
    let names: Vec<&[u8]> = listing.keys().map(Vec::as_slice).collect();
    assert_eq!(names, [b"2026".as_slice(), b"2026/end\n\n", b"2026/l", b"2026/trail "]);
    assert_eq!(listing[b"2026/l".as_slice()].0.target.as_deref(), Some(b"a b\n -> c".as_slice()));
    assert_eq!(listing[b"2026/trail ".as_slice()].0.links, Some(2));
}
