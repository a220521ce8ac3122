//! From identifiers to the names a directory shows.

/// Names longer than this can't be made on any file system a disc is restored to.
const MAX_BYTES: usize = 255;

/// Whether a name may stand in a directory. What fails could lead an extraction out of its directory.
pub(super) fn is_safe(name: &[u8]) -> bool {
    let length = (1..=MAX_BYTES).contains(&name.len());
    length && name != b"." && name != b".." && !name.contains(&b'/') && !name.contains(&0)
}

/// The start of a refused name, for messages.
pub(super) fn excerpt(name: &[u8]) -> Box<[u8]> {
    name.iter().take(MAX_BYTES).copied().collect()
}

/// An identifier of the primary tree as Linux shows it (`map=normal`): lower case, without `;1` and the dot
/// that stands alone before it; any other `;` is a dot, and so is the `/` of old Acorn discs.
pub(super) fn from_identifier(identifier: &[u8]) -> Vec<u8> {
    let name = identifier.strip_suffix(b";1").unwrap_or(identifier);
    let name = if name.len() < identifier.len() { name.strip_suffix(b".").unwrap_or(name) } else { name };
    let shown = |&b: &u8| if matches!(b, b';' | b'/') { b'.' } else { b.to_ascii_lowercase() };
    name.iter().map(shown).collect()
}

/// A Joliet identifier as UTF-8, without `;1` and, as Linux has it, without dots at the end.
pub(super) fn from_joliet(identifier: &[u8]) -> Vec<u8> {
    let units = identifier.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    let text = text.strip_suffix(";1").unwrap_or(&text);
    let stem = text.trim_end_matches('.');
    // A name of dots alone is left for the refusal.
    if stem.is_empty() { text.into() } else { stem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_loses_its_version_and_its_capitals() {
        assert_eq!(from_identifier(b"README.TXT;1"), b"readme.txt");
        assert_eq!(from_identifier(b"NO_EXT.;1"), b"no_ext");
        assert_eq!(from_identifier(b"DIR"), b"dir");
        assert_eq!(from_identifier(b"OLD.TXT;2"), b"old.txt.2");
        assert_eq!(from_identifier(b"DOT."), b"dot.");
        assert_eq!(from_identifier(b"A/B.C;1"), b"a.b.c");
    }

    #[test]
    fn joliet_names_become_utf_8() {
        assert_eq!(from_joliet(b"\0A\0\xe9\0.\0t\0;\x001"), "Aé.t".as_bytes());
        assert_eq!(from_joliet(b"\xd8\x3d\xdc\x1b"), "\u{1f41b}".as_bytes());
        assert_eq!(from_joliet(b"\xd8\x3d\0a"), "\u{fffd}a".as_bytes());
        assert_eq!(from_joliet(b"\0a\0.\0."), b"a");
        assert_eq!(from_joliet(b"\0.\0."), b"..");
    }

    #[test]
    fn names_that_lead_elsewhere_are_not_safe() {
        for name in [b"".as_slice(), b".", b"..", b"a/b", b"/", b"a\0", &[b'x'; 256]] {
            assert!(!is_safe(name), "{}", name.escape_ascii());
        }
        for name in [b"...".as_slice(), b"\xff", b" ", b"..a", &[b'x'; 255]] {
            assert!(is_safe(name), "{}", name.escape_ascii());
        }
    }
}
