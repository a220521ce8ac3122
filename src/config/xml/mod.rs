//! A small element tree, read the way Cedar Backup reads one.
//!
//! Cedar asks three things of its XML library: the children with a given name, the first text node of an element,
//! and nothing else. What that library (expat) calls an error is one here, so both programs agree on which files are
//! configurations. Three differences: a reference to an external or undeclared entity is always an error (expat can be
//! brought to drop it silently); size, nesting and expansion have limits; a prefix need not be bound to a namespace.
//!
//! No serde: it trims, joins what comments separate, takes CDATA for text, and knows no line of a value.

mod builder;
mod doctype;
mod lexical;

use super::error::ConfigError;

/// Bytes a configuration may have. The largest one known has some 20 kB.
pub(super) const MAX_BYTES: usize = 16 << 20;

/// Elements inside elements; Cedar's schema needs five.
const MAX_DEPTH: usize = 64;

/// Elements in all: a tree of them is some fifty times larger than the text it was read from.
const MAX_ELEMENTS: usize = 100_000;

/// Bytes all entity references together may expand to.
const MAX_EXPANSION: usize = 1 << 20;

/// Entities inside entities.
const MAX_ENTITY_DEPTH: usize = 16;

/// A place in the file; both numbers count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Position {
    /// An error at this place.
    fn error(self, reason: impl Into<String>) -> ConfigError {
        ConfigError::Syntax { line: self.line, column: self.column, reason: reason.into() }
    }
}

/// An element, its children in the order of the file.
#[derive(Debug)]
pub(super) struct Element {
    /// With its prefix, if it has one: names are compared as written.
    pub(super) name: String,
    /// Where its start tag begins; the place of the reference for one that stands in an entity.
    pub(super) at: Position,
    pub(super) children: Vec<Element>,
    text: String,
    text_is_over: bool,
}

impl Element {
    fn new(name: &str, at: Position) -> Element {
        Element { name: name.to_owned(), at, children: Vec::new(), text: String::new(), text_is_over: false }
    }

    /// The first text node, untrimmed. An element without text, or with none but a CDATA section, has none.
    pub(super) fn text(&self) -> Option<&str> {
        (!self.text.is_empty()).then_some(self.text.as_str())
    }

    fn push_text(&mut self, text: &str) {
        if !self.text_is_over {
            self.text.push_str(text);
        }
    }

    /// Something that is not text stands here: a text node that has begun is complete.
    fn cut_text(&mut self) {
        self.text_is_over |= !self.text.is_empty();
    }
}

/// Reads a whole document and returns its root.
pub(super) fn parse(bytes: &[u8]) -> Result<Element, ConfigError> {
    if bytes.len() > MAX_BYTES {
        return Err(ConfigError::TooLarge { limit_bytes: MAX_BYTES });
    }
    let text = lexical::decode(bytes)?;
    builder::Builder::new(&text).build()
}

#[cfg(test)]
mod tests;
