//! The `capacity` extension's section: to be told in time that a disc fills up. Cedar has an action of its own for it; here *store* looks when
//! it is done.

use crate::config::Capacity;

/// How full a disc is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// What is used.
    pub used: u64,
    /// What can still be written.
    pub available: u64,
}

impl Fill {
    /// Cedar's `utilized`: 100 where nothing is free, 0 where nothing is used, else the part of both together.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a disc's bytes fit 53 bits")]
    pub fn percent(self) -> f64 {
        match self {
            Fill { available: 0, .. } => 100.0,
            Fill { used: 0, .. } => 0.0,
            Fill { used, available } => used as f64 / (used as f64 + available as f64) * 100.0,
        }
    }

    /// What there is to say of it, if the limit is passed. Exactly at the limit it is not.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a disc's bytes fit 53 bits")]
    pub fn beyond(self, limit: &Capacity) -> Option<String> {
        let percent = self.percent();
        let free = human(self.available);
        match limit {
            Capacity::MaxPercentage { percentage, text } if percent > *percentage => {
                Some(format!("the disc is {percent:.2} % full, which is more than {text} %: {free} are free"))
            }
            Capacity::MinBytes(least) if (self.available as f64) < least.bytes => {
                Some(format!("{free} are free on the disc, which is less than {}", least.text.trim()))
            }
            Capacity::MaxPercentage { .. } | Capacity::MinBytes(_) => None,
        }
    }
}

/// As Cedar shows sizes: powers of 1024.
#[allow(clippy::cast_precision_loss, reason = "two decimals are shown")]
fn human(bytes: u64) -> String {
    let value = bytes as f64;
    match bytes {
        0..0x400 => format!("{bytes} bytes"),
        0x400..0x10_0000 => format!("{:.2} kB", value / 1024.0),
        0x10_0000..0x4000_0000 => format!("{:.2} MB", value / 1024.0 / 1024.0),
        _ => format!("{:.2} GB", value / 1024.0 / 1024.0 / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ByteQuantity;

    const MB: u64 = 1024 * 1024;

    fn fill(used: u64, available: u64) -> Fill {
        Fill { used, available }
    }

    #[test]
    fn a_disc_is_as_full_as_cedar_says() {
        for (used, available, percent) in
            [(0, 0, 100.0), (5, 0, 100.0), (0, 5, 0.0), (25, 75, 25.0), (1, 2, 100.0 / 3.0)]
        {
            assert!((fill(used, available).percent() - percent).abs() < 1e-9, "{used}, {available}");
        }
    }

    #[test]
    fn a_disc_beyond_the_limit_is_told_and_one_at_it_is_not() {
        let percentage = |percentage: f64| Capacity::MaxPercentage { percentage, text: percentage.to_string() };
        let least = |bytes: f64| Capacity::MinBytes(ByteQuantity { bytes, text: format!(" {bytes}") });
        for (disc, limit, is_told) in [
            (fill(75, 25), percentage(75.0), false),
            (fill(76, 24), percentage(75.0), true),
            (fill(0, 100), percentage(0.0), false),
            (fill(9, 0), percentage(100.0), false),
            (fill(9, 0), percentage(99.9), true),
            (fill(0, 100), least(100.0), false),
            (fill(0, 99), least(100.0), true),
            (fill(0, 99), least(99.5), true),
            (fill(0, 0), least(0.0), false),
        ] {
            assert_eq!(disc.beyond(&limit).is_some(), is_told, "{disc:?} {limit:?}");
        }
        let told = fill(600 * MB, 100 * MB).beyond(&percentage(75.0)).unwrap();
        assert_eq!(told, "the disc is 85.71 % full, which is more than 75 %: 100.00 MB are free");
        let least = Capacity::MinBytes(ByteQuantity { bytes: 2e9, text: "2 GB ".to_owned() });
        assert_eq!(fill(1, MB).beyond(&least).unwrap(), "1.00 MB are free on the disc, which is less than 2 GB");
    }
}
