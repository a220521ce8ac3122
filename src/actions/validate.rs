//! *validate*: whether the configuration fits this machine. That the file is well-formed and legal is known by then; here it is held against
//! directories, users and the drive.
//!
//! As with Cedar every problem is told, in the order of the sections, and of a directory the first one that it has: exists, is a directory, is
//! readable, executable, writable. Asked is what the user who runs this may do, as Cedar does; hooks and extensions run as that user, too.
//!
//! The drive is opened and asked what it writes. What is in it is no part of the configuration: that is a remark, as is all else that nobody
//! can say without trying.

use std::path::Path;

use nix::unistd::{AccessFlags, access};

use super::device::{self, DeviceError};
use super::owner::Owner;
use super::proof::with_causes;
use super::receipt::folder;
use crate::burn;
use crate::config::{Config, MediumWord, Reach};
use crate::scsi::mmc::Profile;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What has to be mended, a sentence each.
    pub problems: Vec<String>,
    /// What is good to know.
    pub remarks: Vec<String>,
}

/// What may be asked of a directory, one after the other.
const READ: &[(AccessFlags, &str)] = &[(AccessFlags::R_OK, "readable")];
const ENTER: &[(AccessFlags, &str)] = &[(AccessFlags::R_OK, "readable"), (AccessFlags::X_OK, "executable")];
const WRITE: &[(AccessFlags, &str)] =
    &[(AccessFlags::R_OK, "readable"), (AccessFlags::X_OK, "executable"), (AccessFlags::W_OK, "writable")];
const EXISTS_AND_WRITE: &[(AccessFlags, &str)] = &[(AccessFlags::W_OK, "writable")];

impl Report {
    fn problem(&mut self, element: &str, what: impl std::fmt::Display) {
        self.problems.push(format!("{element}: {what}"));
    }

    /// A directory that has to be there, and may be used like this.
    fn directory(&mut self, element: &str, path: &Path, wanted: &[(AccessFlags, &str)]) {
        if !path.exists() {
            return self.problem(element, format_args!("{} does not exist", path.display()));
        }
        if !path.is_dir() {
            return self.problem(element, format_args!("{} is not a directory", path.display()));
        }
        self.may(element, path, wanted);
    }

    fn may(&mut self, element: &str, path: &Path, wanted: &[(AccessFlags, &str)]) {
        if let Some((_, word)) = wanted.iter().find(|(flags, _)| access(path, *flags).is_err()) {
            self.problem(element, format_args!("{} is not {word}", path.display()));
        }
    }
}

/// Holds a configuration against this machine. `device` stands in for the configured one.
#[must_use]
pub fn validate(config: &Config, device: Option<&str>, trace: Option<&Path>) -> Report {
    let mut report = Report::default();
    if config.reference.is_none() {
        report.problems.push("reference: the section is missing".to_owned());
    }
    let options = &config.options;
    report.directory("options/working_dir", &options.working_dir, WRITE);
    if let Err(unknown) = Owner::named(&options.backup_user, &options.backup_group) {
        report.problem("options/backup_user, backup_group", unknown);
    }
    if let Some(collect) = &config.collect {
        report.directory("collect/collect_dir", &collect.collect_dir, WRITE);
        for dir in &collect.dirs {
            report.directory("collect/dir", &dir.path, READ);
        }
    }
    if let Some(stage) = &config.stage {
        report.directory("stage/staging_dir", &stage.staging_dir, WRITE);
        let peers = if stage.peers.is_empty() { &config.peers } else { &stage.peers };
        for peer in peers.iter().filter(|peer| peer.reach == Reach::Local) {
            report.directory(&format!("peer {}", peer.name), &peer.collect_dir, READ);
        }
        if peers.iter().any(|peer| peer.reach != Reach::Local) {
            report.remarks.push("remote peers are not looked at".to_owned());
        }
    }
    if let Some(store) = &config.store {
        report.directory("store/source_dir", &store.source_dir, ENTER);
        let spec = device.unwrap_or(store.target_device.as_str());
        look_at_drive(&mut report, spec, store.media_type, trace);
    }
    if let Some(receipts) = &config.cedarburn.receipts_dir
        && let Err(error) = folder::check(receipts)
    {
        report.problem("cedarburn/receipts_dir", with_causes(&error));
    }
    if let Some(purge) = &config.purge {
        for dir in &purge.dirs {
            report.directory("purge/dir", &dir.path, EXISTS_AND_WRITE);
        }
    }
    if config.extensions.as_ref().is_some_and(|extensions| !extensions.actions.is_empty()) {
        report.remarks.push("extensions are Python, and cback3's to look at".to_owned());
    }
    if let Some((stage, source)) = config.differing_roots() {
        report.remarks.push(format!(
            "stage/staging_dir is {} and store/source_dir is {}: store uses the first, rebuild the second",
            stage.display(),
            source.display()
        ));
    }
    report
}

/// Whether the drive can be used, and writes what is configured.
fn look_at_drive(report: &mut Report, spec: &str, word: MediumWord, trace: Option<&Path>) {
    const ELEMENT: &str = "store/target_device";
    let mut drive = match device::open_drive(spec, trace) {
        Ok(drive) => drive,
        Err(error @ DeviceError::Trace { .. }) => return report.problem("--scsi-trace", with_causes(&error)),
        Err(error) => return report.problem(ELEMENT, with_causes(&error)),
    };
    // A disc that was put in since is no news here.
    let features = match drive.features() {
        Err(error) if error.is_attention() => drive.features(),
        features => features,
    };
    match features {
        Err(error) => report.problem(ELEMENT, with_causes(&error)),
        Ok(features) => {
            let writes: Vec<Profile> =
                features.profiles().into_iter().filter(|profile| profile.is_recordable()).collect();
            // A drive that lists nothing says nothing.
            if !writes.is_empty() && !writes.iter().any(|&profile| device::fits(word, profile)) {
                let writes: Vec<String> = writes.iter().map(ToString::to_string).collect();
                report.problem(
                    "store/media_type",
                    format_args!("{spec} does not write {word}, but {}", writes.join(", ")),
                );
            }
        }
    }
    match burn::inspect(&mut drive) {
        Err(error) if error.is_no_medium() => report.remarks.push(format!("there is no disc in {spec}")),
        Err(error) => report.remarks.push(format!("the disc in {spec} can't be made out: {}", with_causes(&error))),
        Ok(medium) if !device::fits(word, medium.profile) => {
            report.remarks.push(format!("the disc in {spec} is {}, and {word} is configured", medium.profile));
        }
        Ok(medium) => match medium.refusal() {
            Some(why) => report.remarks.push(format!("the disc in {spec} can't be written: {why}")),
            None => report.remarks.push(format!("the disc in {spec} is {}: {}", medium.profile, medium.state)),
        },
    }
}
