//! Days that a session leaves for another disc, where it may leave some.

use std::collections::HashSet;

use jiff::civil::Date;

use super::load::words;
use crate::actions::ActionError;
use crate::actions::disc::Disc;
use crate::iso::tree::{Content, Kind, Tree, TreePath};
use crate::sector::{SECTOR_BYTES, Sectors};

/// Days of a load that may leave some. What does not fit together is tried without its newest day; a day that does not even fit alone is left
/// for good, so that it holds up none behind it.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// They don't fit alone.
    pub(super) too_large: Vec<Date>,
    /// They don't fit beside the others.
    pub(super) newer: Vec<Date>,
    /// Why the first that was left does not go with the others.
    pub(super) error: Option<Box<ActionError>>,
}

impl Left {
    /// Those that are larger than any disc like this one are left from the beginning.
    pub(super) fn begin(too_large: &[(Date, Sectors)], disc: &Disc) -> Result<Left, ActionError> {
        let Some(&(date, needed)) = too_large.first() else { return Ok(Left::default()) };
        let error = ActionError::NoRoom {
            what: words(&[date]),
            needed,
            free: disc.room_when_begun()?,
            empty: true,
            rewritable: disc.medium.rewritable,
            without_spares: None,
        };
        let too_large = too_large.iter().map(|&(date, _)| date).collect();
        Ok(Left { too_large, newer: Vec::new(), error: Some(Box::new(error)) })
    }

    /// The session does not fit with these days: the newest is left, or the only one for good, and then those are tried that were left for it.
    pub(super) fn leave_one_of(&mut self, days: &mut Vec<Date>, error: ActionError) {
        match days.pop() {
            Some(only) if days.is_empty() => {
                self.too_large.push(only);
                self.error.get_or_insert(Box::new(error));
                days.append(&mut self.newer);
            }
            Some(newest) => {
                self.newer.insert(0, newest);
                self.error.get_or_insert(Box::new(error));
            }
            None => {}
        }
    }

    /// Leaves as many of the newest as can't fit by the sizes of their files alone: to plan a session takes its time.
    pub(super) fn leave_what_can_not_fit(
        &mut self,
        days: &mut Vec<Date>,
        room: Sectors,
        size: impl Fn(Date) -> Sectors,
    ) {
        let mut least: u64 = 0;
        let fit = days.iter().take_while(|&&day| {
            least += u64::from(size(day).0);
            least <= u64::from(room.0)
        });
        // One is planned in any case: that tells whether it fits alone.
        let newest = days.split_off(fit.count().max(1).min(days.len()));
        self.newer.splice(0..0, newest);
    }

    /// All of them, oldest first.
    pub(super) fn days(&self) -> Vec<Date> {
        let mut days = [self.too_large.as_slice(), &self.newer].concat();
        days.sort_unstable();
        days
    }
}

/// Sectors that the files of a day take, each inode once.
pub(super) fn content(tree: &Tree, day: &TreePath) -> Sectors {
    let mut inodes = HashSet::new();
    let nodes = tree.find(day).map(|top| tree.walk_from(top)).into_iter().flatten();
    let sectors = nodes.filter_map(|id| match &tree.node(id).kind {
        Kind::File { size, content: Content::Staged(inode) } if inodes.insert(*inode) => {
            Some(size.div_ceil(SECTOR_BYTES as u64))
        }
        _ => None,
    });
    Sectors(u32::try_from(sectors.sum::<u64>()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_newest_are_left_that_can_not_fit_and_one_is_always_tried() {
        let all: Vec<Date> = (1..6).map(|day| date(2026, 11, day)).collect();
        for (room, fit) in [(0, 1), (9, 1), (10, 1), (19, 1), (20, 2), (49, 4), (50, 5), (1000, 5)] {
            let (mut left, mut days) = (Left::default(), all.clone());
            left.leave_what_can_not_fit(&mut days, Sectors(room), |_| Sectors(10));
            assert_eq!((days.as_slice(), left.days().as_slice()), all.split_at(fit), "{room}");
        }
        let (mut left, mut days) = (Left::default(), Vec::new());
        left.leave_what_can_not_fit(&mut days, Sectors(0), |_| Sectors(10));
        assert!(days.is_empty() && left.days().is_empty());
    }
}
