//! `options`: what all actions share.

use std::path::PathBuf;

use jiff::civil::Weekday;

use super::error::{ConfigError, ConfigWarning};
use super::node::{Node, Value};

const WEEK: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The `options` section, without which no action runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// First day of the week a disc is for.
    pub starting_day: Weekday,
    /// Where Cedar puts temporary files; nothing is written there here.
    pub working_dir: PathBuf,
    /// Owner of the indicator files.
    pub backup_user: String,
    /// Group of the indicator files.
    pub backup_group: String,
    /// Copies from remote peers; required by Cedar even where there are none.
    pub rcp_command: String,
    /// Runs commands on managed peers.
    pub rsh_command: Option<String>,
    /// Cedar Backup on managed peers.
    pub cback_command: Option<String>,
    /// Actions run on managed peers, where a peer has no list of its own.
    pub managed_actions: Vec<String>,
    /// Programs that are not where PATH leads.
    pub overrides: Vec<Override>,
    /// Commands to run before actions, in the order of the file.
    pub pre_action_hooks: Vec<Hook>,
    /// Commands to run after actions, in the order of the file.
    pub post_action_hooks: Vec<Hook>,
}

/// Where a program is. Cedar asks for neither field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Name of the program.
    pub command: Option<String>,
    /// The one to run for it.
    pub path: Option<PathBuf>,
}

/// A command that goes with an action. Cedar asks for neither field at load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The action; a hook without one never runs.
    pub action: Option<String>,
    /// The command line; a hook of the action at hand without one is an error when it should run.
    pub command: Option<String>,
}

impl Options {
    pub(super) fn read(section: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Result<Options, ConfigError> {
        section.note_strangers(
            &[
                "starting_day",
                "working_dir",
                "backup_user",
                "backup_group",
                "rcp_command",
                "rsh_command",
                "cback_command",
                "managed_actions",
            ],
            &["override", "pre_action_hook", "post_action_hook"],
            warnings,
        );
        Ok(Options {
            starting_day: weekday(&section.required("starting_day", &one_of_the_week())?)?,
            working_dir: section.required_path("working_dir")?,
            backup_user: section.required_text("backup_user")?,
            backup_group: section.required_text("backup_group")?,
            rcp_command: section.required_text("rcp_command")?,
            rsh_command: section.text("rsh_command"),
            cback_command: section.text("cback_command"),
            managed_actions: managed_actions(section)?,
            overrides: section
                .sections("override")
                .map(|node| {
                    node.note_strangers(&["command", "abs_path"], &[], warnings);
                    let path = node.value("abs_path").map(|value| value.absolute_path()).transpose()?;
                    Ok(Override { command: node.text("command"), path })
                })
                .collect::<Result<_, ConfigError>>()?,
            pre_action_hooks: hooks(section, "pre_action_hook", warnings)?,
            post_action_hooks: hooks(section, "post_action_hook", warnings)?,
        })
    }
}

/// The list of `section`, empty where there is none.
pub(super) fn managed_actions(section: &Node<'_>) -> Result<Vec<String>, ConfigError> {
    let list = section.value("managed_actions").map(|value| value.action_names()).transpose()?;
    Ok(list.unwrap_or_default())
}

fn hooks<'a>(section: &Node<'a>, name: &'a str, warnings: &mut Vec<ConfigWarning>) -> Result<Vec<Hook>, ConfigError> {
    section
        .sections(name)
        .map(|node| {
            node.note_strangers(&["action", "command"], &[], warnings);
            let action = node.value("action").map(|value| value.action_name()).transpose()?;
            Ok(Hook { action, command: node.text("command") })
        })
        .collect()
}

fn weekday(value: &Value<'_>) -> Result<Weekday, ConfigError> {
    let day = WEEK.iter().find(|(name, _)| *name == value.text);
    day.map(|&(_, day)| day).ok_or_else(|| value.bad(&one_of_the_week()))
}

fn one_of_the_week() -> String {
    let days = WEEK.map(|(name, _)| name);
    format!("one of {}", days.join(", "))
}
