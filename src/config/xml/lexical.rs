//! What can be said of XML text without knowing its structure: characters, names, references, line numbers.

use std::borrow::Cow;

use super::{ConfigError, Position};

/// A byte order mark, legal once, at the very start.
const BOM: char = '\u{feff}';

/// UTF-8 only, whatever the declaration says; line ends become `\n` (XML 1.0, 2.11).
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ConfigError> {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let (good, rest) = bytes.split_at(error.valid_up_to());
            let good = String::from_utf8_lossy(good);
            let Position { line, column } = Cursor::new(good.trim_start_matches(BOM)).at(usize::MAX);
            return Err(ConfigError::NotUtf8 { line, column, byte: rest.first().copied().unwrap_or_default() });
        }
    };
    let text = text.strip_prefix(BOM).unwrap_or(text);
    let text = match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        false => Cow::Borrowed(text),
    };
    // The reader would swallow a second mark.
    match text.char_indices().find(|&(at, c)| !is_char(c) || (at == 0 && c == BOM)) {
        Some((at, c)) => {
            Err(Cursor::new(&text).at(at).error(format!("character {:#06x} is not allowed here", u32::from(c))))
        }
        None => Ok(text),
    }
}

/// `Char` of XML 1.0, 2.2.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// White space of XML, which is less than Unicode's.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// `Name` of XML 1.0, 2.3.
pub(super) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

fn is_name_start(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// May follow in a name.
pub(super) fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// What stands between `&` and `;`.
pub(super) enum Reference<'a> {
    /// A character, by number or by one of the five names every document has.
    Char(char),
    /// An entity the document has to declare.
    Entity(&'a str),
}

impl<'a> Reference<'a> {
    /// Refuses what is neither, with the reason.
    pub(super) fn parse(body: &'a str) -> Result<Reference<'a>, String> {
        if let Some(number) = body.strip_prefix('#') {
            let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
            let all_digits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
            let code = all_digits.then(|| u32::from_str_radix(digits, radix).ok()).flatten();
            let legal = code.and_then(char::from_u32).filter(|&c| is_char(c));
            return legal.map(Reference::Char).ok_or_else(|| format!("&{}; is not a character", short(body)));
        }
        Ok(match body {
            "lt" => Reference::Char('<'),
            "gt" => Reference::Char('>'),
            "amp" => Reference::Char('&'),
            "apos" => Reference::Char('\''),
            "quot" => Reference::Char('"'),
            name if is_name(name) => Reference::Entity(name),
            _ => return Err("& does not begin a reference, write &amp; for the sign itself".to_owned()),
        })
    }
}

/// Each attribute is compared with all before it.
const MOST_ATTRIBUTES: usize = 1000;

/// The names and raw values in a start tag, in their order; Cedar uses none, but a broken tag is a broken file.
pub(super) fn attributes(raw: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut rest = raw;
    loop {
        let next = rest.trim_start_matches(is_space);
        if next.is_empty() {
            return Ok(found);
        }
        if next.len() == rest.len() {
            return Err("white space is missing before an attribute".to_owned());
        }
        let end = next.find(|c| !is_name_char(c)).unwrap_or(next.len());
        let (name, after) = next.split_at(end);
        if !is_name(name) {
            return Err(format!("{} is not an attribute", short(next)));
        }
        let value = after.trim_start_matches(is_space).strip_prefix('=').map(|v| v.trim_start_matches(is_space));
        let quoted = value.and_then(|v| ['"', '\''].into_iter().find_map(|q| v.strip_prefix(q)?.split_once(q)));
        let Some((value, after)) = quoted else {
            return Err(format!("attribute {} has no value in quotes", short(name)));
        };
        if value.contains('<') {
            return Err(format!("the value of attribute {} holds a <", short(name)));
        }
        if found.len() == MOST_ATTRIBUTES {
            return Err(format!("an element has more than {MOST_ATTRIBUTES} attributes"));
        }
        if found.iter().any(|(earlier, _)| *earlier == name) {
            return Err(format!("attribute {} is given twice", short(name)));
        }
        found.push((name, value));
        rest = after;
    }
}

/// What stands in an XML declaration (XML 1.0, 2.8). The encoding is not looked at, as Cedar does not.
pub(super) fn check_declaration(inside: &str) -> Result<(), String> {
    let mut left = attributes(inside)?.into_iter().peekable();
    // Any version, as expat: files with "1" are about.
    let is_version = |value: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    let has_version = left.next_if(|(name, value)| *name == "version" && is_version(value)).is_some();
    left.next_if(|(name, _)| *name == "encoding");
    left.next_if(|(name, value)| *name == "standalone" && ["yes", "no"].contains(value));
    match (has_version, left.next()) {
        (false, _) => Err("the XML declaration does not begin with a version".to_owned()),
        (true, Some((name, _))) => Err(format!("{} does not belong into the XML declaration", short(name))),
        (true, None) => Ok(()),
    }
}

/// The beginning of a text that may have any length, for a message.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Turns byte offsets into positions. Remembers the last one: to count a long line from its start for every element
/// takes forever.
pub(super) struct Cursor<'t> {
    text: &'t str,
    offset: usize,
    position: Position,
}

const START: Position = Position { line: 1, column: 1 };

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Cursor<'t> {
        Cursor { text, offset: 0, position: START }
    }

    /// The position of the character at `offset`; of the end for one past the end.
    pub(super) fn at(&mut self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        if offset < self.offset {
            (self.offset, self.position) = (0, START);
        }
        for c in self.text.get(self.offset..offset).unwrap_or_default().chars() {
            match c {
                '\n' => self.position = Position { line: self.position.line.saturating_add(1), column: 1 },
                _ => self.position.column = self.position.column.saturating_add(1),
            }
        }
        self.offset = offset;
        self.position
    }
}
