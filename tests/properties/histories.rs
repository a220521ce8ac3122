//! Any history of days, each put on the disc anew or replaced, on both kinds of media.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use cedarburn::iso::chain::{Chain, UNIT};
use cedarburn::iso::generator::plan::{Options, Plan, VolumeSpace};
use cedarburn::iso::reader::{Volume, read_tree};
use cedarburn::iso::tree::{Attributes, Content, Kind, Timestamp, Tree, TreePath};
use cedarburn::sector::{Lba, Sectors};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::disc::{Disc, View};
use crate::generate::content;
use crate::model::{Listing, What, on_disc};
use crate::{cases, hadris};

/// A day's directory as it was staged: the files in it, by number and size.
#[derive(Debug, Clone)]
struct Day {
    day: u8,
    files: Vec<(u8, usize)>,
}

/// Few days and few names, so that days are replaced, and names come, go and change their type.
fn history() -> impl Strategy<Value = Vec<Day>> {
    let size = prop_oneof![select(vec![0_usize, 1, 2047, 2048, 2049]), 0..9000_usize];
    let day = (1..8_u8, vec((0..12_u8, size), 0..8)).prop_map(|(day, files)| Day { day, files });
    vec(day, 1..14)
}

/// Some paths lie below the names that others are.
const NAMES: [&str; 12] = [
    "a",
    "a/b",
    "a/b/c",
    "host/etc/passwd",
    "host/etc",
    "host/var/log/messages",
    "host",
    "Höst/1",
    "name-that-is-longer-than-thirty-characters-1",
    "name-that-is-longer-than-thirty-characters-2",
    "empty/directories/only",
    ".hidden",
];

/// Paths of files and their contents.
type Model = BTreeMap<String, Vec<u8>>;

/// The day as the model has it: a path that leads through a file is left out.
fn model_of(day: &Day, number: usize) -> Model {
    let top = format!("2026/11/{:02}", day.day);
    let mut files = Model::new();
    for (index, (name, size)) in day.files.iter().enumerate() {
        let path = format!("{top}/{}", NAMES[usize::from(*name)]);
        let below = format!("{path}/");
        let clashes = files.keys().any(|other| other.starts_with(&below) || path.starts_with(&format!("{other}/")));
        if !clashes {
            files.insert(path, content(number * 100 + index, *size));
        }
    }
    files
}

const PLAIN: Attributes = Attributes {
    mode: 0o755,
    uid: 0,
    gid: 0,
    modified: Timestamp { seconds: 1_795_353_255, nanoseconds: 0 },
    accessed: Timestamp { seconds: 1_795_353_255, nanoseconds: 0 },
    changed: Timestamp { seconds: 1_795_353_255, nanoseconds: 0 },
};

/// Replaces the day in the tree the disc has.
fn with_day(mut tree: Tree, day: &Day, files: &Model) -> Tree {
    let top = TreePath::new(format!("2026/11/{:02}", day.day));
    if let Some(old) = tree.find(&top) {
        tree.remove(old);
    }
    tree.make_directory(&top, PLAIN).unwrap();
    for (path, content) in files {
        let (parent, name) = path.rsplit_once('/').unwrap();
        let parent = tree.make_directory(&TreePath::new(parent), PLAIN).unwrap();
        let kind = Kind::File { size: content.len() as u64, content: Content::Bytes(content.clone().into()) };
        tree.insert(parent, name.as_bytes(), PLAIN, kind).unwrap();
    }
    tree
}

/// The files of a listing.
fn files(listing: &Listing) -> Model {
    let file = |(path, shown): (&Vec<u8>, &crate::model::Shown)| match &shown.what {
        What::File(content) => Some((String::from_utf8(path.clone()).unwrap(), content.clone())),
        _ => None,
    };
    listing.iter().filter_map(file).collect()
}

/// What the session at `start` shows.
fn shown(disc: &mut Disc, start: Lba) -> (Listing, Tree) {
    let volume = Volume::open(disc, start).unwrap();
    let reading = read_tree(disc, &volume).unwrap();
    assert!(!reading.lost && reading.notes.is_empty(), "{:?}", reading.notes);
    (on_disc(&reading.tree, disc), reading.tree)
}

fn options(number: usize, start: Lba, joliet: bool) -> Options {
    let created = Timestamp::from_seconds(1_795_353_255 + i64::try_from(number).unwrap() * 86_400);
    Options { start, joliet, padding: Sectors(2), ..Options::new(format!("SESSION {number}"), created) }
}

/// What a reader that knows nothing of sessions shows when the one at `session` is mounted.
fn of_hadris(disc: &Disc, session: Lba) -> Model {
    files(&hadris::list(View { disc: Rc::new(RefCell::new(disc.clone())), session }).unwrap())
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn on_media_that_grow_every_session_shows_its_own_state(
        history in history(),
        first in select(vec![0_u32, 300]),
        gaps in vec(0..50_u32, 14),
        joliet in any::<bool>(),
    ) {
        let mut disc = Disc::new(Lba(first));
        let mut model = Model::new();
        let mut tree = Tree::new(PLAIN);
        let mut sessions = Vec::new();
        for (number, (day, gap)) in history.iter().zip(gaps).enumerate() {
            let files = model_of(day, number);
            model.retain(|path, _| !path.starts_with(&format!("2026/11/{:02}/", day.day)));
            model.extend(files.clone());
            let start = if number == 0 { Lba(first) } else { disc.end() + Sectors(gap) };
            // Nobody reads what lies between the sessions.
            disc.write(start, &[]);
            let plan = Plan::new(with_day(tree, day, &files), options(number, start, joliet)).unwrap();
            disc.burn(&plan, 8);
            tree = shown(&mut disc, start).1;
            sessions.push((start, model.clone()));
        }
        for (start, model) in &sessions {
            prop_assert_eq!(&files(&shown(&mut disc, *start).0), model);
        }
        let (newest, model) = sessions.last().unwrap();
        prop_assert_eq!(&of_hadris(&disc, *newest), model);
    }

    #[test]
    fn on_overwritable_media_the_superblock_shows_the_newest_and_the_chain_every_state(
        history in history(),
        joliet in any::<bool>(),
    ) {
        let mut disc = Disc::new(Lba(0));
        let mut model = Model::new();
        let mut tree = Tree::new(PLAIN);
        let mut states = Vec::new();
        for (number, day) in history.iter().enumerate() {
            let files = model_of(day, number);
            model.retain(|path, _| !path.starts_with(&format!("2026/11/{:02}/", day.day)));
            model.extend(files.clone());
            let start = match number {
                0 => Lba(UNIT.0),
                _ => Chain::read(&mut disc).unwrap().next_start().unwrap(),
            };
            let options = Options { volume_space: VolumeSpace::SessionLength, align: UNIT, ..options(number, start, joliet) };
            let plan = Plan::new(with_day(tree, day, &files), options).unwrap();
            disc.burn(&plan, 16);
            if number > 0 {
                // Until the superblock is written the medium shows what it showed.
                let chain = Chain::read(&mut disc).unwrap();
                prop_assert!(chain.is_torn());
                prop_assert_eq!(chain.sessions().len(), number);
            }
            disc.write(Lba(0), &plan.superblock());
            tree = shown(&mut disc, Lba(0)).1;
            states.push(model.clone());
        }
        let chain = Chain::read(&mut disc).unwrap();
        prop_assert!(!chain.is_torn());
        prop_assert_eq!(chain.sessions().len(), states.len());
        for (volume, state) in chain.sessions().iter().zip(&states) {
            prop_assert_eq!(&files(&shown(&mut disc, volume.session_start).0), state);
        }
        prop_assert_eq!(&files(&shown(&mut disc, Lba(0)).0), &model);
        prop_assert_eq!(&of_hadris(&disc, Lba(0)), &model);
    }
}
