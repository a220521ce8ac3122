//! The document type declaration: read for its entities, the rest is stepped over.

use std::collections::HashMap;

use super::lexical::{Reference, is_name, is_name_char, is_space, short};

/// What a general entity stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entity {
    /// Its replacement text: character references expanded, references to other entities not yet (XML 1.0, 4.5).
    Internal(String),
    /// A file or an address; never opened.
    External,
}

/// Entities by name.
pub(super) type Entities = HashMap<String, Entity>;

/// The entities declared in what stands between `<!DOCTYPE` and its `>`. The error carries the byte offset.
pub(super) fn entities(content: &str) -> Result<Entities, (usize, String)> {
    let mut scan = Scan { content, at: 0 };
    let mut found = Entities::new();
    scan.doctype(&mut found).map_err(|reason| (scan.at, reason))?;
    Ok(found)
}

struct Scan<'a> {
    content: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn doctype(&mut self, found: &mut Entities) -> Result<(), String> {
        self.name()?;
        if self.space() {
            self.external_id()?;
        }
        self.space();
        if self.take("[") {
            while !self.take("]") {
                self.declaration(found)?;
                self.space();
            }
            self.space();
        }
        match self.rest() {
            "" => Ok(()),
            junk => Err(format!("{} does not belong into a DOCTYPE", short(junk))),
        }
    }

    /// One item of the internal subset.
    fn declaration(&mut self, found: &mut Entities) -> Result<(), String> {
        self.space();
        if self.rest().is_empty() {
            return Err("the [ of the DOCTYPE is not closed".to_owned());
        }
        if self.rest().starts_with(']') {
            return Ok(());
        }
        if self.take("<!--") {
            return self.skip_past("-->");
        }
        if self.take("<?") {
            return self.skip_past("?>");
        }
        if self.take("<!ENTITY") {
            return self.entity(found);
        }
        if ["<!ELEMENT", "<!ATTLIST", "<!NOTATION"].into_iter().any(|keyword| self.take(keyword)) {
            return self.skip_declaration();
        }
        match self.rest().starts_with('%') {
            true => Err("parameter entity references are not supported".to_owned()),
            false => Err(format!("{} is not a declaration", short(self.rest()))),
        }
    }

    fn entity(&mut self, found: &mut Entities) -> Result<(), String> {
        self.must_space()?;
        if self.take("%") {
            return self.skip_declaration();
        }
        let name = self.name()?;
        self.must_space()?;
        let is_external = self.external_id()?;
        let entity = match is_external {
            true => Entity::External,
            false => Entity::Internal(replacement(self.literal()?)?),
        };
        // The first declaration binds (XML 1.0, 4.2).
        found.entry(name.to_owned()).or_insert(entity);
        if is_external {
            return self.skip_declaration();
        }
        self.space();
        if self.take(">") { Ok(()) } else { Err(format!("a > is missing at {}", short(self.rest()))) }
    }

    /// `SYSTEM "..."` or `PUBLIC "..." "..."`, if one of them stands here.
    fn external_id(&mut self) -> Result<bool, String> {
        let literals = match (self.take("SYSTEM"), self.take("PUBLIC")) {
            (true, _) => 1,
            (_, true) => 2,
            _ => return Ok(false),
        };
        for _ in 0..literals {
            self.must_space()?;
            self.literal()?;
        }
        Ok(true)
    }

    fn literal(&mut self) -> Result<&'a str, String> {
        let quote = ['"', '\''].into_iter().find(|&q| self.rest().starts_with(q));
        let quoted = quote.and_then(|q| self.rest().strip_prefix(q)?.split_once(q));
        let Some((value, after)) = quoted else {
            return Err(format!("a value in quotes is missing at {}", short(self.rest())));
        };
        self.at = self.content.len() - after.len();
        Ok(value)
    }

    fn name(&mut self) -> Result<&'a str, String> {
        let rest = self.rest();
        let name = &rest[..rest.find(|c| !is_name_char(c)).unwrap_or(rest.len())];
        if !is_name(name) {
            return Err(format!("a name is missing at {}", short(rest)));
        }
        self.at += name.len();
        Ok(name)
    }

    /// To the `>` that ends the declaration; one in quotes does not.
    fn skip_declaration(&mut self) -> Result<(), String> {
        loop {
            let Some(next) = self.rest().find(['>', '"', '\'']) else {
                return Err("a declaration is not closed".to_owned());
            };
            self.at += next;
            if self.take(">") {
                return Ok(());
            }
            self.literal()?;
        }
    }

    fn skip_past(&mut self, end: &str) -> Result<(), String> {
        let Some(found) = self.rest().find(end) else { return Err(format!("{end} is missing")) };
        self.at += found + end.len();
        Ok(())
    }

    fn must_space(&mut self) -> Result<(), String> {
        if self.space() { Ok(()) } else { Err(format!("white space is missing at {}", short(self.rest()))) }
    }

    fn space(&mut self) -> bool {
        let rest = self.rest();
        let spaces = rest.len() - rest.trim_start_matches(is_space).len();
        self.at += spaces;
        spaces > 0
    }

    fn take(&mut self, token: &str) -> bool {
        let is_here = self.rest().starts_with(token);
        if is_here {
            self.at += token.len();
        }
        is_here
    }

    fn rest(&self) -> &'a str {
        self.content.get(self.at..).unwrap_or_default()
    }
}

fn replacement(literal: &str) -> Result<String, String> {
    let mut text = String::with_capacity(literal.len());
    let mut rest = literal;
    while let Some((before, after)) = rest.split_once("&#") {
        let Some((number, after)) = after.split_once(';') else {
            return Err("a character reference is not closed".to_owned());
        };
        text.push_str(before);
        if let Reference::Char(c) = Reference::parse(&format!("#{number}"))? {
            text.push(c);
        }
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}
