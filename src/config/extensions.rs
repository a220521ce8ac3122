//! `extensions`: actions in Python. They are not run here, but a wrong list of them stops every action, as with Cedar.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{ConfigError, ConfigWarning};
use super::node::{ACTION_NAME, Node, Value};
use super::words::Word;

/// The actions Cedar orders by itself, each before those that follow.
const CHAIN: [&str; 4] = ["collect", "stage", "store", "purge"];

/// The `extensions` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extensions {
    /// What puts the actions in order.
    pub order_mode: OrderMode,
    /// In the order of the file.
    pub actions: Vec<ExtensionAction>,
}

/// What puts actions in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OrderMode {
    /// Their numbers.
    #[default]
    Index,
    /// What they say has to be before and after them.
    Dependency,
}

impl Word for OrderMode {
    const ALL: &'static [OrderMode] = &[OrderMode::Index, OrderMode::Dependency];

    fn word(self) -> &'static str {
        match self {
            OrderMode::Index => "index",
            OrderMode::Dependency => "dependency",
        }
    }
}

/// An action of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionAction {
    /// What it is called on the command line.
    pub name: String,
    /// Python module.
    pub module: String,
    /// Function in it.
    pub function: String,
    /// Its place; there in order mode `index`.
    pub index: Option<u32>,
    /// Its neighbours; there in order mode `dependency`.
    pub depends: Option<Depends>,
}

/// Which actions an action stands between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Depends {
    /// Actions that come after it.
    pub run_before: Vec<String>,
    /// Actions that come before it.
    pub run_after: Vec<String>,
}

/// Where the extensions are that come with Cedar, in its two names.
const CEDARS_MODULES: [&str; 2] = ["CedarBackup3.", "CedarBackup2."];

impl Extensions {
    /// Whether there are any that do not come with Cedar: such a one may have a section of its own.
    pub(super) fn has_others(&self) -> bool {
        self.actions.iter().any(|action| !CEDARS_MODULES.iter().any(|cedars| action.module.starts_with(cedars)))
    }

    pub(super) fn read(section: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Result<Extensions, ConfigError> {
        section.note_strangers(&["order_mode"], &["action"], warnings);
        let order_mode = section.word("order_mode")?.unwrap_or_default();
        let mut actions: Vec<ExtensionAction> = Vec::new();
        let mut names: Vec<(String, u32)> = Vec::new();
        for node in section.sections("action") {
            let action = ExtensionAction::read(&node, order_mode, warnings)?;
            let name = node.required("name", ACTION_NAME)?;
            if let Some(&(_, first_line)) = names.iter().find(|(earlier, _)| earlier == name.text) {
                let value = name.text.to_owned();
                return Err(ConfigError::Duplicate { path: name.path, line: name.line, value, first_line });
            }
            names.push((name.text.to_owned(), name.line));
            actions.push(action);
        }
        if order_mode == OrderMode::Dependency {
            check_dependencies(section, &actions)?;
        }
        Ok(Extensions { order_mode, actions })
    }
}

impl ExtensionAction {
    fn read(
        node: &Node<'_>,
        order_mode: OrderMode,
        warnings: &mut Vec<ConfigWarning>,
    ) -> Result<ExtensionAction, ConfigError> {
        node.note_strangers(&["name", "module", "function", "index", "depends"], &[], warnings);
        let module = node.required("module", MODULE)?;
        let function = node.required("function", FUNCTION)?;
        let action = ExtensionAction {
            name: node.required("name", ACTION_NAME)?.action_name()?,
            module: checked(&module, module.text.split('.').all(is_identifier), MODULE)?,
            function: checked(&function, is_identifier(function.text), FUNCTION)?,
            index: node.value("index").map(|value| value.whole_number(0)).transpose()?,
            depends: node.section("depends").map(|depends| Depends::read(&depends, warnings)).transpose()?,
        };
        match order_mode {
            OrderMode::Index if action.index.is_none() => {
                Err(node.missing("index", "a whole number from 0 up, because order_mode is index"))
            }
            OrderMode::Dependency if action.depends.is_none() => {
                Err(node.missing("depends", "there, because order_mode is dependency"))
            }
            OrderMode::Index | OrderMode::Dependency => Ok(action),
        }
    }
}

impl Depends {
    fn read(node: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Result<Depends, ConfigError> {
        node.note_strangers(&["run_before", "run_after"], &[], warnings);
        let list = |name| {
            let names = node.value(name).map(|value| value.action_names()).transpose()?;
            Ok::<_, ConfigError>(names.unwrap_or_default())
        };
        Ok(Depends { run_before: list("run_before")?, run_after: list("run_after")? })
    }
}

const MODULE: &str = "a Python module, identifiers with dots between";
const FUNCTION: &str = "a Python function, one identifier";

fn checked(value: &Value<'_>, is_good: bool, legal: &str) -> Result<String, ConfigError> {
    if is_good { Ok(value.text.to_owned()) } else { Err(value.bad(legal)) }
}

fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Every name has to be one, and some order has to satisfy them all.
fn check_dependencies(section: &Node<'_>, actions: &[ExtensionAction]) -> Result<(), ConfigError> {
    let known: BTreeSet<&str> = CHAIN.into_iter().chain(actions.iter().map(|a| a.name.as_str())).collect();
    // For each action, those that have to come before it.
    let mut waits_for: BTreeMap<&str, BTreeSet<&str>> = known.iter().map(|name| (*name, BTreeSet::new())).collect();
    for pair in CHAIN.windows(2) {
        if let [first, second] = pair {
            waits_for.entry(second).or_default().insert(first);
        }
    }
    for (action, node) in actions.iter().zip(section.sections("action")) {
        let Some(depends) = &action.depends else { continue };
        for (list, others) in [("run_before", &depends.run_before), ("run_after", &depends.run_after)] {
            for other in others {
                let Some(&other) = known.get(other.as_str()) else {
                    let reason = format!("there is no action {other}");
                    let path = node.path_of(&format!("depends/{list}"));
                    return Err(ConfigError::Conflict { path, line: node.line, reason });
                };
                let (first, second) =
                    if list == "run_before" { (action.name.as_str(), other) } else { (other, action.name.as_str()) };
                waits_for.entry(second).or_default().insert(first);
            }
        }
    }
    while !waits_for.is_empty() {
        let ready: Vec<&str> = waits_for.iter().filter(|(_, first)| first.is_empty()).map(|(name, _)| *name).collect();
        if ready.is_empty() {
            let names: Vec<&str> = waits_for.into_keys().collect();
            let reason = format!("there is no order for {}, each of them waits for another", names.join(", "));
            return Err(ConfigError::Conflict { path: section.path.clone(), line: section.line, reason });
        }
        waits_for.retain(|name, _| !ready.contains(name));
        waits_for.values_mut().for_each(|first| first.retain(|name| !ready.contains(name)));
    }
    Ok(())
}
