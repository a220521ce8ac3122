//! `cback3.conf`: the whole of Cedar's schema, read as Cedar reads it, and the section `cedarburn`.
//!
//! Whatever one action needs, every section that is there is read and checked, so that a file is good or bad for all
//! actions and for both programs. Where they differ, and why:
//!
//! * A blanking strategy with one of its two elements is refused; Cedar accepts it and fails, or ignores it, later.
//! * `check_data` absent means that the disc is verified; an explicit `N` is honoured.
//! * `media_type`, `device_type` and `target_device` take more words than Cedar knows. An absent `device_type` follows
//!   the medium; for Cedar it is `cdwriter`, and an error with a DVD.
//! * A delay of more than an hour is refused.
//! * Patterns are not looked at; Cedar refuses one that is no regular expression of Python's.
//! * Elements nobody knows are reported ([`ConfigWarning`]): Cedar passes over a misspelled `check_data` in silence.
//!   So is an unknown section, unless an extension is configured that does not come with Cedar and may read it.
//! * A wrong `capacity` is reported and has no effect: it is an extension's, and Cedar looks at it in that action alone.
//! * Python functions named in `extensions` are not loaded; Cedar refuses to start if one of them can't be.

mod collect;
mod error;
mod extensions;
mod node;
mod number;
mod options;
mod peers;
mod settings;
mod store;
mod words;
mod xml;

#[cfg(test)]
mod tests;

use std::fs::OpenOptions;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use collect::{
    ArchiveMode, Capacity, Collect, CollectDir, CollectFile, CollectMode, Exclude, Purge, PurgeDir, Reference,
};
pub use error::{ConfigError, ConfigWarning};
pub use extensions::{Depends, ExtensionAction, Extensions, OrderMode};
pub use number::ByteQuantity;
pub use options::{Hook, Options, Override};
pub use peers::{IgnoreFailures, Peer, Reach, Remote, Stage};
pub use settings::Settings;
pub use store::{BadDevice, BlankBehavior, BlankMode, DeviceSpec, Store};
pub use words::{Attributes, DeviceType, MediumFamily, MediumWord, Protect, UnknownWord};

use crate::at_once;

use node::Node;

const SECTIONS: &[&str] =
    &["reference", "options", "peers", "collect", "stage", "store", "purge", "extensions", "capacity", "cedarburn"];

/// Sections of the extensions that come with Cedar.
const EXTENSION_SECTIONS: &[&str] = &["amazons3", "encrypt", "mbox", "mysql", "postgresql", "split", "subversion"];

/// A configuration in which every value is legal.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What all actions share.
    pub options: Options,
    /// Machines whose data is staged; empty without a `peers` section.
    pub peers: Vec<Peer>,
    /// Where data is staged to.
    pub stage: Option<Stage>,
    /// How discs are written.
    pub store: Option<Store>,
    /// What is deleted when.
    pub purge: Option<Purge>,
    /// What is collected; not ours to do.
    pub collect: Option<Collect>,
    /// Actions in Python; not ours to do.
    pub extensions: Option<Extensions>,
    /// Free text. Cedar's *validate* asks that it exists.
    pub reference: Option<Reference>,
    /// When to say that a disc fills up.
    pub capacity: Option<Capacity>,
    /// What Cedar does not know, with defaults for all that is absent.
    pub cedarburn: Settings,
}

/// A good configuration, and what in it looks like a mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What it says.
    pub config: Config,
    /// In no order that matters.
    pub warnings: Vec<ConfigWarning>,
}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// When the file can't be read, and as [`Config::parse`].
    pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let mut text = Vec::new();
        // One byte more than is legal, to see that there is more.
        let file = at_once::open(path, OpenOptions::new().read(true)).map_err(unreadable)?;
        file.take(xml::MAX_BYTES as u64 + 1).read_to_end(&mut text).map_err(unreadable)?;
        Config::parse(&text)
    }

    /// Reads and checks the text of a configuration.
    ///
    /// # Errors
    /// When it is not XML in UTF-8, when a section every action needs is missing, and when any value in any section
    /// is not legal. The first error found is the one returned.
    pub fn parse(text: &[u8]) -> Result<Loaded, ConfigError> {
        let tree = xml::parse(text)?;
        if tree.name != "cb_config" {
            return Err(ConfigError::WrongRoot { found: tree.name, line: tree.at.line });
        }
        let root = Node::root(&tree);
        let mut warnings = Vec::new();
        root.note_repeated(SECTIONS, &mut warnings);
        let config = read(&root, &mut warnings)?;
        if !config.extensions.as_ref().is_some_and(Extensions::has_others) {
            // A name with a prefix is meant for somebody else.
            let is_known = |name: &str| EXTENSION_SECTIONS.contains(&name) || name.contains(':');
            let strangers = root.strangers(SECTIONS).filter(|section| !is_known(&section.path));
            warnings.extend(
                strangers.map(|section| ConfigWarning::UnknownSection { name: section.path, line: section.line }),
            );
        }
        Ok(Loaded { config, warnings })
    }

    /// The store section, which *store*, *rebuild* and *initialize* can't do without.
    ///
    /// # Errors
    /// When there is none.
    pub fn require_store(&self) -> Result<&Store, ConfigError> {
        self.store
            .as_ref()
            .ok_or(ConfigError::MissingSection { section: "store", needed_by: "everything that writes a disc" })
    }

    /// Where *store* finds the daily directories: where stage puts them, else where store is told to look. *Rebuild*
    /// looks in `store/source_dir` in any case.
    ///
    /// # Errors
    /// When there is neither a stage nor a store section.
    pub fn staging_root_for_store(&self) -> Result<&Path, ConfigError> {
        match &self.stage {
            Some(stage) => Ok(&stage.staging_dir),
            None => Ok(&self.require_store()?.source_dir),
        }
    }

    /// `stage/staging_dir` and `store/source_dir` where both exist and lead to different places: *store* takes the
    /// first, *rebuild* the second.
    #[must_use]
    pub fn differing_roots(&self) -> Option<(&Path, &Path)> {
        let roots: (&PathBuf, &PathBuf) = (&self.stage.as_ref()?.staging_dir, &self.store.as_ref()?.source_dir);
        // Compared by their parts, so that a slash at the end is no difference.
        (roots.0 != roots.1).then_some((roots.0, roots.1))
    }
}

fn read(root: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Result<Config, ConfigError> {
    let options = root.section("options");
    let options = options.ok_or(ConfigError::MissingSection { section: "options", needed_by: "every action" })?;
    let options = Options::read(&options, warnings)?;
    if ["collect", "stage", "store", "purge"].iter().all(|name| root.section(name).is_none()) {
        return Err(ConfigError::NoAction);
    }
    let peers = root.section("peers").map(|node| peers::read_peers(&node, &options, warnings)).transpose()?;
    let stage =
        root.section("stage").map(|node| Stage::read(&node, &options, peers.is_some(), warnings)).transpose()?;
    Ok(Config {
        peers: peers.unwrap_or_default(),
        stage,
        store: root.section("store").map(|node| Store::read(&node, warnings)).transpose()?,
        purge: root.section("purge").map(|node| Purge::read(&node, warnings)).transpose()?,
        collect: root.section("collect").map(|node| Collect::read(&node, warnings)).transpose()?,
        extensions: root.section("extensions").map(|node| Extensions::read(&node, warnings)).transpose()?,
        reference: root.section("reference").map(|node| Reference::read(&node, warnings)),
        capacity: root.section("capacity").and_then(|node| match Capacity::read(&node, warnings) {
            Ok(capacity) => Some(capacity),
            Err(error) => {
                warnings.push(ConfigWarning::CapacityIgnored { reason: error.to_string() });
                None
            }
        }),
        cedarburn: Settings::read(root)?,
        options,
    })
}
