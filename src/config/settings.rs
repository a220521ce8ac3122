//! `cedarburn`: the settings Cedar does not know. It ignores the section, so one file serves both programs.
//!
//! Nobody else's sections hide here, so an element that is none of the settings is an error and not a warning: what
//! protects a disc must not be lost to a misspelling. Nor to a second one: a setting that is given twice, or a second section, is an error, too. On
//! and off are written as Cedar writes them, `Y` and `N`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use super::error::ConfigError;
use super::node::Node;
use super::words::{Attributes, Protect};

const SECTION: &str = "cedarburn";
const NAMES: &[&str] = &["attributes", "joliet", "protect", "defect_management", "fifo_mb", "receipts_dir"];

/// The `cedarburn` section, or its defaults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Owners and modes on the disc.
    pub attributes: Attributes,
    /// Whether a Joliet tree is written too.
    pub joliet: bool,
    /// What keeps a disc from being blanked.
    pub protect: Protect,
    /// Whether the drive replaces bad sectors of a BD, at half the speed; absent leaves the medium as it is formatted.
    pub defect_management: Option<bool>,
    /// Size of the buffer before the drive in MiB; absent leaves it to the program.
    pub fifo_mb: Option<NonZeroU32>,
    /// Where receipts go; absent is nowhere.
    pub receipts_dir: Option<PathBuf>,
}

impl Settings {
    pub(super) fn read(root: &Node<'_>) -> Result<Settings, ConfigError> {
        if let Some(second) = root.repeated(&[SECTION]).next() {
            return Err(second.twice());
        }
        let Some(section) = root.section(SECTION) else { return Ok(Settings::default()) };
        if let Some(stranger) = section.strangers(NAMES).next() {
            let known = NAMES.join(", ");
            return Err(ConfigError::UnknownSetting { path: stranger.path, line: stranger.line, known });
        }
        if let Some(second) = section.repeated(NAMES).next() {
            return Err(second.twice());
        }
        let fifo_mb = section.value("fifo_mb").map(|value| value.whole_number(1)).transpose()?;
        Ok(Settings {
            attributes: section.word("attributes")?.unwrap_or_default(),
            joliet: section.boolean("joliet")?,
            protect: section.word("protect")?.unwrap_or_default(),
            defect_management: section.value("defect_management").map(|value| value.boolean()).transpose()?,
            fifo_mb: fifo_mb.and_then(NonZeroU32::new),
            receipts_dir: section.value("receipts_dir").map(|value| value.absolute_path()).transpose()?,
        })
    }
}
