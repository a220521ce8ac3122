//! Burns a file, or copies it, and says what that took.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, FileTimes};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::measure::{self, Outcome, Usage, noise};

const BINARY: &str = env!("CARGO_BIN_EXE_cedarburn");
const DAY: &str = "2026-11-16";

/// What is done with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Burned and read back.
    Store,
    /// Copied by the kernel, and compared.
    Copy,
    /// Copied by reading and writing, and compared.
    ReadAndWrite,
}

impl Way {
    pub(crate) const ALL: [Way; 3] = [Way::Store, Way::Copy, Way::ReadAndWrite];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Way::Store => "cedarburn store",
            Way::Copy => "cp + cmp",
            Way::ReadAndWrite => "cp --reflink=never + cmp",
        }
    }
}

/// How long the parts of a run took.
#[derive(Debug)]
pub(crate) struct Phases {
    before: Duration,
    writing: Duration,
    verifying: Duration,
}

impl fmt::Display for Phases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [before, writing, verifying] = [self.before, self.writing, self.verifying].map(|part| part.as_secs_f64());
        write!(f, "{before:.2} s until writing begins, {writing:.2} s writing, {verifying:.2} s reading back")
    }
}

/// A directory with a staged day of one file.
#[derive(Debug)]
pub(crate) struct Bench {
    top: PathBuf,
    file: PathBuf,
    pub(crate) mebibytes: u32,
}

impl Bench {
    /// Makes the file below `top`.
    pub(crate) fn new(top: &Path, mebibytes: u32) -> Outcome<Bench> {
        let day = top.join("staging").join(DAY.replace('-', "/"));
        let host = day.join("host");
        fs::create_dir_all(&host)?;
        let path = host.join("full.tar");
        let mut file = File::create(&path)?;
        let block = noise(1 << 20);
        for number in 0..mebibytes {
            file.write_all(&number.to_le_bytes())?;
            file.write_all(&block[4..])?;
        }
        let stage = File::create(day.join("cback.stage"))?;
        // A file that changed a moment ago may still be changing.
        let past = FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        file.set_times(past)?;
        stage.set_times(past)?;
        nix::unistd::sync();
        Ok(Bench { top: top.to_owned(), file: path, mebibytes })
    }

    /// Writes the configuration for discs of this kind.
    pub(crate) fn configure(&self, media: &str) -> Outcome<()> {
        let device_type = match media.get(..2) {
            Some("cd") => "cdwriter",
            Some("bd") => "bdwriter",
            _ => "dvdwriter",
        };
        let top = self.top.display();
        let text = format!(
            "<?xml version=\"1.0\"?>
<cb_config>
  <options>
    <starting_day>monday</starting_day>
    <working_dir>{top}</working_dir>
    <backup_user>root</backup_user>
    <backup_group>root</backup_group>
    <rcp_command>/usr/bin/scp -B</rcp_command>
  </options>
  <peers>
    <peer><name>host</name><type>local</type><collect_dir>/nonexistent</collect_dir></peer>
  </peers>
  <stage><staging_dir>{top}/staging</staging_dir></stage>
  <store>
    <source_dir>{top}/staging</source_dir>
    <media_type>{media}</media_type>
    <device_type>{device_type}</device_type>
    <target_device>/dev/nonexistent</target_device>
    <check_data>Y</check_data>
  </store>
</cb_config>
"
        );
        Ok(fs::write(self.top.join("cback3.conf"), text)?)
    }

    /// Does it once. A run that finds the file gone from memory is done again.
    pub(crate) fn measure(&self, way: Way, media: &str) -> Outcome<Usage> {
        for _ in 0..3 {
            let usage = self.run(way, media)?;
            if !usage.is_of_the_disk() {
                return Ok(usage);
            }
        }
        self.run(way, media)
    }

    /// Does it once and clears away what came of it.
    fn run(&self, way: Way, media: &str) -> Outcome<Usage> {
        self.read_file()?;
        let usage = match way {
            Way::Store => {
                self.new_disc(media)?;
                measure::measure(BINARY.as_ref(), &self.store())
            }
            Way::Copy => self.copy("cp -- \"$0\" \"$1\" && cmp -- \"$0\" \"$1\""),
            Way::ReadAndWrite => self.copy("cp --reflink=never -- \"$0\" \"$1\" && cmp -- \"$0\" \"$1\""),
        };
        self.clear()?;
        usage
    }

    fn copy(&self, script: &str) -> Outcome<Usage> {
        let arguments: [OsString; 4] = ["-c".into(), script.into(), (&self.file).into(), self.top.join("copy").into()];
        measure::measure("sh".as_ref(), &arguments)
    }

    /// Burns once more and listens to how it goes.
    pub(crate) fn phases(&self, media: &str) -> Outcome<Phases> {
        self.new_disc(media)?;
        let mut command = Command::new(BINARY);
        let begun = Instant::now();
        let mut child = command.args(self.store()).arg("--json").stdout(Stdio::piped()).spawn()?;
        let (mut writing, mut verifying) = (None, None);
        for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
            let object: serde_json::Value = serde_json::from_str(&line?)?;
            let begins = match object.get("phase").and_then(serde_json::Value::as_str) {
                Some("writing") => &mut writing,
                Some("verifying") => &mut verifying,
                _ => continue,
            };
            begins.get_or_insert(begun.elapsed());
        }
        let status = child.wait()?;
        let all = begun.elapsed();
        self.clear()?;
        match (writing, verifying) {
            (Some(writing), Some(verifying)) if status.success() => Ok(Phases {
                before: writing,
                writing: verifying.saturating_sub(writing),
                verifying: all.saturating_sub(verifying),
            }),
            _ => Err(format!("a run ended with {status}, or did not say how it went").into()),
        }
    }

    fn store(&self) -> Vec<OsString> {
        let mut device = OsString::from("sim:");
        device.push(self.disc());
        let (config, log) = (self.top.join("cback3.conf").into(), self.top.join("cback3.log").into());
        let words = |text: &str| OsString::from(text);
        vec![
            words("--config"),
            config,
            words("--logfile"),
            log,
            words("--today"),
            words(DAY),
            words("--device"),
            device,
            words("store"),
        ]
    }

    fn disc(&self) -> PathBuf {
        self.top.join("disc")
    }

    fn new_disc(&self, media: &str) -> Outcome<()> {
        let status = Command::new(BINARY).args(["disc", "create", "--media", media]).arg(self.disc()).status()?;
        if status.success() { Ok(()) } else { Err(format!("there is no disc {media}").into()) }
    }

    /// Removes disc, copy and mark, and lets the host's disk come to rest: nothing of it is to be done during the next run.
    fn clear(&self) -> Outcome<()> {
        let day = self.top.join("staging").join(DAY.replace('-', "/"));
        let gone = [
            fs::remove_dir_all(self.disc()),
            fs::remove_file(self.top.join("copy")),
            fs::remove_file(day.join("cback.store")),
        ];
        for outcome in gone {
            match outcome {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        nix::unistd::sync();
        Ok(())
    }

    fn read_file(&self) -> Outcome<()> {
        let mut file = File::open(&self.file)?;
        let mut buffer = vec![0; 1 << 20];
        while file.read(&mut buffer)? > 0 {}
        Ok(())
    }
}
