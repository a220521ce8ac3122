//! What a plan notes, in sentences: each of a kind by its path, and where there are many the rest as a number.

use std::collections::BTreeMap;

use crate::iso::generator::plan::{Note, Plan};
use crate::iso::tree::TreePath;

/// Of a kind of note so many are told one by one. All names of a large tree may be too long for Joliet.
const TOLD_OF_A_KIND: usize = 20;

/// Tells the notes of a plan, those that matter to no reader in use left out, and gives back what was told: the log of every detail has
/// each of them, the ordinary one the first of each kind and how many more there are. Only what is below one of the `new` places is told of,
/// and the disc itself: the rest was told when it was stored.
pub fn tell(plan: &Plan, new: &[TreePath]) -> Vec<String> {
    let mut told = Vec::new();
    let mut counts: BTreeMap<Note, usize> = BTreeMap::new();
    for &(node, note) in plan.notes() {
        let path = plan.tree().path(node);
        if node != plan.tree().root() && !new.iter().any(|new| path.is_within(new)) {
            continue;
        }
        let mut sentence = format!("{path}: {note}");
        let count = counts.entry(note).or_default();
        *count += 1;
        if *count <= TOLD_OF_A_KIND
            && matches!(note, Note::JolietCut | Note::JolietAltered)
            && let Some(name) = plan.joliet_name(node)
        {
            sentence += &format!(", as {name:?}");
        }
        // Every reader in use takes deep trees.
        if note == Note::Deep || *count > TOLD_OF_A_KIND {
            tracing::debug!("{sentence}");
        } else {
            tracing::info!("{sentence}");
            told.push(sentence);
        }
    }
    for (note, count) in counts.into_iter().filter(|(note, _)| *note != Note::Deep) {
        if let Some(more @ 1..) = count.checked_sub(TOLD_OF_A_KIND) {
            let sentence = format!("and {more} more: {note}");
            tracing::info!("{sentence}");
            told.push(sentence);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::generator::plan::Options;
    use crate::iso::tree::{Attributes, Kind, Timestamp, Tree};

    #[test]
    fn of_many_notes_of_a_kind_the_first_are_told_with_their_paths_and_the_others_counted() {
        let mut tree = Tree::new(Attributes::default());
        for n in 0..25 {
            tree.insert(tree.root(), format!("fifo{n:02}").as_bytes(), Attributes::default(), Kind::Fifo).unwrap();
        }
        tree.insert(tree.root(), b"a:b", Attributes::default(), Kind::Directory(Vec::new())).unwrap();
        let options = Options { joliet: true, ..Options::new("TEST", Timestamp::default()) };
        let plan = Plan::new(tree, options).unwrap();
        let found = tell(&plan, &[TreePath::default()]);
        assert_eq!(found.len(), 22);
        assert_eq!(found[19], "/fifo19: is left out of the Joliet tree, which has files and directories only");
        assert_eq!(found[20], "/a:b: the name is spelled otherwise in the Joliet tree, as \"a_b\"");
        assert_eq!(found[21], "and 5 more: is left out of the Joliet tree, which has files and directories only");
        assert_eq!(tell(&plan, &[TreePath::new("a:b")]), found[20..21]);
    }
}
