//! A run of the program that is stopped at a chosen SCSI command, without looking at a clock: its trace goes into a pipe that
//! holds little, and nobody reads on. The program gets a few megabytes further at most.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use crate::support::{BackupBox, Run};

/// More than the program can write while nobody reads its trace.
pub(crate) const LARGE: u64 = 32 << 20;

/// The held run.
#[derive(Debug)]
pub(crate) struct Held {
    child: Child,
    pipe: File,
    trace: String,
    pending: Vec<u8>,
    ended: bool,
}

impl Held {
    /// Starts a command, without holding it yet.
    pub(crate) fn start(nas: &BackupBox, mut command: Command) -> Held {
        let path = nas.path("trace");
        let _ = std::fs::remove_file(&path);
        mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o622)).unwrap();
        let pipe = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&path).unwrap();
        fcntl(pipe.as_fd(), FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
        command.arg("--scsi-trace").arg(path).stdout(Stdio::piped()).stderr(Stdio::piped());
        Held { child: command.spawn().unwrap(), pipe, trace: String::new(), pending: Vec::new(), ended: false }
    }

    /// The next line of the trace; none when the program has ended.
    fn next_line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                let line = String::from_utf8(line).unwrap();
                self.trace.push_str(&line);
                return Some(line);
            }
            let mut piece = [0; 512];
            match self.pipe.read(&mut piece) {
                Ok(count) if count > 0 => self.pending.extend_from_slice(&piece[..count]),
                // Nobody has it open for writing: not yet, or not any more.
                Ok(_) if self.ended => return None,
                Ok(_) => self.ended = self.child.try_wait().unwrap().is_some(),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}"),
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets the program run until the `count`th command with this name.
    pub(crate) fn run_until(&mut self, name: &str, count: usize) {
        let mut seen = 0;
        while seen < count {
            let line = self.next_line();
            assert!(line.is_some(), "the program ended before {name} number {count}:\n{}", self.trace);
            seen += usize::from(line.is_some_and(|line| line.starts_with(name)));
        }
    }

    /// The program's number.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Lets the program run to its end; what it said, and the whole trace.
    pub(crate) fn finish(mut self) -> (Run, String) {
        while self.next_line().is_some() {}
        (self.child.wait_with_output().unwrap().into(), self.trace)
    }
}
