//! What one session puts on the disc: whole days, or parts of them, under one label. Of a day that was stored before, all but its mark.

use std::collections::HashSet;

use jiff::civil::Date;

use crate::actions::ActionError;
use crate::actions::label;
use crate::actions::own_files;
use crate::actions::policy::Purpose;
use crate::actions::staging::Day;
use crate::iso::scan::{self, ScanReport};
use crate::iso::tree::{Kind, NodeId, Timestamp, Tree, TreePath};

/// The directory that *initialize* leaves on a disc, as Cedar does.
const EMPTY_DIRECTORY: &str = "CedarBackup";

/// The content of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::actions) struct Load {
    /// Which action puts it there.
    pub purpose: Purpose,
    /// The daily directories, oldest first; none where the disc only gets a label.
    pub days: Vec<Day>,
    /// Of what is in them, what goes on this disc; `None` is all of it. Directories come with what is in them.
    pub only: Option<HashSet<TreePath>>,
    /// The days of which it is not all that they hold.
    pub partial: HashSet<Date>,
    /// The days by which the disc is judged, where these are not all that matter.
    pub judged_by: Vec<Date>,
    /// What is on the disc is a failed attempt of this very load: it goes.
    pub replaces: bool,
    /// What does not fit is left, the newest days first, if one at least does.
    pub may_leave_days: bool,
    /// The day it is: date of the label.
    pub today: Date,
    /// The volume identifier.
    pub label: String,
    /// What the disc's README says beside what it says on every disc.
    pub note: Option<String>,
}

impl Load {
    /// Whole days.
    #[must_use]
    pub(in crate::actions) fn of_days(purpose: Purpose, days: Vec<Day>, today: Date) -> Load {
        Load {
            purpose,
            days,
            only: None,
            partial: HashSet::new(),
            judged_by: Vec::new(),
            replaces: false,
            may_leave_days: false,
            today,
            label: label::label(today),
            note: None,
        }
    }

    /// The dates of its days.
    #[must_use]
    pub(in crate::actions) fn dates(&self) -> Vec<Date> {
        self.days.iter().map(|day| day.date).collect()
    }

    /// The days by which the disc is judged: without any, the day it is.
    pub(super) fn judged_by(&self) -> Vec<Date> {
        match (self.judged_by.as_slice(), self.days.as_slice()) {
            ([], []) => vec![self.today],
            ([], _) => self.dates(),
            (named, _) => named.to_vec(),
        }
    }

    /// The date of the session's manifest.
    pub(super) fn manifest_date(&self) -> Date {
        self.days.iter().map(|day| day.date).max().unwrap_or(self.today)
    }

    /// Puts it into a tree, but for the days that `leave_out`.
    pub(super) fn graft(
        &self,
        tree: &mut Tree,
        now: Timestamp,
        leave_out: &dyn Fn(&Day) -> bool,
    ) -> Result<ScanReport, ActionError> {
        if self.days.is_empty() {
            let attributes = own_files::attributes(0o755, now);
            let root = tree.root();
            tree.insert(root, EMPTY_DIRECTORY.as_bytes(), attributes, Kind::Directory(Vec::new()))?;
        }
        let mut all = ScanReport::default();
        for day in self.days.iter().filter(|day| !leave_out(day)) {
            let ScanReport { mut files, bytes, vanished, .. } = scan::graft(tree, &day.path, &day.on_disc())?;
            all.vanished.extend(vanished);
            // It says what is on a disc, and goes before the disc is started anew. It is empty.
            let is_file = |id: &NodeId| matches!(tree.node(*id).kind, Kind::File { .. });
            if let Some(mark) = tree.find(&day.mark_on_disc()).filter(is_file) {
                tree.remove(mark);
                files = files.saturating_sub(1);
            }
            match &self.only {
                None => {
                    all.files += files;
                    all.bytes = all.bytes.saturating_add(bytes);
                }
                Some(only) => {
                    let (files, bytes) = keep(tree, &day.on_disc(), only);
                    all.files += files;
                    all.bytes = all.bytes.saturating_add(bytes);
                }
            }
        }
        Ok(all)
    }
}

/// Takes out of a directory of the tree what is not among these paths, and the directories that are left with nothing of them. Returns the
/// regular files that stay, and their bytes.
fn keep(tree: &mut Tree, top: &TreePath, only: &HashSet<TreePath>) -> (u64, u64) {
    let Some(top) = tree.find(top) else { return (0, 0) };
    let mut kept = (0, 0);
    let is_directory = |&id: &NodeId| matches!(tree.node(id).kind, Kind::Directory(_));
    let directories: Vec<NodeId> = tree.walk_from(top).filter(is_directory).collect();
    // The deepest first: what is left of a directory is known when its parent's turn comes.
    for directory in directories.into_iter().rev() {
        let mut children = tree.children(directory).to_vec();
        children.retain(|&child| match &tree.node(child).kind {
            Kind::Directory(grandchildren) if !grandchildren.is_empty() => true,
            _ => only.contains(&tree.path(child)),
        });
        for &child in &children {
            if let Kind::File { size, .. } = tree.node(child).kind {
                kept = (kept.0 + 1, u64::saturating_add(kept.1, size));
            }
        }
        tree.node_mut(directory).kind = Kind::Directory(children);
    }
    kept
}

/// Days in a sentence: each where they are few.
pub(crate) fn listed(days: &[Date]) -> String {
    const FEW: usize = 7;
    match days {
        [] => "no day".to_owned(),
        [one] => one.to_string(),
        [first, .., last] if days.len() > FEW => format!("{} days from {first} to {last}", days.len()),
        [most @ .., last] => {
            let most: Vec<String> = most.iter().map(ToString::to_string).collect();
            format!("{} and {last}", most.join(", "))
        }
    }
}

/// What a session is for, in a few words.
pub(super) fn words(days: &[Date]) -> String {
    if days.is_empty() { "the label".to_owned() } else { listed(days) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jiff::civil::date;

    use super::*;
    use crate::iso::tree::Attributes;

    #[test]
    fn days_are_listed_as_people_do() {
        let days: Vec<Date> = (1..10).map(|day| date(2026, 3, day)).collect();
        assert_eq!(listed(&days[..1]), "2026-03-01");
        assert_eq!(listed(&days[..2]), "2026-03-01 and 2026-03-02");
        assert_eq!(listed(&days[..3]), "2026-03-01, 2026-03-02 and 2026-03-03");
        assert_eq!(listed(&days), "9 days from 2026-03-01 to 2026-03-09");
    }

    #[test]
    fn a_part_of_a_day_comes_with_its_directories_and_with_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let day = Day::new(root.path(), date(2026, 3, 1));
        for directory in ["a/empty", "a/deep/er", "b"] {
            fs::create_dir_all(day.path.join(directory)).unwrap();
        }
        for file in ["a/deep/er/x", "a/y", "b/z"] {
            fs::write(day.path.join(file), "12345").unwrap();
        }
        let mut load = Load::of_days(Purpose::Span, vec![day.clone()], day.date);
        let only = ["a/deep/er/x", "a/empty"].map(|path| TreePath::new(format!("2026/03/01/{path}")));
        load.only = Some(only.into());
        let mut tree = Tree::new(Attributes::default());
        let report = load.graft(&mut tree, Timestamp::default(), &|_| false).unwrap();
        let mut names: Vec<String> = tree.walk().map(|id| tree.path(id).to_string()).collect();
        names.sort();
        let expected = ["", "/a", "/a/deep", "/a/deep/er", "/a/deep/er/x", "/a/empty"];
        assert_eq!(names[3..], expected.map(|path| format!("/2026/03/01{path}")));
        assert_eq!((report.files, report.bytes), (1, 5));
    }

    #[test]
    fn a_disc_that_only_gets_a_label_holds_one_empty_directory() {
        let load = Load::of_days(Purpose::Initialize, Vec::new(), date(2026, 3, 1));
        let mut tree = Tree::new(Attributes::default());
        load.graft(&mut tree, Timestamp::default(), &|_| false).unwrap();
        assert_eq!(tree.children(tree.root()).len(), 1);
        assert!(tree.find(&TreePath::new("CedarBackup")).is_some());
        assert_eq!(load.judged_by(), [date(2026, 3, 1)]);
    }
}
