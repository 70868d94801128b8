//! Times: generalized time (RFC 4517 section 3.3.13) and Windows file time.

use chrono::{DateTime, Duration, NaiveDate, SecondsFormat, Utc};

use super::{DecodeError, integer};

/// 100 ns steps between 1601 and 1970.
const FILE_TIME_EPOCH: i64 = 116_444_736_000_000_000;

/// A generalized time, `YYYYMMDDHH[MM[SS]][.fraction](Z|±HH[MM])`.
///
/// # Errors
/// `bad-value` where it is none. 000001010000Z, which password policies use for "for ever", is year 0 and valid.
pub fn generalized_time(value: &[u8]) -> Result<DateTime<Utc>, DecodeError> {
    read_generalized(value).ok_or(DecodeError::GeneralizedTime)
}

/// A Windows file time as Active Directory writes it, or `None` for *never* (0 and the largest value).
///
/// # Errors
/// `bad-value` where it is none, or outside of the calendar.
pub fn file_time(value: &[u8]) -> Result<Option<DateTime<Utc>>, DecodeError> {
    let ticks = integer(value).map_err(|_| DecodeError::FileTime)?;
    if ticks == 0 || ticks == i64::MAX {
        return Ok(None);
    }
    if ticks < 0 {
        return Err(DecodeError::FileTime);
    }
    let since_1970 = ticks - FILE_TIME_EPOCH;
    let nanoseconds = u32::try_from(since_1970.rem_euclid(10_000_000) * 100);
    nanoseconds
        .ok()
        .and_then(|nanoseconds| {
            DateTime::from_timestamp(since_1970.div_euclid(10_000_000), nanoseconds)
        })
        .map(Some)
        .ok_or(DecodeError::FileTime)
}

/// A moment in Unix seconds as a Windows file time; what is beyond these is their last.
#[must_use]
pub fn file_time_of(unix_seconds: u64) -> i64 {
    i64::try_from(unix_seconds)
        .ok()
        .and_then(|seconds| {
            seconds
                .checked_mul(10_000_000)?
                .checked_add(FILE_TIME_EPOCH)
        })
        // The largest one means never.
        .unwrap_or(i64::MAX - 1)
}

/// A time as the portal writes it (RFC 3339, UTC).
#[must_use]
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn read_generalized(value: &[u8]) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let zone = text.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = text.split_at(zone);
    let (whole, fraction) = match clock.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, fraction),
        None => (clock, ""),
    };
    if !whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let number = |from: usize, to: usize| whole.get(from..to)?.parse::<u32>().ok();
    let date =
        NaiveDate::from_ymd_opt(whole.get(..4)?.parse().ok()?, number(4, 6)?, number(6, 8)?)?;
    let (minute, second, unit) = match whole.len() {
        10 => (0, 0, 3600),
        12 => (number(10, 12)?, 0, 60),
        14 => (number(10, 12)?, number(12, 14)?, 1),
        _ => return None,
    };
    // A leap second is the second after.
    let (second, leap) = if second == 60 { (59, 1) } else { (second, 0) };
    let time = date.and_hms_opt(number(8, 10)?, minute, second)?;
    let mut nanoseconds = 0;
    if clock.len() > whole.len() {
        if fraction.is_empty() {
            return None;
        }
        let mut weight = unit * 1_000_000_000_i64;
        for digit in fraction.bytes() {
            weight /= 10;
            nanoseconds += weight * i64::from(digit - b'0');
        }
    }
    let time = time
        .checked_add_signed(Duration::seconds(leap) + Duration::nanoseconds(nanoseconds))?
        .checked_sub_signed(offset(zone)?)?;
    Some(time.and_utc())
}

fn offset(zone: &str) -> Option<Duration> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(Duration::zero());
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i64 = digits[..2].parse().ok()?;
    let minutes: i64 = if digits.len() == 4 {
        digits[2..].parse().ok()?
    } else {
        0
    };
    (hours < 24 && minutes < 60).then(|| Duration::minutes(sign * (hours * 60 + minutes)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::{file_time, file_time_of, generalized_time, rfc3339};
    use crate::decode::DecodeError;

    fn read(text: &str) -> Result<String, DecodeError> {
        generalized_time(text.as_bytes()).map(rfc3339)
    }

    #[test]
    fn generalized_time_is_read_in_every_form() {
        for (text, expected) in [
            ("20240229120000Z", "2024-02-29T12:00:00Z"),
            ("202402291200Z", "2024-02-29T12:00:00Z"),
            ("2024022912Z", "2024-02-29T12:00:00Z"),
            ("20240229120000.0Z", "2024-02-29T12:00:00Z"),
            ("20240229120000,25Z", "2024-02-29T12:00:00.250Z"),
            ("2024022912.5Z", "2024-02-29T12:30:00Z"),
            ("20240229120000+0530", "2024-02-29T06:30:00Z"),
            ("20240229120000-05", "2024-02-29T17:00:00Z"),
            ("20161231235960Z", "2017-01-01T00:00:00Z"),
            ("000001010000Z", "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_generalized_time_is_refused() {
        for text in [
            "",
            "Z",
            "20240229",
            "20240230120000Z",
            "20240229250000Z",
            "20240229120000",
            "20240229120000.Z",
            "2024-02-29T12:00:00Z",
            "20240229120000+5",
            "20240229120000+05:30",
            "２０240229120000Z",
        ] {
            assert_eq!(read(text), Err(DecodeError::GeneralizedTime), "{text}");
        }
    }

    #[test]
    fn file_time_is_read() {
        let time = file_time(b"133536816001234567").unwrap().unwrap();
        assert_eq!(rfc3339(time), "2024-02-29T12:00:00.123456700Z");
        assert_eq!(
            rfc3339(file_time(b"1").unwrap().unwrap()),
            "1601-01-01T00:00:00.000000100Z"
        );
    }

    #[test]
    fn both_values_for_never_are_never() {
        assert_eq!(file_time(b"0"), Ok(None));
        assert_eq!(file_time(b"9223372036854775807"), Ok(None));
    }

    #[test]
    fn a_moment_is_written_as_the_file_time_that_reads_as_it() {
        let ticks = file_time_of(1_709_208_000);
        let time = file_time(ticks.to_string().as_bytes()).unwrap().unwrap();
        assert_eq!(rfc3339(time), "2024-02-29T12:00:00Z");
        assert_eq!(file_time_of(0), 116_444_736_000_000_000);
        assert_eq!(file_time_of(u64::MAX), i64::MAX - 1);
    }

    #[test]
    fn what_is_no_file_time_is_refused() {
        for value in [&b""[..], b"-1", b"20240229120000Z", b"9223372036854775808"] {
            assert_eq!(file_time(value), Err(DecodeError::FileTime));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(value: Vec<u8>) {
            let _ = generalized_time(&value);
            let _ = file_time(&value);
        }

        #[test]
        fn any_file_time_is_in_the_calendar(ticks in 0..i64::MAX) {
            prop_assert!(file_time(ticks.to_string().as_bytes()).is_ok());
        }

        #[test]
        fn digits_are_read_or_refused(text in "[0-9]{0,20}([.,][0-9]{0,30})?(Z|[+-][0-9]{0,5})?") {
            let _ = generalized_time(text.as_bytes());
        }
    }
}
