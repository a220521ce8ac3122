//! A week of nightly runs of the program on a virtual disc, and where its sessions start.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::foreign::compare::Limit;
use crate::foreign::image::{Image, chain_of_overwritable, volume_sectors};
use crate::foreign::limits::{LIMITS, LIMITS_ON_EARLIER_OVERWRITABLE};
use crate::foreign::listing::{Listing, expected_on_disc};
use crate::foreign::programs::{attempt, output, program};
use crate::week::{DAYS, Names, make_day};

/// What can be written anywhere. `dvd-rw-overwrite` is a `dvd-rw` that was formatted.
pub(crate) const OVERWRITABLE: [&str; 4] = ["dvd+rw", "dvd-rw-overwrite", "dvd-ram", "bd-re"];

/// A staging area, a configuration and a virtual disc in a directory of their own.
#[derive(Debug)]
pub(crate) struct BackupBox {
    top: TempDir,
    media: &'static str,
}

impl BackupBox {
    /// A new box with a blank disc of the kind `media`.
    pub(crate) fn new(media: &'static str) -> BackupBox {
        let made = BackupBox { top: TempDir::new().expect("a temporary directory"), media };
        fs::create_dir_all(made.staging()).expect("a new directory");
        fs::create_dir_all(made.top.path().join("working")).expect("a new directory");
        fs::write(made.top.path().join("cback3.conf"), made.configuration()).expect("a new file");
        output(cedarburn().args(["disc", "create"]).arg(made.disc()).args(["--media", made.word()]));
        if media != made.word() {
            output(cedarburn().arg("format").arg("--device").arg(made.device()));
        }
        made
    }

    /// The kind of disc as a configuration names it.
    fn word(&self) -> &'static str {
        self.media.strip_suffix("-overwrite").unwrap_or(self.media)
    }

    fn device(&self) -> std::ffi::OsString {
        let mut device = std::ffi::OsString::from("sim:");
        device.push(self.disc());
        device
    }

    pub(crate) fn staging(&self) -> PathBuf {
        self.top.path().join("staging")
    }

    pub(crate) fn disc(&self) -> PathBuf {
        self.top.path().join("disc")
    }

    /// The whole disc: sector n at byte n × 2048.
    pub(crate) fn sectors(&self) -> PathBuf {
        self.disc().join("sectors")
    }

    fn configuration(&self) -> String {
        let device_type = match self.media.get(..2) {
            Some("cd") => "cdwriter",
            Some("bd") => "bdwriter",
            _ => "dvdwriter",
        };
        let (staging, working) = (self.staging(), self.top.path().join("working"));
        let (staging, working) = (staging.display(), working.display());
        format!(
            "<?xml version=\"1.0\"?>
<cb_config>
  <options>
    <starting_day>monday</starting_day>
    <working_dir>{working}</working_dir>
    <backup_user>root</backup_user>
    <backup_group>root</backup_group>
    <rcp_command>/usr/bin/scp -B</rcp_command>
  </options>
  <peers>
    <peer><name>alpha</name><type>local</type><collect_dir>/nonexistent</collect_dir></peer>
  </peers>
  <stage><staging_dir>{staging}</staging_dir></stage>
  <store>
    <source_dir>{staging}</source_dir>
    <media_type>{}</media_type>
    <device_type>{device_type}</device_type>
    <target_device>/dev/nonexistent</target_device>
    <check_data>Y</check_data>
  </store>
</cb_config>
",
            self.word()
        )
    }

    /// Runs `store` as on the date of the daily directory `day` (`2026/11/16`).
    pub(crate) fn store(&self, day: &str) {
        let path = |name| self.top.path().join(name);
        let mut command = cedarburn();
        command.arg("-c").arg(path("cback3.conf")).arg("-l").arg(path("cback3.log"));
        command.args(["store", "--today", &day.replace('/', "-")]).arg("--device").arg(self.device());
        // What went wrong stands in the log: there is no terminal.
        let log = || fs::read_to_string(path("cback3.log")).unwrap_or_default();
        attempt(&mut command).unwrap_or_else(|said| panic!("store on {day}: {said}\n{}", log()));
    }

    /// Makes and stores each day of the week; returns what the disc has to show after each of them.
    pub(crate) fn run_week(&self, names: Names) -> Vec<Listing> {
        let mut expected = Vec::new();
        let mut so_far = Listing::new();
        for day in DAYS {
            let directory = make_day(&self.staging(), day, names);
            // Before the run: afterwards there is a cback.store, which is not on the disc.
            so_far.extend(expected_on_disc(&directory, day));
            self.store(day);
            expected.push(so_far.clone());
        }
        expected
    }

    /// First sectors of the sessions, oldest first. The one place that knows how a virtual disc says so.
    pub(crate) fn session_starts(&self) -> Vec<u32> {
        let starts = if self.is_overwritable() {
            // To the drive such a disc has one session only.
            chain_of_overwritable(&self.sectors())
        } else {
            starts_from_state(&self.disc().join("state.json"))
        };
        for &start in &starts {
            assert!(volume_sectors(&self.sectors(), start).is_some(), "no volume in the session at sector {start}");
        }
        starts
    }

    /// What any computer shows that has this disc in its drive.
    pub(crate) fn newest(&self) -> Image {
        let start = *self.session_starts().last().expect("a disc with a session");
        Image::new(&self.sectors(), if self.is_overwritable() { 0 } else { start })
    }

    /// What readers can't show of a session that is looked at through its own descriptors.
    pub(crate) fn limits_at_own_descriptors(&self) -> Vec<Limit> {
        let more = if self.is_overwritable() { LIMITS_ON_EARLIER_OVERWRITABLE } else { &[] };
        more.iter().chain(LIMITS).copied().collect()
    }

    fn is_overwritable(&self) -> bool {
        OVERWRITABLE.contains(&self.media)
    }
}

fn starts_from_state(state: &Path) -> Vec<u32> {
    let text = fs::read_to_string(state).unwrap_or_else(|error| panic!("{}: {error}", state.display()));
    let value: Value = serde_json::from_str(&text).expect("state.json holds JSON");
    let first_number = |session: &Value| {
        let number = ["start", "first", "lba"].iter().find_map(|key| session.get(key)?.as_u64());
        let track = || first_of(session.get("tracks")?.as_array()?.first()?);
        u32::try_from(number.or_else(track)?).ok()
    };
    let sessions = value.get("sessions").and_then(Value::as_array);
    let starts: Option<Vec<u32>> = sessions.and_then(|list| list.iter().map(first_number).collect());
    starts.unwrap_or_else(|| panic!("no session starts are found in {}:\n{text}", state.display()))
}

fn first_of(track: &Value) -> Option<u64> {
    ["start", "first", "lba"].iter().find_map(|key| track.get(key)?.as_u64())
}

/// An image with the content of `source` at `graft`, made as its user makes it.
pub(crate) fn image(output_file: &Path, source: &Path, graft: &str, more: &[&str]) -> Image {
    let mut graft_point = source.as_os_str().to_owned();
    graft_point.push("=/");
    graft_point.push(graft);
    let mut command = cedarburn();
    command.arg("image").arg(graft_point).args(["--volume-id", "LIMITS"]).args(more);
    output(command.arg("--output").arg(output_file));
    Image::new(output_file, 0)
}

fn cedarburn() -> Command {
    program(env!("CARGO_BIN_EXE_cedarburn"))
}
