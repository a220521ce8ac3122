//! What became of the staging directories since they were looked at.

use std::collections::HashSet;

use crate::actions::ActionError;
use crate::actions::proof::Finding;
use crate::iso::compare::{Compare, Difference, What, compare};
use crate::iso::generator::plan::Plan;
use crate::iso::generator::stream::Damage;
use crate::iso::scan::ScanError;
use crate::iso::tree::{Kind, NodeId, Tree, TreePath};

/// What is another one in staging by now than in the plan, in one daily directory.
pub(super) fn changes(planned: &Tree, staged: &Tree, day: &TreePath, told: &HashSet<&TreePath>) -> Vec<Finding> {
    let (Some(before), Some(now)) = (planned.find(day), staged.find(day)) else { return Vec::new() };
    let differences = compare(planned, before, staged, now, Compare { permissions: None, modified: true });
    let is_directory = |path: &TreePath| {
        let node = planned.find(path).map(|id| &planned.node(id).kind);
        matches!(node, Some(Kind::Directory(_)))
    };
    let words = |Difference { path, what }: &Difference| match what {
        What::Missing { .. } => Some("went away from"),
        What::Extra { .. } => Some("came to"),
        What::Type { .. } => Some("became something else in"),
        // By whatever came or went in it.
        What::Modified { .. } if is_directory(path) => None,
        What::Size { .. } | What::Modified { .. } | What::Target { .. } | What::Device { .. } => Some("changed in"),
        What::Mode { .. } | What::Owner { .. } => None,
    };
    let mut changes: Vec<(TreePath, &str)> =
        differences.iter().filter_map(|difference| Some((difference.path.clone(), words(difference)?))).collect();
    // A disc keeps whole seconds, staging more: a file may be written anew within the second.
    let is_changed = |id: NodeId| {
        let path = planned.path(id);
        let (before, now) = (planned.node(id), staged.node(staged.find(&path)?));
        let is_file = matches!((&before.kind, &now.kind), (Kind::File { .. }, Kind::File { .. }));
        (is_file && before.attributes.modified != now.attributes.modified).then_some((path, "changed in"))
    };
    changes.extend(planned.walk_from(before).filter_map(is_changed));
    changes.retain(|(path, _)| !told.contains(path));
    // Another size comes with another time.
    let mut seen = HashSet::new();
    changes.retain(|change| seen.insert(change.clone()));
    let finding =
        |(path, what)| Finding::Source(format!("{path} {what} the staging directory while the day was burned"));
    changes.into_iter().map(finding).collect()
}

/// Whether the staging directory can't be scanned for a file that is among the damages.
pub(super) fn is_told(error: &ActionError, plan: &Plan, damages: &[Damage]) -> bool {
    let ActionError::Scan(ScanError::Unreadable { path, .. }) = error else { return false };
    damages.iter().any(|damage| plan.tree().staged_path(damage.node).as_ref() == Some(path))
}
