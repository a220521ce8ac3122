//! From what the user calls a device to something that can be read or written.

use std::fs::OpenOptions;
use std::io::{self, LineWriter};
use std::path::{Path, PathBuf};

use crate::at_once;
use crate::config::MediumWord;
use crate::iso::source::ImageFile;
use crate::scsi::mmc::Profile;
use crate::scsi::sg::{OpenError, SgDevice};
use crate::scsi::sim::{SimDrive, SimError};
use crate::scsi::spc::Identity;
use crate::scsi::trace::Traced;
use crate::scsi::{Drive, ScsiError, Transport};

/// What begins the name of a simulated drive.
pub const SIMULATED: &str = "sim:";

/// A drive or an image can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The kernel won't let us have the drive.
    #[error("the drive can't be used")]
    Open(#[source] OpenError),
    /// A file: there is an image in it at best.
    #[error("{} is a file, not a drive", path.display())]
    IsFile {
        /// What the user called a drive.
        path: PathBuf,
    },
    /// A folder: a virtual disc at best.
    #[error("{} is a folder, not a drive", path.display())]
    IsFolder {
        /// What the user called a drive.
        path: PathBuf,
    },
    /// The simulated drive won't.
    #[error("the simulated drive can't be used")]
    Simulated(#[source] SimError),
    /// It is a SCSI device of another kind.
    #[error("{name} is no optical drive but SCSI device type {device_type:02x}h ({vendor} {product})")]
    NotOptical {
        /// What the user called it.
        name: String,
        /// Peripheral device type.
        device_type: u8,
        /// Vendor.
        vendor: String,
        /// Product.
        product: String,
    },
    /// It does not answer.
    #[error("{name} does not answer")]
    NoAnswer {
        /// What the user called it.
        name: String,
        /// What broke.
        #[source]
        source: ScsiError,
    },
    /// The image file can't be read.
    #[error("{path} can't be read")]
    Image {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The trace file can't be written.
    #[error("the trace file {path} can't be written")]
    Trace {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// What `--device` may name.
#[derive(Debug)]
pub enum Device {
    /// A drive, real or simulated.
    Drive(Drive),
    /// A file with the sectors of a disc: only read.
    Image(ImageFile),
}

/// Opens what is only going to be read: a drive or an image file.
///
/// # Errors
/// When it can't be opened.
pub fn open(spec: &str, trace: Option<&Path>) -> Result<Device, DeviceError> {
    let path = Path::new(spec);
    if !spec.starts_with(SIMULATED) && path.is_file() {
        return match ImageFile::open(path) {
            Ok(image) => Ok(Device::Image(image)),
            Err(source) => Err(DeviceError::Image { path: path.to_path_buf(), source }),
        };
    }
    open_drive(spec, trace).map(Device::Drive)
}

/// Opens a drive for this program alone, and makes sure that it is one.
///
/// # Errors
/// When it can't be opened, does not answer, or is no optical drive.
pub fn open_drive(spec: &str, trace: Option<&Path>) -> Result<Drive, DeviceError> {
    open_traced(spec, trace, OpenOptions::new().write(true).create(true).truncate(true))
}

/// [`open_drive`] once more in a run, whose trace goes on.
///
/// # Errors
/// When it can't be opened, does not answer, or is no optical drive.
pub fn open_drive_again(spec: &str, trace: Option<&Path>) -> Result<Drive, DeviceError> {
    open_traced(spec, trace, OpenOptions::new().append(true).create(true))
}

fn open_traced(spec: &str, trace: Option<&Path>, how: &mut OpenOptions) -> Result<Drive, DeviceError> {
    let transport: Box<dyn Transport> = match spec.strip_prefix(SIMULATED) {
        Some(disc) => Box::new(SimDrive::open(disc).map_err(DeviceError::Simulated)?),
        None => Box::new(open_real(Path::new(spec))?),
    };
    let transport: Box<dyn Transport> = match trace {
        Some(path) => {
            let file =
                at_once::open(path, how).map_err(|source| DeviceError::Trace { path: path.to_path_buf(), source })?;
            Box::new(Traced::new(transport, LineWriter::new(file)).headed(spec))
        }
        None => transport,
    };
    ready(transport, spec)
}

/// Opens a drive of this machine that may be in use: it is not waited for.
///
/// # Errors
/// When it can't be opened, does not answer, or is no optical drive.
pub fn open_at_once(path: &Path) -> Result<Drive, DeviceError> {
    let device = SgDevice::open_at_once(path).map_err(DeviceError::Open)?;
    ready(Box::new(device), &path.to_string_lossy())
}

fn ready(transport: Box<dyn Transport>, spec: &str) -> Result<Drive, DeviceError> {
    let mut drive = Drive::new(transport, spec);
    let identity = drive.identity().map_err(|source| DeviceError::NoAnswer { name: spec.to_owned(), source })?;
    if identity.device_type != Identity::OPTICAL {
        return Err(DeviceError::NotOptical {
            name: spec.to_owned(),
            device_type: identity.device_type,
            vendor: identity.vendor,
            product: identity.product,
        });
    }
    tracing::info!("drive {spec}: {} {} {}", identity.vendor, identity.product, identity.revision);
    Ok(drive)
}

fn open_real(path: &Path) -> Result<SgDevice, DeviceError> {
    match SgDevice::open(path) {
        Err(OpenError::NotABlockDevice { path }) if path.is_file() => Err(DeviceError::IsFile { path }),
        Err(OpenError::NotABlockDevice { path }) if path.is_dir() => Err(DeviceError::IsFolder { path }),
        opened => opened.map_err(DeviceError::Open),
    }
}

/// Whether a configured medium word fits what the drive says is in it. Playing time and layers are not compared: how much room there is
/// is asked from the drive, and a longer disc than configured is no reason to lose a night's backup.
#[must_use]
pub fn fits(word: MediumWord, profile: Profile) -> bool {
    match word {
        MediumWord::Auto => true,
        MediumWord::CdR74 | MediumWord::CdR80 => profile == Profile::CdR,
        MediumWord::CdRw74 | MediumWord::CdRw80 => profile == Profile::CdRw,
        MediumWord::DvdPlusR => profile == Profile::DvdPlusR,
        MediumWord::DvdPlusRw => matches!(profile, Profile::DvdPlusRw | Profile::DvdPlusRwDualLayer),
        MediumWord::DvdMinusR => profile == Profile::DvdRSequential,
        MediumWord::DvdMinusRw => matches!(profile, Profile::DvdRwSequential | Profile::DvdRwRestrictedOverwrite),
        MediumWord::DvdPlusRDl => profile == Profile::DvdPlusRDualLayer,
        MediumWord::DvdMinusRDl => matches!(profile, Profile::DvdRDualLayerSequential | Profile::DvdRDualLayerJump),
        MediumWord::DvdRam => profile == Profile::DvdRam,
        MediumWord::BdR | MediumWord::BdRDl | MediumWord::BdRXl => {
            matches!(profile, Profile::BdRSequential | Profile::BdRRandom)
        }
        MediumWord::BdRe | MediumWord::BdReDl => profile == Profile::BdRe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_word_fits_its_kind_of_medium_and_no_other() {
        assert!(fits(MediumWord::CdRw74, Profile::CdRw));
        assert!(!fits(MediumWord::CdRw80, Profile::CdR));
        assert!(!fits(MediumWord::CdR80, Profile::CdRw));
        assert!(!fits(MediumWord::DvdPlusRw, Profile::DvdPlusR));
        assert!(fits(MediumWord::Auto, Profile::BdRe));
        assert!(fits(MediumWord::DvdMinusRw, Profile::DvdRwSequential));
        assert!(fits(MediumWord::DvdMinusRw, Profile::DvdRwRestrictedOverwrite));
        assert!(!fits(MediumWord::DvdMinusR, Profile::DvdRwSequential));
        assert!(!fits(MediumWord::DvdPlusR, Profile::DvdPlusRDualLayer));
        assert!(fits(MediumWord::DvdMinusRDl, Profile::DvdRDualLayerJump));
        assert!(fits(MediumWord::DvdRam, Profile::DvdRam) && !fits(MediumWord::DvdPlusRw, Profile::DvdRam));
        assert!(fits(MediumWord::BdReDl, Profile::BdRe) && !fits(MediumWord::BdR, Profile::BdRe));
        for word in [MediumWord::CdR80, MediumWord::DvdPlusRw, MediumWord::BdR] {
            assert!(!fits(word, Profile::None), "{word}");
        }
    }

    #[test]
    fn what_does_not_exist_is_told_by_its_name() {
        let error = open("/nonexistent/sr0", None).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, "/nonexistent/sr0 does not exist");
    }
}
