//! Receipts: what a run did, in a file that outlives the log.
//!
//! Each run of *store*, *rebuild*, *initialize*, *span*, *verify* and *blank* that is no rehearsal leaves one, whatever its end was. It answers, years
//! later and without the disc: which disc holds the day, was it proven, by which drive. [`status`](super::status) reads them for monitoring, and
//! [`known`] for the protection of discs: a day that was proven on another disc is not lost with this one.
//!
//! A run fills a [`Record`] as facts become known, so that the receipt of a run that failed has what was known until then. Fields may be
//! added, none will change; what a reader does not know it passes over.

pub mod folder;
pub mod known;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use self::folder::FolderError;
use super::disc::Looked;
use super::staging::Day;
use crate::iso::manifest::{self, Digest};
use crate::iso::tree::{Device, Kind, NodeId, Timestamp, Tree};
use crate::scsi::Drive;
use crate::sector::Lba;

/// The version of the format: another one means that the fields of this one have changed their meaning, which none has so far.
pub const VERSION: u32 = 1;

/// The day is on the disc by the run.
pub const STORED: &str = "stored";
/// The day was on the disc before.
pub const ALREADY_THERE: &str = "already on the disc";
/// Something of the day is on the disc, and the rest on another one of a span.
pub const STORED_IN_PART: &str = "stored in part";

/// A receipt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// [`VERSION`].
    pub receipt: u32,
    /// The action: `store`, `rebuild`, `initialize`, `span`, `verify`, `blank`.
    pub action: String,
    /// Name and version of the program.
    pub program: String,
    /// The machine.
    pub host: String,
    /// When the run began, seconds since 1970.
    pub started: i64,
    /// When it ended.
    pub ended: i64,
    /// Both for people, in UTC (RFC 3339).
    pub started_utc: String,
    /// See above.
    pub ended_utc: String,
    /// The exit code.
    pub exit_code: u8,
    /// Where that is not 0, what was told.
    pub error: Option<Told>,
    /// What is known of the run.
    #[serde(flatten)]
    pub record: Record,
}

/// An error as it was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The error's name, for *explain*.
    #[serde(default)]
    pub id: String,
    /// The sentence.
    pub error: String,
    /// The causes, the nearest first.
    pub because: Vec<String>,
    /// Every difference that was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// What state the data and the disc are in.
    pub state: String,
    /// What to do.
    pub hint: String,
}

/// What is known of a run so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The drive.
    pub drive: Option<DriveFacts>,
    /// The disc.
    pub disc: Option<DiscFacts>,
    /// The disc that this one was until the run wiped it, by its [identity].
    pub wiped: Option<String>,
    /// A disc was wiped of which nobody could tell which one it was.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub wiped_unknown: bool,
    /// The session that was written.
    pub session: Option<SessionFacts>,
    /// The days that the run was about.
    pub days: Vec<DayFacts>,
    /// Whether all of it was read back and compared; absent where nothing was to be proven. Of *verify*: whether all that a mount shows is as the
    /// disc's lists say; absent where that is not known, and where it read one session and found nothing wrong.
    pub proven: Option<bool>,
    /// What was wrong.
    pub findings: usize,
    /// The note that a disc was about to be wiped, which goes when the receipt is written.
    #[serde(skip)]
    pub note: Option<PathBuf>,
}

/// The drive of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DriveFacts {
    /// What it was called.
    pub device: String,
    /// Vendor, product and revision.
    pub name: String,
}

/// The disc of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiscFacts {
    /// The kind of medium.
    pub medium: String,
    /// Its label after the run.
    pub label: Option<String>,
    /// Which disc it is after the run: see [`identity`].
    pub id: Option<String>,
    /// Sectors of the whole disc, where the drive tells.
    pub capacity_sectors: Option<u32>,
    /// Sectors that a next session may have, after the run.
    pub free_sectors: Option<u32>,
    /// Whether another session can follow.
    pub appendable: Option<bool>,
}

/// A session that was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionFacts {
    /// First sector.
    pub start: u32,
    /// Length.
    pub sectors: u32,
    /// The sector behind it.
    pub end: u32,
    /// Its list of digests, from the root of the disc.
    pub manifest: String,
    /// SHA-256 of that list.
    pub manifest_sha256: String,
    /// How full the buffer in front of the drive was at least, in percent.
    pub buffer_least_percent: u8,
    /// How often it ran empty.
    pub buffer_ran_empty: u32,
}

/// A day that a run was about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DayFacts {
    /// YYYY-MM-DD.
    pub day: String,
    /// [`STORED`], [`ALREADY_THERE`], [`STORED_IN_PART`]; `left` where there was no room; `not stored`; `burned`, `burned in part` where it was
    /// not read back to the end, or not found to be as it was sent.
    pub outcome: String,
    /// What the day consists of: see [`digest_of_day`].
    pub digest: Option<String>,
    /// Regular files.
    pub files: u64,
}

/// Which disc it is. No drive tells a number of a disc that is its own alone, so it is told by its first session, which stays while others are
/// appended: SHA-256 of its label, the time when its volume was made and its first sector, the first 16 digits. With `SOURCE_DATE_EPOCH` set
/// two discs may be the same one by this; then neither counts as the other's copy.
#[must_use]
pub fn identity(label: &str, created: Option<Timestamp>, start: Lba) -> String {
    let created = created.map_or(0, |time| time.seconds);
    let mut digits = hex(&Sha256::digest(format!("{label}\0{created}\0{start}")));
    digits.truncate(16);
    digits
}

/// What a day consists of: SHA-256 of the lines of its files in the disc's lists and of a line for whatever else has a name, sorted. The same on
/// every disc that holds the same under the same names; the mark does not count, which each burn may bring anew. With it how many files there
/// are; none where one is in no list.
#[must_use]
pub fn digest_of_day(tree: &Tree, day: &Day, digest: &dyn Fn(NodeId) -> Option<Digest>) -> Option<(String, u64)> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut files = 0;
    let mark = day.mark_on_disc();
    for id in tree.find(&day.on_disc()).map(|top| tree.walk_from(top)).into_iter().flatten() {
        let (path, kind) = (tree.path(id), &tree.node(id).kind);
        if path == mark {
            continue;
        }
        let mut line = Vec::new();
        if let Kind::File { .. } = kind {
            files += 1;
            manifest::write_line(&mut line, &digest(id)?, &path);
        } else {
            let target = match kind {
                Kind::Symlink(target) => target.to_vec(),
                Kind::CharacterDevice(Device { major, minor }) | Kind::BlockDevice(Device { major, minor }) => {
                    format!("{major}:{minor}").into_bytes()
                }
                _ => Vec::new(),
            };
            line.extend([kind.word().as_bytes(), b" ", path.as_bytes(), b"\0", &target, b"\n"].concat());
        }
        lines.push(line);
    }
    lines.sort_unstable();
    Some((hex(&Sha256::digest(lines.concat())), files))
}

/// In lower-case digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Record {
    /// The drive, and the disc as it is.
    pub fn seen(&mut self, drive: &Drive, disc: &Looked) {
        let name = drive.known_identity().map(|known| format!("{} {} {}", known.vendor, known.product, known.revision));
        self.drive = Some(DriveFacts { device: drive.name().to_owned(), name: name.unwrap_or_default() });
        self.disc = Some(DiscFacts {
            medium: disc.medium.clone(),
            label: disc.label.clone(),
            id: disc.id.clone(),
            capacity_sectors: disc.capacity.map(|sectors| sectors.0),
            free_sectors: disc.free.map(|sectors| sectors.0),
            appendable: None,
        });
    }

    /// The disc is about to be wiped. That is put on record in `folder` before it is: whatever becomes of the run, nobody takes the disc for a copy
    /// any more. The run's own receipt says so, too, and then the note can go.
    ///
    /// # Errors
    /// When there is a folder and the note can't be written into it.
    pub fn wiping(
        &mut self,
        action: &str,
        before: &Looked,
        folder: Option<&Path>,
        now: i64,
    ) -> Result<(), FolderError> {
        self.wiped.clone_from(&before.id);
        self.wiped_unknown = before.id.is_none() && before.shows;
        if let Some(disc) = &mut self.disc {
            (disc.id, disc.label, disc.free_sectors) = (None, None, None);
        }
        let Some(folder) = folder.filter(|_| before.shows) else { return Ok(()) };
        let at = utc(now);
        let note = Receipt {
            receipt: VERSION,
            action: action.to_owned(),
            program: program(),
            started: now,
            ended: now,
            started_utc: at.clone(),
            ended_utc: at,
            record: Record { wiped: self.wiped.clone(), wiped_unknown: self.wiped_unknown, ..Record::default() },
            ..Receipt::default()
        };
        self.note = Some(folder::write(folder, &note)?);
        Ok(())
    }
}

/// A time as receipts have it for people.
#[must_use]
pub fn utc(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// Name and version of the program, as receipts have them.
#[must_use]
pub fn program() -> String {
    format!("cedarburn {}", env!("CARGO_PKG_VERSION"))
}

impl Receipt {
    /// Whether it is of a run that puts days on discs.
    #[must_use]
    pub fn stores(&self) -> bool {
        matches!(self.action.as_str(), "store" | "rebuild" | "span")
    }

    /// Whether it is of a run that checked a disc against its own lists.
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.action == "verify"
    }

    /// The days that are on the disc by this run.
    pub fn stored_days(&self) -> impl Iterator<Item = &DayFacts> {
        self.record.days.iter().filter(|day| matches!(day.outcome.as_str(), STORED | ALREADY_THERE))
    }

    /// The days of which something is on the disc by this run.
    pub fn days_with_something_stored(&self) -> impl Iterator<Item = &DayFacts> {
        let is_stored = |day: &&DayFacts| matches!(day.outcome.as_str(), STORED | ALREADY_THERE | STORED_IN_PART);
        self.record.days.iter().filter(is_stored)
    }

    /// The newest of the days that are on the disc by this run.
    #[must_use]
    pub fn newest_day(&self) -> Option<Date> {
        self.stored_days().filter_map(|day| day.day.parse().ok()).max()
    }

    /// The run in one line of `name=value`, for `journalctl | grep summary`. A value that is no plain word stands in quotes.
    #[must_use]
    pub fn summary(&self) -> String {
        let Record { drive, disc, session, days, proven, .. } = &self.record;
        let mut line = "summary".to_owned();
        let mut put = |name: &str, value: String| {
            let is_plain = !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'=');
            let value = if is_plain { value } else { format!("{value:?}") };
            line += &format!(" {name}={value}");
        };
        put("action", self.action.clone());
        put("result", if self.exit_code == 0 { "ok" } else { "failed" }.to_owned());
        if !days.is_empty() {
            put("days", days.iter().map(|day| day.day.as_str()).collect::<Vec<_>>().join(","));
            put("files", days.iter().map(|day| day.files).sum::<u64>().to_string());
        }
        if let Some(drive) = drive {
            put("drive", drive.device.clone());
        }
        if let Some(disc) = disc {
            put("medium", disc.medium.clone());
            disc.label.iter().for_each(|label| put("label", label.clone()));
            disc.id.iter().for_each(|id| put("disc", id.clone()));
            disc.free_sectors.iter().for_each(|free| put("free", free.to_string()));
        }
        if let Some(session) = session {
            put("session", format!("{}+{}", session.start, session.sectors));
        }
        if let Some(proven) = proven {
            put("proven", if *proven { "yes" } else { "no" }.to_owned());
        }
        put("seconds", self.ended.saturating_sub(self.started).to_string());
        put("exit", self.exit_code.to_string());
        if let Some(told) = &self.error {
            put("id", told.id.clone());
            put("error", told.error.clone());
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::tree::{Attributes, Content};

    #[test]
    fn a_summary_is_one_line_that_grep_takes_apart() {
        let receipt = Receipt {
            action: "store".to_owned(),
            started: 100,
            ended: 141,
            record: Record {
                drive: Some(DriveFacts { device: "/dev/sr0".to_owned(), name: "A B".to_owned() }),
                disc: Some(DiscFacts {
                    medium: "CD-RW".to_owned(),
                    label: Some("CEDAR BACKUP 27-NOV-2026".to_owned()),
                    id: Some("0123456789abcdef".to_owned()),
                    free_sectors: Some(7),
                    ..DiscFacts::default()
                }),
                session: Some(SessionFacts { start: 176, sectors: 12_873, ..SessionFacts::default() }),
                days: vec![DayFacts { day: "2026-11-27".to_owned(), files: 12, ..DayFacts::default() }],
                proven: Some(true),
                ..Record::default()
            },
            ..Receipt::default()
        };
        assert_eq!(
            receipt.summary(),
            "summary action=store result=ok days=2026-11-27 files=12 drive=/dev/sr0 medium=CD-RW \
             label=\"CEDAR BACKUP 27-NOV-2026\" disc=0123456789abcdef free=7 session=176+12873 proven=yes seconds=41 exit=0"
        );
        let told = Told { id: "no-disc".to_owned(), error: "a \"b\"\nc".to_owned(), ..Told::default() };
        let failed = Receipt { action: "store".to_owned(), exit_code: 8, error: Some(told), ..Receipt::default() };
        assert_eq!(
            failed.summary(),
            r#"summary action=store result=failed seconds=0 exit=8 id=no-disc error="a \"b\"\nc""#
        );
    }

    #[test]
    fn a_disc_is_told_by_its_first_session() {
        let id = identity("CEDAR BACKUP 27-NOV-2026", Some(Timestamp::from_seconds(5)), Lba(0));
        assert_eq!(id.len(), 16);
        assert_eq!(id, identity("CEDAR BACKUP 27-NOV-2026", Some(Timestamp::from_seconds(5)), Lba(0)));
        assert_ne!(id, identity("CEDAR BACKUP 27-NOV-2026", Some(Timestamp::from_seconds(6)), Lba(0)));
        assert_ne!(id, identity("CEDAR BACKUP 28-NOV-2026", Some(Timestamp::from_seconds(5)), Lba(0)));
        assert_ne!(id, identity("CEDAR BACKUP 27-NOV-2026", Some(Timestamp::from_seconds(5)), Lba(32)));
    }

    #[test]
    fn a_days_digest_changes_with_whatever_has_a_name_in_it_but_the_mark() {
        let day = Day::new(std::path::Path::new("/"), jiff::civil::date(2026, 11, 27));
        let with = |more: &[(&[u8], Kind)]| {
            let mut tree = Tree::new(Attributes::default());
            let top = tree.make_directory(&day.on_disc(), Attributes::default()).unwrap();
            let empty = || Kind::File { size: 0, content: Content::Recorded(Box::default()) };
            for (name, kind) in [(&b"a"[..], empty()), (b"b", empty())].iter().chain(more) {
                tree.insert(top, name, Attributes::default(), kind.clone()).unwrap();
            }
            tree
        };
        let digest = |tree: &Tree, of_b: u8| {
            let of = |id: NodeId| Some([if tree.path(id).to_string().ends_with('b') { of_b } else { 1 }; 32]);
            digest_of_day(tree, &day, &of).unwrap()
        };
        let plain = digest(&with(&[]), 2);
        assert_eq!(plain.1, 2);
        let mark = Kind::File { size: 0, content: Content::Recorded(Box::default()) };
        assert_eq!(digest(&with(&[(b"cback.store", mark)]), 2), plain);
        assert_ne!(digest(&with(&[]), 3), plain);
        let device = |minor| Device { major: 1, minor };
        let others = [
            Kind::Directory(Vec::new()),
            Kind::Symlink(b"a".to_vec().into()),
            Kind::Symlink(b"b".to_vec().into()),
            Kind::Fifo,
            Kind::Socket,
            Kind::CharacterDevice(device(3)),
            Kind::CharacterDevice(device(4)),
            Kind::BlockDevice(device(3)),
        ];
        let digests: Vec<_> = others.iter().map(|kind| digest(&with(&[(b"c", kind.clone())]), 2)).collect();
        for (at, one) in digests.iter().enumerate() {
            assert!(*one != plain && !digests[at + 1..].contains(one), "{:?}", others[at]);
        }
        assert_eq!(digest_of_day(&with(&[]), &day, &|_| None), None, "a file that no list has");
    }

    #[test]
    fn what_a_later_version_adds_is_passed_over() {
        let text = r#"{"receipt":1,"action":"store","program":"","host":"","started":1,"ended":2,"started_utc":"",
            "ended_utc":"","exit_code":0,"error":null,"novelty":[1],"disc":{"medium":"CD-R","novelty":2}}"#;
        let receipt: Receipt = serde_json::from_str(text).unwrap();
        assert_eq!(receipt.record.disc.unwrap().medium, "CD-R");
    }
}
