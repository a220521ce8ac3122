//! The comparison of what a disc has to show with what a reader shows, and the list of what readers can't show.

use std::fmt::Debug;

use crate::foreign::listing::{Entry, Kind, Listing};

/// The programs and the crate that read our discs without having written them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// libisofs, as it lists.
    Xorriso,
    /// libisofs, as it restores.
    XorrisoExtraction,
    /// cdrkit's.
    Isoinfo,
    /// 7-Zip, as it lists.
    SevenZip,
    /// 7-Zip, as it restores.
    SevenZipExtraction,
    /// libarchive, as it lists.
    Bsdtar,
    /// libarchive, as it restores.
    BsdtarExtraction,
    /// The Linux kernel.
    Isofs,
    /// The Rust crate hadris-iso.
    Hadris,
    /// The Python library pycdlib.
    Pycdlib,
}

impl Reader {
    /// As the document calls it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Reader::Xorriso => "xorriso 1.5.4 lists",
            Reader::XorrisoExtraction => "xorriso restores",
            Reader::Isoinfo => "isoinfo 1.1.11",
            Reader::SevenZip => "7-Zip 26.02 lists",
            Reader::SevenZipExtraction => "7-Zip restores",
            Reader::Bsdtar => "bsdtar 3.6.2 lists",
            Reader::BsdtarExtraction => "bsdtar restores",
            Reader::Isofs => "Linux 6.1",
            Reader::Hadris => "hadris-iso 3.0.0-rc.2",
            Reader::Pycdlib => "pycdlib 1.12.0",
        }
    }
}

/// How a comparison is relaxed for a reader. Nothing is relaxed but what one of these says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Relief {
    /// Every name on a path is looked for as this returns it.
    Names(fn(&[u8]) -> Vec<u8>),
    /// A name of at least so many bytes may be shown cut.
    CutNames(usize),
    /// What has a name of at least so many bytes may have any other name in the same directory, one nothing else has.
    /// Everything else that is said of it has to be right.
    AnyName(usize),
    /// A path may be missing. Where it is shown, everything has to be right.
    Lacking(fn(&[u8], &Entry) -> bool),
    /// A path is not looked for, and nothing is said of what stands there.
    Unseen(fn(&[u8], &Entry) -> bool),
    /// The reader gives up on a disc like this one, saying so. It is not asked about such a disc, and it has to refuse.
    Refuses(fn(&Listing) -> bool, &'static str),
    /// The reader takes a disc like this one for empty without a word. It has to show nothing at all.
    Nothing(fn(&Listing) -> bool),
    /// Takes what can't be compared out of the expectation for a path.
    Fields(fn(&[u8], &mut Entry)),
}

/// Something a reader gets wrong or can't show whoever wrote the disc, and how we know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) reader: Reader,
    pub(crate) relief: Relief,
    pub(crate) why: &'static str,
}

/// What is written below this directory is the program's own: it is no file of the staging area.
const OWN: &[u8] = b".cedarburn";

/// The differences between what the disc has to show and what `reader` shows, a line each, none when it is right.
pub(crate) fn compare(expected: &Listing, shown: &Listing, reader: Reader, limits: &[Limit]) -> Vec<String> {
    let limits: Vec<&Limit> = limits.iter().filter(|limit| limit.reader == reader).collect();
    let mut differences = Vec::new();
    let mut renamed = Vec::new();
    let mut rest = shown.clone();
    rest.retain(|path, _| path.split(|&b| b == b'/').next() != Some(OWN));
    for (path, entry) in expected {
        let mut at = path.clone();
        let mut entry = entry.clone();
        for limit in &limits {
            match limit.relief {
                Relief::Names(shown_as) => at = at.split(|&b| b == b'/').map(shown_as).collect::<Vec<_>>().join(&b'/'),
                Relief::Fields(forget) => forget(path, &mut entry),
                Relief::Unseen(_)
                | Relief::Lacking(_)
                | Relief::AnyName(_)
                | Relief::Refuses(..)
                | Relief::Nothing(_) => {}
                Relief::CutNames(from) => {
                    if let Some(cut) = cut_name(&at, from, &rest) {
                        at = cut;
                    }
                }
            }
        }
        let name = path.escape_ascii();
        let relieved =
            |which: fn(Relief, &[u8], &Entry) -> bool| limits.iter().any(|limit| which(limit.relief, path, &entry));
        let unseen = relieved(|relief, path, entry| matches!(relief, Relief::Unseen(applies) if applies(path, entry)));
        if unseen {
            rest.remove(&at);
            continue;
        }
        let lacking =
            relieved(|relief, path, entry| matches!(relief, Relief::Lacking(applies) if applies(path, entry)));
        let any_name =
            relieved(|relief, path, _| matches!(relief, Relief::AnyName(from) if last_name(path).len() >= from));
        match rest.remove(&at) {
            None if lacking => {}
            None if any_name => renamed.push((at, entry)),
            None => differences.push(format!("{reader:?}: /{name} is missing")),
            Some(found) => {
                for what in differing_fields(&entry, &found) {
                    differences.push(format!("{reader:?}: /{name}: {what}"));
                }
            }
        }
    }
    // Last, so that nothing is taken that another path needs.
    for (at, entry) in renamed {
        let alike = |(path, found): &(&Vec<u8>, &Entry)| {
            directory(path) == directory(&at) && differing_fields(&entry, found).is_empty()
        };
        match rest.iter().find(alike).map(|(path, _)| path.clone()) {
            Some(path) => {
                rest.remove(&path);
            }
            None => {
                differences.push(format!("{reader:?}: /{} is missing, whatever its name", at.escape_ascii()));
            }
        }
    }
    for (path, entry) in rest {
        differences.push(format!(
            "{reader:?}: /{} ({:?}) does not belong on the disc",
            path.escape_ascii(),
            entry.kind
        ));
    }
    for limit in limits {
        if !differences.is_empty() {
            differences.push(format!("({reader:?} is judged mildly in this: {})", limit.why));
        }
    }
    differences
}

/// As [`compare`], where the reader may have given up with a message.
pub(crate) fn judge(
    expected: &Listing,
    shown: Result<Listing, String>,
    reader: Reader,
    limits: &[Limit],
) -> Vec<String> {
    let mut limits_of_reader = limits.iter().filter(|limit| limit.reader == reader);
    if limits_of_reader.clone().any(|limit| matches!(limit.relief, Relief::Nothing(applies) if applies(expected))) {
        return match shown {
            Ok(shown) if shown.is_empty() => Vec::new(),
            Ok(shown) => vec![format!("{reader:?} was known to show nothing and shows {} paths", shown.len())],
            Err(said) => vec![format!("{reader:?} was known to show nothing and gives up: {said}")],
        };
    }
    let refusal = limits_of_reader.find_map(|limit| match limit.relief {
        Relief::Refuses(applies, message) if applies(expected) => Some(message),
        _ => None,
    });
    match (shown, refusal) {
        (Ok(shown), None) => compare(expected, &shown, reader, limits),
        (Err(said), Some(message)) if said.contains(message) => Vec::new(),
        (Err(said), _) => vec![format!("{reader:?} gives up: {said}")],
        (Ok(_), Some(message)) => vec![format!("{reader:?} reads what it was known to refuse ({message})")],
    }
}

/// The last name of a path.
pub(crate) fn last_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&b| b == b'/').next().unwrap_or(path)
}

/// The path without its last name.
fn directory(path: &[u8]) -> &[u8] {
    &path[..path.len() - last_name(path).len()]
}

/// The path `shown` has in place of `path` when it cuts the last name.
fn cut_name(path: &[u8], from: usize, shown: &Listing) -> Option<Vec<u8>> {
    let start = directory(path).len();
    if path.len() - start < from || shown.contains_key(path) {
        return None;
    }
    (start + 1..path.len()).rev().map(|end| path[..end].to_vec()).find(|cut| shown.contains_key(cut))
}

fn differing_fields(expected: &Entry, shown: &Entry) -> Vec<String> {
    let mut differences = Vec::new();
    if expected.kind != shown.kind {
        return vec![format!("is a {:?}, shown as {:?}", expected.kind, shown.kind)];
    }
    let octal = |mode: &Option<u32>| mode.map(|mode| format!("{mode:o}"));
    let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| bytes.escape_ascii().to_string());
    field(&mut differences, "mode", &octal(&expected.mode), &octal(&shown.mode));
    field(&mut differences, "owner", &expected.uid, &shown.uid);
    field(&mut differences, "group", &expected.gid, &shown.gid);
    field(&mut differences, "time", &expected.mtime, &shown.mtime);
    if expected.kind == Kind::File {
        field(&mut differences, "size", &expected.size, &shown.size);
        field(&mut differences, "links", &expected.links, &shown.links);
        field(&mut differences, "SHA-256", &expected.sha256, &shown.sha256);
    }
    if expected.kind == Kind::Symlink {
        field(&mut differences, "target", &text(&expected.target), &text(&shown.target));
    }
    differences
}

fn field<T: PartialEq + Debug>(differences: &mut Vec<String>, name: &str, expected: &Option<T>, shown: &Option<T>) {
    if let (Some(expected), Some(shown)) = (expected, shown)
        && expected != shown
    {
        differences.push(format!("{name} is {expected:?}, shown as {shown:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Entry {
        Entry {
            mode: Some(0o444),
            uid: Some(0),
            gid: Some(0),
            size: Some(5),
            links: Some(1),
            mtime: Some(1),
            sha256: Some("aa".into()),
            ..Entry::new(Kind::File)
        }
    }

    fn link() -> Entry {
        Entry { target: Some(b"there".to_vec()), ..Entry::new(Kind::Symlink) }
    }

    fn disc() -> Listing {
        Listing::from([
            (b"d".to_vec(), Entry::new(Kind::Directory)),
            (b"d/f".to_vec(), file()),
            (b"d/l".to_vec(), link()),
        ])
    }

    fn differences(shown: &Listing) -> Vec<String> {
        compare(&disc(), shown, Reader::Xorriso, &[])
    }

    #[test]
    fn a_right_listing_has_no_difference_and_our_own_directory_is_none() {
        let mut shown = disc();
        shown.insert(b".cedarburn".to_vec(), Entry::new(Kind::Directory));
        shown.insert(b".cedarburn/README.txt".to_vec(), file());
        assert_eq!(differences(&shown), Vec::<String>::new());
    }

    #[test]
    fn a_missing_and_a_foreign_name_are_differences() {
        let mut shown = disc();
        let moved = shown.remove(b"d/f".as_slice()).unwrap();
        shown.insert(b".cedarburnt".to_vec(), moved);
        assert_eq!(
            differences(&shown),
            ["Xorriso: /d/f is missing", "Xorriso: /.cedarburnt (File) does not belong on the disc"]
        );
    }

    #[test]
    fn each_field_of_a_file_is_compared() {
        type Change = fn(&mut Entry);
        let changes: [(&str, Change); 7] = [
            ("mode", |e| e.mode = Some(0o644)),
            ("owner", |e| e.uid = Some(1)),
            ("group", |e| e.gid = Some(1)),
            ("size", |e| e.size = Some(6)),
            ("links", |e| e.links = Some(2)),
            ("time", |e| e.mtime = Some(0)),
            ("SHA-256", |e| e.sha256 = Some("bb".into())),
        ];
        for (what, change) in changes {
            let mut shown = disc();
            change(shown.get_mut(b"d/f".as_slice()).unwrap());
            let found = differences(&shown);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(&format!("Xorriso: /d/f: {what} is ")), "{found:?}");
        }
    }

    #[test]
    fn another_type_and_another_target_are_differences() {
        let mut shown = disc();
        shown.insert(b"d".to_vec(), Entry::new(Kind::File));
        shown.insert(b"d/l".to_vec(), Entry { target: Some(b"ther".to_vec()), ..link() });
        assert_eq!(
            differences(&shown),
            ["Xorriso: /d: is a Directory, shown as File", "Xorriso: /d/l: target is \"there\", shown as \"ther\""]
        );
    }

    #[test]
    fn what_a_reader_can_not_say_is_no_difference() {
        let mut shown = disc();
        shown.insert(b"d/f".to_vec(), Entry::new(Kind::File));
        assert_eq!(differences(&shown), Vec::<String>::new());
    }

    #[test]
    fn a_limit_relaxes_its_own_reader_only_and_only_what_it_names() {
        let limits = [
            Limit { reader: Reader::SevenZip, relief: Relief::Names(|name| name.to_ascii_uppercase()), why: "shouts" },
            Limit { reader: Reader::SevenZip, relief: Relief::Fields(|_, entry| entry.mode = None), why: "no mode" },
        ];
        let mut shown = Listing::new();
        for (path, mut entry) in disc() {
            entry.mode = entry.mode.map(|_| 0o777);
            shown.insert(path.to_ascii_uppercase(), entry);
        }
        assert_eq!(compare(&disc(), &shown, Reader::SevenZip, &limits), Vec::<String>::new());
        assert_eq!(compare(&disc(), &shown, Reader::Isofs, &limits).len(), 6);
        shown.get_mut(b"D/F".as_slice()).unwrap().size = Some(0);
        let found = compare(&disc(), &shown, Reader::SevenZip, &limits);
        assert_eq!(found[0], "SevenZip: /d/f: size is 5, shown as 0");
    }

    #[test]
    fn what_a_reader_is_known_to_refuse_may_be_missing_or_wrong_and_nothing_else() {
        let refuses = Relief::Unseen(|_, entry| entry.kind == Kind::Symlink);
        let limits = [Limit { reader: Reader::SevenZipExtraction, relief: refuses, why: "refuses links" }];
        let mut shown = disc();
        shown.insert(b"d/l".to_vec(), file());
        assert_eq!(compare(&disc(), &shown, Reader::SevenZipExtraction, &limits), Vec::<String>::new());
        shown.remove(b"d/l".as_slice());
        assert_eq!(compare(&disc(), &shown, Reader::SevenZipExtraction, &limits), Vec::<String>::new());
        shown.remove(b"d/f".as_slice());
        assert_eq!(compare(&disc(), &shown, Reader::SevenZipExtraction, &limits).len(), 2);
    }

    #[test]
    fn giving_up_is_a_difference_unless_it_is_known_and_so_is_reading_what_was_known_to_fail() {
        let refuses = Relief::Refuses(|expected| expected.len() == 3, "bad CE");
        let limits = [Limit { reader: Reader::Bsdtar, relief: refuses, why: "streams" }];
        let said = || Err("Error: bad CE".to_owned());
        assert_eq!(judge(&disc(), said(), Reader::Bsdtar, &limits), Vec::<String>::new());
        assert_eq!(judge(&disc(), said(), Reader::Bsdtar, &[]), ["Bsdtar gives up: Error: bad CE"]);
        assert_eq!(judge(&disc(), Err("no".into()), Reader::Bsdtar, &limits), ["Bsdtar gives up: no"]);
        assert_eq!(judge(&disc(), Ok(disc()), Reader::Bsdtar, &limits).len(), 1);
        assert_eq!(judge(&disc(), Ok(disc()), Reader::Bsdtar, &[]), Vec::<String>::new());
    }

    #[test]
    fn what_was_known_to_seem_empty_has_to_seem_empty() {
        let nothing = Relief::Nothing(|expected| expected.len() == 3);
        let limits = [Limit { reader: Reader::Bsdtar, relief: nothing, why: "no volume" }];
        assert_eq!(judge(&disc(), Ok(Listing::new()), Reader::Bsdtar, &limits), Vec::<String>::new());
        assert_eq!(judge(&disc(), Ok(disc()), Reader::Bsdtar, &limits).len(), 1);
        assert_eq!(judge(&disc(), Err("no".into()), Reader::Bsdtar, &limits).len(), 1);
        assert_eq!(judge(&disc(), Ok(Listing::new()), Reader::Isofs, &limits).len(), 3);
    }

    #[test]
    fn a_long_name_may_be_another_one_but_not_another_file_nor_elsewhere_nor_one_for_two() {
        let limits = [Limit { reader: Reader::SevenZip, relief: Relief::AnyName(100), why: "no CE" }];
        let long = |letter| [b"d/".as_slice(), &[letter; 100]].concat();
        let other = || Entry { size: Some(6), ..file() };
        let disc = Listing::from([(long(b'm'), file()), (long(b'n'), other()), (b"d/short".to_vec(), other())]);
        let judged = |names: [&[u8]; 3]| {
            let shown = names.into_iter().map(<[u8]>::to_vec).zip([file(), other(), other()]).collect();
            compare(&disc, &shown, Reader::SevenZip, &limits)
        };
        assert_eq!(judged([b"d/MMMM", b"d/N.;1", b"d/short"]), Vec::<String>::new());
        assert_eq!(judged([b"d/B", b"d/A", b"d/short"]), Vec::<String>::new());
        for wrong in [[b"MMMM".as_slice(), b"d/N", b"d/short"], [b"d/M", b"d/N", b"d/S"], [b"d/M", b"d/N", b"d/N"]] {
            assert!(!judged(wrong).is_empty(), "{wrong:?}");
        }
        let mut shown = disc.clone();
        let mut moved = shown.remove(&long(b'm')).unwrap();
        moved.sha256 = Some("bb".into());
        shown.insert(b"d/MMMM".to_vec(), moved);
        assert_eq!(compare(&disc, &shown, Reader::SevenZip, &limits).len(), 3, "another content");
    }

    #[test]
    fn what_may_be_lacking_has_to_be_right_where_it_is_shown() {
        let lacking = Relief::Lacking(|_, entry| entry.kind == Kind::Symlink);
        let limits = [Limit { reader: Reader::Isofs, relief: lacking, why: "drops CE" }];
        let mut shown = disc();
        assert_eq!(compare(&disc(), &shown, Reader::Isofs, &limits), Vec::<String>::new());
        shown.get_mut(b"d/l".as_slice()).unwrap().target = Some(b"ther".to_vec());
        assert_eq!(compare(&disc(), &shown, Reader::Isofs, &limits).len(), 2);
        shown.remove(b"d/l".as_slice());
        assert_eq!(compare(&disc(), &shown, Reader::Isofs, &limits), Vec::<String>::new());
        shown.remove(b"d/f".as_slice());
        assert_eq!(compare(&disc(), &shown, Reader::Isofs, &limits).len(), 2);
    }

    #[test]
    fn a_cut_name_counts_as_the_long_one_and_as_no_other() {
        let limits = [Limit { reader: Reader::Isofs, relief: Relief::CutNames(254), why: "old kernels" }];
        let long = Listing::from([(vec![b'n'; 255], file()), (b"short".to_vec(), file())]);
        let cut = Listing::from([(vec![b'n'; 250], file()), (b"short".to_vec(), file())]);
        assert_eq!(compare(&long, &cut, Reader::Isofs, &limits), Vec::<String>::new());
        let both_cut = Listing::from([(vec![b'n'; 250], file()), (b"shor".to_vec(), file())]);
        assert!(!compare(&long, &both_cut, Reader::Isofs, &limits).is_empty());
    }
}
