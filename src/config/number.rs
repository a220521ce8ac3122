//! Numbers as Python writes them, because Cedar hands the text to Python's `int` and `float`.

/// A whole number: surrounding blanks, a sign, underscores between digits. Beyond `i128` it stays at the limit, which
/// is outside of any range asked for. Digits of other scripts, which Python knows, are not taken.
pub(super) fn integer(text: &str) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digit_part(digits)?;
    let magnitude = digits.parse::<i128>().unwrap_or(i128::MAX);
    Some(if negative { -magnitude } else { magnitude })
}

/// A double, rounded to nearest: surrounding blanks, sign, exponent, underscores between digits, `inf`, `nan`.
pub(super) fn float(text: &str) -> Option<f64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if ["inf", "infinity", "nan"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
        return text.parse().ok();
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let parts_are_digits = [whole, fraction].iter().all(|part| part.is_empty() || digit_part(part).is_some());
    let exponent_is_digits = exponent.is_none_or(|e| digit_part(e.strip_prefix(['+', '-']).unwrap_or(e)).is_some());
    if (whole.is_empty() && fraction.is_empty()) || !parts_are_digits || !exponent_is_digits {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// Digits with single underscores between them; returns them without.
fn digit_part(text: &str) -> Option<String> {
    let groups_are_digits = text.split('_').all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    groups_are_digits.then(|| text.replace('_', ""))
}

/// A number of bytes as Cedar's extensions take it, `650 MB`.
#[derive(Debug, Clone, PartialEq)]
pub struct ByteQuantity {
    /// In bytes, a double as in Cedar: fractions of units are legal.
    pub bytes: f64,
    /// As it was written.
    pub text: String,
}

impl ByteQuantity {
    /// What [`ByteQuantity::parse`] accepts, for messages.
    pub(super) const LEGAL: &'static str = "a number from 0 up, of bytes or followed by KB, MB or GB";

    /// Units are powers of 1024 and upper case.
    pub(super) fn parse(text: &str) -> Option<ByteQuantity> {
        let trimmed = text.trim();
        let units = [("KB", 1024.0), ("MB", 1024.0 * 1024.0), ("GB", 1024.0 * 1024.0 * 1024.0)];
        let split = units.into_iter().find_map(|(unit, bytes)| Some((trimmed.strip_suffix(unit)?, bytes)));
        let (number, unit_bytes) = split.unwrap_or((trimmed, 1.0));
        let bytes = float(number)? * unit_bytes;
        (bytes >= 0.0).then(|| ByteQuantity { bytes, text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_pythons_syntax() {
        let cases = [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("\t7\n", Some(7)),
            ("\u{a0}7", Some(7)),
            ("+7", Some(7)),
            ("-7", Some(-7)),
            ("007", Some(7)),
            ("1_000", Some(1000)),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("+_1", None),
            ("4.0", None),
            ("1e3", None),
            ("0x10", None),
            ("- 7", None),
            ("--7", None),
            ("+", None),
            (" ", None),
            ("", None),
            ("99999999999999999999999999999999999999999999", Some(i128::MAX)),
            ("-99999999999999999999999999999999999999999999", Some(-i128::MAX)),
        ];
        for (text, number) in cases {
            assert_eq!(integer(text), number, "{text:?}");
        }
    }

    #[test]
    fn floats_have_pythons_syntax() {
        let good = [
            ("1.3", 1.3),
            (" 1.3 ", 1.3),
            ("+1.3", 1.3),
            ("-1", -1.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("1e3", 1000.0),
            ("1E+3", 1000.0),
            ("1_0.5", 10.5),
            ("1e1_0", 1e10),
            ("1e400", f64::INFINITY),
            ("inf", f64::INFINITY),
            ("-Inf", f64::NEG_INFINITY),
            ("INFINITY", f64::INFINITY),
            ("infinity ", f64::INFINITY),
            ("0.1", 0.1),
        ];
        for (text, number) in good {
            assert_eq!(float(text), Some(number), "{text:?}");
        }
        for text in ["nan", "+NaN", "-nan"] {
            assert!(float(text).is_some_and(f64::is_nan), "{text:?}");
        }
        assert!(float("-0").is_some_and(f64::is_sign_negative));
        let bad = [
            ".", "1e", "e3", "1_.5", "1._5", "1__0", "1_e1", "1e_1", "infinit", "nan(1)", "1,3", "0x1p3", "0x10", "",
            " ", "1 2", "1d3", "1f", "_1", "1_", "i_nf", "+-1", "1.2.3", "1e1.5", "1e1e1",
        ];
        for text in bad {
            assert_eq!(float(text), None, "{text:?}");
        }
    }

    #[test]
    fn byte_quantities_have_units_of_1024_in_upper_case() {
        let good = [
            ("0", 0.0),
            ("650", 650.0),
            ("1KB", 1024.0),
            (" 1.5 MB ", 1_572_864.0),
            ("2 GB", 2_147_483_648.0),
            ("1e3 KB", 1_024_000.0),
            ("inf", f64::INFINITY),
        ];
        for (text, bytes) in good {
            let quantity = ByteQuantity { bytes, text: text.to_owned() };
            assert_eq!(ByteQuantity::parse(text), Some(quantity), "{text:?}");
        }
        for text in ["", " ", "KB", "1 kb", "1 Kb", "1 TB", "1 B", "-1", "-1 MB", "nan", "one", "1 M B", "1 KB KB"] {
            assert_eq!(ByteQuantity::parse(text), None, "{text:?}");
        }
    }
}
