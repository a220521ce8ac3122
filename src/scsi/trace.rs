//! A transport that writes down what goes over it: one line a command, in SCSI words and bytes, enough to make a test of a run that
//! failed elsewhere.
//!
//! ```text
//! # cedarburn 0.4.0
//! # device /dev/sr0, at most 65536 bytes a command, kernel 6.12.38
//! INQUIRY cdb=12 00 00 00 24 00 in=36 [05 80 ...] -> good, 0.001 s, at 0.000 s
//! # drive HL-DT-ST DVDRAM GH24NSD1 LG00
//! MODE SELECT(10) cdb=55 10 00 00 00 00 00 00 3c 00 out=60 [00 00 ...] -> good, 0.002 s, at 1.260 s
//! WRITE(10) cdb=2a 00 00 00 31 08 00 00 20 00 out=65536 crc=9a3f01c2 -> good, 0.003 s, at 1.300 s
//! TEST UNIT READY cdb=00 00 00 00 00 00 -> not ready, long write in progress (2/04/08) sense=70 00 02 ..., 0.000 s, at 1.304 s
//! wait 0.500 s
//! ```
//!
//! What is sent to the drive and what it answers stands there in full, but for the content of sectors: of that, the length and a CRC-32C.
//! `in=` is what came; ` residual=` is what was asked for and did not. Times are the drive's clock, which is the simulated one with a
//! simulated drive.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use super::command::Command;
use super::spc::Inquiry;
use super::transport::{Completion, Data, Mountable, Presence, Status, Transport, TransportError};
use super::{Opcode, Sense};

/// The target of the warning that a trace can't be written, for whoever shows it.
pub const LOST: &str = "a trace of SCSI commands that is not whole";

/// Writes a line per command and passes everything on.
pub struct Traced<T, W> {
    inner: T,
    out: W,
    /// A line could not be written: the trace ends there.
    lost: bool,
}

impl<T, W> std::fmt::Debug for Traced<T, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traced").finish_non_exhaustive()
    }
}

impl<T: Transport, W: Write + Send> Traced<T, W> {
    /// Traces `inner` into `out`.
    pub fn new(inner: T, out: W) -> Traced<T, W> {
        Traced { inner, out, lost: false }
    }

    /// Begins the trace with what a reader has to know: which program, which `device`, and what the way to it lets through.
    #[must_use]
    pub fn headed(mut self, device: &str) -> Traced<T, W> {
        self.line(&format!("# cedarburn {}", env!("CARGO_PKG_VERSION")));
        let limits = self.inner.limits();
        self.line(&format!("# device {}, {limits}", device.escape_debug()));
        self
    }

    /// What is traced, to be used without a trace.
    pub fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// A trace that can't be written must not stop a burn. It ends there: one with a gap would tell of another run.
    fn line(&mut self, line: &str) {
        if self.lost {
            return;
        }
        if let Err(error) = writeln!(self.out, "{line}") {
            self.lost = true;
            tracing::warn!(target: LOST, "warning: the trace of the SCSI commands ends early, it can't be written: {error}");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (at, byte) in bytes.iter().enumerate() {
        let _ = write!(text, "{}{byte:02x}", if at > 0 { " " } else { "" });
    }
    text
}

/// Bytes in full, or what stands for them where they are the content of sectors.
fn shown(opcode: Option<Opcode>, bytes: &[u8]) -> String {
    match opcode {
        _ if bytes.is_empty() => String::new(),
        Some(Opcode::Read10 | Opcode::Read12 | Opcode::ReadCd | Opcode::Write10 | Opcode::Write12) => {
            format!(" crc={:08x}", crc32c::crc32c(bytes))
        }
        _ => format!(" [{}]", hex(bytes)),
    }
}

impl<T: Transport, W: Write + Send> Transport for Traced<T, W> {
    fn execute(&mut self, cdb: &[u8], mut data: Data<'_>, timeout: Duration) -> Result<Completion, TransportError> {
        let begun = self.inner.now();
        let opcode = cdb.first().and_then(|&code| Opcode::from_code(code));
        let mut line = format!("{} cdb={}", opcode.map_or("unknown command", Opcode::name), hex(cdb));
        if let Data::Out(bytes) = &data {
            let _ = write!(line, " out={}{}", bytes.len(), shown(opcode, bytes));
        }
        let lent = match &mut data {
            Data::None => Data::None,
            Data::In(buffer) => Data::In(buffer),
            Data::Out(bytes) => Data::Out(bytes),
        };
        let result = self.inner.execute(cdb, lent, timeout);
        let mut identity = None;
        match &result {
            Ok(done) => {
                if let Data::In(buffer) = &data {
                    let came = &buffer[..done.moved.min(buffer.len())];
                    let _ = write!(line, " in={}{}", done.moved, shown(opcode, came));
                    if opcode == Some(Opcode::Inquiry) && cdb.get(1).is_some_and(|byte| byte & 1 == 0) {
                        identity = Inquiry.parse(came).ok();
                    }
                }
                if done.status == Status::Good && done.moved < data.len() {
                    let _ = write!(line, " residual={}", data.len() - done.moved);
                }
                let _ = match done.status {
                    Status::Good => write!(line, " -> good"),
                    Status::CheckCondition => {
                        write!(line, " -> {} sense={}", Sense::parse(&done.sense), hex(&done.sense))
                    }
                    other => write!(line, " -> status {other:?}"),
                };
            }
            Err(error) => {
                let _ = write!(line, " -> {error}");
            }
        }
        let took = self.inner.now().saturating_sub(begun);
        self.line(&format!("{line}, {:.3} s, at {:.3} s", took.as_secs_f64(), begun.as_secs_f64()));
        if let Some(identity) = identity {
            self.line(&format!("# drive {} {} {}", identity.vendor, identity.product, identity.revision));
        }
        result
    }

    fn max_transfer(&self) -> usize {
        self.inner.max_transfer()
    }
    fn limits(&self) -> String {
        self.inner.limits()
    }
    fn look_again(&mut self) -> Option<Mountable> {
        let seen = self.inner.look_again();
        if let Some(Mountable { sectors, last_session }) = seen {
            let session = last_session.map_or(String::new(), |start| format!(", the last session at {}", start.0));
            self.line(&format!("# the system takes the medium for {sectors} sectors{session}"));
        }
        seen
    }
    fn presence(&mut self) -> Option<Presence> {
        let heard = self.inner.presence();
        match heard {
            None => {}
            Some(Presence::Ready) => self.line("# the system hears that there is a medium"),
            Some(Presence::Empty) => self.line("# the system hears that there is no medium"),
            Some(Presence::NotReady) => self.line("# the system hears that the drive is not ready"),
        }
        heard
    }
    fn wait(&mut self, duration: Duration) {
        self.line(&format!("wait {:.3} s", duration.as_secs_f64()));
        self.inner.wait(duration);
    }
    fn now(&self) -> Duration {
        self.inner.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Completion);

    impl Transport for Fixed {
        fn execute(&mut self, _: &[u8], data: Data<'_>, _: Duration) -> Result<Completion, TransportError> {
            if let Data::In(buffer) = data {
                buffer.fill(7);
            }
            Ok(self.0.clone())
        }
        fn max_transfer(&self) -> usize {
            65536
        }
        fn wait(&mut self, _: Duration) {}
        fn now(&self) -> Duration {
            Duration::ZERO
        }
    }

    fn line(completion: Completion, cdb: &[u8], data: Data<'_>) -> String {
        let mut out = Vec::new();
        Traced::new(Fixed(completion), &mut out).execute(cdb, data, Duration::ZERO).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_command_is_one_line_of_words_and_bytes() {
        let cdb = [0x2a, 0, 0, 0, 0x31, 8, 0, 0, 0x20, 0];
        let written = line(Completion::good(65536), &cdb, Data::Out(&[0; 65536]));
        assert_eq!(
            written,
            "WRITE(10) cdb=2a 00 00 00 31 08 00 00 20 00 out=65536 crc=72c0c4a4 -> good, 0.000 s, at 0.000 s\n"
        );
        let asked = line(Completion::good(2), &[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], Data::In(&mut [0; 8]));
        assert_eq!(
            asked,
            "READ CAPACITY(10) cdb=25 00 00 00 00 00 00 00 00 00 in=2 [07 07] residual=6 -> good, 0.000 s, at 0.000 s\n"
        );
    }

    #[test]
    fn a_refusal_shows_its_sense_in_words_and_bytes() {
        let refused = line(Completion::check([0x70, 0, 2, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0x3a, 1]), &[0; 6], Data::None);
        assert_eq!(
            refused,
            "TEST UNIT READY cdb=00 00 00 00 00 00 -> not ready, no medium, the tray is closed (2/3a/01) \
             sense=70 00 02 00 00 00 00 06 00 00 00 00 3a 01, 0.000 s, at 0.000 s\n"
        );
    }

    #[test]
    fn what_is_no_content_of_sectors_is_shown_in_full_however_long_it_is() {
        let list = [0x5a; 200];
        let sent = line(Completion::good(200), &[0x55, 0x10, 0, 0, 0, 0, 0, 0, 200, 0], Data::Out(&list));
        assert_eq!(sent.matches(" 5a").count() + sent.matches("[5a").count(), 200);
        let answered = line(Completion::good(300), &[0x51, 0, 0, 0, 0, 0, 0, 1, 0x2c, 0], Data::In(&mut [0; 300]));
        assert_eq!(answered.matches("07").count(), 300);
    }

    #[test]
    fn the_trace_begins_with_who_speaks_to_what_and_shows_the_waiting() {
        let mut out = Vec::new();
        let mut traced = Traced::new(Fixed(Completion::good(36)), &mut out).headed("/dev/sr0");
        traced.execute(&[0x12, 0, 0, 0, 36, 0], Data::In(&mut [0; 36]), Duration::ZERO).unwrap();
        traced.wait(Duration::from_millis(500));
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], concat!("# cedarburn ", env!("CARGO_PKG_VERSION")));
        assert_eq!(lines[1], "# device /dev/sr0, at most 65536 bytes a command");
        assert!(lines[2].starts_with("INQUIRY cdb="), "{}", lines[2]);
        assert!(lines[3].starts_with("# drive ????"), "{}", lines[3]);
        assert_eq!(lines[4..], ["wait 0.500 s"]);
    }
}
