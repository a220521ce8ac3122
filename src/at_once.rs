//! Files of the user's choice are opened without waiting: a pipe that nobody has at its other end would hold up the run for ever, before any
//! signal is looked for.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

/// Opens a file as `options` say. A pipe nobody reads can't be written, and one nobody writes is empty; all else is as usual.
///
/// # Errors
/// When it can't be opened.
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.custom_flags(nix::libc::O_NONBLOCK).open(path)?;
    // Only the opening: what is read or written then takes its time.
    let flags = OFlag::from_bits_retain(fcntl(&file, FcntlArg::F_GETFL)?) - OFlag::O_NONBLOCK;
    fcntl(&file, FcntlArg::F_SETFL(flags))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn a_pipe_without_another_end_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(open(&pipe, OpenOptions::new().append(true)).unwrap_err().raw_os_error(), Some(nix::libc::ENXIO));
        let mut reader = open(&pipe, OpenOptions::new().read(true)).unwrap();
        let mut text = String::new();
        assert_eq!(reader.read_to_string(&mut text).unwrap(), 0);
        let mut writer = open(&pipe, OpenOptions::new().append(true)).unwrap();
        writer.write_all(b"text").unwrap();
        drop(writer);
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "text");
    }

    #[test]
    fn what_was_opened_waits_as_usual() {
        let folder = tempfile::tempdir().unwrap();
        let file = open(&folder.path().join("file"), OpenOptions::new().append(true).create(true)).unwrap();
        let flags = OFlag::from_bits_retain(fcntl(&file, FcntlArg::F_GETFL).unwrap());
        assert!(flags.contains(OFlag::O_APPEND) && !flags.contains(OFlag::O_NONBLOCK));
    }
}
