//! `collect`, `purge`, `reference` and `capacity`: read because a wrong one stops every action, as with Cedar.

use std::path::PathBuf;

use super::error::{ConfigError, ConfigWarning};
use super::node::{ABSOLUTE_PATH, Node};
use super::number::{self, ByteQuantity};
use super::words::{Word, one_of};

/// The `collect` section: how data comes to be in daily directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collect {
    /// Where archives are put for staging.
    pub collect_dir: PathBuf,
    /// For files and directories that have none of their own.
    pub collect_mode: Option<CollectMode>,
    /// For files and directories that have none of their own.
    pub archive_mode: Option<ArchiveMode>,
    /// For directories that have none of their own.
    pub ignore_file: Option<String>,
    /// Left out everywhere.
    pub exclude: Exclude,
    /// Single files.
    pub files: Vec<CollectFile>,
    /// Whole directories.
    pub dirs: Vec<CollectDir>,
}

/// A file to collect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectFile {
    /// The file.
    pub path: PathBuf,
    /// Its own mode, or the section's.
    pub collect_mode: CollectMode,
    /// Its own mode, or the section's.
    pub archive_mode: ArchiveMode,
}

/// A directory to collect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectDir {
    /// The directory.
    pub path: PathBuf,
    /// Its own mode, or the section's.
    pub collect_mode: CollectMode,
    /// Its own mode, or the section's.
    pub archive_mode: ArchiveMode,
    /// Its own name, or the section's.
    pub ignore_file: String,
    /// How deep links are followed.
    pub link_depth: u32,
    /// Whether what followed links lead to is collected too.
    pub dereference: bool,
    /// One archive for each directory that deep; below 0 for every one.
    pub recursion_level: i128,
    /// Left out here.
    pub exclude: Exclude,
}

/// What is left out. Patterns are Python's and not looked into.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exclude {
    /// Absolute paths.
    pub paths: Vec<PathBuf>,
    /// Paths from the directory on.
    pub relative_paths: Vec<String>,
    /// Regular expressions.
    pub patterns: Vec<String>,
}

/// How often something is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CollectMode {
    /// Whole, every day.
    Daily,
    /// Whole, on the starting day.
    Weekly,
    /// What changed since the starting day.
    Incr,
}

impl Word for CollectMode {
    const ALL: &'static [CollectMode] = &[CollectMode::Daily, CollectMode::Weekly, CollectMode::Incr];

    fn word(self) -> &'static str {
        match self {
            CollectMode::Daily => "daily",
            CollectMode::Weekly => "weekly",
            CollectMode::Incr => "incr",
        }
    }
}

/// What something is collected into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArchiveMode {
    /// Not compressed.
    Tar,
    /// With gzip.
    TarGz,
    /// With bzip2.
    TarBz2,
}

impl Word for ArchiveMode {
    const ALL: &'static [ArchiveMode] = &[ArchiveMode::Tar, ArchiveMode::TarGz, ArchiveMode::TarBz2];

    fn word(self) -> &'static str {
        match self {
            ArchiveMode::Tar => "tar",
            ArchiveMode::TarGz => "targz",
            ArchiveMode::TarBz2 => "tarbz2",
        }
    }
}

impl Collect {
    pub(super) fn read(section: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Result<Collect, ConfigError> {
        section.note_strangers(
            &["collect_dir", "collect_mode", "archive_mode", "ignore_file", "recursion_level", "exclude"],
            &["file", "dir"],
            warnings,
        );
        let mut collect = Collect {
            collect_dir: section.required_path("collect_dir")?,
            collect_mode: section.word("collect_mode")?,
            archive_mode: section.word("archive_mode")?,
            ignore_file: section.text("ignore_file"),
            exclude: exclude(section, &["abs_path", "pattern"], warnings)?,
            files: Vec::new(),
            dirs: Vec::new(),
        };
        // The manual has it here too; nothing comes of it.
        section.value("recursion_level").map(|value| value.integer()).transpose()?;
        for node in section.sections("file") {
            collect.files.push(collect.file(&node, warnings)?);
        }
        for node in section.sections("dir") {
            collect.dirs.push(collect.dir(&node, warnings)?);
        }
        Ok(collect)
    }

    fn file(&self, node: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Result<CollectFile, ConfigError> {
        node.note_strangers(&["abs_path", "mode", "collect_mode", "archive_mode"], &[], warnings);
        Ok(CollectFile {
            path: node.required_path("abs_path")?,
            collect_mode: self.mode_of(node)?,
            archive_mode: self.archive_mode_of(node)?,
        })
    }

    fn dir(&self, node: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Result<CollectDir, ConfigError> {
        node.note_strangers(
            &[
                "abs_path",
                "mode",
                "collect_mode",
                "archive_mode",
                "ignore_file",
                "link_depth",
                "dereference",
                "recursion_level",
                "exclude",
            ],
            &[],
            warnings,
        );
        let link_depth = node.value("link_depth").map(|value| value.whole_number(0)).transpose()?.unwrap_or(0);
        let dereference = node.boolean("dereference")?;
        if let Some(value) = node.value("dereference").filter(|_| dereference && link_depth == 0) {
            let reason = "no link is followed, it needs a link_depth of 1 or more".to_owned();
            return Err(ConfigError::Conflict { path: value.path, line: value.line, reason });
        }
        Ok(CollectDir {
            path: node.required_path("abs_path")?,
            collect_mode: self.mode_of(node)?,
            archive_mode: self.archive_mode_of(node)?,
            ignore_file: match node.text("ignore_file").or_else(|| self.ignore_file.clone()) {
                Some(name) => name,
                None => return Err(node.missing("ignore_file", "a file name, here or in collect")),
            },
            link_depth,
            dereference,
            recursion_level: node.value("recursion_level").map(|value| value.integer()).transpose()?.unwrap_or(0),
            exclude: exclude(node, &["abs_path", "rel_path", "pattern"], warnings)?,
        })
    }

    /// `mode` is the name `collect_mode` had in old files, and still goes first.
    fn mode_of(&self, node: &Node<'_>) -> Result<CollectMode, ConfigError> {
        let own = match node.word("mode")? {
            Some(mode) => Some(mode),
            None => node.word("collect_mode")?,
        };
        let legal = || format!("{}, here or in collect", one_of::<CollectMode>());
        own.or(self.collect_mode).ok_or_else(|| node.missing("collect_mode", &legal()))
    }

    fn archive_mode_of(&self, node: &Node<'_>) -> Result<ArchiveMode, ConfigError> {
        let legal = || format!("{}, here or in collect", one_of::<ArchiveMode>());
        node.word("archive_mode")?.or(self.archive_mode).ok_or_else(|| node.missing("archive_mode", &legal()))
    }
}

fn exclude(
    parent: &Node<'_>,
    names: &'static [&'static str],
    warnings: &mut Vec<ConfigWarning>,
) -> Result<Exclude, ConfigError> {
    let Some(node) = parent.section("exclude") else { return Ok(Exclude::default()) };
    node.note_strangers(&[], names, warnings);
    let texts = |name| node.values(name).map(|value| value.text.to_owned()).collect();
    Ok(Exclude {
        paths: node.values("abs_path").map(|value| value.absolute_path()).collect::<Result<_, _>>()?,
        relative_paths: if names.contains(&"rel_path") { texts("rel_path") } else { Vec::new() },
        patterns: texts("pattern"),
    })
}

/// A directory that is cleared of old files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeDir {
    /// The directory.
    pub path: PathBuf,
    /// Files of at least this age go.
    pub retain_days: u32,
}

/// The `purge` section; matters to *rebuild*, which can only store what is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purge {
    /// In the order of the file.
    pub dirs: Vec<PurgeDir>,
}

impl Purge {
    pub(super) fn read(section: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Result<Purge, ConfigError> {
        section.note_strangers(&[], &["dir"], warnings);
        let dirs = section.sections("dir").map(|node| {
            node.note_strangers(&["abs_path", "retain_days"], &[], warnings);
            Ok(PurgeDir {
                path: node.required("abs_path", ABSOLUTE_PATH)?.absolute_path()?,
                retain_days: node.required("retain_days", "a whole number from 0 up")?.whole_number(0)?,
            })
        });
        Ok(Purge { dirs: dirs.collect::<Result<_, ConfigError>>()? })
    }
}

/// The `reference` section: free text that nothing depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reference {
    /// Who wrote the file.
    pub author: Option<String>,
    /// Which state of it this is.
    pub revision: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What wrote it.
    pub generator: Option<String>,
}

impl Reference {
    pub(super) fn read(section: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Reference {
        section.note_strangers(&["author", "revision", "description", "generator"], &[], warnings);
        Reference {
            author: section.text("author"),
            revision: section.text("revision"),
            description: section.text("description"),
            generator: section.text("generator"),
        }
    }
}

/// The `capacity` section of Cedar's extension: when to say that a disc fills up.
#[derive(Debug, Clone, PartialEq)]
pub enum Capacity {
    /// When more than this part of the disc is used.
    MaxPercentage {
        /// From 0 to 100.
        percentage: f64,
        /// As it was written.
        text: String,
    },
    /// When less than this is free.
    MinBytes(ByteQuantity),
}

impl Capacity {
    pub(super) fn read(section: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Result<Capacity, ConfigError> {
        section.note_strangers(&["max_percentage", "min_bytes"], &[], warnings);
        match (section.value("max_percentage"), section.value("min_bytes")) {
            (Some(value), None) => match number::float(value.text) {
                Some(percentage) if (0.0..=100.0).contains(&percentage) => {
                    Ok(Capacity::MaxPercentage { percentage, text: value.text.to_owned() })
                }
                _ => Err(value.bad("a number from 0 to 100")),
            },
            (None, Some(value)) => {
                let quantity = ByteQuantity::parse(value.text);
                quantity.map(Capacity::MinBytes).ok_or_else(|| value.bad(ByteQuantity::LEGAL))
            }
            (Some(_), Some(value)) => {
                let reason = "capacity has a max_percentage already, it takes one of them".to_owned();
                Err(ConfigError::Conflict { path: value.path, line: value.line, reason })
            }
            (None, None) => {
                Err(section.missing("max_percentage", "a number from 0 to 100, or min_bytes has to be given"))
            }
        }
    }
}
