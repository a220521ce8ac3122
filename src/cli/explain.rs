//! `cedarburn explain`: the long form of an error, an exit code, or what a drive said. It needs no configuration, no log and no drive: an
//! error in any of them is just what is to be explained.

use clap::Args;
use serde::Serialize;

use super::errors::{ErrorId, Failure, Section, SenseObject, section};
use super::{CommonOptions, exit, json, output};
use crate::scsi::{Sense, SenseKey};

/// Arguments of *explain*.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The name of an error, an exit code, or a sense like 3/0c/00; all names without it
    what: Option<String>,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Topic {
    All,
    Code(u8),
    Error(ErrorId),
    Sense(Sense),
}

impl Arguments {
    fn topic(&self) -> Result<Topic, Failure> {
        let Some(what) = &self.what else { return Ok(Topic::All) };
        let code = || what.parse().ok().filter(|code| usize::from(*code) < exit::MEANINGS.len()).map(Topic::Code);
        let error = || ErrorId::ALL.iter().find(|id| id.word() == what).map(|id| Topic::Error(*id));
        let topic = error().or_else(code).or_else(|| sense(what).map(Topic::Sense));
        topic.ok_or_else(|| Failure {
            hint: "explain alone lists the names of all errors",
            ..Failure::usage(format!("{what:?} is no error's name, no exit code, and no sense like 3/0c/00"))
        })
    }
}

/// A sense as messages show it.
fn sense(text: &str) -> Option<Sense> {
    let (key, rest) = text.split_once('/')?;
    let (asc, ascq) = rest.split_once('/')?;
    let [key, asc, ascq] = [key, asc, ascq].map(|part| u8::from_str_radix(part, 16).ok());
    let key = key.filter(|key| *key <= 0x0f)?;
    Some(Sense::of(SenseKey::from_code(key), asc?, ascq?))
}

/// Whose matter it is, roughly: what the standard says of the key, in the words of who has to do something.
fn meaning(key: SenseKey) -> &'static str {
    match key {
        SenseKey::NoSense | SenseKey::RecoveredError => "The command did its work; this is a remark on it.",
        SenseKey::NotReady => {
            "The drive can't do it now: there is no disc, it has not spun up yet, or the drive is at work by itself. It is asked again where waiting helps."
        }
        SenseKey::MediumError => {
            "The disc, most likely: a bad spot, dirt, wear. Clean it; try another disc, then another drive."
        }
        SenseKey::HardwareError => {
            "The drive itself. If it is the same with another disc, the drive is broken, or lacks power."
        }
        SenseKey::IllegalRequest => {
            "The drive does not know the command, or a field of it, or can't do it with this disc. Where there is another way, it is taken."
        }
        SenseKey::UnitAttention => {
            "Something changed behind the program's back: another disc, a reset, a drive that was switched on. The drive says so once."
        }
        SenseKey::DataProtect => "The disc, or the drive, may not be written to.",
        SenseKey::BlankCheck => "Nothing is written where something was expected, or the other way round.",
        SenseKey::AbortedCommand => "The command broke off, mostly by the connection: check cable and port.",
        SenseKey::Other(_) => "The standard leaves this key to the drive's maker, or to other kinds of devices.",
    }
}

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    errors: Vec<ErrorFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sense: Option<SenseObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct ErrorFields {
    id: &'static str,
    exit_code: u8,
    summary: &'static str,
    text: &'static str,
}

impl ErrorFields {
    fn new(id: ErrorId) -> ErrorFields {
        let Section { summary, text } = section(id);
        ErrorFields { id: id.word(), exit_code: id.code(), summary, text }
    }
}

impl Fields {
    fn new(topic: &Topic) -> Fields {
        let is_meant = |id: &ErrorId| match topic {
            Topic::All => true,
            Topic::Code(code) => id.code() == *code,
            Topic::Error(wanted) => id == wanted,
            Topic::Sense(_) => false,
        };
        let errors = ErrorId::ALL.iter().copied().filter(is_meant).map(ErrorFields::new).collect();
        let (sense, meaning) = match topic {
            Topic::Sense(sense) => (Some(SenseObject::new(*sense)), Some(meaning(sense.key))),
            _ => (None, None),
        };
        Fields { errors, sense, meaning }
    }

    fn lines(&self, topic: &Topic) -> Vec<String> {
        match topic {
            Topic::Sense(sense) => vec![sense.to_string(), String::new(), meaning(sense.key).to_owned()],
            Topic::Error(_) => self.errors.iter().flat_map(ErrorFields::page).collect(),
            Topic::Code(code) => [format!("{code}: {}", exit::MEANINGS[usize::from(*code)])]
                .into_iter()
                .chain(self.errors.iter().map(ErrorFields::line))
                .collect(),
            Topic::All => self.errors.iter().map(ErrorFields::line).collect(),
        }
    }
}

impl ErrorFields {
    fn line(&self) -> String {
        format!("{:>2}  {:<20}  {}", self.exit_code, self.id, self.summary)
    }

    fn page(&self) -> Vec<String> {
        let head = [
            format!("{} (exit code {})", self.id, self.exit_code),
            String::new(),
            self.summary.to_owned(),
            String::new(),
        ];
        head.into_iter().chain(self.text.lines().map(|line| line.replace("**", ""))).collect()
    }
}

pub(super) fn run(options: &CommonOptions, arguments: &Arguments) -> Result<(), Failure> {
    let topic = arguments.topic()?;
    let fields = Fields::new(&topic);
    if options.json {
        json::end(&json::ResultObject::new("explain", fields));
    } else if !options.quiet {
        fields.lines(&topic).iter().for_each(|line| output::line(line));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(what: &str) -> Option<Topic> {
        Arguments { what: Some(what.to_owned()) }.topic().ok()
    }

    #[test]
    fn a_name_a_code_and_a_sense_are_told_apart() {
        assert_eq!(topic("no-disc"), Some(Topic::Error(ErrorId::NoDisc)));
        assert_eq!(topic("8"), Some(Topic::Code(8)));
        for text in ["3/0c/00", "3/C/0", "03/0C/00"] {
            assert_eq!(topic(text), Some(Topic::Sense(Sense::of(SenseKey::MediumError, 0x0c, 0))), "{text}");
        }
        for text in ["", "14", "-1", "no_disc", "NO-DISC", "3/0c", "3/0c/00/00", "10/0c/00", "3/0c/100", "3//", "x"] {
            assert_eq!(topic(text), None, "{text}");
        }
    }
}
