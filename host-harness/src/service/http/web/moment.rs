//! Dates in the tenant's zone.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// The zone in which a tenant's dates are shown.
#[derive(Debug, Clone)]
pub(super) struct Zone {
    zone: TimeZone,
    now: Timestamp,
}

/// A moment, as people read it and as programs do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    /// RFC 3339 in UTC.
    pub(super) stamp: String,
    /// Date, time and zone.
    pub(super) whole: String,
    /// How far from now.
    pub(super) near: String,
}

impl Zone {
    /// A zone by its IANA name; UTC where there is none of that name.
    pub(super) fn named(name: &str) -> Self {
        Self {
            zone: TimeZone::get(name).unwrap_or(TimeZone::UTC),
            now: Timestamp::now(),
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Unix milliseconds: when a day begins here.
    pub(super) fn begin_of(&self, day: Date) -> Option<i64> {
        let begin = day.to_zoned(self.zone.clone()).ok()?;
        Some(begin.timestamp().as_millisecond())
    }

    /// Whether the clock shows the moment of Unix milliseconds twice, and if so whether this is the first time.
    pub(super) fn twice(&self, milliseconds: i64) -> Option<bool> {
        let at = Timestamp::from_millisecond(milliseconds).ok()?;
        let shown = at.to_zoned(self.zone.clone());
        match self.zone.to_ambiguous_zoned(shown.datetime()).offset() {
            AmbiguousOffset::Fold { before, .. } => Some(shown.offset() == before),
            AmbiguousOffset::Gap { .. } | AmbiguousOffset::Unambiguous { .. } => None,
        }
    }

    /// A moment of Unix milliseconds.
    pub(super) fn at(&self, milliseconds: i64) -> Moment {
        let at = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = at.to_zoned(self.zone.clone());
        Moment {
            stamp: at.to_string(),
            whole: local.strftime("%a %-d %b %Y, %H:%M:%S %Z").to_string(),
            near: near(at.as_second() - self.now.as_second()),
        }
    }

    /// The day on which a moment of Unix milliseconds is.
    pub(super) fn date(&self, milliseconds: i64) -> Date {
        let at = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(self.zone.clone()).date()
    }

    /// The day that it is.
    pub(super) fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.near)
    }
}

/// How long ago, or how far ahead.
fn near(seconds: i64) -> String {
    const UNITS: [(i64, &str, &str); 4] = [
        (86_400, "day", "days"),
        (3_600, "hour", "hours"),
        (60, "minute", "minutes"),
        (1, "second", "seconds"),
    ];
    let size = seconds.abs();
    let unit = UNITS.into_iter().find(|(length, ..)| size >= *length);
    let Some((length, one, many)) = unit else {
        return "now".to_owned();
    };
    let count = size / length;
    let unit = if count == 1 { one } else { many };
    if seconds < 0 {
        format!("{count} {unit} ago")
    } else {
        format!("in {count} {unit}")
    }
}

/// A span of milliseconds in words.
pub(super) fn span(milliseconds: i64) -> String {
    let seconds = milliseconds / 1_000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..10 => format!("{}.{} s", seconds, milliseconds.rem_euclid(1_000) / 100),
        10..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_the_zone_with_its_offset_then() {
        let berlin = Zone::named("Europe/Berlin");
        // Before and after the end of summer time in 2026.
        assert_eq!(
            berlin.at(1_792_886_400_000).whole,
            "Sun 25 Oct 2026, 02:00:00 CEST"
        );
        assert_eq!(
            berlin.at(1_792_900_800_000).whole,
            "Sun 25 Oct 2026, 05:00:00 CET"
        );
        assert_eq!(
            Zone::named("Nowhere/At_all").at(0).whole,
            "Thu 1 Jan 1970, 00:00:00 UTC"
        );
    }

    #[test]
    fn a_day_begins_when_the_zone_says_so() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let berlin = Zone::named("Europe/Berlin");
        assert_eq!(berlin.name(), "Europe/Berlin");
        let begin = berlin.begin_of(day("2026-10-25")).unwrap();
        assert_eq!(berlin.at(begin).whole, "Sun 25 Oct 2026, 00:00:00 CEST");
        // The day on which clocks are put back has 25 hours.
        let next = berlin.begin_of(day("2026-10-26")).unwrap();
        assert_eq!(next - begin, 25 * 3_600_000);
        // In Cairo the clocks were put forward at midnight: the day began at one.
        let cairo = Zone::named("Africa/Cairo");
        let begin = cairo.begin_of(day("2026-04-24")).unwrap();
        assert_eq!(cairo.at(begin).whole, "Fri 24 Apr 2026, 01:00:00 EEST");
    }

    #[test]
    fn an_hour_that_comes_twice_is_told_from_others() {
        let berlin = Zone::named("Europe/Berlin");
        // 02:30 on the day on which clocks are put back, an hour before and after.
        let first = 1_792_888_200_000;
        let hour = 3_600_000;
        assert_eq!(berlin.twice(first), Some(true));
        assert_eq!(berlin.twice(first + hour), Some(false));
        assert_eq!(berlin.twice(first - hour), None);
        assert_eq!(berlin.twice(first + 2 * hour), None);
        assert_eq!(Zone::named("UTC").twice(first), None);
    }

    #[test]
    fn how_far_a_moment_is_is_said_in_one_unit() {
        assert_eq!(near(0), "now");
        assert_eq!(near(-1), "1 second ago");
        assert_eq!(near(-7_199), "1 hour ago");
        assert_eq!(near(172_800), "in 2 days");
    }

    #[test]
    fn spans_have_as_many_parts_as_anybody_reads() {
        assert_eq!(span(16), "16 ms");
        assert_eq!(span(1_234), "1.2 s");
        assert_eq!(span(119_000), "119 s");
        assert_eq!(span(150_000), "2 min 30 s");
        assert_eq!(span(7_260_000), "2 h 1 min");
    }
}
