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

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::disc::Looked;
use crate::iso::manifest;
use crate::iso::tree::Timestamp;
use crate::scsi::Drive;
use crate::sector::Lba;

/// The version of the format: another one means that the fields of this one have changed their meaning, which none has so far.
pub const VERSION: u32 = 1;

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
    /// The session that was written.
    pub session: Option<SessionFacts>,
    /// The days that the run was about.
    pub days: Vec<DayFacts>,
    /// Whether all of it was read back and compared; absent where nothing was to be proven. Of *verify*: whether all that a mount shows is as the
    /// disc's lists say; absent where that is not known, and where it read one session and found nothing wrong.
    pub proven: Option<bool>,
    /// What was wrong.
    pub findings: usize,
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
    /// `stored`, `already on the disc`, `left` where there was no room, `not stored`; `burned` where it was not read back to the end, or
    /// not found to be as it was sent.
    pub outcome: String,
    /// What the day consists of: see [`digest_of_lines`].
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

/// What a day consists of: SHA-256 of its lines in the disc's lists, sorted. The same on every disc that holds the same files under the same
/// names.
#[must_use]
pub fn digest_of_lines<'a>(entries: impl Iterator<Item = &'a manifest::Entry>) -> (String, u64) {
    let mut lines: Vec<Vec<u8>> = entries
        .map(|entry| {
            let mut line = Vec::new();
            manifest::write_line(&mut line, &entry.digest, &entry.path);
            line
        })
        .collect();
    lines.sort_unstable();
    (hex(&Sha256::digest(lines.concat())), lines.len() as u64)
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

    /// The disc is about to be wiped.
    pub fn wiping(&mut self) {
        if let Some(disc) = &mut self.disc {
            self.wiped = disc.id.take();
            (disc.label, disc.free_sectors) = (None, None);
        }
    }
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
        self.record.days.iter().filter(|day| matches!(day.outcome.as_str(), "stored" | "already on the disc"))
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
    use crate::iso::tree::TreePath;

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
    fn a_days_digest_is_the_same_in_any_order_of_its_lines() {
        let entry = |path: &str, digest| manifest::Entry { path: TreePath::new(path), digest: [digest; 32] };
        let (a, b) = (entry("2026/11/27/a", 1), entry("2026/11/27/b", 2));
        let digest = digest_of_lines([&a, &b].into_iter());
        assert_eq!(digest, digest_of_lines([&b, &a].into_iter()));
        assert_eq!(digest.1, 2);
        assert_ne!(digest.0, digest_of_lines([&a].into_iter()).0);
        assert_ne!(digest.0, digest_of_lines([&a, &entry("2026/11/27/b", 3)].into_iter()).0);
    }

    #[test]
    fn what_a_later_version_adds_is_passed_over() {
        let text = r#"{"receipt":1,"action":"store","program":"","host":"","started":1,"ended":2,"started_utc":"",
            "ended_utc":"","exit_code":0,"error":null,"novelty":[1],"disc":{"medium":"CD-R","novelty":2}}"#;
        let receipt: Receipt = serde_json::from_str(text).unwrap();
        assert_eq!(receipt.record.disc.unwrap().medium, "CD-R");
    }
}
