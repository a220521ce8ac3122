//! `cedarburn drives`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::CommonOptions;
use super::context::Context;
use super::errors::Failure;
use crate::actions::ActionError;
use crate::actions::device::DeviceError;
use crate::actions::drives::{Asked, DriveListed, Inserted, drives};
use crate::scsi::discover;
use crate::scsi::sg::OpenError;

/// Where drives are looked for.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where the kernel shows its devices, if not in /sys
    #[arg(long, hide = true, value_name = "DIR", default_value = discover::SYSFS)]
    sysfs: PathBuf,
}

impl Arguments {
    /// What can't be asked.
    pub(super) fn check(&self, options: &CommonOptions) -> Result<(), Failure> {
        match options.device {
            Some(_) => Err(Failure::usage("drives lists every drive of this machine: info --device tells of one")),
            None => Ok(()),
        }
    }
}

/// What to do about a drive that the kernel shows and that nobody named, where that is not what to do about a named one.
fn hint_for_listed(error: &DeviceError) -> Option<&'static str> {
    match error {
        DeviceError::Open(OpenError::Missing { .. }) => Some(
            "the kernel has the drive and /dev has no node for it: let udev make one; into a container the device has to be passed",
        ),
        DeviceError::Open(OpenError::NotABlockDevice { .. }) => {
            Some("something else stands in the place of the drive's node: remove it, and let udev make the node")
        }
        DeviceError::Open(OpenError::Io { .. }) => Some("check the drive's connection and power"),
        _ => None,
    }
}

/// The answer.
#[derive(Debug, Serialize)]
struct Fields {
    drives: Vec<DriveFields>,
}

#[derive(Debug, Default, Serialize)]
struct DriveFields {
    device: String,
    generic: Option<String>,
    vendor: String,
    product: String,
    revision: String,
    usable: bool,
    writes: Vec<String>,
    medium: Option<String>,
    status: Option<&'static str>,
    state: Option<String>,
    because: Vec<String>,
    hint: Option<&'static str>,
}

impl DriveFields {
    fn new(DriveListed { found, asked }: DriveListed) -> DriveFields {
        let known = DriveFields {
            device: found.path.display().to_string(),
            generic: found.generic.map(|path| path.display().to_string()),
            vendor: found.vendor,
            product: found.product,
            revision: found.revision,
            ..DriveFields::default()
        };
        let (asked, trouble) = match asked {
            Ok(Asked { writes, disc, trouble }) => {
                (Some((writes, disc)), trouble.map(|source| ActionError::Medium { source }))
            }
            Err(error) => (None, Some(ActionError::Device(error))),
        };
        let own_hint = match &trouble {
            Some(ActionError::Device(error)) => hint_for_listed(error),
            _ => None,
        };
        let trouble = trouble.map(Failure::from);
        let usable = asked.is_some();
        let (writes, disc) = asked.unwrap_or_default();
        let (medium, status, state) = match disc {
            Some(Inserted { medium, status, state }) => (Some(medium), Some(status), Some(state)),
            None => (None, None, None),
        };
        let hint = own_hint.or(trouble.as_ref().map(|failure| failure.hint));
        let because = trouble.map(|failure| [vec![failure.what], failure.because].concat()).unwrap_or_default();
        DriveFields { usable, writes, medium, status, state, because, hint, ..known }
    }

    fn lines(&self) -> Vec<String> {
        let name = [self.vendor.as_str(), &self.product, &self.revision].join(" ");
        let mut lines = vec![format!("{}: {}", self.device, name.trim())];
        if let Some(generic) = &self.generic {
            lines.push(format!("  also:    {generic}"));
        }
        if self.usable {
            let writes = if self.writes.is_empty() { "nothing".to_owned() } else { self.writes.join(", ") };
            lines.push(format!("  writes:  {writes}"));
        }
        match (&self.medium, &self.state) {
            (Some(medium), Some(state)) => lines.push(format!("  disc:    {medium}, {state}")),
            _ if self.because.is_empty() => lines.push("  disc:    none".to_owned()),
            _ => {}
        }
        lines.extend(self.because.iter().map(|cause| format!("  because: {cause}")));
        lines.extend(self.hint.iter().map(|hint| format!("  hint:    {hint}")));
        lines
    }
}

pub(super) fn run(context: &Context<'_>, arguments: &Arguments) -> Result<(), ActionError> {
    let drives = drives(&arguments.sysfs)?.into_iter().map(DriveFields::new).collect();
    context.answer("drives", Fields { drives }, |fields| fields.drives.iter().flat_map(DriveFields::lines).collect());
    Ok(())
}
