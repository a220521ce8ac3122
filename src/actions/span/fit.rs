//! Which item goes on which disc: pure functions of sizes.
//!
//! The four algorithms of `cback3-span`, each for one disc, and again with what is left:
//!
//! | | items are taken in this order, as long as they fit |
//! |---|---|
//! | `first` | as they were found |
//! | `best` | the largest first |
//! | `worst` | the smallest first |
//! | `alternate` | of the items by size, in turn the next from the front of the lower half and from the back of the upper one |
//!
//! And `together`, the default: what belongs together, all that one host brought on one day, stays together where it fits on a disc, oldest day
//! first. That costs no disc: where it would take more of them than `best` or `worst` do, groups are packed by size instead; and where that
//! takes more, too, the items are packed as if there were no groups.

use std::fmt;

/// Something that goes on a disc whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// What it takes there.
    pub bytes: u64,
    /// What it belongs to; groups are numbered in the order in which they should come.
    pub group: usize,
}

/// How items are put on discs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// Groups stay together.
    #[default]
    Together,
    /// As found.
    First,
    /// Largest first.
    Best,
    /// Smallest first.
    Worst,
    /// In turn.
    Alternate,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 5] =
        [Algorithm::Together, Algorithm::First, Algorithm::Best, Algorithm::Worst, Algorithm::Alternate];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Algorithm::Together => "together",
            Algorithm::First => "first",
            Algorithm::Best => "best",
            Algorithm::Worst => "worst",
            Algorithm::Alternate => "alternate",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// An item that fits on no disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    /// Which.
    pub item: usize,
}

/// Puts items on discs of `capacity` bytes each. Each disc is a list of positions in `items`, in their order.
///
/// # Errors
/// When an item is larger than a disc.
pub fn fit(items: &[Item], capacity: u64, algorithm: Algorithm) -> Result<Vec<Vec<usize>>, TooLarge> {
    if let Some(item) = items.iter().position(|item| item.bytes > capacity) {
        return Err(TooLarge { item });
    }
    let mut discs = match algorithm {
        Algorithm::Together => together(items, capacity),
        single => disc_after_disc(items, capacity, single),
    };
    discs.iter_mut().for_each(|disc| disc.sort_unstable());
    Ok(discs)
}

fn disc_after_disc(items: &[Item], capacity: u64, algorithm: Algorithm) -> Vec<Vec<usize>> {
    let mut left: Vec<usize> = (0..items.len()).collect();
    let mut discs = Vec::new();
    while !left.is_empty() {
        let taken = one_disc(items, &left, capacity, algorithm);
        let mut is_taken = vec![false; items.len()];
        taken.iter().for_each(|&item| is_taken[item] = true);
        left.retain(|&item| !is_taken[item]);
        discs.push(taken);
    }
    discs
}

/// What goes on one disc. As with Cedar a disc that is full to its last byte takes nothing more, not even what has no size.
fn one_disc(items: &[Item], left: &[usize], capacity: u64, algorithm: Algorithm) -> Vec<usize> {
    let mut order = left.to_vec();
    match algorithm {
        Algorithm::First | Algorithm::Together => {}
        Algorithm::Best => order.sort_by_key(|&item| std::cmp::Reverse(items[item].bytes)),
        Algorithm::Worst => order.sort_by_key(|&item| items[item].bytes),
        Algorithm::Alternate => {
            order.sort_by_key(|&item| items[item].bytes);
            let (front, back) = order.split_at(order.len() / 2);
            let (mut front, mut back) = (front.iter(), back.iter().rev());
            let mut in_turn = Vec::with_capacity(order.len());
            loop {
                let pair = (front.next(), back.next());
                in_turn.extend(pair.0);
                in_turn.extend(pair.1);
                if pair == (None, None) {
                    break;
                }
            }
            order = in_turn;
        }
    }
    let mut free = capacity;
    let mut taken = Vec::new();
    for item in order {
        if items[item].bytes <= free {
            free -= items[item].bytes;
            taken.push(item);
        }
        if free == 0 {
            break;
        }
    }
    // Nothing fits on a disc of no size.
    if taken.is_empty() { left.first().copied().into_iter().collect() } else { taken }
}

fn together(items: &[Item], capacity: u64) -> Vec<Vec<usize>> {
    let apart = [Algorithm::Best, Algorithm::Worst].map(|algorithm| disc_after_disc(items, capacity, algorithm));
    let [best, worst] = apart;
    let fewest = best.len().min(worst.len());
    let groups = groups(items, capacity);
    let in_order = pack(&groups, capacity);
    if in_order.len() <= fewest {
        return in_order;
    }
    let mut by_size = groups;
    by_size.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    let by_size = pack(&by_size, capacity);
    match by_size.len() <= fewest {
        true => by_size,
        false if best.len() <= worst.len() => best,
        false => worst,
    }
}

/// The groups with their sizes, in order; of one that is larger than a disc each item by itself.
fn groups(items: &[Item], capacity: u64) -> Vec<(u64, Vec<usize>)> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|&item| items[item].group);
    let mut groups = Vec::new();
    for group in order.chunk_by(|&a, &b| items[a].group == items[b].group) {
        let bytes = group.iter().fold(0u64, |sum, &item| sum.saturating_add(items[item].bytes));
        if bytes <= capacity {
            groups.push((bytes, group.to_vec()));
        } else {
            groups.extend(group.iter().map(|&item| (items[item].bytes, vec![item])));
        }
    }
    groups
}

/// Each group on the first disc that has room for it.
fn pack(groups: &[(u64, Vec<usize>)], capacity: u64) -> Vec<Vec<usize>> {
    let mut discs: Vec<(u64, Vec<usize>)> = Vec::new();
    for (bytes, items) in groups {
        match discs.iter_mut().find(|(free, _)| bytes <= free) {
            Some((free, disc)) => {
                *free -= bytes;
                disc.extend(items);
            }
            None => discs.push((capacity.saturating_sub(*bytes), items.clone())),
        }
    }
    discs.into_iter().map(|(_, disc)| disc).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Items of these sizes, all of one group.
    fn items(sizes: &[u64]) -> Vec<Item> {
        sizes.iter().map(|&bytes| Item { bytes, group: 0 }).collect()
    }

    #[test]
    fn each_of_cedars_algorithms_takes_items_in_its_order() {
        let sizes = [5, 1, 4, 3, 2];
        for (algorithm, capacity, discs) in [
            (Algorithm::First, 6, vec![vec![0, 1], vec![2, 4], vec![3]]),
            (Algorithm::Best, 6, vec![vec![0, 1], vec![2, 4], vec![3]]),
            (Algorithm::Worst, 6, vec![vec![1, 3, 4], vec![2], vec![0]]),
            // By size 1 2 | 3 4 5: in turn 1 5 2 4 3.
            (Algorithm::Alternate, 6, vec![vec![0, 1], vec![2, 4], vec![3]]),
            (Algorithm::Alternate, 8, vec![vec![0, 1, 4], vec![2, 3]]),
        ] {
            assert_eq!(fit(&items(&sizes), capacity, algorithm).unwrap(), discs, "{algorithm} {capacity}");
        }
    }

    #[test]
    fn a_full_disc_takes_nothing_more_as_with_cedar() {
        assert_eq!(fit(&items(&[4, 0]), 4, Algorithm::First).unwrap(), [vec![0], vec![1]]);
        assert_eq!(fit(&items(&[4, 0]), 5, Algorithm::First).unwrap(), [vec![0, 1]]);
        assert_eq!(fit(&[], 5, Algorithm::Together).unwrap(), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn what_is_larger_than_a_disc_is_named() {
        for algorithm in Algorithm::ALL {
            assert_eq!(fit(&items(&[1, 7, 2]), 6, algorithm), Err(TooLarge { item: 1 }));
        }
    }

    #[test]
    fn a_group_stays_together_where_that_costs_no_disc() {
        let item = |bytes, group| Item { bytes, group };
        let hosts = [item(3, 0), item(3, 0), item(4, 1), item(4, 1), item(2, 2), item(2, 2)];
        assert_eq!(fit(&hosts, 10, Algorithm::Together).unwrap(), [vec![0, 1, 4, 5], vec![2, 3]]);
        // Whole, each of the three groups would take a disc.
        let tight = [item(5, 0), item(1, 0), item(5, 1), item(1, 1), item(4, 2), item(4, 2)];
        assert_eq!(fit(&tight, 10, Algorithm::Together).unwrap().len(), 2);
        let large = [item(6, 0), item(6, 0), item(1, 1)];
        assert_eq!(fit(&large, 10, Algorithm::Together).unwrap(), [vec![0, 2], vec![1]]);
    }

    proptest! {
        #[test]
        fn every_item_is_on_one_disc_and_no_disc_holds_more_than_it_can(
            sizes in prop::collection::vec((0u64..40, 0usize..6), 0..60),
            capacity in 40u64..100,
        ) {
            let items: Vec<Item> = sizes.iter().map(|&(bytes, group)| Item { bytes, group }).collect();
            let worst = fit(&items, capacity, Algorithm::Worst).unwrap().len();
            for algorithm in Algorithm::ALL {
                let discs = fit(&items, capacity, algorithm).unwrap();
                let mut all = discs.concat();
                all.sort_unstable();
                prop_assert_eq!(all, (0..items.len()).collect::<Vec<_>>());
                for disc in &discs {
                    prop_assert!(!disc.is_empty());
                    prop_assert!(disc.iter().map(|&item| items[item].bytes).sum::<u64>() <= capacity);
                }
                if algorithm == Algorithm::Together {
                    prop_assert!(discs.len() <= worst);
                }
            }
        }
    }
}
