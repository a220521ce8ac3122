//! Why a configuration is refused, and what in an accepted one looks like a mistake.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A configuration that can't be used. Paths of elements are written from the root element's children on
/// (`store/media_type`); elements that may be repeated carry their number, counted from 1 (`stage/peer[2]/name`).
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be opened or read.
    #[error("{} can't be read", path.display())]
    Unreadable {
        /// As it was given.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No configuration has this size; not read any further.
    #[error("the file has more than {limit_bytes} bytes")]
    TooLarge {
        /// The most that is read.
        limit_bytes: usize,
    },
    /// A file in another encoding. A declaration of one does not help, as with Cedar.
    #[error("line {line}, column {column}: byte {byte:#04x} is not UTF-8")]
    NotUtf8 {
        /// Counted from 1.
        line: u32,
        /// Counted from 1, in characters.
        column: u32,
        /// The first byte that does not fit.
        byte: u8,
    },
    /// Not well-formed XML.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// Counted from 1.
        line: u32,
        /// Counted from 1, in characters.
        column: u32,
        /// What is wrong there.
        reason: String,
    },
    /// XML, but of something else.
    #[error("root element is {}, not \"cb_config\" (line {line})", Quoted(found))]
    WrongRoot {
        /// Its name.
        found: String,
        /// Where it begins.
        line: u32,
    },
    /// A section that an action can't do without.
    #[error("section {section} is missing, {needed_by} needs it")]
    MissingSection {
        /// Name of the section.
        section: &'static str,
        /// Who asks for it.
        needed_by: &'static str,
    },
    /// A configuration of nothing.
    #[error("sections collect, stage, store and purge are all missing, at least one is required")]
    NoAction,
    /// A required element is absent or empty, which is the same to Cedar.
    #[error("{path} is missing or empty, it has to be {legal} (section in line {line})")]
    MissingElement {
        /// Path the element would have.
        path: String,
        /// Where the element begins that should hold it.
        line: u32,
        /// What may stand there.
        legal: String,
    },
    /// A value outside of what its element allows.
    #[error("{path}: {} is not {legal} (line {line})", Quoted(value))]
    BadValue {
        /// Path of the element.
        path: String,
        /// Where it begins.
        line: u32,
        /// The text, untrimmed.
        value: String,
        /// What may stand there.
        legal: String,
    },
    /// A value that has to be unique stands twice.
    #[error("{path}: {} is taken already in line {first_line} (line {line})", Quoted(value))]
    Duplicate {
        /// Path of the second one.
        path: String,
        /// Where it begins.
        line: u32,
        /// The text.
        value: String,
        /// Where the first one begins.
        first_line: u32,
    },
    /// Elements that are legal alone do not go together.
    #[error("{path}: {reason} (line {line})")]
    Conflict {
        /// Path of the element that has to change.
        path: String,
        /// Where it begins.
        line: u32,
        /// Why not.
        reason: String,
    },
    /// An element in `<cedarburn>` that is none of its settings.
    #[error("{path} is not a setting, settings are {known} (line {line})")]
    UnknownSetting {
        /// Path of the element.
        path: String,
        /// Where it begins.
        line: u32,
        /// All the settings.
        known: String,
    },
}

impl ConfigError {
    /// The element the error is about, for all errors that are about one.
    #[must_use]
    pub fn element_path(&self) -> Option<&str> {
        match self {
            ConfigError::MissingSection { section, .. } => Some(section),
            ConfigError::WrongRoot { found, .. } => Some(found),
            ConfigError::MissingElement { path, .. }
            | ConfigError::BadValue { path, .. }
            | ConfigError::Duplicate { path, .. }
            | ConfigError::Conflict { path, .. }
            | ConfigError::UnknownSetting { path, .. } => Some(path),
            ConfigError::Unreadable { .. }
            | ConfigError::TooLarge { .. }
            | ConfigError::NotUtf8 { .. }
            | ConfigError::Syntax { .. }
            | ConfigError::NoAction => None,
        }
    }
}

/// Something Cedar passes over in silence and that the user most likely did not mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigWarning {
    /// An element that a known section does not have; a misspelled option has no effect.
    UnknownElement {
        /// Path of the element.
        path: String,
        /// Where it begins.
        line: u32,
    },
    /// An element that may stand once stands again. Of sections the first counts, of values the first with text.
    Repeated {
        /// Path of the element.
        path: String,
        /// Where the second one begins.
        line: u32,
    },
    /// A peer whose type is neither `local` nor `remote`; it is not looked at.
    PeerIgnored {
        /// Path of the peer.
        path: String,
        /// Where it begins.
        line: u32,
        /// Its type, if it has one.
        kind: Option<String>,
    },
    /// A `capacity` section that is not legal. It is an extension's, which nothing but its own action minds.
    CapacityIgnored {
        /// The error, with path and line.
        reason: String,
    },
    /// A section that is neither Cedar's nor one of its extensions', while no other extension is configured that might read it.
    UnknownSection {
        /// Its name.
        name: String,
        /// Where it begins.
        line: u32,
    },
    /// A SCSI id for a medium that is not a CD.
    ScsiIdIgnored {
        /// Where it begins.
        line: u32,
    },
}

impl ConfigWarning {
    /// Whether what was written has no effect and may have been meant: a misspelled element, one that is there twice, a peer that nobody looks at.
    /// A SCSI id beside a DVD is what configurations have that were written for older machines.
    #[must_use]
    pub fn matters(&self) -> bool {
        !matches!(self, ConfigWarning::ScsiIdIgnored { .. })
    }
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigWarning::UnknownElement { path, line } => {
                write!(f, "{path} is not an element of the configuration and has no effect (line {line})")
            }
            ConfigWarning::Repeated { path, line } => write!(f, "{path} is given more than once (line {line})"),
            ConfigWarning::PeerIgnored { path, line, kind: Some(kind) } => {
                write!(
                    f,
                    "{path}/type: {} is neither local nor remote, the peer is ignored (line {line})",
                    Quoted(kind)
                )
            }
            ConfigWarning::PeerIgnored { path, line, kind: None } => {
                write!(f, "{path}/type is missing, the peer is ignored (line {line})")
            }
            ConfigWarning::CapacityIgnored { reason } => {
                write!(f, "{reason}: the section has no effect")
            }
            ConfigWarning::UnknownSection { name, line } => {
                write!(f, "nobody reads the section {} (line {line})", Quoted(name))
            }
            ConfigWarning::ScsiIdIgnored { line } => {
                write!(f, "store/target_scsi_id is for CDs only and has no effect (line {line})")
            }
        }
    }
}

/// In quotes and on one line, cut where no reader would go on.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(80) {
            Some((end, _)) => write!(f, "{:?}...", &self.0[..end]),
            None => write!(f, "{:?}", self.0),
        }
    }
}
