//! The optical drives of this machine, from sysfs. No device is opened for it.
//!
//! What stands there came from the drives, and a container may have put anything in its place: nothing but the beginning of plain files is
//! read, and nothing but printable ASCII, which is what drives call themselves with (SPC-4 4.3.1), is told.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::wire::ascii;

/// Where the kernel shows its devices.
pub const SYSFS: &str = "/sys";

/// Bytes that are read of a file: no name is as long.
const MOST: u64 = 256;

/// A drive that the kernel knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundDrive {
    /// Its node.
    pub path: PathBuf,
    /// Its node with the `sg` driver, where that is loaded.
    pub generic: Option<PathBuf>,
    /// Vendor as the kernel read it; empty where it shows none.
    pub vendor: String,
    /// Product, likewise.
    pub product: String,
    /// Revision of its firmware, likewise.
    pub revision: String,
}

/// Every `class/block/sr*` below `sysfs`, in the kernel's numbering. A machine without the `sr` driver has none.
#[must_use]
pub fn drives(sysfs: &Path) -> Vec<FoundDrive> {
    let class = sysfs.join("class/block");
    let Ok(entries) = fs::read_dir(&class) else { return Vec::new() };
    let mut numbers: Vec<u32> =
        entries.flatten().filter_map(|entry| numbered("sr", entry.file_name().to_str()?)).collect();
    numbers.sort_unstable();
    numbers
        .into_iter()
        .map(|number| {
            let device = class.join(format!("sr{number}/device"));
            let field = |name: &str| words(&device.join(name));
            let generic = fs::read_dir(device.join("scsi_generic")).into_iter().flatten().flatten();
            let mut generic = generic.filter_map(|entry| numbered("sg", entry.file_name().to_str()?));
            FoundDrive {
                path: PathBuf::from(format!("/dev/sr{number}")),
                generic: generic.next().map(|number| PathBuf::from(format!("/dev/sg{number}"))),
                vendor: field("vendor"),
                product: field("model"),
                revision: field("rev"),
            }
        })
        .collect()
}

/// The number of a node as the kernel writes it, behind the name of its driver.
fn numbered(driver: &str, name: &str) -> Option<u32> {
    let digits = name.strip_prefix(driver)?;
    let number: u32 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

/// What a drive is called in a file of one line; empty where there is no such file.
fn words(path: &Path) -> String {
    let mut bytes = Vec::new();
    if fs::metadata(path).is_ok_and(|found| found.is_file()) {
        // Whatever it is by now, it is not waited for.
        let opened = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path);
        let _ = opened.and_then(|file| file.take(MOST).read_to_end(&mut bytes));
    }
    ascii(bytes.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(sysfs: &Path, name: &str) -> PathBuf {
        let device = sysfs.join("class/block").join(name).join("device");
        fs::create_dir_all(&device).unwrap();
        device
    }

    #[test]
    fn what_is_no_plain_file_is_neither_waited_for_nor_read() {
        let sysfs = tempfile::tempdir().unwrap();
        let device = device(sysfs.path(), "sr0");
        nix::unistd::mkfifo(&device.join("model"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        fs::create_dir(device.join("vendor")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", device.join("rev")).unwrap();
        let found = drives(sysfs.path());
        assert_eq!([&found[0].vendor, &found[0].product, &found[0].revision], [""; 3]);
    }

    #[test]
    fn a_name_has_an_end_and_nothing_in_it_that_moves_a_terminals_cursor() {
        let sysfs = tempfile::tempdir().unwrap();
        let device = device(sysfs.path(), "sr0");
        fs::write(device.join("vendor"), b"\x1b[2JHL\x07-DT\xff-ST \n\x9b31m").unwrap();
        fs::write(device.join("model"), "A\u{202e}B\r\n").unwrap();
        fs::write(device.join("rev"), "1".repeat(100_000)).unwrap();
        let found = drives(sysfs.path());
        assert_eq!([&found[0].vendor, &found[0].product], ["?[2JHL?-DT?-ST ??31m", "A???B"]);
        assert_eq!(found[0].revision.len(), 256);
    }

    #[test]
    fn nodes_are_numbered_with_digits_as_the_kernel_writes_them() {
        let sysfs = tempfile::tempdir().unwrap();
        for name in ["sr+5", "sr05", "sr-1", "sr", "sr4294967296", "sr7"] {
            device(sysfs.path(), name);
        }
        for name in ["\u{1b}[2J", "sg+1", "sg3"] {
            fs::create_dir_all(sysfs.path().join("class/block/sr7/device/scsi_generic").join(name)).unwrap();
        }
        let found = drives(sysfs.path());
        let nodes: Vec<_> = found.iter().map(|drive| (drive.path.as_path(), drive.generic.as_deref())).collect();
        assert_eq!(nodes, [(Path::new("/dev/sr7"), Some(Path::new("/dev/sg3")))]);
    }

    #[test]
    fn drives_come_in_the_order_of_their_numbers_with_their_names_and_nodes() {
        let sysfs = tempfile::tempdir().unwrap();
        for (name, model) in [("sr10", "B"), ("sr2", "A"), ("sda", "disk"), ("srx", "?")] {
            let device = sysfs.path().join("class/block").join(name).join("device");
            fs::create_dir_all(&device).unwrap();
            fs::write(device.join("vendor"), "HL-DT-ST\n").unwrap();
            fs::write(device.join("model"), format!("{model}\n")).unwrap();
            fs::write(device.join("rev"), "1.00\n").unwrap();
        }
        fs::create_dir_all(sysfs.path().join("class/block/sr2/device/scsi_generic/sg5")).unwrap();
        let found = drives(sysfs.path());
        assert_eq!(found.len(), 2);
        let first = FoundDrive {
            path: "/dev/sr2".into(),
            generic: Some("/dev/sg5".into()),
            vendor: "HL-DT-ST".into(),
            product: "A".into(),
            revision: "1.00".into(),
        };
        assert_eq!(found[0], first);
        assert_eq!((found[1].path.as_path(), &found[1].generic), (Path::new("/dev/sr10"), &None));
    }

    #[test]
    fn a_machine_without_the_driver_has_no_drives() {
        assert_eq!(drives(Path::new("/nonexistent")), []);
    }
}
