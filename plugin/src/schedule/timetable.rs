//! What an administrator asks for.

use chrono::{Datelike, NaiveDateTime, Weekday};

use crate::problem::Problem;

use super::zone::Zone;

/// The form in which `start` is written.
pub const START_FORMAT: &str = "%Y-%m-%dT%H:%M";

/// How often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frequency {
    /// At the start only.
    Once,
    /// Every so many minutes of elapsed time.
    Every(u32),
    /// Each local day.
    Daily,
    /// On these weekdays.
    Weekly(Vec<Weekday>),
    /// On this day of the month.
    Monthly(u8),
}

/// A timetable as written (contract: `schedule.timetable`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// How often.
    pub frequency: Frequency,
    /// Local date and time, `YYYY-MM-DDTHH:MM`.
    pub start: String,
    /// IANA name.
    pub zone: String,
    /// Whether it runs at all.
    pub active: bool,
    /// Everybody is read at least every so many days, and changes are asked for in between; none: everybody each time.
    pub full_every: Option<u32>,
}

/// A timetable that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// How often; weekdays ascending and unique.
    pub frequency: Frequency,
    /// Local.
    pub start: NaiveDateTime,
    /// Found.
    pub zone: Zone,
    /// Whether it runs at all.
    pub active: bool,
    /// Days.
    pub full_every: Option<u32>,
}

impl Timetable {
    /// Reads it.
    ///
    /// # Errors
    /// All of `bad-number`, `required`, `bad-start` and `unknown-zone`.
    pub fn check(&self) -> Result<Checked, Vec<Problem>> {
        let mut problems = Vec::new();
        let frequency = frequency(&self.frequency).map_err(|problem| problems.push(problem));
        let start = start(&self.start).map_err(|problem| problems.push(problem));
        let zone = Zone::find(self.zone.trim()).map_err(|problem| problems.push(problem));
        let full_every = full_every(self.full_every).map_err(|problem| problems.push(problem));
        match (frequency, start, zone, full_every) {
            (Ok(frequency), Ok(start), Ok(zone), Ok(full_every)) => Ok(Checked {
                frequency,
                start,
                zone,
                active: self.active,
                full_every,
            }),
            _ => Err(problems),
        }
    }
}

fn frequency(wished: &Frequency) -> Result<Frequency, Problem> {
    let out_of = |what: String, range: &str| {
        Err(Problem::new(
            "bad-number",
            what,
            format!("Enter a whole number from {range}."),
        )
        .of_field("frequency"))
    };
    match wished {
        Frequency::Every(minutes) if !(5..=44_640).contains(minutes) => out_of(
            format!("every {minutes} minutes is not possible"),
            "5 to 44640 (31 days)",
        ),
        Frequency::Monthly(day) if !(1..=31).contains(day) => {
            out_of(format!("no month has a day {day}"), "1 to 31")
        }
        Frequency::Weekly(days) if days.is_empty() => {
            Err(
                Problem::new("required", "no weekday is chosen", "Choose at least one.")
                    .of_field("frequency"),
            )
        }
        Frequency::Weekly(days) => {
            let mut days = days.clone();
            days.sort_unstable_by_key(Weekday::number_from_monday);
            days.dedup();
            Ok(Frequency::Weekly(days))
        }
        other => Ok(other.clone()),
    }
}

fn full_every(days: Option<u32>) -> Result<Option<u32>, Problem> {
    match days {
        Some(days) if !(1..=365).contains(&days) => Err(Problem::new(
            "bad-number",
            format!("everybody every {days} days is not possible"),
            "Enter a whole number from 1 to 365.",
        )
        .of_field("full-every")),
        days => Ok(days),
    }
}

fn start(text: &str) -> Result<NaiveDateTime, Problem> {
    let wrong = |what: String| {
        Problem::new(
            "bad-start",
            what,
            "Write the local date and time of the first run as YYYY-MM-DDTHH:MM, for example 2026-12-01T06:30.",
        )
        .of_field("start")
    };
    let text = text.trim();
    let shown: String = text.chars().take(30).collect();
    // chrono takes fewer digits and signs as well.
    let shape = text.len() == 16
        && text
            .bytes()
            .zip("0000-00-00T00:00".bytes())
            .all(|(byte, shape)| {
                if shape == b'0' {
                    byte.is_ascii_digit()
                } else {
                    byte == shape
                }
            });
    let start = shape
        .then(|| NaiveDateTime::parse_from_str(text, START_FORMAT).ok())
        .flatten()
        .ok_or_else(|| wrong(format!("`{shown}` is no local date and time")))?;
    if (1970..3000).contains(&start.year()) {
        Ok(start)
    } else {
        Err(wrong(format!("the year {} is out of range", start.year())))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn table(frequency: Frequency, start: &str, zone: &str) -> Timetable {
        Timetable {
            frequency,
            start: start.into(),
            zone: zone.into(),
            active: true,
            full_every: None,
        }
    }

    #[test]
    fn weekdays_are_sorted_and_unique() {
        let checked = table(
            Frequency::Weekly(vec![Weekday::Sun, Weekday::Mon, Weekday::Sun]),
            "2026-01-01T00:00",
            "UTC",
        )
        .check()
        .unwrap();
        assert_eq!(
            checked.frequency,
            Frequency::Weekly(vec![Weekday::Mon, Weekday::Sun])
        );
    }

    #[test]
    fn everything_wrong_is_reported_at_once() {
        let problems = table(Frequency::Every(4), "2026-02-30T00:00", "Mars")
            .check()
            .unwrap_err();
        let codes: Vec<_> = problems
            .iter()
            .map(|p| (p.code, p.field.as_deref().unwrap()))
            .collect();
        assert_eq!(
            codes,
            [
                ("bad-number", "frequency"),
                ("bad-start", "start"),
                ("unknown-zone", "zone")
            ]
        );
    }

    #[test]
    fn limits_are_inclusive_and_what_is_beyond_is_refused() {
        let ok = |frequency| table(frequency, "2026-01-01T00:00", "UTC").check().is_ok();
        assert!(ok(Frequency::Every(5)) && ok(Frequency::Every(44_640)));
        assert!(!ok(Frequency::Every(4)) && !ok(Frequency::Every(44_641)));
        assert!(ok(Frequency::Monthly(1)) && ok(Frequency::Monthly(31)));
        assert!(!ok(Frequency::Monthly(0)) && !ok(Frequency::Monthly(32)));
        assert!(!ok(Frequency::Weekly(Vec::new())));
    }

    #[test]
    fn only_the_one_form_of_start_is_read() {
        let ok = |start| table(Frequency::Once, start, "UTC").check().is_ok();
        assert!(ok("2026-12-31T23:59"));
        for start in [
            "",
            "2026-12-31",
            "2026-12-31 23:59",
            "2026-12-31T24:00",
            "2026-12-31T23:59Z",
            "+026-12-31T23:59",
            "1969-12-31T23:59",
            "2026-1-01T00:000",
            "２０２６-12-31T23:59",
        ] {
            assert!(!ok(start), "{start}");
        }
    }

    #[test]
    fn everybody_is_read_every_1_to_365_days_or_each_time() {
        let days = |full_every| {
            let timetable = Timetable {
                full_every,
                ..table(Frequency::Daily, "2026-01-01T06:00", "UTC")
            };
            timetable.check().map(|checked| checked.full_every).ok()
        };
        assert_eq!(days(None), Some(None));
        assert_eq!(
            (days(Some(1)), days(Some(365))),
            (Some(Some(1)), Some(Some(365)))
        );
        assert_eq!((days(Some(0)), days(Some(366))), (None, None));
    }
}
