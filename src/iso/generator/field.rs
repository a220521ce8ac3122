//! The number, text and date formats that ECMA-119 fields are made of (clauses 7 and 8.4.26).

use bytes::BufMut;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::iso::tree::Timestamp;

/// 1900-01-01T00:00:00Z, the first moment a 7-byte date can say (ECMA-119 9.1.5).
const EARLIEST: i64 = -2_208_988_800;
/// 2155-12-31T23:59:59Z, the last one.
const LATEST: i64 = 5_869_583_999;

/// The nearest time that a 7-byte date can say: whole seconds of the years 1900 to 2155.
pub(super) fn representable(time: Timestamp) -> Timestamp {
    Timestamp::from_seconds(time.seconds.clamp(EARLIEST, LATEST))
}

/// Whether [`representable`] takes away more than the fraction of a second.
pub(super) fn is_out_of_range(time: Timestamp) -> bool {
    !(EARLIEST..=LATEST).contains(&time.seconds)
}

/// ISO 9660 stores most numbers twice, little- then big-endian (ECMA-119 7.2.3, 7.3.3).
pub(super) trait PutIso: BufMut {
    /// 16 bits, both ways (7.2.3).
    fn put_both_u16(&mut self, n: u16) {
        self.put_u16_le(n);
        self.put_u16(n);
    }

    /// 32 bits, both ways (7.3.3).
    fn put_both_u32(&mut self, n: u32) {
        self.put_u32_le(n);
        self.put_u32(n);
    }

    /// Text, left-justified and padded with spaces (7.4.3.2); what doesn't fit is cut.
    fn put_text(&mut self, text: &[u8], width: usize) {
        let fits = text.len().min(width);
        self.put_slice(&text[..fits]);
        self.put_bytes(b' ', width - fits);
    }

    /// The 7-byte date of directory records and Rock Ridge (9.1.5), always UTC.
    fn put_short_date(&mut self, time: Timestamp) {
        let date = civil(representable(time).seconds);
        self.put_u8(u8::try_from(i32::from(date.year()) - 1900).unwrap_or(u8::MAX));
        for part in [date.month(), date.day(), date.hour(), date.minute(), date.second()] {
            self.put_u8(part.unsigned_abs());
        }
        self.put_u8(0);
    }

    /// The 17-byte date of volume descriptors (8.4.26.1), always UTC.
    fn put_long_date(&mut self, time: Timestamp) {
        let date = civil(time.seconds);
        put_digits(self, date.year().unsigned_abs().into(), 4);
        for part in [date.month(), date.day(), date.hour(), date.minute(), date.second()] {
            put_digits(self, part.unsigned_abs().into(), 2);
        }
        put_digits(self, (time.nanoseconds / 10_000_000).min(99), 2);
        self.put_u8(0);
    }

    /// A 17-byte date that says nothing (8.4.26.1).
    fn put_no_long_date(&mut self) {
        self.put_bytes(b'0', 16);
        self.put_u8(0);
    }
}

impl<B: BufMut + ?Sized> PutIso for B {}

fn put_digits<B: BufMut + ?Sized>(out: &mut B, number: u32, count: u32) {
    for place in (0..count).rev() {
        out.put_u8(b"0123456789"[(number / 10_u32.pow(place) % 10) as usize]);
    }
}

/// Calendar and clock, UTC; the years 1 to 9999, which is what four digits can say.
fn civil(seconds: i64) -> DateTime {
    const YEAR_1: i64 = -62_135_596_800;
    const YEAR_9999_END: i64 = 253_402_207_200 - 1;
    let second = seconds.clamp(YEAR_1, YEAR_9999_END);
    let time = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Offset::UTC.to_datetime(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::testing::put;

    #[test]
    fn numbers_stand_twice_little_end_first() {
        assert_eq!(put::<4>(|b| b.put_both_u16(0x0102)), [2, 1, 1, 2]);
        assert_eq!(put::<8>(|b| b.put_both_u32(0x0102_0304)), [4, 3, 2, 1, 1, 2, 3, 4]);
    }

    #[test]
    fn text_is_padded_with_spaces_and_cut_at_its_width() {
        assert_eq!(put::<5>(|b| b.put_text(b"ABC", 5)), *b"ABC  ");
        assert_eq!(put::<2>(|b| b.put_text(b"ABC", 2)), *b"AB");
    }

    #[test]
    fn short_dates_count_years_from_1900_in_utc() {
        let short = |seconds| put::<7>(|b| b.put_short_date(Timestamp::from_seconds(seconds)));
        // 2026-11-22T13:14:15Z
        assert_eq!(short(1_795_353_255), [126, 11, 22, 13, 14, 15, 0]);
        assert_eq!(short(0), [70, 1, 1, 0, 0, 0, 0]);
        assert_eq!(short(-1), [69, 12, 31, 23, 59, 59, 0]);
        assert_eq!(short(EARLIEST), [0, 1, 1, 0, 0, 0, 0]);
        assert_eq!(short(LATEST), [255, 12, 31, 23, 59, 59, 0]);
    }

    #[test]
    fn times_beyond_1900_and_2155_become_the_nearest_that_can_be_said() {
        let short = |seconds| put::<7>(|b| b.put_short_date(Timestamp::from_seconds(seconds)));
        assert_eq!(short(EARLIEST - 1), short(EARLIEST));
        assert_eq!(short(i64::MIN), short(EARLIEST));
        assert_eq!(short(LATEST + 1), short(LATEST));
        assert_eq!(short(i64::MAX), short(LATEST));
    }

    #[test]
    fn long_dates_are_digits_with_hundredths() {
        let long = |seconds, nanoseconds| put::<17>(|b| b.put_long_date(Timestamp { seconds, nanoseconds }));
        assert_eq!(&long(1_795_353_255, 987_654_321), b"2026112213141598\0");
        assert_eq!(&long(-1, 0), b"1969123123595900\0");
        assert_eq!(&long(LATEST + 1, 0), b"2156010100000000\0");
        assert_eq!(&long(i64::MIN, 0)[..8], b"00010101");
        assert_eq!(&long(i64::MAX, 0)[..4], b"9999");
        assert_eq!(&put::<17>(|b| b.put_no_long_date()), b"0000000000000000\0");
    }
}
