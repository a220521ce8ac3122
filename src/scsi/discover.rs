//! The optical drives of this machine, from sysfs. No device is opened for it.

use std::fs;
use std::path::{Path, PathBuf};

/// A drive that the kernel knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundDrive {
    /// Its node.
    pub path: PathBuf,
    /// Vendor, product, revision as the kernel read them.
    pub model: String,
}

/// Every `/sys/class/block/sr*`, in the kernel's numbering. A machine without the `sr` driver has none.
#[must_use]
pub fn drives() -> Vec<FoundDrive> {
    drives_in(Path::new("/sys/class/block"))
}

fn drives_in(class: &Path) -> Vec<FoundDrive> {
    let Ok(entries) = fs::read_dir(class) else { return Vec::new() };
    let mut numbers: Vec<u32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.strip_prefix("sr")?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
        .into_iter()
        .map(|number| {
            let device = class.join(format!("sr{number}/device"));
            let field = |name: &str| fs::read_to_string(device.join(name)).unwrap_or_default().trim().to_owned();
            let model = [field("vendor"), field("model"), field("rev")].join(" ");
            FoundDrive { path: PathBuf::from(format!("/dev/sr{number}")), model: model.trim().to_owned() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drives_come_in_the_order_of_their_numbers_with_their_names() {
        let class = tempfile::tempdir().unwrap();
        for (name, model) in [("sr10", "B"), ("sr2", "A"), ("sda", "disk"), ("srx", "?")] {
            let device = class.path().join(name).join("device");
            fs::create_dir_all(&device).unwrap();
            fs::write(device.join("vendor"), "HL-DT-ST\n").unwrap();
            fs::write(device.join("model"), format!("{model}\n")).unwrap();
            fs::write(device.join("rev"), "1.00\n").unwrap();
        }
        let found = drives_in(class.path());
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], FoundDrive { path: "/dev/sr2".into(), model: "HL-DT-ST A 1.00".into() });
        assert_eq!(found[1].path, Path::new("/dev/sr10"));
    }

    #[test]
    fn a_machine_without_the_driver_has_no_drives() {
        assert_eq!(drives_in(Path::new("/nonexistent")), []);
    }
}
