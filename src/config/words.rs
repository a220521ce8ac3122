//! The words a configuration is made of.

use std::fmt;
use std::str::FromStr;

/// A closed set of words.
pub(super) trait Word: Copy + 'static {
    const ALL: &'static [Self];
    fn word(self) -> &'static str;

    /// Exactly as written: blanks and capitals make another word.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|candidate| candidate.word() == text)
    }
}

/// The words of a set, for messages.
pub(super) fn one_of<W: Word>() -> String {
    let words: Vec<_> = W::ALL.iter().map(|word| word.word()).collect();
    format!("one of {}", words.join(", "))
}

/// A text that is none of the words asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not {legal}")]
pub struct UnknownWord {
    /// The text.
    pub word: String,
    /// What would have been one.
    pub legal: String,
}

fn from_str<W: Word>(text: &str) -> Result<W, UnknownWord> {
    W::parse(text).ok_or_else(|| UnknownWord { word: text.to_owned(), legal: one_of::<W>() })
}

/// What the user says is in the drive. The first six are Cedar's; a file with another one is for cedarburn only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediumWord {
    /// CD-R of 74 minutes.
    CdR74,
    /// CD-RW of 74 minutes.
    CdRw74,
    /// CD-R of 80 minutes.
    CdR80,
    /// CD-RW of 80 minutes.
    CdRw80,
    /// DVD+R, one layer.
    DvdPlusR,
    /// DVD+RW.
    DvdPlusRw,
    /// DVD-R, one layer.
    DvdMinusR,
    /// DVD-RW, sequential or restricted overwrite.
    DvdMinusRw,
    /// DVD+R, two layers.
    DvdPlusRDl,
    /// DVD-R, two layers.
    DvdMinusRDl,
    /// DVD-RAM: a word of this program, as all but Cedar's six are.
    DvdRam,
    /// BD-R, one layer.
    BdR,
    /// BD-RE, one layer.
    BdRe,
    /// BD-R, two layers.
    BdRDl,
    /// BD-RE, two layers.
    BdReDl,
    /// BD-R, three or four layers.
    BdRXl,
    /// Whatever the drive reports.
    Auto,
}

/// Kinds of drives and of what they write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediumFamily {
    /// CD-R, CD-RW.
    Cd,
    /// All DVDs.
    Dvd,
    /// All Blu-ray discs.
    Bd,
}

impl MediumWord {
    /// The word in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.word()
    }

    /// `None` for `auto`: the drive has to be asked.
    #[must_use]
    pub fn family(self) -> Option<MediumFamily> {
        use MediumWord::*;
        match self {
            CdR74 | CdRw74 | CdR80 | CdRw80 => Some(MediumFamily::Cd),
            DvdPlusR | DvdPlusRw | DvdMinusR | DvdMinusRw | DvdPlusRDl | DvdMinusRDl | DvdRam => {
                Some(MediumFamily::Dvd)
            }
            BdR | BdRe | BdRDl | BdReDl | BdRXl => Some(MediumFamily::Bd),
            Auto => None,
        }
    }

    /// `None` for `auto`: the drive has to be asked.
    #[must_use]
    pub fn is_rewritable(self) -> Option<bool> {
        use MediumWord::*;
        match self {
            CdRw74 | CdRw80 | DvdPlusRw | DvdMinusRw | DvdRam | BdRe | BdReDl => Some(true),
            CdR74 | CdR80 | DvdPlusR | DvdMinusR | DvdPlusRDl | DvdMinusRDl | BdR | BdRDl | BdRXl => Some(false),
            Auto => None,
        }
    }
}

impl Word for MediumWord {
    const ALL: &'static [MediumWord] = &[
        MediumWord::CdR74,
        MediumWord::CdRw74,
        MediumWord::CdR80,
        MediumWord::CdRw80,
        MediumWord::DvdPlusR,
        MediumWord::DvdPlusRw,
        MediumWord::DvdMinusR,
        MediumWord::DvdMinusRw,
        MediumWord::DvdPlusRDl,
        MediumWord::DvdMinusRDl,
        MediumWord::DvdRam,
        MediumWord::BdR,
        MediumWord::BdRe,
        MediumWord::BdRDl,
        MediumWord::BdReDl,
        MediumWord::BdRXl,
        MediumWord::Auto,
    ];

    fn word(self) -> &'static str {
        match self {
            MediumWord::CdR74 => "cdr-74",
            MediumWord::CdRw74 => "cdrw-74",
            MediumWord::CdR80 => "cdr-80",
            MediumWord::CdRw80 => "cdrw-80",
            MediumWord::DvdPlusR => "dvd+r",
            MediumWord::DvdPlusRw => "dvd+rw",
            MediumWord::DvdMinusR => "dvd-r",
            MediumWord::DvdMinusRw => "dvd-rw",
            MediumWord::DvdPlusRDl => "dvd+r-dl",
            MediumWord::DvdMinusRDl => "dvd-r-dl",
            MediumWord::DvdRam => "dvd-ram",
            MediumWord::BdR => "bd-r",
            MediumWord::BdRe => "bd-re",
            MediumWord::BdRDl => "bd-r-dl",
            MediumWord::BdReDl => "bd-re-dl",
            MediumWord::BdRXl => "bd-r-xl",
            MediumWord::Auto => "auto",
        }
    }
}

impl FromStr for MediumWord {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<MediumWord, UnknownWord> {
        from_str(text)
    }
}

impl fmt::Display for MediumWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What kind of drive the user says it is. Cedar knows the first two, and takes an absent one for `cdwriter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceType {
    /// Writes CDs.
    CdWriter,
    /// Writes DVDs.
    DvdWriter,
    /// Writes Blu-ray discs.
    BdWriter,
    /// Follow the medium.
    Auto,
}

impl DeviceType {
    /// The word in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.word()
    }

    /// Whether Cedar's rule lets the two words stand together; an `auto` goes with everything.
    #[must_use]
    pub fn goes_with(self, medium: MediumWord) -> bool {
        let family = match self {
            DeviceType::CdWriter => MediumFamily::Cd,
            DeviceType::DvdWriter => MediumFamily::Dvd,
            DeviceType::BdWriter => MediumFamily::Bd,
            DeviceType::Auto => return true,
        };
        medium.family().is_none_or(|of_medium| of_medium == family)
    }
}

impl Word for DeviceType {
    const ALL: &'static [DeviceType] =
        &[DeviceType::CdWriter, DeviceType::DvdWriter, DeviceType::BdWriter, DeviceType::Auto];

    fn word(self) -> &'static str {
        match self {
            DeviceType::CdWriter => "cdwriter",
            DeviceType::DvdWriter => "dvdwriter",
            DeviceType::BdWriter => "bdwriter",
            DeviceType::Auto => "auto",
        }
    }
}

impl FromStr for DeviceType {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<DeviceType, UnknownWord> {
        from_str(text)
    }
}

impl fmt::Display for DeviceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What keeps a disc from being blanked without `--full`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Protect {
    /// As `week`, and whatever on the disc is nowhere else.
    Strict,
    /// A day of the same week, or a newer one, on the disc.
    #[default]
    Week,
    /// Nothing, as with Cedar.
    Off,
}

impl Word for Protect {
    const ALL: &'static [Protect] = &[Protect::Strict, Protect::Week, Protect::Off];

    fn word(self) -> &'static str {
        match self {
            Protect::Strict => "strict",
            Protect::Week => "week",
            Protect::Off => "off",
        }
    }
}

impl FromStr for Protect {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Protect, UnknownWord> {
        from_str(text)
    }
}

impl fmt::Display for Protect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Owners and modes on the disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Attributes {
    /// As `mkisofs -r`: root's, readable by all.
    #[default]
    Rationalized,
    /// As in the staging directory.
    Exact,
}

impl Word for Attributes {
    const ALL: &'static [Attributes] = &[Attributes::Rationalized, Attributes::Exact];

    fn word(self) -> &'static str {
        match self {
            Attributes::Rationalized => "rationalized",
            Attributes::Exact => "exact",
        }
    }
}

impl FromStr for Attributes {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Attributes, UnknownWord> {
        from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_medium_word_has_its_family_and_is_rewritable_or_not() {
        use MediumFamily::*;
        let table = [
            ("cdr-74", Some(Cd), Some(false)),
            ("cdrw-74", Some(Cd), Some(true)),
            ("cdr-80", Some(Cd), Some(false)),
            ("cdrw-80", Some(Cd), Some(true)),
            ("dvd+r", Some(Dvd), Some(false)),
            ("dvd+rw", Some(Dvd), Some(true)),
            ("dvd-r", Some(Dvd), Some(false)),
            ("dvd-rw", Some(Dvd), Some(true)),
            ("dvd+r-dl", Some(Dvd), Some(false)),
            ("dvd-r-dl", Some(Dvd), Some(false)),
            ("dvd-ram", Some(Dvd), Some(true)),
            ("bd-r", Some(Bd), Some(false)),
            ("bd-re", Some(Bd), Some(true)),
            ("bd-r-dl", Some(Bd), Some(false)),
            ("bd-re-dl", Some(Bd), Some(true)),
            ("bd-r-xl", Some(Bd), Some(false)),
            ("auto", None, None),
        ];
        assert_eq!(table.len(), MediumWord::ALL.len());
        for (text, family, is_rewritable) in table {
            let word: MediumWord = text.parse().unwrap();
            assert_eq!((word.as_str(), word.family(), word.is_rewritable()), (text, family, is_rewritable));
            assert_eq!(word.to_string(), text);
        }
    }

    #[test]
    fn a_word_is_taken_as_written_or_not_at_all() {
        assert_eq!(
            "DVD+R".parse::<DeviceType>().unwrap_err().to_string(),
            "\"DVD+R\" is not one of cdwriter, dvdwriter, bdwriter, auto"
        );
        assert!("DVD+R".parse::<MediumWord>().is_err());
        assert!(" dvd+r".parse::<MediumWord>().is_err());
        assert!("".parse::<MediumWord>().is_err());
        assert!("Strict".parse::<Protect>().is_err());
        assert!("exact ".parse::<Attributes>().is_err());
    }
}
