//! What becomes of a good configuration with one thing in it changed: a configuration, or an error that names an element.
//!
//! `fixtures/config/mutants.txt` has the verdict on each of the mutants of `good/full.conf`, so that no verdict changes unnoticed. After a change
//! that was meant, look at each difference and write it anew: `UPDATE_MUTANTS=1 cargo test --lib mutations`. `fixtures/config/mutants-cedar.txt`
//! has those that Cedar itself refuses: whatever it accepts we accept, and the other way round, but for what [`explained`] names. How that file
//! was made stands in the folder's README.
//!
//! Left out are the sections that Cedar does not check when it loads a file (`capacity`, `cedarburn`), and hooks.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;

/// What is left out, by the beginning of the path.
const LEFT_OUT: [&str; 4] = ["capacity", "cedarburn", "options/pre_action_hook", "options/post_action_hook"];

/// What stands in for the text of an element.
const TEXTS: [&str; 40] = [
    "",
    " ",
    "?",
    "-1",
    "0",
    "1",
    "+4",
    " 4 ",
    "1_0",
    "4.0",
    "1e3",
    "1,3",
    "0x10",
    "3601",
    "4294967296",
    "999999999999999999999999999999999999999999999",
    "inf",
    "nan",
    "/",
    " /a",
    "/a ",
    "a/b",
    "0,0,0",
    "Y",
    "y",
    " Y",
    "Yes",
    "A",
    "a,b",
    "a1",
    "a.b",
    "all",
    "daily",
    "Daily",
    "local",
    "cdrw-80",
    "<![CDATA[/x]]>",
    "<x/>",
    "<!--c-->",
    "&#228;",
];

/// An element of `good/full.conf`.
struct Place {
    /// As messages have it.
    path: String,
    whole: Range<usize>,
    inside: Range<usize>,
    is_leaf: bool,
}

/// Every element, in the order of the file. Of those that stand once among their kind the path has no number.
fn places() -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (begin, _) in FULL.match_indices('<') {
        let end = begin + FULL[begin..].find('>').unwrap() + 1;
        let tag = &FULL[begin + 1..end - 1];
        if tag.starts_with(['?', '!']) {
            continue;
        }
        if tag.starts_with('/') {
            let place = &mut places[open.pop().unwrap()];
            place.inside.end = begin;
            place.whole.end = end;
            continue;
        }
        let parent = open.last().map(|&at| places[at].path.clone()).filter(|path| path != "cb_config");
        open.iter().for_each(|&at| places[at].is_leaf = false);
        open.push(places.len());
        let many = ["override", "peer", "file", "dir", "action", "pre_action_hook", "post_action_hook"];
        let path = parent.map_or(tag.to_owned(), |parent| format!("{parent}/{tag}"));
        let before = places
            .iter()
            .filter(|place| place.path.starts_with(&format!("{path}[")) && !place.path[path.len()..].contains('/'));
        let path = if many.contains(&tag) && !path.ends_with("hook/action") {
            format!("{path}[{}]", before.count() + 1)
        } else {
            path
        };
        places.push(Place { path, whole: begin..end, inside: end..end, is_leaf: true });
    }
    places.retain(|place| !LEFT_OUT.iter().any(|left_out| place.path.starts_with(left_out)));
    places
}

/// A configuration with one change.
struct Mutant {
    path: String,
    change: String,
    text: String,
}

fn mutants() -> Vec<Mutant> {
    let mut mutants: Vec<Mutant> = Vec::new();
    let mut known = BTreeSet::from([FULL.to_owned()]);
    for Place { path, whole, inside, is_leaf } in places() {
        let mut put = |change: &str, range: &Range<usize>, with: &str| {
            let mut text = FULL.to_owned();
            text.replace_range(range.clone(), with);
            if known.insert(text.clone()) {
                mutants.push(Mutant { path: path.clone(), change: change.to_owned(), text });
            }
        };
        let (element, content) = (&FULL[whole.clone()], &FULL[inside.clone()]);
        let name = &element[1..inside.start - whole.start - 1];
        put("not there", &whole, "");
        put("twice", &whole, &format!("{element}{element}"));
        put("in another element", &whole, &format!("<x>{element}</x>"));
        put("in capitals", &whole, &element.replace(&format!("{name}>"), &format!("{}>", name.to_uppercase())));
        put("empty", &inside, "");
        if is_leaf {
            put("behind a comment", &inside, &format!("<!--c-->{content}"));
            put("cut by an element", &inside, &format!("{}<x/>{}", &content[..1], &content[1..]));
            for text in TEXTS {
                put(&format!("{text:?}"), &inside, text);
            }
        }
    }
    mutants
}

/// The verdict without what is the mutant's own: its line, and the value.
fn verdict(text: &str) -> String {
    let without_line = |warning: &ConfigWarning| {
        let told = warning.to_string();
        told.split_once(" (line ").map_or(told.clone(), |(before, _)| before.to_owned())
    };
    match Config::parse(text.as_bytes()) {
        Ok(loaded) => {
            let what = if loaded.config == Doc::full().config() { "accepted, says the same" } else { "accepted" };
            loaded
                .warnings
                .iter()
                .fold(what.to_owned(), |told, warning| format!("{told}; warning: {}", without_line(warning)))
        }
        Err(ConfigError::BadValue { path, legal, .. }) => format!("{path} is not {legal}"),
        Err(ConfigError::MissingElement { path, legal, .. }) => format!("{path} is missing, it has to be {legal}"),
        Err(ConfigError::Duplicate { path, .. }) => format!("{path} is taken already"),
        Err(ConfigError::Conflict { path, reason, .. }) => format!("{path}: {reason}"),
        Err(ConfigError::WrongRoot { .. }) => "another root element".to_owned(),
        Err(ConfigError::Syntax { .. }) => "no XML".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// The changes of each element by what comes of them.
fn table() -> String {
    let mut table = String::new();
    let mut blocks: Vec<(String, BTreeMap<String, Vec<String>>)> = Vec::new();
    for Mutant { path, change, text } in mutants() {
        if blocks.last().is_none_or(|(last, _)| *last != path) {
            blocks.push((path, BTreeMap::new()));
        }
        let (_, block) = blocks.last_mut().unwrap();
        block.entry(verdict(&text)).or_default().push(change);
    }
    for (path, block) in blocks {
        writeln!(table, "{path}").unwrap();
        for (verdict, changes) in block {
            writeln!(table, "    {verdict}\n        {}", changes.join("  ")).unwrap();
        }
    }
    table
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config").join(name)
}

#[test]
fn the_verdict_on_each_mutant_is_the_one_that_was_looked_at() {
    let (found, path) = (table(), fixture("mutants.txt"));
    if std::env::var_os("UPDATE_MUTANTS").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap();
    let differs = found.lines().zip(known.lines()).find(|(found, known)| found != known);
    assert!(found == known, "verdicts changed, the first one that did, and what it was: {differs:?}");
}

#[test]
fn there_are_many_mutants_of_both_kinds_and_every_refusal_names_an_element() {
    let mutants = mutants();
    let refused: Vec<ConfigError> =
        mutants.iter().filter_map(|mutant| Config::parse(mutant.text.as_bytes()).err()).collect();
    assert!(refused.len() > 1000 && mutants.len() - refused.len() > 500, "{} of {}", refused.len(), mutants.len());
    for error in refused {
        let is_named = error.element_path().is_some_and(|path| error.to_string().contains(path));
        assert!(is_named || matches!(error, ConfigError::Syntax { .. }), "{error}");
    }
}

/// Why a verdict is not Cedar's, of those that are meant.
fn explained(path: &str, change: &str) -> Option<&'static str> {
    let without_text = ["not there", "empty", "in another element", "in capitals"];
    let has_no_text =
        without_text.contains(&change) || ["\"<![CDATA[/x]]>\"", "\"<x/>\"", "\"<!--c-->\""].contains(&change);
    Some(match path {
        "store/device_type" if has_no_text => "absent it follows the medium; for Cedar it is cdwriter then",
        "store/blank_behavior/mode" | "store/blank_behavior/factor" if has_no_text => {
            "half a strategy: Cedar fails, or ignores it, when it runs"
        }
        "store/refresh_media_delay" | "store/eject_delay"
            if ["\"3601\"", "\"4294967296\""].contains(&change) || change.starts_with("\"999999") =>
        {
            "more than an hour is a slip"
        }
        "collect/exclude/pattern" | "collect/dir[2]/exclude/pattern" if ["\"?\"", "\"+4\""].contains(&change) => {
            "patterns are Python's, and looked at by nobody here"
        }
        _ => return None,
    })
}

#[test]
fn what_cedar_accepts_is_accepted_and_what_it_refuses_refused_but_for_what_is_explained() {
    let refused_by_cedar = fs::read_to_string(fixture("mutants-cedar.txt")).unwrap();
    let refused_by_cedar: BTreeSet<&str> = refused_by_cedar.lines().collect();
    let mutants = mutants();
    let names: Vec<String> = mutants.iter().map(|Mutant { path, change, .. }| format!("{path}: {change}")).collect();
    if let Some(folder) = std::env::var_os("WRITE_MUTANTS_TO").map(PathBuf::from) {
        fs::create_dir_all(&folder).unwrap();
        for (number, mutant) in mutants.iter().enumerate() {
            fs::write(folder.join(format!("{number:04}.conf")), &mutant.text).unwrap();
        }
        fs::write(folder.join("names"), names.join("\n")).unwrap();
    }
    let unknown: Vec<_> = refused_by_cedar.iter().filter(|name| !names.iter().any(|known| known == *name)).collect();
    assert!(unknown.is_empty(), "mutants that are none: {unknown:?}");
    let mut unexplained = Vec::new();
    for (Mutant { path, change, text }, name) in mutants.iter().zip(&names) {
        let differs = Config::parse(text.as_bytes()).is_err() != refused_by_cedar.contains(name.as_str());
        if differs != explained(path, change).is_some() {
            unexplained.push(name);
        }
    }
    assert!(unexplained.is_empty(), "not as Cedar, or as Cedar although something else is explained: {unexplained:#?}");
}

#[test]
fn no_lost_byte_panics() {
    for at in (0..FULL.len()).filter(|&at| FULL.is_char_boundary(at)) {
        let mut variant = FULL.as_bytes().to_vec();
        variant.remove(at);
        if let Err(error) = Config::parse(&variant) {
            assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn no_foreign_byte_panics() {
    for (at, foreign) in (0..FULL.len()).step_by(7).zip([b'<', b'&', b'>', b'"', b']', 0, 0xff].into_iter().cycle()) {
        let mut variant = FULL.as_bytes().to_vec();
        variant[at] = foreign;
        if let Err(error) = Config::parse(&variant) {
            assert!(!error.to_string().is_empty());
        }
    }
}
