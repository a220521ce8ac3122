//! Elements with their path, and Cedar's value types.

use std::path::PathBuf;

use super::error::{ConfigError, ConfigWarning};
use super::number;
use super::words::{Word, one_of};
use super::xml::Element;

/// What a user reads about an absolute path.
pub(super) const ABSOLUTE_PATH: &str = "an absolute path";
/// What a user reads about a text that may be any.
pub(super) const TEXT: &str = "a text";
/// What a user reads about the name of an action.
pub(super) const ACTION_NAME: &str = "an action name of lower-case letters and digits";
/// What a user reads about a boolean.
const BOOLEAN: &str = "Y or N";

/// A section, or any other element that holds elements.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    pub(super) path: String,
    pub(super) line: u32,
    element: &'a Element,
}

/// An element with text.
#[derive(Debug, Clone)]
pub(super) struct Value<'a> {
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) text: &'a str,
}

impl<'a> Node<'a> {
    pub(super) fn root(element: &'a Element) -> Node<'a> {
        Node { path: String::new(), line: element.at.line, element }
    }

    /// The first child of this name.
    pub(super) fn section(&self, name: &str) -> Option<Node<'a>> {
        let element = self.named(name).next()?;
        Some(Node { path: self.path_of(name), line: element.at.line, element })
    }

    /// All children of this name, numbered.
    pub(super) fn sections(&self, name: &'a str) -> impl Iterator<Item = Node<'a>> {
        self.named(name).zip(1..).map(move |(element, number): (&Element, u32)| {
            let path = format!("{}[{number}]", self.path_of(name));
            Node { path, line: element.at.line, element }
        })
    }

    /// The first child of this name that has text. Empty is absent.
    pub(super) fn value(&self, name: &'a str) -> Option<Value<'a>> {
        let (element, text) = self.named(name).find_map(|element| Some((element, element.text()?)))?;
        Some(Value { path: self.path_of(name), line: element.at.line, text })
    }

    /// All children of this name that have text, numbered among all of this name.
    pub(super) fn values(&self, name: &'a str) -> impl Iterator<Item = Value<'a>> {
        self.sections(name).filter_map(|node| {
            let text = node.element.text()?;
            Some(Value { path: node.path, line: node.line, text })
        })
    }

    /// As [`Node::value`], where it has to be.
    pub(super) fn required(&self, name: &'a str, legal: &str) -> Result<Value<'a>, ConfigError> {
        self.value(name).ok_or_else(|| self.missing(name, legal))
    }

    pub(super) fn missing(&self, name: &str, legal: &str) -> ConfigError {
        ConfigError::MissingElement { path: self.path_of(name), line: self.line, legal: legal.to_owned() }
    }

    pub(super) fn text(&self, name: &'a str) -> Option<String> {
        Some(self.value(name)?.text.to_owned())
    }

    pub(super) fn required_text(&self, name: &'a str) -> Result<String, ConfigError> {
        Ok(self.required(name, TEXT)?.text.to_owned())
    }

    pub(super) fn required_path(&self, name: &'a str) -> Result<PathBuf, ConfigError> {
        self.required(name, ABSOLUTE_PATH)?.absolute_path()
    }

    /// Absent is No, as in Cedar.
    pub(super) fn boolean(&self, name: &'a str) -> Result<bool, ConfigError> {
        Ok(self.value(name).map(|value| value.boolean()).transpose()?.unwrap_or(false))
    }

    pub(super) fn word<W: Word>(&self, name: &'a str) -> Result<Option<W>, ConfigError> {
        self.value(name).map(|value| value.word()).transpose()
    }

    pub(super) fn required_word<W: Word>(&self, name: &'a str) -> Result<W, ConfigError> {
        self.required(name, &one_of::<W>())?.word()
    }

    /// Children that are none of `names`.
    pub(super) fn strangers(&self, names: &'static [&'static str]) -> impl Iterator<Item = Value<'a>> {
        let strangers = self.element.children.iter().filter(|child| !names.contains(&child.name.as_str()));
        strangers.map(|child| Value {
            path: self.path_of(&child.name),
            line: child.at.line,
            text: child.text().unwrap_or_default(),
        })
    }

    /// Notes children that are neither in `single` nor in `many`, and those in `single` that come again.
    pub(super) fn note_strangers(
        &self,
        single: &'static [&'static str],
        many: &'static [&'static str],
        warnings: &mut Vec<ConfigWarning>,
    ) {
        let unknown = self.strangers(single).filter(|child| !many.iter().any(|name| child.path == self.path_of(name)));
        warnings.extend(unknown.map(|child| ConfigWarning::UnknownElement { path: child.path, line: child.line }));
        self.note_repeated(single, warnings);
    }

    pub(super) fn note_repeated(&self, single: &'static [&'static str], warnings: &mut Vec<ConfigWarning>) {
        let repeated = self.repeated(single);
        warnings.extend(repeated.map(|second| ConfigWarning::Repeated { path: second.path, line: second.line }));
    }

    /// The second child of each of these names.
    pub(super) fn repeated(&self, names: &'static [&'static str]) -> impl Iterator<Item = Value<'a>> {
        names.iter().filter_map(|name| {
            let second = self.named(name).nth(1)?;
            let text = second.text().unwrap_or_default();
            Some(Value { path: self.path_of(name), line: second.at.line, text })
        })
    }

    pub(super) fn path_of(&self, child: &str) -> String {
        match self.path.as_str() {
            "" => child.to_owned(),
            path => format!("{path}/{child}"),
        }
    }

    fn named<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a Element> + use<'a, 'n> {
        self.element.children.iter().filter(move |child| child.name == name)
    }
}

impl Value<'_> {
    pub(super) fn bad(&self, legal: &str) -> ConfigError {
        ConfigError::BadValue {
            path: self.path.clone(),
            line: self.line,
            value: self.text.to_owned(),
            legal: legal.to_owned(),
        }
    }

    /// It may stand once.
    pub(super) fn twice(&self) -> ConfigError {
        let reason = "it is given more than once".to_owned();
        ConfigError::Conflict { path: self.path.clone(), line: self.line, reason }
    }

    pub(super) fn absolute_path(&self) -> Result<PathBuf, ConfigError> {
        match self.text.starts_with('/') {
            true => Ok(PathBuf::from(self.text)),
            false => Err(self.bad(ABSOLUTE_PATH)),
        }
    }

    /// Nothing but these four letters: blanks and whole words are refused.
    pub(super) fn boolean(&self) -> Result<bool, ConfigError> {
        match self.text {
            "Y" | "y" => Ok(true),
            "N" | "n" => Ok(false),
            _ => Err(self.bad(BOOLEAN)),
        }
    }

    pub(super) fn integer(&self) -> Result<i128, ConfigError> {
        number::integer(self.text).ok_or_else(|| self.bad("a whole number"))
    }

    /// A whole number that is not below `least`. Cedar sets no upper limit: one beyond the type's is the type's, which nobody can tell from more.
    pub(super) fn whole_number(&self, least: u32) -> Result<u32, ConfigError> {
        let legal = format!("a whole number from {least} up");
        let number = number::integer(self.text).ok_or_else(|| self.bad(&legal))?;
        if number < i128::from(least) {
            return Err(self.bad(&legal));
        }
        Ok(u32::try_from(number).unwrap_or(u32::MAX))
    }

    pub(super) fn word<W: Word>(&self) -> Result<W, ConfigError> {
        W::parse(self.text).ok_or_else(|| self.bad(&one_of::<W>()))
    }

    pub(super) fn action_name(&self) -> Result<String, ConfigError> {
        match is_action_name(self.text) {
            true => Ok(self.text.to_owned()),
            false => Err(self.bad(ACTION_NAME)),
        }
    }

    /// Split on commas; items are trimmed, empty ones dropped.
    pub(super) fn action_names(&self) -> Result<Vec<String>, ConfigError> {
        let items = || self.text.split(',').map(str::trim).filter(|item| !item.is_empty());
        match items().all(is_action_name) {
            true => Ok(items().map(str::to_owned).collect()),
            false => Err(self.bad("a list of action names with commas between, each of lower-case letters and digits")),
        }
    }
}

fn is_action_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}
