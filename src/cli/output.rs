//! The only code that prints. A reader that went away (`| head`) is no error; a line that did not get to a full disk is, once all else is
//! done ([`lost`]).

use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

/// Why the first line on stdout was lost that was.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Notes it where what was printed is lost; whether it is not.
pub(super) fn is_delivered(printed: io::Result<()>) -> bool {
    match printed {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let _ = LOST.set(error);
            false
        }
        _ => true,
    }
}

/// Why stdout did not take all of what was printed, where it did not.
pub(super) fn lost() -> Option<&'static io::Error> {
    LOST.get()
}

/// A line on stdout.
pub(super) fn line(text: &str) {
    is_delivered(writeln!(io::stdout().lock(), "{text}"));
}

/// Bytes on stdout as they are: names on a disc need not be text.
pub(super) fn bytes(bytes: &[u8]) {
    is_delivered(io::stdout().lock().write_all(bytes));
}

/// A message on stdout; on stderr where stdout does not take it.
pub(super) fn message(text: &str) {
    if !is_delivered(writeln!(io::stdout().lock(), "{text}")) {
        complain(text);
    }
}

/// A line on stderr.
pub(super) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A line on stderr that the next one overwrites.
pub(super) fn transient(text: &str) {
    let mut err = io::stderr().lock();
    let _ = write!(err, "\r\x1b[K{text}");
    let _ = err.flush();
}

/// A size as people read it: powers of 1024, called what they are. Cedar's kB, MB and GB are the same powers.
#[allow(clippy::cast_precision_loss, reason = "two decimals are shown")]
pub(super) fn size(bytes: u64) -> String {
    let value = bytes as f64;
    match bytes {
        0..0x400 => format!("{bytes} bytes"),
        0x400..0x10_0000 => format!("{:.2} KiB", value / 1024.0),
        0x10_0000..0x4000_0000 => format!("{:.2} MiB", value / 1024.0 / 1024.0),
        _ => format!("{:.2} GiB", value / 1024.0 / 1024.0 / 1024.0),
    }
}

/// `1 file`, `2 files`.
pub(super) fn counted(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// Six lines about the program and its surroundings, as Cedar has them.
pub(super) fn diagnostics() -> [String; 6] {
    let zone = jiff::tz::TimeZone::try_system();
    let zone = zone.as_ref().ok().and_then(|zone| zone.iana_name()).unwrap_or("unknown, UTC is used");
    let locale = std::env::var("LC_ALL").or_else(|_| std::env::var("LANG")).unwrap_or_else(|_| "C".to_owned());
    [
        "Encoding: bytes (names on discs are kept as they are)".to_owned(),
        "Interpreter: none".to_owned(),
        format!("Locale: {locale} (not used), time zone {zone}"),
        format!("Platform: {} {}", std::env::consts::OS, std::env::consts::ARCH),
        format!("Timestamp: {}", jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S UTC")),
        format!("Version: cedarburn {}", env!("CARGO_PKG_VERSION")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_as_one() {
        assert_eq!([0, 1, 2].map(|count| counted(count, "file")), ["0 files", "1 file", "2 files"]);
    }

    #[test]
    fn sizes_are_shown_in_powers_of_1024() {
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(1_048_575), "1024.00 KiB");
        assert_eq!(size(658_227_200), "627.73 MiB");
        assert_eq!(size(4_700_372_992), "4.38 GiB");
    }
}
