//! `store`: the disc, the drive, and when a disc is begun anew.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::error::{ConfigError, ConfigWarning};
use super::node::{Node, Value};
use super::number;
use super::words::{DeviceType, MediumFamily, MediumWord, Word, one_of};

/// The `store` section.
#[derive(Debug, Clone, PartialEq)]
pub struct Store {
    /// The staging root of *rebuild*, and of *store* where there is no stage section.
    pub source_dir: PathBuf,
    /// What should be in the drive.
    pub media_type: MediumWord,
    /// What the drive should be; absent is whatever `media_type` needs. It fits `media_type`.
    pub device_type: Option<DeviceType>,
    /// The drive.
    pub target_device: DeviceSpec,
    /// What Cedar hands to cdrecord in place of the device; kept, of no use here.
    pub target_scsi_id: Option<String>,
    /// As a multiple of the medium's nominal speed; absent leaves it to the drive.
    pub drive_speed: Option<u32>,
    /// As it was said; [`Store::verifies`] is what it means.
    pub check_data: Option<bool>,
    /// Whether only a disc with Cedar's label is written to.
    pub check_media: bool,
    /// Whether to say so if the day stored is not the day of the run.
    pub warn_midnite: bool,
    /// Whether the tray stays as it is.
    pub no_eject: bool,
    /// A wait before the disc is read again, of an hour at most. 0 is none, as with Cedar.
    pub refresh_media_delay: Option<Duration>,
    /// A wait between eject and load, of an hour at most. 0 is none, as with Cedar.
    pub eject_delay: Option<Duration>,
    /// When to begin the disc anew before its week is over.
    pub blank_behavior: Option<BlankBehavior>,
}

/// The blanking strategy. Cedar accepts one half of it and fails, or ignores it, when it runs; here both are needed.
#[derive(Debug, Clone, PartialEq)]
pub struct BlankBehavior {
    /// On which days the question is asked.
    pub mode: BlankMode,
    /// Blank where `available / (1.0 + required)` is not above this. Not negative; may be infinite or not a number,
    /// which Cedar takes as always and never.
    pub factor: f64,
    /// The factor as it was written.
    pub factor_text: String,
}

/// On which days [`BlankBehavior`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlankMode {
    /// Every day.
    Daily,
    /// The starting day of the week.
    Weekly,
}

impl Word for BlankMode {
    const ALL: &'static [BlankMode] = &[BlankMode::Daily, BlankMode::Weekly];

    fn word(self) -> &'static str {
        match self {
            BlankMode::Daily => "daily",
            BlankMode::Weekly => "weekly",
        }
    }
}

/// A drive by name: an absolute path, or `sim:PATH[,...]` for a simulated one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeviceSpec(String);

impl DeviceSpec {
    const LEGAL: &'static str = "an absolute path or sim:PATH";

    /// As it was written, which is what a drive is opened by.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after `sim:`, if that is what it is.
    #[must_use]
    pub fn simulated(&self) -> Option<&str> {
        self.0.strip_prefix("sim:")
    }
}

impl FromStr for DeviceSpec {
    type Err = BadDevice;

    fn from_str(text: &str) -> Result<DeviceSpec, BadDevice> {
        let is_legal = match text.strip_prefix("sim:") {
            Some(rest) => rest.split(',').next().is_some_and(|path| !path.is_empty()),
            None => text.starts_with('/'),
        };
        if is_legal { Ok(DeviceSpec(text.to_owned())) } else { Err(BadDevice { text: text.to_owned() }) }
    }
}

impl fmt::Display for DeviceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that names no drive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {}", DeviceSpec::LEGAL)]
pub struct BadDevice {
    /// The text.
    pub text: String,
}

impl Store {
    /// Whether what was written is read back: unless told not to. For Cedar absent is No.
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.check_data != Some(false)
    }

    pub(super) fn read(section: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Result<Store, ConfigError> {
        section.note_strangers(
            &[
                "source_dir",
                "media_type",
                "device_type",
                "target_device",
                "target_scsi_id",
                "drive_speed",
                "check_data",
                "check_media",
                "warn_midnite",
                "no_eject",
                "refresh_media_delay",
                "eject_delay",
                "blank_behavior",
            ],
            &[],
            warnings,
        );
        let source_dir = section.required_path("source_dir")?;
        let media_type: MediumWord = section.required_word("media_type")?;
        let device_type = device_type(section, media_type)?;
        let target_device = section.required("target_device", DeviceSpec::LEGAL)?;
        Ok(Store {
            source_dir,
            media_type,
            device_type,
            target_device: target_device.text.parse().map_err(|_| target_device.bad(DeviceSpec::LEGAL))?,
            target_scsi_id: scsi_id(section, media_type, warnings)?,
            drive_speed: section.value("drive_speed").map(|value| value.whole_number(1)).transpose()?,
            check_data: section.value("check_data").map(|value| value.boolean()).transpose()?,
            check_media: section.boolean("check_media")?,
            warn_midnite: section.boolean("warn_midnite")?,
            no_eject: section.boolean("no_eject")?,
            refresh_media_delay: delay(section, "refresh_media_delay")?,
            eject_delay: delay(section, "eject_delay")?,
            blank_behavior: section.section("blank_behavior").map(|node| blanking(&node, warnings)).transpose()?,
        })
    }
}

/// The longest delay in seconds: an hour. What a tray or a disc needs is counted in seconds, and Cedar's manual has ten and sixty. Whoever
/// writes more has milliseconds in mind, or slipped, and the run would hang for days with the tray open. Cedar takes any number.
const LONGEST_DELAY: u32 = 3600;

fn delay(section: &Node<'_>, name: &'static str) -> Result<Option<Duration>, ConfigError> {
    let Some(value) = section.value(name) else { return Ok(None) };
    let seconds = match value.whole_number(0) {
        Ok(seconds) if seconds <= LONGEST_DELAY => seconds,
        _ => return Err(value.bad(&format!("a whole number of seconds from 0 to {LONGEST_DELAY}"))),
    };
    Ok((seconds > 0).then(|| Duration::from_secs(seconds.into())))
}

fn device_type(section: &Node<'_>, medium: MediumWord) -> Result<Option<DeviceType>, ConfigError> {
    let Some(value) = section.value("device_type") else { return Ok(None) };
    let device: DeviceType = value.word()?;
    if !device.goes_with(medium) {
        let reason = format!("a {device} does not write {medium}, which is the media_type");
        return Err(ConfigError::Conflict { path: value.path, line: value.line, reason });
    }
    Ok(Some(device))
}

/// Cedar looks at the form only where it uses the id, for CDs; elsewhere a wrong one does no harm.
fn scsi_id(
    section: &Node<'_>,
    medium: MediumWord,
    warnings: &mut Vec<ConfigWarning>,
) -> Result<Option<String>, ConfigError> {
    let Some(value) = section.value("target_scsi_id") else { return Ok(None) };
    match medium.family() {
        Some(MediumFamily::Cd) if !is_scsi_id(value.text) => {
            return Err(value.bad("a SCSI id like 0,0,0 or ATA:1,0,0"));
        }
        Some(MediumFamily::Dvd | MediumFamily::Bd) => {
            warnings.push(ConfigWarning::ScsiIdIgnored { line: value.line });
        }
        Some(MediumFamily::Cd) | None => (),
    }
    Ok(Some(value.text.to_owned()))
}

/// `[anything:]N,N,N` with blanks anywhere between the parts, or macOS's `IO...Services[/N]`.
fn is_scsi_id(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let text = text.trim();
    let numbers = text.rsplit_once(':').map_or(text, |(_, numbers)| numbers);
    let parts: Vec<_> = numbers.split(',').map(str::trim).collect();
    if parts.len() == 3 && parts.into_iter().all(is_number) {
        return true;
    }
    let (service, number) = match text.rsplit_once("Services") {
        Some((before, after)) => (before, after),
        None => return false,
    };
    service.starts_with("IO") && (number.is_empty() || number.strip_prefix('/').is_some_and(is_number))
}

fn blanking(node: &Node<'_>, warnings: &mut Vec<ConfigWarning>) -> Result<BlankBehavior, ConfigError> {
    node.note_strangers(&["mode", "factor"], &[], warnings);
    let legal = "a number from 0 up";
    let mode = node.required("mode", &one_of::<BlankMode>())?.word()?;
    let factor: Value<'_> = node.required("factor", legal)?;
    match number::float(factor.text) {
        Some(number) if number >= 0.0 || number.is_nan() => {
            Ok(BlankBehavior { mode, factor: number, factor_text: factor.text.to_owned() })
        }
        _ => Err(factor.bad(legal)),
    }
}
