//! What can be asked of a reader, one property after the other, and the answer as it was measured.

use std::collections::BTreeMap;
use std::fmt;

use crate::foreign::listing::{Entry, Kind, Listing};

/// A property of the limit tree: a row of the table. Each has examples in `limit_tree.rs`, whose names are plain unless
/// the name is the property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Property {
    Sizes,
    EmptyDirectories,
    LongNames,
    Names251To253,
    Names254And255,
    NotUtf8,
    BeyondAscii,
    LineBreaks,
    ControlCharacters,
    OneControlCharacter,
    Backslashes,
    Quotes,
    Versions,
    LeadingDots,
    FinalDots,
    LeadingHyphens,
    Blanks,
    ShellCharacters,
    CaseTwins,
    Prefix30,
    Deep,
    LongPaths,
    Targets,
    OddTargets,
    Targets249,
    Targets900,
    HardLinks,
    HardLinks300,
    Fifos,
    Sockets,
    Devices,
    DeviceNumbers,
    LargeMinors,
    Modes,
    SpecialBits,
    Owners,
    LargeOwners,
    TimesBefore1970,
    Times,
    TimesAfter2038,
    TimesAfter2106,
    TimesAfter2155,
    Fractions,
    TimesOfDirectories,
    TimesOfLinks,
}

/// What of an example is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aspect {
    /// That it is there, of the right type, with the right size and content.
    Shown,
    /// The content itself: a right size alone says nothing.
    Content,
    Target,
    Links,
    Device,
    Mode,
    Owner,
    Time,
    Fraction,
}

impl Property {
    pub(crate) const ALL: [Property; 45] = {
        use Property::*;
        [
            Sizes,
            EmptyDirectories,
            LongNames,
            Names251To253,
            Names254And255,
            NotUtf8,
            BeyondAscii,
            LineBreaks,
            ControlCharacters,
            OneControlCharacter,
            Backslashes,
            Quotes,
            Versions,
            LeadingDots,
            FinalDots,
            LeadingHyphens,
            Blanks,
            ShellCharacters,
            CaseTwins,
            Prefix30,
            Deep,
            LongPaths,
            Targets,
            OddTargets,
            Targets249,
            Targets900,
            HardLinks,
            HardLinks300,
            Fifos,
            Sockets,
            Devices,
            DeviceNumbers,
            LargeMinors,
            Modes,
            SpecialBits,
            Owners,
            LargeOwners,
            TimesBefore1970,
            Times,
            TimesAfter2038,
            TimesAfter2106,
            TimesAfter2155,
            Fractions,
            TimesOfDirectories,
            TimesOfLinks,
        ]
    };

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Property::Sizes => "content of files of 0, 1, 2047, 2048, 2049, 65535, 65536 and 65537 bytes",
            Property::EmptyDirectories => "empty directories",
            Property::LongNames => "names of 60 to 250 bytes",
            Property::Names251To253 => "names of 251 to 253 bytes",
            Property::Names254And255 => "names of 254 and 255 bytes",
            Property::NotUtf8 => "names that are not UTF-8",
            Property::BeyondAscii => "names beyond ASCII, composed and not",
            Property::LineBreaks => "line breaks in names",
            Property::ControlCharacters => "tabs and other control characters in names",
            Property::OneControlCharacter => "the name that is the byte 1",
            Property::Backslashes => "`\\` in names",
            Property::Quotes => "quotes in names",
            Property::Versions => "`;` in names",
            Property::LeadingDots => "names that begin with dots",
            Property::FinalDots => "names that end in dots",
            Property::LeadingHyphens => "names that begin with `-`",
            Property::Blanks => "blanks within and at both ends of names",
            Property::ShellCharacters => "`*` `?` `[` `$` `&` `#` `%` `=` in names",
            Property::CaseTwins => "names that differ in case only",
            Property::Prefix30 => "names equal in their first 30 characters",
            Property::Deep => "40 levels of directories",
            Property::LongPaths => "paths of 256 to 3000 bytes",
            Property::Targets => "symbolic links: plain, absolute, `..`, `.`, `/`, dangling",
            Property::OddTargets => "link targets with any byte",
            Property::Targets249 => "link targets of 60 to 249 bytes",
            Property::Targets900 => "link targets of 250 to 900 bytes",
            Property::HardLinks => "hard links: count of 2 names",
            Property::HardLinks300 => "hard links: count of 300 names",
            Property::Fifos => "named pipes",
            Property::Sockets => "sockets",
            Property::Devices => "device nodes",
            Property::DeviceNumbers => "device numbers, minor to 255",
            Property::LargeMinors => "device numbers, minor from 256",
            Property::Modes => "permission bits",
            Property::SpecialBits => "setuid, setgid, sticky",
            Property::Owners => "owner and group to 65535",
            Property::LargeOwners => "owner and group to 4294967294",
            Property::TimesBefore1970 => "times from 1901 to 1969",
            Property::Times => "times from 1970 to 2038-01-19",
            Property::TimesAfter2038 => "times to 2106",
            Property::TimesAfter2106 => "times to 2155",
            Property::TimesAfter2155 => "times after 2155, as the last second of 2155",
            Property::Fractions => "fractions of seconds",
            Property::TimesOfDirectories => "times of directories",
            Property::TimesOfLinks => "times of symbolic links",
        }
    }

    pub(crate) fn aspect(self) -> Aspect {
        use Property::*;
        match self {
            Sizes => Aspect::Content,
            EmptyDirectories | LongNames | Names251To253 | Names254And255 | NotUtf8 | BeyondAscii | LineBreaks
            | ControlCharacters | OneControlCharacter | Backslashes | Quotes | Versions | LeadingDots | FinalDots
            | LeadingHyphens | Blanks | ShellCharacters | CaseTwins | Prefix30 | Deep | LongPaths | Fifos | Sockets
            | Devices => Aspect::Shown,
            Targets | OddTargets | Targets249 | Targets900 => Aspect::Target,
            HardLinks | HardLinks300 => Aspect::Links,
            DeviceNumbers | LargeMinors => Aspect::Device,
            Modes | SpecialBits => Aspect::Mode,
            Owners | LargeOwners => Aspect::Owner,
            TimesBefore1970 | Times | TimesAfter2038 | TimesAfter2106 | TimesAfter2155 | TimesOfDirectories
            | TimesOfLinks => Aspect::Time,
            Fractions => Aspect::Fraction,
        }
    }
}

/// How many examples of a property a reader shows as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Score {
    pub(crate) right: usize,
    /// Those of which the reader says nothing either way.
    pub(crate) untold: usize,
    pub(crate) all: usize,
}

impl Score {
    pub(crate) fn is_whole(self) -> bool {
        self.right == self.all
    }

    /// The reader shows nothing of it, right or wrong.
    pub(crate) fn is_untold(self) -> bool {
        self.untold == self.all
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            score if score.is_untold() => f.write_str("–"),
            score if score.is_whole() => f.write_str("yes"),
            Score { right: 0, .. } => f.write_str("no"),
            Score { right, all, .. } => write!(f, "{right} of {all}"),
        }
    }
}

/// What a reader shows of the examples, a score a property.
pub(crate) type Scores = BTreeMap<Property, Score>;

/// Path and property of an example.
pub(crate) type Example = (Vec<u8>, Property);

/// Compares example by example.
pub(crate) fn score(expected: &Listing, shown: &Listing, examples: &[Example]) -> Scores {
    let mut scores = Scores::new();
    for (path, property) in examples {
        let score = scores.entry(*property).or_default();
        score.all += 1;
        match shown.get(path).map_or(Some(false), |found| is_right(&expected[path], found, property.aspect())) {
            Some(true) => score.right += 1,
            Some(false) => {}
            None => score.untold += 1,
        }
    }
    scores
}

/// `None` if the reader doesn't say.
fn is_right(expected: &Entry, shown: &Entry, aspect: Aspect) -> Option<bool> {
    fn same<T: PartialEq>(expected: &Option<T>, shown: &Option<T>) -> Option<bool> {
        shown.as_ref().map(|shown| expected.as_ref() == Some(shown))
    }
    match aspect {
        Aspect::Shown if expected.kind == Kind::File => {
            let told = [same(&expected.size, &shown.size), same(&expected.sha256, &shown.sha256)];
            Some(shown.kind == Kind::File && !told.contains(&Some(false)))
        }
        Aspect::Shown => Some(shown.kind == expected.kind),
        Aspect::Content if same(&expected.size, &shown.size) == Some(false) => Some(false),
        Aspect::Content => same(&expected.sha256, &shown.sha256),
        Aspect::Target if shown.kind != Kind::Symlink => Some(false),
        Aspect::Target => same(&expected.target, &shown.target),
        Aspect::Links => same(&expected.links, &shown.links),
        Aspect::Device => same(&expected.device, &shown.device),
        Aspect::Mode => same(&expected.mode, &shown.mode),
        Aspect::Owner => Some(same(&expected.uid, &shown.uid)? && same(&expected.gid, &shown.gid)?),
        Aspect::Time => same(&expected.mtime, &shown.mtime),
        // Centiseconds are what a disc can say.
        Aspect::Fraction => {
            let hundredths = |nanoseconds: Option<u32>| nanoseconds.map(|n| n / 10_000_000);
            same(&hundredths(expected.nanoseconds), &hundredths(shown.nanoseconds))
        }
    }
}

/// Paths the reader shows and that are no example's nor lead to one, less one for each example that is not where it
/// should be: a wrong name stands for the right one, but nothing may come out of nowhere.
pub(crate) fn from_nowhere(expected: &Listing, shown: &Listing) -> Vec<String> {
    let directory = |path: &[u8]| path.iter().rposition(|&b| b == b'/').map_or(Vec::new(), |at| path[..at].to_vec());
    let mut missing: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for path in expected.keys().filter(|path| !shown.contains_key(*path)) {
        *missing.entry(directory(path)).or_default() += 1;
    }
    let mut strangers = Vec::new();
    for path in shown.keys().filter(|path| !expected.contains_key(*path)) {
        match missing.get_mut(&directory(path)) {
            Some(count) if *count > 0 => *count -= 1,
            // Below a directory whose own name is wrong.
            _ if !expected.contains_key(&directory(path)) && !directory(path).is_empty() => {}
            _ => strangers.push(path.escape_ascii().to_string()),
        }
    }
    strangers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(entries: &[(&str, Entry)]) -> Listing {
        entries.iter().map(|(path, entry)| (path.as_bytes().to_vec(), entry.clone())).collect()
    }

    fn with_mode(mode: Option<u32>) -> Entry {
        Entry { mode, ..Entry::new(Kind::File) }
    }

    #[test]
    fn the_titles_and_the_list_have_each_property_once() {
        for (index, property) in Property::ALL.into_iter().enumerate() {
            assert_eq!(property as usize, index);
        }
    }

    #[test]
    fn a_score_counts_what_is_right_wrong_missing_and_untold() {
        let expected = listing(&[("a", with_mode(Some(1))), ("b", with_mode(Some(2))), ("c", with_mode(Some(3)))]);
        let examples: Vec<Example> = expected.keys().map(|path| (path.clone(), Property::Modes)).collect();
        let shown = |a, b| listing(&[("a", with_mode(a)), ("b", with_mode(b))]);
        let scored = |a, b| score(&expected, &shown(a, b), &examples)[&Property::Modes];
        assert_eq!(scored(Some(1), Some(9)), Score { right: 1, untold: 0, all: 3 });
        assert_eq!(scored(Some(1), Some(9)).to_string(), "1 of 3");
        assert_eq!(scored(Some(2), None), Score { right: 0, untold: 1, all: 3 });
        assert_eq!(score(&expected, &expected, &examples)[&Property::Modes].to_string(), "yes");
        let silent = listing(&[("a", with_mode(None)), ("b", with_mode(None)), ("c", with_mode(None))]);
        assert_eq!(score(&expected, &silent, &examples)[&Property::Modes].to_string(), "–");
    }

    #[test]
    fn a_file_is_shown_only_with_its_type_size_and_content() {
        let file = Entry { size: Some(5), sha256: Some("aa".into()), ..Entry::new(Kind::File) };
        assert_eq!(is_right(&file, &Entry { sha256: None, ..file.clone() }, Aspect::Content), None);
        assert_eq!(is_right(&file, &Entry { size: Some(6), ..Entry::new(Kind::File) }, Aspect::Content), Some(false));
        let right = |shown| is_right(&file, &shown, Aspect::Shown);
        assert_eq!(right(file.clone()), Some(true));
        assert_eq!(right(Entry::new(Kind::File)), Some(true));
        assert_eq!(right(Entry { size: Some(6), ..file.clone() }), Some(false));
        assert_eq!(right(Entry { sha256: Some("bb".into()), ..file.clone() }), Some(false));
        assert_eq!(right(Entry::new(Kind::Symlink)), Some(false));
    }

    #[test]
    fn a_wrong_name_stands_for_the_right_one_in_its_directory_and_nowhere_else() {
        let entry = || with_mode(None);
        let expected = listing(&[("d", Entry::new(Kind::Directory)), ("d/a", entry()), ("d/b", entry())]);
        let strangers = |names: &[&str]| {
            let mut shown = listing(&[("d", Entry::new(Kind::Directory))]);
            shown.extend(names.iter().map(|name| (name.as_bytes().to_vec(), entry())));
            from_nowhere(&expected, &shown)
        };
        assert_eq!(strangers(&["d/A", "d/b"]), [""; 0]);
        assert_eq!(strangers(&["d/A", "d/a", "d/b"]), ["d/A"]);
        assert_eq!(strangers(&["a", "d/b"]), ["a"]);
    }
}
