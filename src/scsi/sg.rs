//! `SG_IO`: SCSI commands through Linux's `/dev/sr*`. All the unsafe code there is stands here.
//!
//! The device is opened `O_RDWR | O_EXCL | O_NONBLOCK` in one call: writable, because the kernel's command filter asks for
//! that; non-blocking, because a blank disc can't be opened otherwise; exclusive in the same call, because that is what makes
//! the kernel stop polling the drive while we hold it. An advisory `flock` keeps other burners and udev's probing away.
//!
//! A successful `ioctl` says only that the command was carried. The order of judgement is: errno, then host status, then
//! SCSI status, then sense (`include/scsi/sg.h`). The kernel retries nothing on this path.

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};

use super::transport::{Completion, Data, Mountable, Presence, Status, Transport, TransportError};
use crate::holder::Holder;
use crate::sector::{Lba, SECTOR_BYTES, Sectors};

/// `struct sg_io_hdr` of `include/scsi/sg.h`, interface version 3.
#[repr(C)]
struct SgIoHdr {
    interface_id: i32,
    dxfer_direction: i32,
    cmd_len: u8,
    mx_sb_len: u8,
    iovec_count: u16,
    dxfer_len: u32,
    dxferp: *mut c_void,
    cmdp: *const u8,
    sbp: *mut u8,
    timeout: u32,
    flags: u32,
    pack_id: i32,
    usr_ptr: *mut c_void,
    status: u8,
    masked_status: u8,
    msg_status: u8,
    sb_len_wr: u8,
    host_status: u16,
    driver_status: u16,
    resid: i32,
    duration: u32,
    info: u32,
}

/// `struct cdrom_multisession` of `include/uapi/linux/cdrom.h`.
#[repr(C)]
struct CdromMultisession {
    address: i32,
    xa: u8,
    address_format: u8,
}

/// `CDROM_LBA`: addresses as block numbers.
const CDROM_LBA: u8 = 0x01;

/// `CDSL_CURRENT`: the slot that is in.
const CDSL_CURRENT: i32 = i32::MAX;
/// What `CDROM_DRIVE_STATUS` answers.
const CDS_NO_DISC: i32 = 1;
const CDS_TRAY_OPEN: i32 = 2;
const CDS_DRIVE_NOT_READY: i32 = 3;
const CDS_DISC_OK: i32 = 4;

const _: () = assert!(std::mem::size_of::<CdromMultisession>() == 8);
#[cfg(target_pointer_width = "64")]
const _: () = assert!(std::mem::size_of::<SgIoHdr>() == 88);
#[cfg(target_pointer_width = "32")]
const _: () = assert!(std::mem::size_of::<SgIoHdr>() == 64);

const SG_DXFER_NONE: i32 = -1;
const SG_DXFER_TO_DEV: i32 = -2;
const SG_DXFER_FROM_DEV: i32 = -3;

#[allow(unsafe_code, missing_docs, reason = "the macro makes an unsafe function that only this file calls")]
mod ioctl {
    nix::ioctl_readwrite_bad!(sg_io, 0x2285, super::SgIoHdr);
    nix::ioctl_readwrite_bad!(cdrom_multisession, 0x5310, super::CdromMultisession);
    nix::ioctl_write_int_bad!(cdrom_drive_status, 0x5326);
    // BLKFLSBUF takes no argument.
    nix::ioctl_none_bad!(blkflsbuf, nix::request_code_none!(0x12, 97));
}

/// The largest transfer asked for: one BD cluster, two DVD ECC units. Larger ones gain nothing and fail on some bridges.
const MAX_TRANSFER: usize = 64 * 1024;
/// Sense bytes taken; descriptor format sense can be this long (SPC-4 4.5.1).
const SENSE_BYTES: u8 = 252;
/// How often, and how far apart, a busy device is tried again.
const OPEN_TRIES: u32 = 5;
const OPEN_PAUSE: Duration = Duration::from_millis(1500);
/// A udev probe that was queued before we opened needs this long to go away.
const SETTLE: Duration = Duration::from_millis(100);

/// A device could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It isn't there.
    #[error("{path} does not exist")]
    Missing {
        /// The path asked for.
        path: PathBuf,
    },
    /// It is no block device.
    #[error("{path} is not a block device")]
    NotABlockDevice {
        /// The path asked for.
        path: PathBuf,
    },
    /// A file system on it is mounted.
    #[error("{path} is mounted at {at}")]
    Mounted {
        /// The path asked for.
        path: PathBuf,
        /// The mount point.
        at: PathBuf,
    },
    /// Somebody holds it exclusively.
    #[error("{path} is in use: {} has it open", holder.as_ref().map_or("another program".to_owned(), Holder::to_string))]
    Busy {
        /// The path asked for.
        path: PathBuf,
        /// Who has it open, as far as this user may see that.
        holder: Option<Holder>,
    },
    /// This user may not write to it.
    #[error("{path} can't be opened for writing by this user")]
    NotPermitted {
        /// The path asked for.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// Anything else.
    #[error("{path} can't be opened")]
    Io {
        /// The path asked for.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
}

/// A drive behind `/dev/sr*`.
#[derive(Debug)]
pub struct SgDevice {
    path: PathBuf,
    file: Flock<File>,
    max_transfer: usize,
    opened: Instant,
}

impl SgDevice {
    /// Opens a drive for our use alone. A busy one is tried again for some seconds.
    ///
    /// # Errors
    /// When it is missing, busy, mounted or not permitted.
    pub fn open(path: &Path) -> Result<SgDevice, OpenError> {
        SgDevice::open_within(path, OPEN_TRIES)
    }

    /// The same, but a busy one is not waited for.
    ///
    /// # Errors
    /// When it is missing, busy, mounted or not permitted.
    pub fn open_at_once(path: &Path) -> Result<SgDevice, OpenError> {
        SgDevice::open_within(path, 1)
    }

    fn open_within(path: &Path, most_tries: u32) -> Result<SgDevice, OpenError> {
        let owned = || path.to_path_buf();
        let io_error = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => OpenError::Missing { path: owned() },
            io::ErrorKind::PermissionDenied => OpenError::NotPermitted { path: owned(), source },
            // ENXIO: a node without a drive behind it.
            _ if source.raw_os_error() == Some(nix::libc::ENXIO) => OpenError::Missing { path: owned() },
            _ => OpenError::Io { path: owned(), source },
        };
        let metadata = std::fs::metadata(path).map_err(io_error)?;
        if !metadata.file_type().is_block_device() {
            return Err(OpenError::NotABlockDevice { path: owned() });
        }
        if let Some(at) = mount_point(metadata.rdev()) {
            return Err(OpenError::Mounted { path: owned(), at });
        }
        let mut tries = 0;
        let file = loop {
            tries += 1;
            match try_open(path) {
                Ok(file) => break file,
                Err(error) if is_busy(&error) && tries < most_tries => thread::sleep(OPEN_PAUSE),
                Err(error) if is_busy(&error) => {
                    return Err(OpenError::Busy { path: owned(), holder: Holder::of_open_file(path) });
                }
                Err(error) => return Err(io_error(error)),
            }
        };
        thread::sleep(SETTLE);
        Ok(SgDevice { path: owned(), file, max_transfer: max_transfer(metadata.rdev()), opened: Instant::now() })
    }
}

fn try_open(path: &Path) -> io::Result<Flock<File>> {
    let flags = nix::libc::O_EXCL | nix::libc::O_NONBLOCK | nix::libc::O_CLOEXEC;
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| errno.into())
}

fn is_busy(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(nix::libc::EBUSY | nix::libc::EAGAIN))
}

/// Where the block device `number` is mounted. Read from the kernel's own table, which needs no tool and knows every name of the device.
fn mount_point(number: u64) -> Option<PathBuf> {
    let table = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let wanted = format!("{}:{}", nix::sys::stat::major(number), nix::sys::stat::minor(number));
    let at = table.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(2);
        (fields.next()? == wanted).then(|| fields.nth(1)).flatten()
    })?;
    // The table writes blanks and the like as three octal digits.
    Some(PathBuf::from(at.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")))
}

/// What the host adapter takes in one command; more is refused with EIO.
fn max_transfer(number: u64) -> usize {
    let (major, minor) = (nix::sys::stat::major(number), nix::sys::stat::minor(number));
    let limit = std::fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/queue/max_hw_sectors_kb"));
    let kib: usize = limit.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(64);
    kib.saturating_mul(1024).min(MAX_TRANSFER)
}

/// The kernel's host status codes (`include/scsi/scsi_status.h`) in words.
fn host_status_words(status: u16) -> &'static str {
    match status {
        0x01 => "no connection",
        0x02 => "bus busy",
        0x03 => "timed out",
        0x04 => "bad target",
        0x05 => "aborted",
        0x06 => "parity error",
        0x07 => "host adapter error",
        0x08 => "bus reset",
        0x09 => "unexpected interrupt",
        0x0b => "soft error",
        0x0c => "retry at once",
        0x0d => "requeue",
        0x0e => "transport disrupted",
        0x0f => "transport failed fast",
        _ => "unknown host status",
    }
}

const DID_NO_CONNECT: u16 = 0x01;
const DID_TIME_OUT: u16 = 0x03;

impl Transport for SgDevice {
    fn execute(&mut self, cdb: &[u8], data: Data<'_>, timeout: Duration) -> Result<Completion, TransportError> {
        let mut sense = [0u8; SENSE_BYTES as usize];
        let length = data.len();
        let (dxfer_direction, dxferp) = match data {
            _ if length == 0 => (SG_DXFER_NONE, std::ptr::null_mut()),
            Data::None => (SG_DXFER_NONE, std::ptr::null_mut()),
            Data::In(buffer) => (SG_DXFER_FROM_DEV, buffer.as_mut_ptr().cast::<c_void>()),
            // The kernel only reads through this pointer when the direction is to the device.
            Data::Out(buffer) => (SG_DXFER_TO_DEV, buffer.as_ptr().cast_mut().cast::<c_void>()),
        };
        let invalid = |what: &'static str| TransportError::Kernel(io::Error::new(io::ErrorKind::InvalidInput, what));
        let mut header = SgIoHdr {
            interface_id: i32::from(b'S'),
            dxfer_direction,
            cmd_len: u8::try_from(cdb.len()).map_err(|_| invalid("the command is too long"))?,
            mx_sb_len: SENSE_BYTES,
            iovec_count: 0,
            dxfer_len: u32::try_from(length).map_err(|_| invalid("the transfer is too long"))?,
            dxferp,
            cmdp: cdb.as_ptr(),
            sbp: sense.as_mut_ptr(),
            timeout: u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX),
            flags: 0,
            pack_id: 0,
            usr_ptr: std::ptr::null_mut(),
            status: 0,
            masked_status: 0,
            msg_status: 0,
            sb_len_wr: 0,
            host_status: 0,
            driver_status: 0,
            resid: 0,
            duration: 0,
            info: 0,
        };
        // SAFETY: the descriptor is open for as long as `self`. The header is the kernel's structure (its size is asserted above). Its
        // three pointers are valid for the lengths beside them until the call returns, because the slices and the sense buffer
        // they were made from live longer, and the data pointer is writable where the direction lets the kernel write.
        #[allow(unsafe_code, reason = "the system call that this file exists for")]
        let outcome = unsafe { ioctl::sg_io(self.file.as_raw_fd(), &raw mut header) };
        if let Err(errno) = outcome {
            return Err(match errno {
                nix::errno::Errno::EPERM | nix::errno::Errno::EACCES => TransportError::NotPermitted(errno.into()),
                nix::errno::Errno::ENODEV | nix::errno::Errno::ENXIO => TransportError::Gone,
                _ => TransportError::Kernel(errno.into()),
            });
        }
        match header.host_status {
            0 => {}
            DID_NO_CONNECT => return Err(TransportError::Gone),
            DID_TIME_OUT => return Err(TransportError::TimedOut(timeout)),
            host => {
                let name = host_status_words(host);
                return Err(TransportError::Host { host, driver: header.driver_status, name });
            }
        }
        let residual = usize::try_from(header.resid).unwrap_or(0).min(length);
        let sense_length = usize::from(header.sb_len_wr.min(SENSE_BYTES));
        Ok(Completion {
            status: Status::from(header.status & 0x3e),
            moved: length - residual,
            sense: sense[..sense_length].to_vec(),
        })
    }

    fn max_transfer(&self) -> usize {
        self.max_transfer
    }

    fn limits(&self) -> String {
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        format!("at most {} bytes a command, kernel {}", self.max_transfer, kernel.trim())
    }

    /// The `sr` driver asks for the medium's length and sessions when it is opened and hears then, or has heard since, that the medium was
    /// changed; at no other time. A second, non-blocking open is such an occasion, and does not mind that we hold the drive.
    fn look_again(&mut self) -> Option<Mountable> {
        let flags = nix::libc::O_NONBLOCK | nix::libc::O_CLOEXEC;
        // By what is open already: the path may be a link that udev has taken away, or given to another drive.
        let same = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(same);
        if let Err(error) = &opened {
            tracing::warn!("{} can't be opened again to see what a mount shows: {error}", self.path.display());
        }
        let mut opened = opened.ok()?;
        let bytes = opened.seek(SeekFrom::End(0)).ok()?;
        let mut told = CdromMultisession { address: 0, xa: 0, address_format: CDROM_LBA };
        // SAFETY: the descriptor is open until the end of this function. The structure is the kernel's (its size is asserted above), and
        // lives until the call returns.
        #[allow(unsafe_code, reason = "a system call without a safe wrapper")]
        let outcome = unsafe { ioctl::cdrom_multisession(opened.as_raw_fd(), &raw mut told) };
        let last_session = outcome.ok().and_then(|_| u32::try_from(told.address).ok()).map(Lba);
        // Of an odd length the last sector is none.
        let sectors = Sectors(u32::try_from(bytes / SECTOR_BYTES as u64).unwrap_or(u32::MAX));
        Some(Mountable { sectors, last_session })
    }

    /// The `sr` driver sends a TEST UNIT READY of its own, and notes a changed medium when that meets a unit attention. It looks at what is new
    /// at the next open only if the drive is ready then, and not again: so it is asked until the drive is.
    fn presence(&mut self) -> Option<Presence> {
        // SAFETY: the descriptor is open for as long as `self`, and the call takes a number.
        #[allow(unsafe_code, reason = "a system call without a safe wrapper")]
        let status = unsafe { ioctl::cdrom_drive_status(self.file.as_raw_fd(), CDSL_CURRENT) };
        match status.ok()? {
            CDS_NO_DISC | CDS_TRAY_OPEN => Some(Presence::Empty),
            CDS_DRIVE_NOT_READY => Some(Presence::NotReady),
            CDS_DISC_OK => Some(Presence::Ready),
            _ => None,
        }
    }

    fn wait(&mut self, duration: Duration) {
        thread::sleep(duration);
    }

    fn now(&self) -> Duration {
        self.opened.elapsed()
    }
}

impl Drop for SgDevice {
    fn drop(&mut self) {
        // SAFETY: the descriptor is open, and the call takes no pointer. It drops the kernel's cached sectors of the medium, which
        // show what was there before the burn; where this user may not do that, the next media change does.
        #[allow(unsafe_code, reason = "a system call without a safe wrapper")]
        let _ = unsafe { ioctl::blkflsbuf(self.file.as_raw_fd()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_a_drive_is_refused_with_its_reason() {
        let missing = SgDevice::open(Path::new("/nonexistent/sr0")).unwrap_err();
        assert_eq!(missing.to_string(), "/nonexistent/sr0 does not exist");
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = SgDevice::open(file.path()).unwrap_err();
        assert!(matches!(refused, OpenError::NotABlockDevice { .. }), "{refused}");
    }

    #[test]
    fn who_has_a_busy_drive_is_part_of_the_error() {
        let holder = Some(Holder { process: 712, name: "cdrskin".into(), since: None });
        let busy = OpenError::Busy { path: "/dev/sr0".into(), holder };
        assert_eq!(busy.to_string(), "/dev/sr0 is in use: cdrskin (process 712) has it open");
        let busy = OpenError::Busy { path: "/dev/sr0".into(), holder: None };
        assert_eq!(busy.to_string(), "/dev/sr0 is in use: another program has it open");
    }

    #[test]
    fn the_ioctl_numbers_are_the_kernels() {
        assert_eq!(nix::request_code_none!(0x12, 97), 0x1261);
    }
}
