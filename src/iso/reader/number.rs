//! Numbers and dates as ECMA-119 records them (clauses 7, 8.4.26.1 and 9.1.5).
//!
//! Every getter is total: bytes that aren't there count as zero, so a view whose length was checked once
//! can't fail later, and one that wasn't can't panic.

use crate::iso::tree::Timestamp;

/// A number recorded in both byte orders. The little-endian copy counts, as in Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Both {
    pub(super) value: u32,
    /// Whether the big-endian copy says the same.
    pub(super) agrees: bool,
}

pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
}

pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// 7.2.3: sixteen bits in both orders.
pub(super) fn both_u16(bytes: &[u8], at: usize) -> Both {
    let little = u16::from_le_bytes(array(bytes, at));
    let big = u16::from_be_bytes(array(bytes, at + 2));
    Both { value: u32::from(little), agrees: little == big }
}

/// 7.3.3: thirty-two bits in both orders.
pub(super) fn both_u32(bytes: &[u8], at: usize) -> Both {
    let little = u32::from_le_bytes(array(bytes, at));
    let big = u32::from_be_bytes(array(bytes, at + 4));
    Both { value: little, agrees: little == big }
}

/// What a date field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Date {
    At(Timestamp),
    /// All zeros: not specified.
    Unset,
    /// Bytes that are no date.
    Bad,
}

impl Date {
    pub(super) fn time(self) -> Option<Timestamp> {
        match self {
            Date::At(time) => Some(time),
            Date::Unset | Date::Bad => None,
        }
    }
}

/// The seven-byte form (9.1.5).
pub(super) fn short_date(bytes: &[u8]) -> Date {
    let [year, month, day, hour, minute, second, zone] = array::<7>(bytes, 0);
    // A zone alone, as some writers leave it, dates nothing.
    if [year, month, day, hour, minute, second] == [0; 6] {
        return Date::Unset;
    }
    timestamp(1900 + i64::from(year), [month, day, hour, minute, second], 0, zone)
}

/// The seventeen-byte form (8.4.26.1).
pub(super) fn long_date(bytes: &[u8]) -> Date {
    let field: [u8; 17] = array(bytes, 0);
    let (digits, zone) = (&field[..16], field[16]);
    // Zero bytes instead of zero digits are what many writers leave in an unused field.
    if digits.iter().all(|&b| b == b'0') || digits.iter().all(|&b| b == 0) {
        return Date::Unset;
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return Date::Bad;
    }
    let two = |at: usize| (digits[at] - b'0') * 10 + (digits[at + 1] - b'0');
    let year = i64::from(two(0)) * 100 + i64::from(two(2));
    let nanoseconds = u32::from(two(14)) * 10_000_000;
    timestamp(year, [two(4), two(6), two(8), two(10), two(12)], nanoseconds, zone)
}

fn timestamp(year: i64, [month, day, hour, minute, second]: [u8; 5], nanoseconds: u32, zone: u8) -> Date {
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !fits {
        return Date::Bad;
    }
    // 48 quarters west to 52 east; Linux takes anything else for UTC.
    let quarters = match i64::from(i8::from_le_bytes([zone])) {
        quarters @ -52..=52 => quarters,
        _ => 0,
    };
    let clock = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    let seconds = days_since_1970(year, i64::from(month), i64::from(day)) * 86_400 + clock - quarters * 900;
    Date::At(Timestamp { seconds, nanoseconds })
}

/// Days from 1970-01-01 in the Gregorian calendar, with years that begin in March so that the leap day
/// stands at the end.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_little_endian_copy_counts_and_a_different_big_endian_one_is_seen() {
        let same = [1, 2, 3, 4, 4, 3, 2, 1];
        assert_eq!(both_u32(&same, 0), Both { value: 0x0403_0201, agrees: true });
        assert_eq!(both_u32(&[1, 0, 0, 0, 0, 0, 0, 2], 0), Both { value: 1, agrees: false });
        assert_eq!(both_u16(&[0x00, 0x08, 0x08, 0x00], 0), Both { value: 2048, agrees: true });
    }

    #[test]
    fn numbers_that_are_cut_off_read_as_zero() {
        assert_eq!(both_u32(&[1, 0, 0], 0).value, 0);
        assert_eq!(both_u16(&[], 7).value, 0);
    }

    #[test]
    fn a_short_date_is_utc_less_its_zone() {
        // 2026-11-22 10:11:12, an hour east.
        let at = |zone| short_date(&[126, 11, 22, 10, 11, 12, zone]);
        assert_eq!(at(0), Date::At(Timestamp::from_seconds(1_795_342_272)));
        assert_eq!(at(4), Date::At(Timestamp::from_seconds(1_795_342_272 - 3600)));
        assert_eq!(at(0xfc), Date::At(Timestamp::from_seconds(1_795_342_272 + 3600)));
    }

    #[test]
    fn a_zone_no_clock_shows_is_ignored() {
        assert_eq!(short_date(&[70, 1, 1, 0, 0, 0, 0xa5]), Date::At(Timestamp::default()));
    }

    #[test]
    fn dates_reach_from_1900_to_2155() {
        assert_eq!(short_date(&[0, 1, 1, 0, 0, 0, 0]), Date::At(Timestamp::from_seconds(-2_208_988_800)));
        assert_eq!(short_date(&[255, 12, 31, 23, 59, 59, 0]), Date::At(Timestamp::from_seconds(5_869_583_999)));
        assert_eq!(short_date(&[100, 2, 29, 0, 0, 0, 0]), Date::At(Timestamp::from_seconds(951_782_400)));
    }

    #[test]
    fn zeros_are_no_date_and_garbage_is_a_bad_one() {
        assert_eq!(short_date(&[0; 7]), Date::Unset);
        assert_eq!(short_date(&[0xa5; 7]), Date::Bad);
        assert_eq!(long_date(b"0000000000000000\0"), Date::Unset);
        assert_eq!(long_date(&[0; 17]), Date::Unset);
        assert_eq!(long_date(b"2026112x10111200\0"), Date::Bad);
    }

    #[test]
    fn a_long_date_carries_hundredths() {
        let expected = Timestamp { seconds: 1_795_342_272, nanoseconds: 340_000_000 };
        assert_eq!(long_date(b"2026112210111234\0"), Date::At(expected));
    }
}
