//! Sessions of ours with spoiled bytes where descriptors and directories stand.

use cedarburn::iso::generator::plan::{Options, Plan};
use cedarburn::iso::reader::{Reading, Volume, read_tree, salvage_tree};
use cedarburn::iso::tree::{Kind, Timestamp};
use cedarburn::sector::Lba;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::cases;
use crate::disc::Disc;
use crate::generate::{attributes, entries, tree};

/// What would do harm when it is restored.
fn harm(reading: &Reading) -> Option<String> {
    reading.tree.walk().skip(1).find_map(|id| {
        let node = reading.tree.node(id);
        let name = &*node.name;
        let is_dots = matches!(name, b"" | b"." | b"..");
        let is_name = !is_dots && name.len() <= 255 && !name.iter().any(|b| matches!(b, 0 | b'/'));
        let is_target = match &node.kind {
            Kind::Symlink(target) => (1..=4095).contains(&target.len()) && !target.contains(&0),
            _ => true,
        };
        (!is_name || !is_target).then(|| reading.tree.path(id).to_string())
    })
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn no_damage_makes_a_disc_cost_more_than_its_size_or_lead_out_of_it(
        root in attributes(),
        entries in entries(),
        damage in vec((any::<Index>(), any::<u8>()), 1..30),
    ) {
        let mut disc = Disc::new(Lba(0));
        let tree = tree(root, 12, &entries, &mut disc, Lba(0));
        let names = tree.walk().count();
        let plan = Plan::new(tree, Options::new("DAMAGE", Timestamp::default())).unwrap();
        disc.burn(&plan, 16);
        let metadata = 16 * 2048..plan.data_start().0 as usize * 2048;
        for (at, value) in damage {
            disc.spoil(metadata.start + at.index(metadata.len()), value);
        }
        let Ok(volume) = Volume::open(&mut disc, Lba(0)) else { return Ok(()) };
        for read in [read_tree, salvage_tree] {
            (disc.read, disc.failed) = (0, 0);
            let reading = read(&mut disc, &volume);
            // Each sector once as a directory and once as a continuation area; 32 looks at a directory that
            // is not there.
            prop_assert!(disc.read <= 2 * disc.end().0 as usize, "{} of {:?} sectors", disc.read, disc.end());
            prop_assert!(disc.failed <= 40 * names, "{} requests failed", disc.failed);
            if let Ok(reading) = reading {
                prop_assert_eq!(harm(&reading), None);
            }
        }
    }
}
