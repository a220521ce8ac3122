//! Why a reader does not show something: the one home of the explanations in `docs/readers.md`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::foreign::compare::Reader;
use crate::foreign::document::{self, Table};
use crate::foreign::properties::Property;
use Property as P;

/// Something that a reader does not show as it is, and why.
#[derive(Debug)]
pub(crate) struct Difference {
    /// Sections of the document it is seen in.
    pub(crate) sections: &'static [&'static str],
    pub(crate) readers: &'static [Reader],
    /// First cells of the rows.
    pub(crate) rows: &'static [&'static str],
    pub(crate) why: &'static str,
}

/// In the order of their numbers in the document.
pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        sections: &[SINGLE],
        readers: &SEVEN_ZIP,
        rows: &[P::LongNames.title(), P::Names251To253.title(), P::Names254And255.title()],
        why: "7-Zip 26.02 does not follow CE, the pointer to a continuation area: of a name that does not fit the directory \
              record it shows the ISO 9660 identifier instead, which is unique in the directory",
    },
    Difference {
        sections: &[SINGLE, LONG],
        readers: &[Reader::SevenZipExtraction],
        rows: &[P::Targets249.title(), P::Targets900.title(), L950, L1024, L1365, L2000, L3000],
        why: "For the same reason 7-Zip restores a link whose target does not fit the directory record with a part of the \
              target, or not at all; its listing shows no targets",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::SevenZipExtraction],
        rows: &[P::Targets.title()],
        why: "7-Zip refuses to restore links that lead out of the tree, `.`, and links to themselves, and puts absolute \
              ones below its output directory",
    },
    Difference {
        sections: &[SINGLE],
        readers: &SEVEN_ZIP,
        rows: &[P::Versions.title(), P::FinalDots.title(), P::LeadingDots.title()],
        why: "7-Zip strips `;1` and a final dot from Rock Ridge names as if they were ISO 9660 identifiers: `...` becomes `..`, and is restored as `_`",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::SevenZip],
        rows: &[P::LineBreaks.title()],
        why: "7-Zip lists line breaks in names as `_`, and restores them as they are",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::SevenZipExtraction],
        rows: &[P::Fifos.title(), P::Sockets.title(), P::Devices.title()],
        why: "7-Zip restores special files as empty regular ones",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::Isofs],
        rows: &[P::Names254And255.title()],
        why: "Linux 6.1 shows at most 253 bytes of a name and drops the NM entry that goes beyond, so we end one there: \
              of 254 and 255 bytes the first 253 are left",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::Isofs],
        rows: &[P::OneControlCharacter.title()],
        why: "Linux lists the name and does not find it: where it compares names, one byte 1 stands for `..`",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::Isofs],
        rows: &[P::TimesAfter2038.title(), P::TimesAfter2106.title(), P::TimesAfter2155.title()],
        why: "Linux 6.1 counts the seconds of isofs with 32 bits and shows times after 2038-01-19 136 years earlier; newer \
              kernels don't",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::Isoinfo, Reader::Pycdlib],
        rows: &[P::Targets.title()],
        why: "isoinfo 1.1.11 and pycdlib 1.12 show the target `/` as nothing",
    },
    Difference {
        sections: &[SINGLE, LONG],
        readers: &BSDTAR,
        rows: &[P::Targets249.title(), P::Targets900.title(), L950, L1024, L1365, L2000, L3000],
        why: "libarchive 3.6.2 drops the `/` where an SL entry ends at the border of two components; we end them inside a \
              component, which a row of one-letter names does not allow",
    },
    Difference {
        sections: &[LONG],
        readers: &XORRISO,
        rows: &[L1024, L1365, L2000, L3000],
        why: "xorriso 1.5.4 takes link targets of up to 1023 bytes; for a longer one it refuses the whole image (\"Rock Ridge \
              path too long\") unless told `-error_behavior image_loading best_effort`: then only such links are missing",
    },
    Difference {
        sections: &[LONG],
        readers: &[Reader::Isoinfo],
        rows: &[L2000, L3000],
        why: "isoinfo 1.1.11 has a buffer of about 2 KiB for targets and writes behind it: it shows other names or crashes",
    },
    Difference {
        sections: &[LONG],
        readers: &[Reader::Pycdlib],
        rows: &[L1365, L2000, L3000],
        why: "pycdlib 1.12 refuses an image with a second continuation area of one record (\"Only single CE record \
              supported\"): from about 1900 bytes of target, 1365 where its names have one letter",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::XorrisoExtraction],
        rows: &[P::Sockets.title(), P::Devices.title()],
        why: "xorriso restores neither sockets nor device nodes unless it is asked to",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::BsdtarExtraction],
        rows: &[P::Sockets.title(), P::Devices.title()],
        why: "bsdtar can't restore sockets, and makes no device from a number it has misunderstood",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::Xorriso, Reader::XorrisoExtraction, Reader::Bsdtar, Reader::BsdtarExtraction],
        rows: &[P::DeviceNumbers.title(), P::LargeMinors.title()],
        why: "RRIP 4.1.2 leaves open how PN holds a device number: we write major and minor, as genisoimage does and Linux \
              reads; libisofs and libarchive expect the two halves of a 64-bit number, with which Linux loses minors from 256",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::Isoinfo],
        rows: &[P::SpecialBits.title()],
        why: "isoinfo shows no setuid, setgid and sticky bits",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::Isoinfo],
        rows: &[P::Owners.title(), P::LargeOwners.title()],
        why: "isoinfo prints owners in octal into columns of five characters and cuts longer ones",
    },
    Difference {
        sections: &[SINGLE],
        readers: &BSDTAR,
        rows: &[P::TimesBefore1970.title()],
        why: "libarchive shows the last second of 1969 as the first of 1970: it takes -1 for an error",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[
            Reader::XorrisoExtraction,
            Reader::SevenZipExtraction,
            Reader::Bsdtar,
            Reader::BsdtarExtraction,
            Reader::Isofs,
            Reader::Hadris,
            Reader::Pycdlib,
        ],
        rows: &[P::Fractions.title()],
        why: "We write times in the 7-byte form of TF, which has no fractions: see the readers of the long form below",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::XorrisoExtraction],
        rows: &[P::TimesOfLinks.title()],
        why: "xorriso gives restored symbolic links no time",
    },
    Difference {
        sections: &[SINGLE],
        readers: &[Reader::Pycdlib],
        rows: &[
            P::TimesBefore1970.title(),
            P::Times.title(),
            P::TimesAfter2038.title(),
            P::TimesAfter2106.title(),
            P::TimesOfDirectories.title(),
            P::TimesOfLinks.title(),
        ],
        why: "pycdlib 1.12 takes the access time of TF for the modification time and the other way round",
    },
    Difference {
        sections: &[RATIONALIZED],
        readers: &[Reader::Isoinfo],
        rows: &[AS_EXACT],
        why: "Better than above: there are no owners and special bits that isoinfo could not show",
    },
    Difference {
        sections: &[LATER, NEWEST],
        readers: &BSDTAR,
        rows: &[OWN, CARRIED],
        why: "libarchive 3.6.2 reads forward only and refuses a disc (\"Invalid parameter in SUSP CE\") where the continuation \
              area of a file's name lies behind its data, as it has to where a later session shows a file of an earlier one",
    },
    Difference {
        sections: &[EARLIER],
        readers: &BSDTAR,
        rows: &[OWN, CARRIED],
        why: "libarchive refuses a disc with a file behind the volume size in the descriptor at sector 16 (\"Invalid location \
              of extent of file\"): in the own descriptor of a session on overwritable media that is the session's length",
    },
    Difference {
        sections: &[EARLIER],
        readers: &[Reader::Isofs],
        rows: &[
            OWN,
            P::LongNames.title(),
            P::Names251To253.title(),
            P::Targets249.title(),
            P::Targets900.title(),
            P::TimesOfLinks.title(),
        ],
        why: "Linux since May 2026 drops every entry whose continuation area lies behind the volume size of the descriptor it \
              has mounted; in the own descriptor of a session on overwritable media that is the session's length, or \
              the chain of sessions could not be followed; the newest tree is mounted through the descriptor at sector \
              16, which has the absolute end",
    },
    Difference {
        sections: &[LARGE],
        readers: &[Reader::Isoinfo],
        rows: &[SIZES, MARKS],
        why: "isoinfo 1.1.11 takes each extent of a file of several for a file of its own",
    },
    Difference {
        sections: &[LARGE],
        readers: &[Reader::Pycdlib],
        rows: &[SIZES],
        why: "pycdlib 1.12.0 joins two extents of a file, not three: it shows a file of 8 GiB twice",
    },
    Difference {
        sections: &[DIRECTORY],
        readers: &[Reader::Xorriso],
        rows: &[ENTRIES],
        why: "libisofs 1.5.4 takes minutes to load a directory of 100,000 names, whoever wrote it",
    },
    Difference {
        sections: &[MANY],
        readers: &[Reader::Xorriso, Reader::Isoinfo, Reader::Hadris, Reader::Pycdlib],
        rows: &[MILLION],
        why: "A million files are shown to the quickest readers only",
    },
    Difference {
        sections: &[LONG_TIMES],
        readers: &[Reader::Isofs, Reader::Bsdtar, Reader::BsdtarExtraction],
        rows: &[P::TimesBefore1970.title(), P::Times.title(), P::TimesAfter2038.title(), P::Fractions.title()],
        why: "Linux 6.1 and libarchive 3.6.2 do not read the long form of TF and show wrong times, whole seconds included: \
              that is why we write the short form",
    },
    Difference {
        sections: &[LONG_TIMES],
        readers: &[Reader::XorrisoExtraction, Reader::SevenZipExtraction],
        rows: &[P::Fractions.title()],
        why: "xorriso and 7-Zip read the long form of TF and drop the fractions",
    },
    Difference {
        sections: &[LONG_TIMES],
        readers: &[Reader::Pycdlib],
        rows: &[P::Fractions.title()],
        why: "pycdlib takes the modification time for the access time, as above; the whole seconds are those of the directory \
              record",
    },
    Difference {
        sections: &[OTHER_TREES],
        readers: &[Reader::Isoinfo],
        rows: &[JOLIET],
        why: "isoinfo prints Joliet names in an 8-bit character set, here Latin-1, and knows no UTF-8",
    },
    Difference {
        sections: &[OTHER_TREES],
        readers: &[Reader::Bsdtar],
        rows: &[JOLIET],
        why: "libarchive takes Joliet paths of up to 1024 characters and refuses the disc for a longer one (\"Pathname is too \
              long\")",
    },
    Difference {
        sections: &[OTHER_TREES],
        readers: &[Reader::Bsdtar],
        rows: &[SHORTER],
        why: "libarchive composes the letters of Joliet names: of `u` and a combining diaeresis it makes `ü`",
    },
    Difference {
        sections: &[LARGE],
        readers: &[Reader::Pycdlib],
        rows: &[MARKS],
        why: "pycdlib gives the content of a file's first extent only",
    },
];

const SEVEN_ZIP: [Reader; 2] = [Reader::SevenZip, Reader::SevenZipExtraction];
const BSDTAR: [Reader; 2] = [Reader::Bsdtar, Reader::BsdtarExtraction];
const XORRISO: [Reader; 2] = [Reader::Xorriso, Reader::XorrisoExtraction];

/// Sections.
pub(crate) const SINGLE: &str = "single image";
pub(crate) const LONG: &str = "long targets";
pub(crate) const RATIONALIZED: &str = "rationalized";
pub(crate) const LATER: &str = "later session";
pub(crate) const NEWEST: &str = "overwritable, newest";
pub(crate) const EARLIER: &str = "overwritable, earlier";
pub(crate) const LARGE: &str = "large files";
pub(crate) const DIRECTORY: &str = "large directories";
pub(crate) const MANY: &str = "many files";
pub(crate) const LONG_TIMES: &str = "long times";
pub(crate) const OTHER_TREES: &str = "other trees";

/// Rows.
pub(crate) const OWN: &str = "the session's own files, as in a single image";
pub(crate) const CARRIED: &str = "an earlier session's files, as in a single image";
pub(crate) const AS_EXACT: &str = "all files, as with exact attributes";
pub(crate) const SIZES: &str = "sizes of files of 4 GiB - 1, 4 GiB, 4 GiB + 1 and 8 GiB";
pub(crate) const MARKS: &str = "their content at both ends and at the borders of the extents";
pub(crate) const ENTRIES: &str = "a directory of 100,000 files";
pub(crate) const PREFIX: &str = "20,000 names with the same 30 characters in front";
pub(crate) const DIRECTORIES: &str = "70,000 directories";
pub(crate) const JOLIET: &str = "Joliet names and contents of the limit tree";
pub(crate) const SHORTER: &str = "the same without paths of more than 1000 bytes";
pub(crate) const PLAIN: &str = "ISO 9660 names and contents of the limit tree";
pub(crate) const MILLION: &str = "1,000,000 files";
pub(crate) const L950: &str = "link targets of 950 and 1023 bytes";
pub(crate) const L1024: &str = "link targets of 1024 and 1300 bytes";
pub(crate) const L1365: &str = "link targets of 1365 and 1900 bytes";
pub(crate) const L2000: &str = "link targets of 2000 and 2100 bytes";
pub(crate) const L3000: &str = "link targets of 3000 and 4095 bytes";

/// A section that is being filled: adds the numbers of the explanations to its cells, and knows which ones it used.
#[derive(Debug)]
pub(crate) struct Section {
    name: &'static str,
    used: RefCell<BTreeSet<usize>>,
    wrong: RefCell<Vec<String>>,
}

impl Section {
    pub(crate) fn new(name: &'static str) -> Section {
        Section { name, used: RefCell::default(), wrong: RefCell::default() }
    }

    /// The text of a cell with the numbers of its explanations; what is `yes` or not told needs none.
    pub(crate) fn cell(&self, reader: Reader, row: &str, text: &str) -> String {
        let applies = |difference: &Difference| {
            difference.sections.contains(&self.name)
                && difference.readers.contains(&reader)
                && difference.rows.contains(&row)
        };
        let numbers: Vec<usize> = (0..DIFFERENCES.len()).filter(|&index| applies(&DIFFERENCES[index])).collect();
        let needs = !["yes", "–"].contains(&text);
        if needs == numbers.is_empty() {
            let problem = if needs { "not explained" } else { "explained, but there is no difference" };
            self.wrong.borrow_mut().push(format!("{}: {reader:?}: {row}: {text}: {problem}", self.name));
        }
        self.used.borrow_mut().extend(&numbers);
        let mut cell = text.to_owned();
        for number in numbers {
            let _ = write!(cell, " [{0}](#{0})", number + 1);
        }
        cell
    }

    /// Compares with the document, and returns each difference that is not explained and each explanation without one.
    pub(crate) fn settle(self, before: &str, table: &Table) -> Vec<String> {
        let mut wrong = self.wrong.into_inner();
        wrong.extend(document::settle(self.name, &format!("{before}\n{}", table.markdown())).err());
        for (index, difference) in DIFFERENCES.iter().enumerate() {
            if difference.sections.contains(&self.name) && !self.used.borrow().contains(&index) {
                wrong.push(format!("{}: nothing needs explanation {}: {}", self.name, index + 1, difference.why));
            }
        }
        wrong
    }
}

/// The explanations as the document lists them.
fn explanations() -> String {
    let mut text = String::new();
    for (index, difference) in DIFFERENCES.iter().enumerate() {
        let _ = writeln!(text, "{0}. <a id=\"{0}\"></a>{1}.", index + 1, difference.why);
    }
    text
}

#[test]
fn the_document_has_every_explanation() {
    document::settle("explanations", &explanations()).unwrap();
}
