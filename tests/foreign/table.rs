//! The limit tree, on every layout, in every reader.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cedarburn::iso::generator::plan::AttributePolicy;

use crate::foreign::compare::Reader;
use crate::foreign::differences::{self, AS_EXACT, CARRIED, L950, L1024, L1365, L2000, L3000, OWN, Section};
use crate::foreign::disc;
use crate::foreign::document::Table;
use crate::foreign::image::{Image, chain_of_overwritable, volume_sectors};
use crate::foreign::limit_tree::{LimitTree, below, rationalized, targets};
use crate::foreign::listing::{Entry, Kind, Listing, of_directory};
use crate::foreign::programs::{attempt, program, require_all};
use crate::foreign::properties::{Example, Property, Scores, from_nowhere, score};
use crate::foreign::readers::{READERS, list};
use crate::foreign::sessions::Sessions;
use crate::foreign::xorriso;

/// Daily directories as store makes them.
const FIRST: &str = "2026/11/16";
const SECOND: &str = "2026/11/17";
/// Behind 4 GiB.
const FAR: u32 = 2_200_000;

/// What a reader makes of a session: scores by daily directory, or what it says when it gives up.
type Outcome = Result<BTreeMap<&'static str, Scores>, String>;

struct Days {
    trees: Vec<(&'static str, LimitTree)>,
    policy: AttributePolicy,
}

impl Days {
    fn make(top: &Path, policy: AttributePolicy, days: &[&'static str]) -> Days {
        let trees = (1..).zip(days).map(|(seed, &day)| (day, LimitTree::make(&top.join(day), seed))).collect();
        Days { trees, policy }
    }

    fn expected(&self, day: &'static str) -> Listing {
        let (_, tree) = self.trees.iter().find(|(name, _)| *name == day).expect("a day that was made");
        match self.policy {
            AttributePolicy::Exact => below(day, &tree.expected()),
            AttributePolicy::Rationalized => below(day, &rationalized(tree.expected())),
        }
    }

    fn examples(&self, day: &'static str) -> Vec<Example> {
        let (_, tree) = self.trees.iter().find(|(name, _)| *name == day).expect("a day that was made");
        let at = |path: &[u8]| [day.as_bytes(), b"/", path].concat();
        tree.examples.iter().map(|(path, property)| (at(path), *property)).collect()
    }

    fn measure(&self, reader: Reader, image: &Image, days: &[&'static str]) -> Outcome {
        let shown = list(reader, image)?;
        if shown.is_empty() {
            return Err("shows an empty tree".to_owned());
        }
        let mut all = Listing::new();
        for &day in days {
            all.extend(self.expected(day));
            let mut above = day;
            while !above.is_empty() {
                all.insert(above.as_bytes().to_vec(), Entry::new(Kind::Directory));
                above = above.rsplit_once('/').map_or("", |(above, _)| above);
            }
        }
        let strangers = from_nowhere(&all, &shown);
        assert!(strangers.is_empty(), "{reader:?} shows what is not there: {strangers:?}");
        let scores = |&day: &&'static str| (day, score(&self.expected(day), &shown, &self.examples(day)));
        Ok(days.iter().map(scores).collect())
    }
}

fn heading(first: &str) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(READERS.iter().map(|reader| reader.title().to_owned())).collect()
}

/// All properties, a row each.
fn whole_table(section: &Section, outcomes: &[Outcome], day: &'static str) -> Table {
    let mut table = Table { columns: heading("property"), rows: Vec::new() };
    for property in Property::ALL {
        let mut row = vec![property.title().to_owned()];
        for (&reader, outcome) in READERS.iter().zip(outcomes) {
            let text = match outcome {
                Ok(scores) => scores[day][&property].to_string(),
                Err(_) => "refuses".to_owned(),
            };
            row.push(section.cell(reader, property.title(), &text));
        }
        table.rows.push(row);
    }
    table
}

/// Whether a reader shows all that it shows of a single image, and the rows in which it does not.
fn differing_table(
    section: &Section,
    single: &[Outcome],
    outcomes: &[Outcome],
    days: &[(&'static str, &str)],
) -> Table {
    let single: Vec<&Scores> =
        single.iter().map(|outcome| &outcome.as_ref().expect("a single image is read")[FIRST]).collect();
    let mut table = Table { columns: heading("property"), rows: Vec::new() };
    for &(day, title) in days {
        let is_as_single = |index: usize| outcomes[index].as_ref().map(|scores| scores[day] == *single[index]);
        let mut row = vec![title.to_owned()];
        for (index, &reader) in READERS.iter().enumerate() {
            let text = match is_as_single(index) {
                Ok(true) => "yes",
                Ok(false) => "partly",
                Err(_) => "refuses",
            };
            row.push(section.cell(reader, title, text));
        }
        table.rows.push(row);
        for property in Property::ALL {
            let differs = |index: usize| {
                outcomes[index].as_ref().is_ok_and(|scores| scores[day][&property] != single[index][&property])
            };
            if !(0..READERS.len()).any(differs) {
                continue;
            }
            let mut row = vec![format!("{title}: {}", property.title())];
            for (index, outcome) in outcomes.iter().enumerate() {
                row.push(match outcome {
                    Ok(scores) if differs(index) => {
                        section.cell(READERS[index], property.title(), &scores[day][&property].to_string())
                    }
                    _ => "=".to_owned(),
                });
            }
            table.rows.push(row);
        }
    }
    table
}

fn measure_all(days: &Days, image: &Image, shown: &[&'static str]) -> Vec<Outcome> {
    let outcomes: Vec<Outcome> = READERS.iter().map(|&reader| days.measure(reader, image, shown)).collect();
    for (reader, outcome) in READERS.iter().zip(&outcomes) {
        if let Err(said) = outcome {
            eprintln!("{reader:?} gives up: {said}");
        }
    }
    outcomes
}

/// Structure only: path tables, overlapping files.
fn isovfy(image: &Image) -> Result<(), String> {
    let said = attempt(program("isovfy").arg(image.view()))?;
    let said = String::from_utf8_lossy(&said);
    if said.contains("No errors found") { Ok(()) } else { Err(said.into_owned()) }
}

#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc, perl, pycdlib and root"]
fn the_table_says_what_every_reader_shows_of_the_limit_tree() {
    require_all();
    let top = tempfile::TempDir::new().expect("a temporary directory");
    let mut wrong = Vec::new();
    let days = Days::make(&top.path().join("days"), AttributePolicy::Exact, &[FIRST, SECOND]);
    let (first, second) = (top.path().join("days").join(FIRST), top.path().join("days").join(SECOND));
    let mut check = |name: &str, image: &Image| {
        wrong.extend(isovfy(image).err().map(|said| format!("isovfy: {name}: {said}")));
    };

    let image = disc::image(&top.path().join("single.iso"), &first, FIRST, &["--attributes", "exact"]);
    check("single", &image);
    let outcomes = measure_all(&days, &image, &[FIRST]);
    let section = Section::new(differences::SINGLE);
    let table = whole_table(&section, &outcomes, FIRST);
    let mut all = section.settle("", &table);

    let mut later = Sessions::new(&top.path().join("later.iso"), AttributePolicy::Exact, false);
    later.append(0, &first, FIRST);
    later.append(FAR, &second, SECOND);
    let image = Image::new(&later.disc, FAR);
    check("later", &image);
    let carried = measure_all(&days, &image, &[FIRST, SECOND]);
    let section = Section::new(differences::LATER);
    let table = differing_table(&section, &outcomes, &carried, &[(SECOND, OWN), (FIRST, CARRIED)]);
    all.extend(section.settle("", &table));

    let mut rewritable = Sessions::new(&top.path().join("overwritable.iso"), AttributePolicy::Exact, true);
    rewritable.append(32, &first, FIRST);
    let second_start = chain_end(&rewritable.disc);
    rewritable.append(second_start, &second, SECOND);
    assert_eq!(xorriso::sessions(&rewritable.disc), [32, second_start]);
    let image = Image::new(&rewritable.disc, 0);
    check("overwritable", &image);
    let newest = measure_all(&days, &image, &[FIRST, SECOND]);
    let section = Section::new(differences::NEWEST);
    let table = differing_table(&section, &outcomes, &newest, &[(SECOND, OWN), (FIRST, CARRIED)]);
    all.extend(section.settle("", &table));
    // A third session, so that the second one is an earlier one too.
    std::fs::create_dir(top.path().join("third")).expect("a new directory");
    rewritable.append(chain_end(&rewritable.disc), &top.path().join("third"), "third");
    let earlier = measure_all(&days, &Image::new(&rewritable.disc, second_start), &[FIRST, SECOND]);
    let section = Section::new(differences::EARLIER);
    let table = differing_table(&section, &outcomes, &earlier, &[(SECOND, OWN), (FIRST, CARRIED)]);
    all.extend(section.settle("", &table));

    let days = Days { policy: AttributePolicy::Rationalized, ..days };
    let image = disc::image(&top.path().join("rationalized.iso"), &first, FIRST, &[]);
    let rationalized = measure_all(&days, &image, &[FIRST]);
    let section = Section::new(differences::RATIONALIZED);
    let table = differing_table(&section, &outcomes, &rationalized, &[(FIRST, AS_EXACT)]);
    all.extend(section.settle("", &table));

    wrong.extend(all);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where the next session of an overwritable disc begins.
fn chain_end(disc: &Path) -> u32 {
    let start = *chain_of_overwritable(disc).last().expect("a session");
    (start + volume_sectors(disc, start).expect("a volume")).next_multiple_of(32)
}

/// A link whose target one of them can't take makes some readers refuse or crash on the whole image, so such targets
/// have images of their own.
#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc, perl, pycdlib and root"]
fn the_table_says_what_every_reader_shows_of_long_link_targets() {
    require_all();
    let section = Section::new(differences::LONG);
    let mut table = Table { columns: heading("property"), rows: Vec::new() };
    table.columns.push("isovfy".to_owned());
    for (title, lengths) in [
        (L950, [950, 1023]),
        (L1024, [1024, 1300]),
        (L1365, [1365, 1900]),
        (L2000, [2000, 2100]),
        (L3000, [3000, 4095]),
    ] {
        let top = tempfile::TempDir::new().expect("a temporary directory");
        let day = top.path().join("day");
        std::fs::create_dir(&day).expect("a new directory");
        for (name, target) in lengths.into_iter().flat_map(targets) {
            std::os::unix::fs::symlink(OsStr::from_bytes(&target), day.join(name)).expect("a new link");
        }
        let expected = below("links", &of_directory(&day));
        let image = disc::image(&top.path().join("links.iso"), &day, "links", &["--attributes", "exact"]);
        let mut row = vec![title.to_owned()];
        for reader in READERS {
            let text = match list(reader, &image) {
                Err(_) => "refuses".to_owned(),
                Ok(shown) => {
                    let examples: Vec<Example> =
                        expected.keys().map(|path| (path.clone(), Property::Targets)).collect();
                    score(&expected, &shown, &examples)[&Property::Targets].to_string()
                }
            };
            row.push(section.cell(reader, title, &text));
        }
        row.push(match isovfy(&image) {
            Ok(()) => "no error".to_owned(),
            // 128 + SIGSEGV where a shell stands between.
            Err(said) if said.starts_with("signal: ") => "crashes".to_owned(),
            Err(said) => panic!("isovfy: {title}: {said}"),
        });
        table.rows.push(row);
    }
    let wrong = section.settle("", &table);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the readers would show if the times were in the 17-byte form of TF (RRIP 4.1.6): our TF entries with three
/// short times are replaced, in their place, by entries with one long time and a padding entry.
#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc, perl, pycdlib and root"]
fn the_table_says_what_readers_would_show_of_times_in_the_long_form() {
    require_all();
    let top = tempfile::TempDir::new().expect("a temporary directory");
    let days = Days::make(&top.path().join("days"), AttributePolicy::Exact, &[FIRST]);
    let first = top.path().join("days").join(FIRST);
    let image = disc::image(&top.path().join("single.iso"), &first, FIRST, &["--attributes", "exact"]);
    let mut bytes = std::fs::read(&image.disc).expect("an image");
    let mut replaced = 0;
    for at in 0..bytes.len() - 26 {
        if bytes[at..].starts_with(b"TF\x1a\x01\x0e") {
            let long = long_form(&bytes[at + 5..at + 12]);
            bytes[at..at + 26].copy_from_slice(&long);
            replaced += 1;
        }
    }
    assert!(replaced > 500, "{replaced} times");
    std::fs::write(&image.disc, bytes).expect("room for an image");
    let outcomes = measure_all(&days, &image, &[FIRST]);
    let section = Section::new(differences::LONG_TIMES);
    let mut table = Table { columns: heading("property"), rows: Vec::new() };
    for property in [Property::TimesBefore1970, Property::Times, Property::TimesAfter2038, Property::Fractions] {
        let mut row = vec![property.title().to_owned()];
        for (&reader, outcome) in READERS.iter().zip(&outcomes) {
            let text =
                outcome.as_ref().map_or_else(|_| "refuses".to_owned(), |scores| scores[FIRST][&property].to_string());
            row.push(section.cell(reader, property.title(), &text));
        }
        table.rows.push(row);
    }
    let wrong = section.settle("", &table);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A TF entry with one time, a quarter of a second later, and PD (SUSP 5.2) for what is left of 26 bytes.
fn long_form(short: &[u8]) -> [u8; 26] {
    let [year, month, day, hour, minute, second, zone] = *short else { panic!("a date has 7 bytes") };
    let digits = format!("{:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}25", 1900 + u32::from(year));
    let mut entries = [0; 26];
    entries[..5].copy_from_slice(b"TF\x16\x01\x82");
    entries[5..21].copy_from_slice(digits.as_bytes());
    entries[21] = zone;
    entries[22..].copy_from_slice(b"PD\x04\x01");
    entries
}
