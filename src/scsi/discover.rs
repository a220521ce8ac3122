//! The optical drives of this machine, from sysfs. No device is opened for it.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the kernel shows its devices.
pub const SYSFS: &str = "/sys";

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
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.strip_prefix("sr")?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
        .into_iter()
        .map(|number| {
            let device = class.join(format!("sr{number}/device"));
            let field = |name: &str| fs::read_to_string(device.join(name)).unwrap_or_default().trim().to_owned();
            let mut generic = fs::read_dir(device.join("scsi_generic")).into_iter().flatten().flatten();
            FoundDrive {
                path: PathBuf::from(format!("/dev/sr{number}")),
                generic: generic.next().map(|entry| Path::new("/dev").join(entry.file_name())),
                vendor: field("vendor"),
                product: field("model"),
                revision: field("rev"),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
