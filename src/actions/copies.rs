//! Where else the days of a disc are, asked before the disc is started anew.
//!
//! A day of the disc has a copy in staging if its daily directory there holds every name the disc shows of it, of the same type and size, with
//! the same time of last change in whole seconds, the same target of a link, the same numbers of a device; and if every file of it may be
//! opened. Everything that a directory in staging has and the disc has not is no loss.
//!
//! * The mark `cback.store` does not count on either side. It is made after the burn, and made anew by each burn: a day that is burned
//!   once more with `--full` goes to the disc with the mark of the time before.
//!
//! * Contents are not compared. That would read all of a week from the staging disk for each rehearsal and each look at a disc, and what
//!   happens to a staging directory is that it is purged, in part or as a whole, or staged anew: both show in names, sizes and times.
//! * Times of directories are not compared: the mark changes them, and so does whatever is added.
//! * Owners and modes are not compared: on the disc they are rationalised, as a rule.
//!
//! What can't be looked at is no copy. Where staging has none, the receipts of earlier runs may know another disc that holds the day, with the same
//! digests: [`known`](super::receipt::known).

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::Date;

use super::proof::with_causes;
use super::receipt::known::KnownDisc;
use super::staging::{self, Day};
use crate::iso::compare::{Compare, Difference, What, compare};
use crate::iso::manifest;
use crate::iso::scan::{self, ScanError};
use crate::iso::tree::{Attributes, Kind, NodeId, Tree, TreePath};

/// A day that a disc shows, and where else it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The day.
    pub day: Date,
    /// Where else.
    pub elsewhere: Elsewhere,
}

/// Where else a day of a disc is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// In staging, as the disc shows it.
    Staged,
    /// Not in staging, and on another disc.
    OnDisc(KnownDisc),
    /// Nowhere that is known, and why its directory in staging does not count.
    Nowhere(String),
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.elsewhere {
            Elsewhere::Staged => write!(f, "{}, which is in staging, too", self.day),
            Elsewhere::OnDisc(disc) => write!(f, "{}, which is on {disc}, too", self.day),
            Elsewhere::Nowhere(why) => write!(f, "{}, which is nowhere else: {why}", self.day),
        }
    }
}

/// Looks for other copies of these days, which the tree of a disc shows. None when it was stopped.
#[must_use]
pub fn look(root: &Path, tree: &Tree, days: &[Date], stop: &AtomicBool) -> Option<Vec<Held>> {
    let held = |&day| Some(Held { day, elsewhere: elsewhere(&Day::new(root, day), tree, stop)? });
    days.iter().map(held).collect()
}

fn elsewhere(day: &Day, tree: &Tree, stop: &AtomicBool) -> Option<Elsewhere> {
    let at = day.on_disc();
    let nowhere = |why: String| Some(Elsewhere::Nowhere(why));
    if matches!(day.path.symlink_metadata(), Err(error) if error.kind() == std::io::ErrorKind::NotFound) {
        return nowhere("its directory in staging is gone".to_owned());
    }
    let mut staged = Tree::new(Attributes::default());
    let is_over = || stop.load(Ordering::Relaxed);
    match scan::graft_without(&mut staged, &day.path, &at, &|_| false, &is_over) {
        Ok(_) => {}
        Err(ScanError::Stopped) => return None,
        Err(error) => return nowhere(with_causes(&error)),
    }
    let (Some(on_disc), Some(in_staging)) = (tree.find(&at), staged.find(&at)) else {
        return nowhere("its directory in staging is gone".to_owned());
    };
    let policy = Compare { permissions: None, modified: true };
    let differences = compare(tree, on_disc, &staged, in_staging, policy);
    let mark = day.mark_on_disc();
    match differences.iter().find(|difference| difference.path != mark && is_loss(tree, difference)) {
        None => Some(Elsewhere::Staged),
        Some(Difference { path, what: What::Missing { .. } }) => nowhere(format!("{path} is not in staging any more")),
        Some(Difference { path, .. }) => nowhere(format!("{path} is another one in staging by now")),
    }
}

/// Whether something of the disc would go by it.
fn is_loss(tree: &Tree, difference: &Difference) -> bool {
    let is_directory = || {
        let node = tree.find(&difference.path).map(|id| &tree.node(id).kind);
        matches!(node, Some(Kind::Directory(_)))
    };
    match difference.what {
        What::Extra { .. } => false,
        What::Modified { .. } => !is_directory(),
        _ => true,
    }
}

/// A file of the tree that is neither in one of these days nor ours.
#[must_use]
pub fn others(tree: &Tree, days: &[Date]) -> Option<TreePath> {
    let known = days.iter().map(|&day| staging::disc_path(day)).chain([manifest::directory()]);
    let known: Vec<NodeId> = known.filter_map(|path| tree.find(&path)).collect();
    let mut directories = vec![tree.root()];
    while let Some(directory) = directories.pop() {
        for &child in tree.children(directory).iter().filter(|child| !known.contains(child)) {
            match tree.node(child).kind {
                Kind::Directory(_) => directories.push(child),
                _ => return Some(tree.path(child)),
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::time::{Duration, UNIX_EPOCH};

    use jiff::civil::date;
    use tempfile::TempDir;

    use super::*;

    const DAY: Date = date(2026, 11, 16);

    /// A staging root with a day in it, and the tree a disc would show of it.
    fn staged() -> (TempDir, Tree) {
        let root = tempfile::tempdir().unwrap();
        let day = Day::new(root.path(), DAY).path;
        fs::create_dir_all(day.join("host/empty")).unwrap();
        for (name, content) in [("host/a", "aa"), ("host/b", "b"), ("cback.stage", "")] {
            fs::write(day.join(name), content).unwrap();
            set_time(&day.join(name), 1_700_000_000);
        }
        symlink("a", day.join("host/link")).unwrap();
        // Long ago, so that whatever is done to a directory shows in its time.
        for directory in ["host/empty", "host", ""] {
            let directory = fs::File::open(day.join(directory)).unwrap();
            directory.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
        }
        let mut tree = Tree::new(Attributes::default());
        scan::graft(&mut tree, &day, &staging::disc_path(DAY)).unwrap();
        (root, tree)
    }

    fn set_time(path: &Path, seconds: u64) {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
    }

    /// Where else the day is after this was done to its directory.
    fn after(change: impl Fn(&Path)) -> String {
        let (root, tree) = staged();
        change(&Day::new(root.path(), DAY).path);
        let held = look(root.path(), &tree, &[DAY], &AtomicBool::new(false)).unwrap();
        held[0].to_string()
    }

    const STAGED: &str = "2026-11-16, which is in staging, too";

    #[test]
    fn a_day_that_is_staged_as_the_disc_shows_it_has_a_copy_there() {
        assert_eq!(after(|_| {}), STAGED);
    }

    #[test]
    fn what_staging_has_beside_that_and_who_owns_it_makes_no_difference() {
        assert_eq!(after(|day| fs::write(day.join("cback.store"), "").unwrap()), STAGED);
        assert_eq!(after(|day| fs::create_dir(day.join("host/empty/more")).unwrap()), STAGED);
        let mode: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        assert_eq!(after(|day| fs::set_permissions(day.join("host/a"), mode.clone()).unwrap()), STAGED);
    }

    #[test]
    fn the_mark_that_went_to_the_disc_may_be_another_one_by_now_or_gone() {
        let root = tempfile::tempdir().unwrap();
        let day = Day::new(root.path(), DAY).path;
        fs::create_dir_all(&day).unwrap();
        for name in ["cback.stage", "cback.store"] {
            fs::write(day.join(name), "").unwrap();
        }
        let mut tree = Tree::new(Attributes::default());
        scan::graft(&mut tree, &day, &staging::disc_path(DAY)).unwrap();
        let held = || look(root.path(), &tree, &[DAY], &AtomicBool::new(false)).unwrap()[0].to_string();
        set_time(&day.join("cback.store"), 1_700_000_000);
        assert_eq!(held(), STAGED);
        fs::remove_file(day.join("cback.store")).unwrap();
        assert_eq!(held(), STAGED);
    }

    #[test]
    fn whatever_is_missing_or_another_one_is_named_and_the_day_has_no_copy() {
        let nowhere = |why: &str| format!("2026-11-16, which is nowhere else: {why}");
        assert_eq!(after(|day| fs::remove_dir_all(day).unwrap()), nowhere("its directory in staging is gone"));
        for name in ["cback.stage", "host/a", "host/link", "host"] {
            let gone = after(|day| {
                let path = day.join(name);
                if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
                    .unwrap();
            });
            assert_eq!(gone, nowhere(&format!("/2026/11/16/{name} is not in staging any more")));
        }
        let empty = after(|day| fs::remove_dir(day.join("host/empty")).unwrap());
        assert_eq!(empty, nowhere("/2026/11/16/host/empty is not in staging any more"));
        let another = nowhere("/2026/11/16/host/a is another one in staging by now");
        assert_eq!(after(|day| set_time(&day.join("host/a"), 1_700_000_001)), another);
        let longer = after(|day| {
            fs::write(day.join("host/a"), "aaa").unwrap();
            set_time(&day.join("host/a"), 1_700_000_000);
        });
        assert_eq!(longer, another);
        let type_changed = after(|day| {
            fs::remove_file(day.join("host/a")).unwrap();
            fs::create_dir(day.join("host/a")).unwrap();
        });
        assert_eq!(type_changed, another);
        let target_changed = after(|day| {
            fs::remove_file(day.join("host/link")).unwrap();
            symlink("b", day.join("host/link")).unwrap();
        });
        assert_eq!(target_changed, nowhere("/2026/11/16/host/link is another one in staging by now"));
    }

    #[test]
    fn a_directory_that_is_a_link_or_no_directory_is_no_copy() {
        for put in [|day: &Path| symlink("/", day), |day: &Path| fs::write(day, "")] {
            let held = after(|day| {
                fs::remove_dir_all(day).unwrap();
                put(day).unwrap();
            });
            assert!(held.starts_with("2026-11-16, which is nowhere else: "), "{held}");
        }
    }

    #[test]
    fn a_search_that_is_stopped_finds_nothing() {
        let (root, tree) = staged();
        assert_eq!(look(root.path(), &tree, &[DAY], &AtomicBool::new(true)), None);
    }

    #[test]
    fn a_file_outside_of_the_days_and_of_our_own_directory_is_found() {
        let (_root, mut tree) = staged();
        tree.make_directory(&TreePath::new("rr_moved"), Attributes::default()).unwrap();
        let own = tree.make_directory(&manifest::directory(), Attributes::default()).unwrap();
        tree.insert(own, b"README.txt", Attributes::default(), Kind::Fifo).unwrap();
        assert_eq!(others(&tree, &[DAY]), None);
        assert_eq!(others(&tree, &[]).unwrap().to_string(), "/2026/11/16/cback.stage");
        let photos = tree.make_directory(&TreePath::new("2026/photos"), Attributes::default()).unwrap();
        tree.insert(photos, b"1.jpg", Attributes::default(), Kind::Fifo).unwrap();
        assert_eq!(others(&tree, &[DAY]).unwrap().to_string(), "/2026/photos/1.jpg");
    }
}
