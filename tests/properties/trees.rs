//! One session of any tree.
//!
//! hadris-iso shows all of it as our reader does, times and link counts included, with one exception that no staged
//! tree meets: names of one file that differ in their attributes have those of the first.

use std::cell::RefCell;
use std::rc::Rc;

use cedarburn::iso::generator::plan::{AttributePolicy, Options, Plan, VolumeSpace};
use cedarburn::iso::reader::{Volume, read_joliet, read_tree};
use cedarburn::iso::tree::{Content, Timestamp, Tree};
use cedarburn::sector::{Lba, Sectors};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::disc::{Disc, View};
use crate::generate::{attributes, entries, time, tree};
use crate::model::{What, differences, listing, on_disc, recorded};
use crate::{cases, hadris};

/// Where files of earlier sessions stand, if there is room.
const EARLIER: Sectors = Sectors(96);

/// Which session, and where.
fn options() -> impl Strategy<Value = Options> {
    let start = prop_oneof![Just(0), 128..400_000_u32, Just(u32::MAX - 100_000)].prop_map(Lba);
    let policy = select(vec![AttributePolicy::Rationalized, AttributePolicy::Exact]);
    let space = select(vec![VolumeSpace::AbsoluteEnd, VolumeSpace::SessionLength]);
    let place = (start, space, 0..40_u32, select(vec![1, 16, 32]));
    (place, policy, option::of(time()), any::<bool>()).prop_map(
        |((start, volume_space, padding, align), attributes, source_date_epoch, joliet)| Options {
            start,
            attributes,
            volume_space,
            padding: Sectors(padding),
            align: Sectors(align),
            source_date_epoch,
            joliet,
            ..Options::new("PROPERTY", Timestamp::from_seconds(1_795_353_255))
        },
    )
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn any_tree_comes_back_as_it_was_planned(
        root in attributes(),
        depth in prop_oneof![3 => 0..3_usize, 1 => 0..300_usize],
        entries in entries(),
        options in options(),
        request in 1..20_usize,
    ) {
        let start = options.start;
        let mut disc = Disc::new(Lba(start.0.saturating_sub(EARLIER.0)));
        let tree = tree(root, depth, &entries, &mut disc, start);
        let meant = listing(&tree, |_, content| match content {
            Content::Bytes(bytes) => bytes.to_vec(),
            Content::Recorded(extents) => recorded(&disc, extents),
            other => panic!("{other:?}"),
        });
        let plan = Plan::new(tree, options).unwrap();
        disc.burn(&plan, request);

        // The plan changes attributes by its policy, and nothing else.
        let planned = listing(plan.tree(), |path, _| match &meant[path].what {
            What::File(bytes) => bytes.clone(),
            other => panic!("{other:?}"),
        });
        prop_assert!(meant.keys().eq(planned.keys()));
        for (path, shown) in &planned {
            match (&shown.what, &meant[path].what) {
                (What::Symlink(_), What::Symlink(_)) => {}
                (shown, meant) => prop_assert_eq!(shown, meant),
            }
        }

        let volume = Volume::open(&mut disc, start).unwrap();
        let reading = read_tree(&mut disc, &volume).unwrap();
        prop_assert_eq!(differences(&planned, &on_disc(&reading.tree, &disc)), Vec::<String>::new());
        prop_assert!(!reading.lost, "{:?}", reading.notes);

        // Joliet has names, contents and one time.
        let names = |tree: &Tree| on_disc(tree, &disc).into_iter().map(|(path, s)| (path, (s.what, s.times[0])));
        let planned_joliet = plan.joliet_tree().map(|tree| names(&tree).collect::<Vec<_>>());
        let joliet = read_joliet(&mut disc.clone(), &volume).unwrap();
        prop_assert!(joliet.iter().all(|reading| !reading.lost && reading.notes.is_empty()), "{joliet:?}");
        prop_assert_eq!(joliet.map(|reading| names(&reading.tree).collect::<Vec<_>>()), planned_joliet);

        let view = View { disc: Rc::new(RefCell::new(disc)), session: start };
        let theirs = hadris::list(view).map_err(TestCaseError::fail)?;
        prop_assert_eq!(differences(&planned, &theirs), Vec::<String>::new());
    }
}
