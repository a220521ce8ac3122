//! Events of quick-xml, checked and made into a tree.
//!
//! quick-xml is a lenient reader: it looks for markup, not for well-formedness. What expat refuses and quick-xml lets
//! pass (names, attributes, `]]>`, what stands outside the root) is checked here.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::doctype::{self, Entities, Entity};
use super::lexical::{self, Cursor, Reference, is_name, is_space, short};
use super::{ConfigError, Element, MAX_DEPTH, MAX_ELEMENTS, MAX_ENTITY_DEPTH, MAX_EXPANSION, Position};

pub(super) struct Builder<'t> {
    document: &'t str,
    cursor: Cursor<'t>,
    entities: Entities,
    has_doctype: bool,
    /// Elements begun and not ended, the root first.
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    expanded_bytes: usize,
    /// Entities whose text is being read, the outermost first.
    expanding: Vec<String>,
    /// Where the outermost of them is referred to: the place of all that comes from it.
    reference_at: Option<Position>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(document: &'t str) -> Builder<'t> {
        Builder {
            document,
            cursor: Cursor::new(document),
            entities: Entities::new(),
            has_doctype: false,
            open: Vec::new(),
            root: None,
            elements: 0,
            expanded_bytes: 0,
            expanding: Vec::new(),
            reference_at: None,
        }
    }

    pub(super) fn build(mut self) -> Result<Element, ConfigError> {
        self.read(self.document)?;
        let end = self.cursor.at(usize::MAX);
        self.root.take().ok_or_else(|| end.error("no element in the file"))
    }

    /// Reads the document, or the text of an entity.
    fn read(&mut self, text: &str) -> Result<(), ConfigError> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        let outside = self.open.len();
        loop {
            let begin = offset(reader.buffer_position());
            let event = match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(event) => event,
                Err(error) => {
                    let at = self.position(offset(reader.error_position()));
                    return Err(at.error(reason(error)));
                }
            };
            let at = self.position(begin);
            let end = offset(reader.buffer_position());
            self.event(event, at, text.get(begin..end).unwrap_or_default(), begin)?;
        }
        match self.open.get(outside) {
            Some(unclosed) => Err(unclosed.at.error(format!("element {} is not closed", short(&unclosed.name)))),
            None => Ok(()),
        }
    }

    /// `markup` is the text the event was read from, which begins at byte `begin`.
    fn event(&mut self, event: Event<'_>, at: Position, markup: &str, begin: usize) -> Result<(), ConfigError> {
        match event {
            Event::Start(tag) => self.start(tag.name().into_inner(), tag.attributes_raw(), at),
            Event::Empty(tag) => {
                self.start(tag.name().into_inner(), tag.attributes_raw(), at)?;
                self.end();
                Ok(())
            }
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(text) => match text.into_inner() {
                text if text.contains("]]>") => Err(at.error("]]> outside of a CDATA section")),
                text => self.text(&text, at),
            },
            Event::GeneralRef(reference) => self.reference(&reference.into_inner(), at),
            Event::CData(_) if self.open.is_empty() => Err(at.error("CDATA outside of the root element")),
            Event::CData(_) | Event::Comment(_) => {
                self.cut_text();
                Ok(())
            }
            Event::PI(instruction) => {
                let target = instruction.target();
                if !is_name(target) || target.eq_ignore_ascii_case("xml") {
                    return Err(at.error(format!("<?{} is not a processing instruction", short(target))));
                }
                self.cut_text();
                Ok(())
            }
            Event::Decl(_) if begin > 0 || self.reference_at.is_some() => {
                Err(at.error("the XML declaration is not at the very start of the file"))
            }
            Event::Decl(_) => {
                let inside = markup.trim_start_matches("<?xml").trim_end_matches("?>");
                lexical::check_declaration(inside).map_err(|reason| at.error(reason))
            }
            Event::DocType(content) => self.doctype(&content.into_inner(), at, markup, begin),
            Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, name: &str, attributes: &str, at: Position) -> Result<(), ConfigError> {
        if !is_name(name) {
            return Err(at.error(format!("<{} is not a tag", short(name))));
        }
        for (attribute, value) in lexical::attributes(attributes).map_err(|reason| at.error(reason))? {
            self.check_attribute(value).map_err(|reason| at.error(format!("attribute {attribute}: {reason}")))?;
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(at.error(format!("a second root element {}", short(name))));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(at.error(format!("elements are nested more than {MAX_DEPTH} deep")));
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(at.error(format!("more than {MAX_ELEMENTS} elements")));
        }
        self.cut_text();
        self.open.push(Element::new(name, at));
        Ok(())
    }

    fn end(&mut self) {
        if let Some(closed) = self.open.pop() {
            match self.open.last_mut() {
                Some(parent) => parent.children.push(closed),
                None => self.root = Some(closed),
            }
        }
    }

    fn text(&mut self, text: &str, at: Position) -> Result<(), ConfigError> {
        match self.open.last_mut() {
            Some(element) => element.push_text(text),
            None if text.chars().all(is_space) => (),
            None => return Err(at.error("text outside of the root element")),
        }
        Ok(())
    }

    fn cut_text(&mut self) {
        if let Some(element) = self.open.last_mut() {
            element.cut_text();
        }
    }

    fn reference(&mut self, body: &str, at: Position) -> Result<(), ConfigError> {
        let Some(element) = self.open.last_mut() else {
            return Err(at.error("a reference outside of the root element"));
        };
        match Reference::parse(body).map_err(|reason| at.error(reason))? {
            Reference::Char(c) => {
                element.push_text(c.encode_utf8(&mut [0; 4]));
                Ok(())
            }
            Reference::Entity(name) => self.expand(name, at),
        }
    }

    fn expand(&mut self, name: &str, at: Position) -> Result<(), ConfigError> {
        let replacement = match self.entities.get(name) {
            Some(Entity::Internal(text)) => text.clone(),
            Some(Entity::External) => {
                return Err(at.error(format!("entity {} is external, such are not read", short(name))));
            }
            None => return Err(at.error(format!("entity {} is not declared", short(name)))),
        };
        if self.expanding.iter().any(|outer| outer == name) {
            return Err(at.error(format!("entity {} contains itself", short(name))));
        }
        if self.expanding.len() >= MAX_ENTITY_DEPTH {
            return Err(at.error(format!("entities are nested more than {MAX_ENTITY_DEPTH} deep")));
        }
        self.expanded_bytes += replacement.len();
        if self.expanded_bytes > MAX_EXPANSION {
            return Err(at.error(format!("entities expand to more than {MAX_EXPANSION} bytes")));
        }
        let is_outermost = self.reference_at.is_none();
        self.reference_at.get_or_insert(at);
        self.expanding.push(name.to_owned());
        self.read(&replacement)?;
        self.expanding.pop();
        if is_outermost {
            self.reference_at = None;
        }
        Ok(())
    }

    /// Values of attributes are of no use here, so references in them are looked up but not expanded.
    fn check_attribute(&self, value: &str) -> Result<(), String> {
        for part in value.split('&').skip(1) {
            let body = part.split_once(';').map_or("", |(body, _)| body);
            match Reference::parse(body)? {
                Reference::Char(_) => (),
                Reference::Entity(name) => match self.entities.get(name) {
                    Some(Entity::Internal(_)) => (),
                    Some(Entity::External) => return Err(format!("entity {} is external", short(name))),
                    None => return Err(format!("entity {} is not declared", short(name))),
                },
            }
        }
        Ok(())
    }

    fn doctype(&mut self, content: &str, at: Position, markup: &str, begin: usize) -> Result<(), ConfigError> {
        if self.has_doctype || self.root.is_some() || !self.open.is_empty() || !markup.starts_with("<!DOCTYPE") {
            return Err(at.error("a DOCTYPE stands once, before the root element"));
        }
        if !markup.trim_start_matches("<!DOCTYPE").starts_with(is_space) {
            return Err(at.error("white space is missing after DOCTYPE"));
        }
        self.has_doctype = true;
        // The content ends before the last character of the markup, the >.
        let content_begin = begin + markup.len().saturating_sub(1 + content.len());
        self.entities =
            doctype::entities(content).map_err(|(at, reason)| self.position(content_begin + at).error(reason))?;
        Ok(())
    }

    fn position(&mut self, offset: usize) -> Position {
        self.reference_at.unwrap_or_else(|| self.cursor.at(offset))
    }
}

/// Without quick-xml's own preface: the place that stands before it says as much.
fn reason(error: quick_xml::Error) -> String {
    match error {
        quick_xml::Error::Syntax(error) => error.to_string(),
        quick_xml::Error::IllFormed(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// An offset into a text in memory.
fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}
