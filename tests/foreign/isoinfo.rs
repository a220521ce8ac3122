//! isoinfo (cdrkit): `-R -l` shows types, modes, owners, sizes, link counts, names and targets, `-x` a file's content.
//!
//! Not shown: the time of day of a file. A name stands between the columns and a blank or ` -> `, unquoted, so a name
//! that holds a line like those of the listing, or a link's name with ` -> ` in it, would be misread; the week has none.

use crate::foreign::image::Image;
use crate::foreign::listing::{self, Entry, Kind, Listing};
use crate::foreign::programs::{output, program};

pub(crate) fn list(image: &Image) -> Listing {
    let start = image.start.to_string();
    let isoinfo = || {
        let mut command = program("isoinfo");
        command.arg("-i").arg(&image.disc).args(["-R", "-T", &start]);
        command
    };
    let mut listing = parse(&output(isoinfo().arg("-l")));
    for (path, entry) in &mut listing {
        if entry.kind == Kind::File {
            let mut argument = std::ffi::OsString::from("/");
            argument.push(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path));
            entry.sha256 = Some(listing::sha256(&*output(isoinfo().arg("-x").arg(argument))));
        }
    }
    listing
}

const HEADING: &[u8] = b"Directory listing of ";

/// What a line of the listing is; anything else continues the name before it.
enum Line<'a> {
    Heading(&'a [u8]),
    Entry(Entry, &'a [u8]),
    Continuation,
}

fn parse(text: &[u8]) -> Listing {
    let mut listing = Listing::new();
    let mut directory = Vec::new();
    let mut pending: Option<(Entry, Vec<u8>)> = None;
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

fn finish(listing: &mut Listing, directory: &[u8], pending: Option<(Entry, Vec<u8>)>) {
    let Some((mut entry, name)) = pending else { return };
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
    listing.insert(path, entry);
}

/// An entry looks like `-r--r--r--   2    0    0            2049 Nov 22 2026 [     56 00]  name `.
fn read_line(line: &[u8]) -> Line<'_> {
    if let Some(path) = line.strip_prefix(HEADING) {
        return Line::Heading(path);
    }
    let entry = || {
        let bracket = line.iter().position(|&b| b == b'[')?;
        let columns: Vec<&str> = std::str::from_utf8(&line[..bracket]).ok()?.split_ascii_whitespace().collect();
        let [mode, links, uid, gid, size, _month, _day, _year] = columns[..] else { return None };
        let close = bracket + line[bracket..].windows(3).position(|part| part == b"]  ")?;
        let mut entry = Entry::new(listing::kind_of_letter(mode.as_bytes()[0]));
        entry.mode = Some(listing::mode_of_text(mode.as_bytes())?);
        entry.links = Some(links.parse().ok()?);
        entry.uid = Some(uid.parse().ok()?);
        entry.gid = Some(gid.parse().ok()?);
        entry.size = (entry.kind == Kind::File).then_some(size.parse().ok()?);
        Some((entry, &line[close + 3..]))
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
    assert_eq!(listing[b"2026/l".as_slice()].target.as_deref(), Some(b"a b\n -> c".as_slice()));
    assert_eq!(listing[b"2026/trail ".as_slice()].links, Some(2));
}
