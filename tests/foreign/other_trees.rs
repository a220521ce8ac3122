//! What readers show that know no Rock Ridge: the Joliet tree, as Windows does, and the bare ISO 9660 names.
//!
//! The rules of the names are written down here once more, by what the standards and `README.md` say and not by the
//! generator's code. Where several names would become one, any is right that is legal and nobody else's.

use std::collections::{BTreeMap, BTreeSet};

use cedarburn::iso::generator::plan::AttributePolicy;

use crate::foreign::compare::Reader;
use crate::foreign::differences::{self, JOLIET, PLAIN, SHORTER, Section};
use crate::foreign::disc;
use crate::foreign::document::Table;
use crate::foreign::image::Image;
use crate::foreign::limit_tree::{LimitTree, below};
use crate::foreign::listing::{Entry, Kind, Listing, of_extraction};
use crate::foreign::programs::require_all;
use crate::foreign::sessions::Sessions;
use crate::foreign::{bsdtar, isofs, isoinfo, pycdlib, seven_zip, xorriso};

/// The name Windows shows, if no other name of the directory becomes the same.
fn joliet_name(name: &[u8]) -> String {
    let mut text = String::new();
    for part in name.utf8_chunks() {
        let plain = |c: char| if c.is_control() || "*/:;?\\".contains(c) { '_' } else { c };
        text.extend(part.valid().chars().map(plain));
        text.extend(part.invalid().iter().map(|_| '_'));
    }
    if text.ends_with(['.', ' ']) {
        text.pop();
        text.push('_');
    }
    text
}

fn is_legal_in_joliet(name: &str) -> bool {
    name.encode_utf16().count() <= 64 && joliet_name(name.as_bytes()) == name
}

/// ECMA-119 7.5 and 7.6, interchange level 3, with the version and the dot that readers take off.
fn is_legal_in_iso_9660(name: &str, is_directory: bool) -> bool {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if is_directory {
        return plain(name) && (1..=31).contains(&name.len());
    }
    let name = name.strip_suffix(";1").unwrap_or(name);
    let (base, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    plain(base) && plain(extension) && base.len() + extension.len() <= 30 && !(base.is_empty() && extension.is_empty())
}

/// Everything that is a file or a directory, how often: names aside.
fn contents(listing: &Listing) -> BTreeMap<(bool, Option<u64>, Option<String>), usize> {
    let mut counted = BTreeMap::new();
    for entry in listing.values() {
        *counted.entry((entry.kind == Kind::Directory, entry.size, entry.sha256.clone())).or_default() += 1;
    }
    counted
}

/// The differences in words: contents first, then the names by `is_legal`, then those that are known.
fn differences(
    expected: &Listing,
    shown: &Listing,
    is_legal: impl Fn(&str, bool) -> bool,
    known: &BTreeSet<Vec<u8>>,
) -> Vec<String> {
    let mut found = Vec::new();
    // A reader that tells no digest is judged by the sizes.
    let tells_digests = shown.values().any(|entry| entry.sha256.is_some());
    let mut expected = expected.clone();
    for entry in expected.values_mut().filter(|_| !tells_digests) {
        entry.sha256 = None;
    }
    let (wanted, got) = (contents(&expected), contents(shown));
    for (what, count) in &wanted {
        let there = got.get(what).copied().unwrap_or_default();
        if there != *count {
            found.push(format!("{count} of {what:?} are {there}"));
        }
    }
    found.extend(got.keys().filter(|what| !wanted.contains_key(what)).map(|what| format!("{what:?} is nobody's")));
    let mut folded = BTreeSet::new();
    for (path, entry) in shown {
        let name = path.rsplit(|&b| b == b'/').next().unwrap_or_default();
        let text = String::from_utf8_lossy(name);
        if !is_legal(&text, entry.kind == Kind::Directory) {
            found.push(format!("/{} is no legal name", path.escape_ascii()));
        }
        if !folded.insert(String::from_utf8_lossy(path).to_lowercase()) {
            found.push(format!("/{} is there twice but for the case", path.escape_ascii()));
        }
    }
    found.extend(
        known
            .iter()
            .filter(|path| !shown.contains_key(*path))
            .map(|path| format!("/{} is missing", path.escape_ascii())),
    );
    found
}

/// What a Joliet tree has of the files, and the names it has to show: those that are legal as they are, or become a name that is
/// no other's.
fn in_joliet_tree(all: &Listing) -> (Listing, BTreeSet<Vec<u8>>) {
    let mut expected = all.clone();
    expected.retain(|_, entry| matches!(entry.kind, Kind::File | Kind::Directory));
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let path_of = |path: &[u8]| path.split(|&b| b == b'/').map(joliet_name).collect::<Vec<_>>().join("/");
    for path in expected.keys() {
        *names.entry(path_of(path).to_lowercase()).or_default() += 1;
    }
    let is_known = |path: &String| {
        names[&path.to_lowercase()] == 1 && path.split('/').all(|name| name.encode_utf16().count() <= 64)
    };
    let paths = expected.keys().map(|path| path_of(path)).filter(is_known);
    let known: BTreeSet<Vec<u8>> = paths.map(String::into_bytes).collect();
    assert!(known.len() > 300, "{}", known.len());
    (expected, known)
}

#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc, perl, pycdlib and root"]
fn a_later_sessions_joliet_tree_shows_windows_the_files_of_all_sessions() {
    require_all();
    let top = tempfile::TempDir::new().expect("a temporary directory");
    for is_overwritable in [false, true] {
        let name = if is_overwritable { "overwritable" } else { "sequential" };
        let mut disc = Sessions::new(&top.path().join(name), AttributePolicy::Rationalized, is_overwritable);
        disc.joliet = true;
        let mut all = Listing::new();
        for (start, day) in [(32, "first"), (20_000, "second")] {
            let tree = LimitTree::make(&top.path().join(name.to_owned() + day), u64::from(start));
            disc.append(start, &tree.top, day);
            all.extend(below(day, &tree.expected()));
            all.insert(day.into(), Entry::new(Kind::Directory));
        }
        let image = Image::new(&disc.disc, if is_overwritable { 0 } else { 20_000 });
        let (expected, known) = in_joliet_tree(&all);
        for (reader, shown) in [
            (Reader::SevenZip, of_extraction(&seven_zip::extract(&image))),
            (Reader::Isofs, isofs::list_mounted(&image, "ro,norock,utf8", true)),
        ] {
            let found = differences(&expected, &shown, |name, _| is_legal_in_joliet(name), &known);
            assert!(found.is_empty(), "{name}, {reader:?}:\n{}", found.join("\n"));
        }
    }
}

#[test]
#[ignore = "needs xorriso, isoinfo, 7z, bsdtar, linux.uml, cc, perl, pycdlib and root"]
fn the_table_says_what_readers_show_without_rock_ridge() {
    require_all();
    let top = tempfile::TempDir::new().expect("a temporary directory");
    let tree = LimitTree::make(&top.path().join("tree"), 1);
    let all = tree.expected();
    let image = disc::image(&top.path().join("joliet.iso"), &tree.top, "", &["--joliet"]);
    let (mut expected, known) = in_joliet_tree(&all);

    let mut wrong = Vec::new();
    let section = Section::new(differences::OTHER_TREES);
    let judge = |reader: Reader, row: &str, shown: Result<Listing, String>, found: &dyn Fn(&Listing) -> Vec<String>| {
        let text = match shown {
            Err(said) => {
                eprintln!("{reader:?} {row}: {said}");
                "refuses".to_owned()
            }
            Ok(shown) => match found(&shown) {
                differences if differences.is_empty() => "yes".to_owned(),
                differences => {
                    eprintln!("{reader:?} {row}:\n{}", differences[..differences.len().min(30)].join("\n"));
                    // Names that look otherwise, with the right contents.
                    let missing = differences.iter().filter(|difference| difference.ends_with(" is missing")).count();
                    if missing == differences.len() { format!("all but {missing} names") } else { "no".to_owned() }
                }
            },
        };
        section.cell(reader, row, &text)
    };
    let in_joliet = |shown: &Listing| differences(&expected, shown, |name, _| is_legal_in_joliet(name), &known);
    let joliet_row = vec![
        JOLIET.to_owned(),
        judge(Reader::Xorriso, JOLIET, Ok(of_extraction(&xorriso::extract_tree(&image, "norock"))), &in_joliet),
        judge(Reader::Isoinfo, JOLIET, isoinfo::list_tree(&image, &["-J"]), &in_joliet),
        judge(Reader::SevenZip, JOLIET, Ok(of_extraction(&seven_zip::extract(&image))), &in_joliet),
        judge(
            Reader::Bsdtar,
            JOLIET,
            bsdtar::extract_with(&image, "joliet", &["--options", "iso9660:!rockridge"]).map(|at| of_extraction(&at)),
            &in_joliet,
        ),
        judge(Reader::Isofs, JOLIET, Ok(isofs::list_mounted(&image, "ro,norock,utf8", true)), &in_joliet),
        judge(Reader::Pycdlib, JOLIET, pycdlib::list_tree(image.view(), pycdlib::Names::Joliet, true), &in_joliet),
    ];

    // Once more without the paths of thousands of bytes.
    std::fs::remove_dir_all(tree.top.join("path")).expect("an own directory");
    let shorter = disc::image(&top.path().join("shorter.iso"), &tree.top, "", &["--joliet"]);
    let is_short = |path: &[u8]| path != b"path" && !path.starts_with(b"path/");
    expected.retain(|path, _| is_short(path));
    let known: BTreeSet<Vec<u8>> = known.into_iter().filter(|path| is_short(path)).collect();
    let in_joliet = |shown: &Listing| differences(&expected, shown, |name, _| is_legal_in_joliet(name), &known);
    let shown =
        bsdtar::extract_with(&shorter, "shorter", &["--options", "iso9660:!rockridge"]).map(|at| of_extraction(&at));
    let mut shorter_row = vec!["not asked".to_owned(); 7];
    shorter_row[0] = SHORTER.to_owned();
    shorter_row[4] = judge(Reader::Bsdtar, SHORTER, shown, &in_joliet);

    // Links and special files are empty files there.
    let mut plain = all;
    for entry in plain.values_mut().filter(|entry| !matches!(entry.kind, Kind::File | Kind::Directory)) {
        entry.kind = Kind::File;
        (entry.size, entry.sha256) = (Some(0), Some(EMPTY.to_owned()));
    }
    let none = BTreeSet::new();
    let in_plain = |shown: &Listing| differences(&plain, shown, is_legal_in_iso_9660, &none);
    let bare = "iso9660:!rockridge,iso9660:!joliet";
    let plain_row = vec![
        PLAIN.to_owned(),
        judge(Reader::Xorriso, PLAIN, Ok(of_extraction(&xorriso::extract_tree(&image, "ecma119"))), &in_plain),
        judge(Reader::Isoinfo, PLAIN, isoinfo::list_tree(&image, &[]), &in_plain),
        "not asked".to_owned(),
        judge(
            Reader::Bsdtar,
            PLAIN,
            bsdtar::extract_with(&image, "bare", &["--options", bare]).map(|at| of_extraction(&at)),
            &in_plain,
        ),
        judge(Reader::Isofs, PLAIN, Ok(isofs::list_mounted(&image, "ro,norock,nojoliet,map=off", true)), &in_plain),
        judge(Reader::Pycdlib, PLAIN, pycdlib::list_tree(image.view(), pycdlib::Names::Plain, true), &in_plain),
    ];
    let columns = ["property", "xorriso", "isoinfo", "7-Zip", "bsdtar", "Linux", "pycdlib"].map(str::to_owned).to_vec();
    wrong.extend(section.settle("", &Table { columns, rows: vec![joliet_row, shorter_row, plain_row] }));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// SHA-256 of nothing.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn the_rules_of_names_tell_legal_from_illegal() {
    assert_eq!(joliet_name(b"a*b\xe4 c."), "a_b_ c_");
    assert!(is_legal_in_joliet(&"n".repeat(64)) && !is_legal_in_joliet(&"n".repeat(65)) && !is_legal_in_joliet("a:b"));
    for (name, is_directory, is_legal) in [
        ("A.B;1", false, true),
        ("A", true, true),
        ("A.B", true, false),
        ("a.B;1", false, false),
        ("A.B.C;1", false, false),
    ] {
        assert_eq!(is_legal_in_iso_9660(name, is_directory), is_legal, "{name}");
    }
}
