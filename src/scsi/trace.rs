//! A transport that writes down what goes over it: one line a command, in SCSI words and bytes.
//!
//! ```text
//! WRITE(10) cdb=2a 00 00 00 31 08 00 00 20 00 out=65536 -> good, 0.003 s
//! TEST UNIT READY cdb=00 00 00 00 00 00 -> not ready, long write in progress (2/04/08) sense=70 00 02 ..., 0.000 s
//! ```

use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use super::transport::{Completion, Data, Status, Transport, TransportError};
use super::{Opcode, Sense};

/// Data of up to this many bytes is shown in full; what is larger is file content.
const SHOWN_BYTES: usize = 64;

/// Writes a line per command and passes everything on.
pub struct Traced<T, W> {
    inner: T,
    out: W,
}

impl<T, W> std::fmt::Debug for Traced<T, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traced").finish_non_exhaustive()
    }
}

impl<T: Transport, W: Write + Send> Traced<T, W> {
    /// Traces `inner` into `out`.
    pub fn new(inner: T, out: W) -> Traced<T, W> {
        Traced { inner, out }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (at, byte) in bytes.iter().enumerate() {
        let _ = write!(text, "{}{byte:02x}", if at > 0 { " " } else { "" });
    }
    text
}

impl<T: Transport, W: Write + Send> Transport for Traced<T, W> {
    fn execute(&mut self, cdb: &[u8], mut data: Data<'_>, timeout: Duration) -> Result<Completion, TransportError> {
        let begun = self.inner.now();
        let name = cdb.first().and_then(|&code| Opcode::from_code(code)).map_or("unknown command", Opcode::name);
        let mut line = format!("{name} cdb={}", hex(cdb));
        if let Data::Out(bytes) = &data {
            let _ = write!(line, " out={}", bytes.len());
            if bytes.len() <= SHOWN_BYTES {
                let _ = write!(line, " [{}]", hex(bytes));
            }
        }
        let lent = match &mut data {
            Data::None => Data::None,
            Data::In(buffer) => Data::In(buffer),
            Data::Out(bytes) => Data::Out(bytes),
        };
        let result = self.inner.execute(cdb, lent, timeout);
        match &result {
            Ok(done) => {
                if let Data::In(buffer) = &data {
                    let _ = write!(line, " in={}", done.moved);
                    if done.moved <= SHOWN_BYTES {
                        let _ = write!(line, " [{}]", hex(&buffer[..done.moved.min(buffer.len())]));
                    }
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
        // A trace that can't be written must not stop a burn.
        let _ = writeln!(self.out, "{line}, {:.3} s", took.as_secs_f64());
        result
    }

    fn max_transfer(&self) -> usize {
        self.inner.max_transfer()
    }
    fn wait(&mut self, duration: Duration) {
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
        assert_eq!(written, "WRITE(10) cdb=2a 00 00 00 31 08 00 00 20 00 out=65536 -> good, 0.000 s\n");
        let asked = line(Completion::good(2), &[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], Data::In(&mut [0; 8]));
        assert_eq!(asked, "READ CAPACITY(10) cdb=25 00 00 00 00 00 00 00 00 00 in=2 [07 07] -> good, 0.000 s\n");
    }

    #[test]
    fn a_refusal_shows_its_sense_in_words_and_bytes() {
        let refused = line(Completion::check([0x70, 0, 2, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0x3a, 1]), &[0; 6], Data::None);
        assert_eq!(
            refused,
            "TEST UNIT READY cdb=00 00 00 00 00 00 -> not ready, no medium, the tray is closed (2/3a/01) \
             sense=70 00 02 00 00 00 00 06 00 00 00 00 3a 01, 0.000 s\n"
        );
    }
}
