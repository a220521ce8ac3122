//! The list of digests that each session carries, in the format of `sha256sum`.
//!
//! A line is a digest in hex, two spaces, a path relative to the disc's root. A path with a backslash, a
//! line feed or a carriage return is escaped as GNU `sha256sum` does it, and its line begins with a
//! backslash. The length of a line depends on the path alone, so a manifest's size is known before the first
//! digest is: that lets it be the last file of a session that is written in one pass.

use jiff::civil::Date;

use super::tree::TreePath;

/// A SHA-256 digest.
pub type Digest = [u8; 32];

/// The digest in the line of a file that changed, shrank or vanished while it was written: what is on the
/// disc is not what was staged. No file has this digest, so `sha256sum -c` says FAILED, which is the truth.
pub const UNPROVEN: Digest = [0; 32];

/// Hex digits and the two separating spaces.
const PREFIX: usize = 64 + 2;

/// A line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// SHA-256 of the file, or [`UNPROVEN`].
    pub digest: Digest,
    /// The file's path from the disc's root.
    pub path: TreePath,
}

/// A line that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the manifest is no digest with a path")]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
}

/// The directory of a disc's manifests and of the text that explains it.
#[must_use]
pub fn directory() -> TreePath {
    TreePath::new(".cedarburn")
}

/// Whether a name in that [directory] is a manifest's.
#[must_use]
pub fn is_manifest(name: &[u8]) -> bool {
    name.starts_with(b"SHA256SUMS-")
}

/// The name of a session's manifest: `SHA256SUMS-YYYY-MM-DD`, or with the first number from 2 on that is not `taken`.
#[must_use]
pub fn name(day: Date, taken: impl Fn(&[u8]) -> bool) -> String {
    let plain = format!("SHA256SUMS-{day}");
    let numbered = (2..=u32::MAX).map(|number| format!("{plain}.{number}"));
    std::iter::once(plain.clone()).chain(numbered).find(|name| !taken(name.as_bytes())).unwrap_or(plain)
}

/// Sorts manifests by their age: `SHA256SUMS-2026-11-22` before `SHA256SUMS-2026-11-22.2` before `SHA256SUMS-2026-11-22.10`.
#[must_use]
pub fn age(name: &[u8]) -> (Vec<u8>, u32) {
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok();
    match name.iter().rposition(|&b| b == b'.').and_then(|dot| Some((dot, number(&name[dot + 1..])?))) {
        Some((dot, number)) => (name[..dot].to_vec(), number),
        None => (name.to_vec(), 0),
    }
}

/// Length of the line for `path`, its line feed included.
#[must_use]
pub fn line_bytes(path: &TreePath) -> usize {
    let bytes = path.as_bytes();
    let escapes = bytes.iter().filter(|&&b| is_escaped(b)).count();
    let backslash = usize::from(escapes > 0);
    backslash + PREFIX + dot_slash(bytes).len() + bytes.len() + escapes + 1
}

/// Appends the line for a file.
pub fn write_line(out: &mut Vec<u8>, digest: &Digest, path: &TreePath) {
    let bytes = path.as_bytes();
    let escape = bytes.iter().any(|&b| is_escaped(b));
    if escape {
        out.push(b'\\');
    }
    out.extend(digest.iter().flat_map(|&b| [hex(b >> 4), hex(b & 15)]));
    out.extend_from_slice(b"  ");
    out.extend_from_slice(dot_slash(bytes));
    if escape {
        for &b in bytes {
            match b {
                b'\\' => out.extend_from_slice(br"\\"),
                b'\n' => out.extend_from_slice(br"\n"),
                b'\r' => out.extend_from_slice(br"\r"),
                _ => out.push(b),
            }
        }
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'\n');
}

/// The lines of a manifest, good and bad; empty ones are passed over.
///
/// Takes what `sha256sum` takes: upper-case digits, the `*` of binary mode, lines that end in CR LF.
pub fn parse(manifest: &[u8]) -> impl Iterator<Item = Result<Entry, BadLine>> + '_ {
    let lines = manifest.split(|&b| b == b'\n').enumerate();
    lines.filter_map(|(number, line)| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let entry = || parse_line(line).ok_or(BadLine { line: number + 1 });
        (!line.is_empty()).then(entry)
    })
}

fn parse_line(line: &[u8]) -> Option<Entry> {
    let (line, escaped) = line.strip_prefix(b"\\").map_or((line, false), |rest| (rest, true));
    let (digits, rest) = line.split_at_checked(64)?;
    let path = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
    let path = if escaped { unescape(path)? } else { path.to_vec() };
    let path = path.strip_prefix(b"./").unwrap_or(&path);
    if path.is_empty() {
        return None;
    }
    let mut digest = UNPROVEN;
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(Entry { digest, path: TreePath::new(path) })
}

fn unescape(path: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(path.len());
    let mut bytes = path.iter();
    while let Some(&b) = bytes.next() {
        plain.push(match b {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            _ => b,
        });
    }
    Some(plain)
}

fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'\\' | b'\n' | b'\r')
}

/// `sha256sum` takes a file called `-` for its standard input.
fn dot_slash(path: &[u8]) -> &'static [u8] {
    if path == b"-" { b"./" } else { b"" }
}

fn hex(nibble: u8) -> u8 {
    b"0123456789abcdef"[usize::from(nibble)]
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: Digest = *b"\x01\x23\x45\x67\x89\xab\xcd\xef0123456789abcdefghijklmn";

    fn line(path: &[u8]) -> Vec<u8> {
        let mut out = b"before".to_vec();
        write_line(&mut out, &DIGEST, &TreePath::new(path));
        out.split_off(6)
    }

    #[test]
    fn a_line_is_what_sha256sum_prints() {
        let text = String::from_utf8(line(b"2026/11/22/host/f")).unwrap();
        let expected = "0123456789abcdef303132333435363738396162636465666768696a6b6c6d6e  2026/11/22/host/f\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn odd_names_are_escaped_as_gnu_does_it() {
        assert_eq!(line(b"a\\b\nc\rd")[..1], *b"\\");
        assert!(line(b"a\\b\nc\rd").ends_with(
            br"  a\\b\nc\rd
"
        ));
        assert!(line(b"-").ends_with(b"  ./-\n"));
    }

    #[test]
    fn the_length_is_known_without_the_digest_and_every_line_reads_back() {
        for path in [&b"plain"[..], b"a b", b"a\\", b"\n", b"\r\r", b"-", b"-x", b"\xff\xfe", b" lead", b"*x", b"d/-"] {
            let path = TreePath::new(path);
            let mut out = Vec::new();
            write_line(&mut out, &DIGEST, &path);
            assert_eq!(out.len(), line_bytes(&path), "{path}");
            let entries: Vec<_> = parse(&out).collect();
            assert_eq!(entries, [Ok(Entry { digest: DIGEST, path })]);
        }
    }

    #[test]
    fn bad_lines_are_named_by_number_and_the_others_still_read() {
        let mut text = line(b"one");
        text.extend_from_slice(b"\nnonsense\n");
        text.extend_from_slice(&[b"zz".as_slice(), &line(b"two")[2..]].concat());
        text.extend_from_slice(&line(b"three")[..40]);
        text.push(b'\n');
        text.extend_from_slice(&line(b"four").to_ascii_uppercase());
        text.extend_from_slice(&[b"\\".as_slice(), &line(b"bad\\escape")[1..65], br"  x\q"].concat());
        let read: Vec<_> = parse(&text).map(|l| l.map(|e| e.path.to_string()).map_err(|e| e.line)).collect();
        assert_eq!(read, [Ok("/one".into()), Err(3), Err(4), Err(5), Ok("/FOUR".into()), Err(7)]);
        assert_eq!(BadLine { line: 3 }.to_string(), "line 3 of the manifest is no digest with a path");
    }

    #[test]
    fn binary_mode_and_dos_line_ends_are_taken() {
        let mut text = line(b"x");
        text.truncate(text.len() - 1);
        text[65] = b'*';
        text.extend_from_slice(b"\r\n");
        assert_eq!(parse(&text).collect::<Vec<_>>(), [Ok(Entry { digest: DIGEST, path: TreePath::new("x") })]);
    }

    #[test]
    fn manifests_of_one_day_count_in_the_order_of_their_numbers() {
        let names: [&[u8]; 4] = [
            b"SHA256SUMS-2026-11-22",
            b"SHA256SUMS-2026-11-22.2",
            b"SHA256SUMS-2026-11-22.10",
            b"SHA256SUMS-2026-11-23",
        ];
        assert!(names.is_sorted_by_key(|name| age(name)));
    }

    #[test]
    fn a_day_that_is_stored_again_gets_a_manifest_of_its_own() {
        let day = jiff::civil::date(2026, 11, 22);
        assert_eq!(name(day, |_| false), "SHA256SUMS-2026-11-22");
        assert_eq!(name(day, |name| name == b"SHA256SUMS-2026-11-22"), "SHA256SUMS-2026-11-22.2");
    }
}
