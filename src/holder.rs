//! Who holds what another process wants for itself: its number, its name, and since when it runs, as `/proc` tells.
//!
//! `/proc/locks` names the process behind a `flock` to everybody, but not on every file system by the number that a file has there; and
//! a drive that is open exclusively is in no such table. Which files a process has open is seen by root, and by its own user. So the one
//! comes first where there is a lock, and the other makes up for it. What is not found is an unknown holder, never an error.

use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Where the kernel tells of processes.
const PROCESSES: &str = "/proc";

/// A process that holds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub process: u32,
    /// Its name as the kernel has it, of 15 bytes at most.
    pub name: String,
    /// When it was started. It took what it holds then or later.
    pub since: Option<Timestamp>,
}

impl Holder {
    /// Another process that has `path` open. Of other users' processes only root may see that, and of several nobody sees which one holds it
    /// for itself alone: a program may have it open that only watches it. Another run of this program always holds it, and is named before all.
    #[must_use]
    pub fn of_open_file(path: &Path) -> Option<Holder> {
        find_open(Path::new(PROCESSES), path)
    }

    /// Another process that has a `flock` on `file`, which is at `path`.
    #[must_use]
    pub fn of_lock(file: &File, path: &Path) -> Option<Holder> {
        let processes = Path::new(PROCESSES);
        let metadata = file.metadata().ok()?;
        find_lock(processes, metadata.dev(), metadata.ino()).or_else(|| find_open(processes, path))
    }

    /// Whether it is another run of this program.
    #[must_use]
    pub fn is_one_of_us(&self) -> bool {
        fs::read_to_string("/proc/self/comm").is_ok_and(|own| own.trim_end() == self.name)
    }

    fn describe(processes: &Path, process: u32) -> Option<Holder> {
        let name = fs::read_to_string(processes.join(process.to_string()).join("comm")).ok()?;
        Some(Holder { process, name: name.trim_end().to_owned(), since: started(processes, process) })
    }

    fn words(&self, zone: TimeZone) -> String {
        let since =
            self.since.map(|since| since.to_zoned(zone).strftime(", running since %Y-%m-%d %H:%M:%S").to_string());
        format!("{} (process {}{})", self.name, self.process, since.unwrap_or_default())
    }
}

impl fmt::Display for Holder {
    /// The time is that of the clock on the wall.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(TimeZone::system()))
    }
}

fn find_open(processes: &Path, path: &Path) -> Option<Holder> {
    let path = fs::canonicalize(path).ok()?;
    let has_it_open = |process: &Path| {
        let descriptors = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        descriptors.into_iter().any(|entry| fs::read_link(entry.path()).is_ok_and(|open| open == path))
    };
    let numbers = fs::read_dir(processes).ok()?.flatten();
    let mut others: Vec<u32> = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    others.sort_unstable();
    let holders = others.into_iter().filter_map(|process| {
        let is_other = process != std::process::id() && has_it_open(&processes.join(process.to_string()));
        is_other.then(|| Holder::describe(processes, process)).flatten()
    });
    // The first of the smallest keys: no run of ours is false.
    holders.min_by_key(|holder| !holder.is_one_of_us())
}

/// Who has a `flock` on the file with this number on this device. A line of the table, `->` before the kind where somebody waits for it:
/// `1: FLOCK  ADVISORY  WRITE 712 08:01:5678 0 EOF`, the device in hexadecimal digits.
fn find_lock(processes: &Path, device: u64, inode: u64) -> Option<Holder> {
    let table = fs::read_to_string(processes.join("locks")).ok()?;
    let holders = table.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        if fields.next()? != "FLOCK" {
            return None;
        }
        let process: u32 = fields.nth(2)?.parse().ok()?;
        let mut file = fields.next()?.split(':');
        let mut hexadecimal = || u64::from_str_radix(file.next()?, 16).ok();
        let of = nix::sys::stat::makedev(hexadecimal()?, hexadecimal()?);
        let is_it = of == device && file.next()?.parse() == Ok(inode);
        (is_it && process != std::process::id()).then_some(process)
    });
    holders.into_iter().find_map(|process| Holder::describe(processes, process))
}

/// When a process was started: ticks after the machine was. The name before it, in parentheses, may have anything in it.
fn started(processes: &Path, process: u32) -> Option<Timestamp> {
    let machine = fs::read_to_string(processes.join("stat")).ok()?;
    let booted: i64 = machine.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())?;
    let stat = fs::read_to_string(processes.join(process.to_string()).join("stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    // proc(5): the state, the first one behind the name, is field 3, and this is field 22.
    let ticks: i64 = fields.split_ascii_whitespace().nth(22 - 3)?.parse().ok()?;
    Timestamp::from_second(booted).ok()?.checked_add(SignedDuration::from_secs(ticks / ticks_per_second()?)).ok()
}

#[allow(clippy::useless_conversion, reason = "a long of C has 32 bits on some machines")]
fn ticks_per_second() -> Option<i64> {
    let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok()??;
    Some(i64::from(ticks)).filter(|&ticks| ticks > 0)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A `/proc` with processes in it, and a file that they may have open.
    struct Machine {
        folder: tempfile::TempDir,
    }

    impl Machine {
        fn new() -> Machine {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("proc")).unwrap();
            fs::write(folder.path().join("proc/stat"), "cpu  1 2 3\nbtime 1795312800\nprocesses 7\n").unwrap();
            for name in ["sr0", "other"] {
                fs::write(folder.path().join(name), "").unwrap();
            }
            Machine { folder }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().canonicalize().unwrap().join(name)
        }

        fn process(&self, number: &str, name: &str, open: &str, seconds: i64) {
            let process = self.path("proc").join(number);
            fs::create_dir_all(process.join("fd")).unwrap();
            fs::write(process.join("comm"), format!("{name}\n")).unwrap();
            let ticks = seconds * ticks_per_second().unwrap();
            let stat = format!("{number} ({name} 1 2) S 1 1 1 0 -1 4194560 9 0 0 0 0 0 0 0 20 0 1 0 {ticks} 2 3\n");
            fs::write(process.join("stat"), stat).unwrap();
            std::os::unix::fs::symlink(self.path(open), process.join("fd/3")).unwrap();
        }

        fn has_open(&self, name: &str) -> Option<Holder> {
            find_open(&self.path("proc"), &self.path(name))
        }
    }

    #[test]
    fn who_has_a_file_open_is_told_by_name_number_and_since_when() {
        let machine = Machine::new();
        machine.process("71", "udevd", "other", 1);
        machine.process("712", "cdrskin", "sr0", 3 * 3600 + 62);
        machine.process("self", "x", "sr0", 1);
        let found = machine.has_open("sr0").unwrap();
        assert_eq!(found.words(TimeZone::UTC), "cdrskin (process 712, running since 2026-11-22 05:01:02)");
        assert!(!found.is_one_of_us());
        assert_eq!(machine.has_open("missing"), None);
    }

    #[test]
    fn a_process_that_tells_no_time_is_told_without() {
        let machine = Machine::new();
        machine.process("712", "cdrskin", "sr0", 1);
        for stat in ["", "712 (cdrskin", "712 (cdrskin) S 1", "712 (cdrskin) S 1 1 1 0 -1 4 9 0 0 0 0 0 0 0 20 0 1 0 x"]
        {
            fs::write(machine.path("proc/712/stat"), stat).unwrap();
            assert_eq!(machine.has_open("sr0").unwrap().words(TimeZone::UTC), "cdrskin (process 712)");
        }
    }

    #[test]
    fn another_run_of_ours_is_named_before_whoever_else_has_a_file_open() {
        let machine = Machine::new();
        let ours = fs::read_to_string("/proc/self/comm").unwrap();
        machine.process("71", "udisksd", "sr0", 1);
        machine.process("999999999", ours.trim_end(), "sr0", 1);
        machine.process("712", "smartd", "sr0", 1);
        let found = machine.has_open("sr0").unwrap();
        assert!(found.is_one_of_us() && found.process == 999_999_999, "{found}");
        fs::remove_dir_all(machine.path("proc/999999999")).unwrap();
        assert_eq!(machine.has_open("sr0").unwrap().process, 71);
    }

    #[test]
    fn who_locks_a_file_is_found_by_device_and_number() {
        let machine = Machine::new();
        machine.process("712", "cedarburn", "other", 1);
        machine.process("713", "flock", "other", 1);
        let device = nix::sys::stat::makedev(8, 0x1f);
        let table = "1: POSIX  ADVISORY  WRITE 713 08:1f:5678 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 713 08:1f:567 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 713 08:1e:5678 0 EOF\n\
                     4: FLOCK  ADVISORY  WRITE 712 08:1f:5678 0 EOF\n\
                     4: -> FLOCK  ADVISORY  WRITE 713 08:1f:5678 0 EOF\n\
                     5: FLOCK\nnonsense\n";
        fs::write(machine.path("proc/locks"), table).unwrap();
        assert_eq!(find_lock(&machine.path("proc"), device, 5678).unwrap().process, 712);
        assert_eq!(find_lock(&machine.path("proc"), device, 567).unwrap().process, 713);
        assert_eq!(find_lock(&machine.path("proc"), device, 5), None);
        fs::remove_dir_all(machine.path("proc/712")).unwrap();
        assert_eq!(find_lock(&machine.path("proc"), device, 5678), None, "it has ended by now");
    }
}
