//! A timetable in one sentence, and as a form carries it.

use jiff::civil::DateTime;

use super::fields::Fields;
use crate::shape::Problem;
use crate::shape::schedule::{Frequency, Timetable, Weekday};

/// The days, as a week has them.
pub(super) const DAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// What was typed, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Typed {
    /// `once`, `every`, `daily`, `weekly` or `monthly`.
    pub(super) frequency: String,
    pub(super) minutes: String,
    /// Names of days.
    pub(super) days: Vec<String>,
    /// Of the month.
    pub(super) day: String,
    pub(super) start: String,
    pub(super) zone: String,
    pub(super) active: bool,
    pub(super) full_every: String,
}

impl Typed {
    /// What stands in the form before there is a timetable: every night, from the one that comes.
    pub(super) fn fresh(tomorrow: &str) -> Self {
        Self {
            frequency: "daily".to_owned(),
            minutes: "60".to_owned(),
            day: "1".to_owned(),
            start: format!("{tomorrow}T02:30"),
            zone: "UTC".to_owned(),
            active: true,
            ..Self::default()
        }
    }

    /// As a form carries it.
    pub(super) fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).trim().to_owned();
        Self {
            frequency: text("frequency"),
            minutes: text("minutes"),
            days: fields.all("days").map(str::to_owned).collect(),
            day: text("day"),
            start: text("start"),
            zone: text("zone"),
            active: fields.has("active"),
            full_every: text("full-every"),
        }
    }

    /// With the one zone that what was typed can mean, where that is no zone's name but a part of one's alone.
    pub(super) fn placed(mut self, zones: &[String]) -> Self {
        let typed = self.zone.to_lowercase().replace(' ', "_");
        let named = |zone: &&String| zone.to_lowercase() == typed;
        let city = |zone: &&String| zone.to_lowercase().rsplit('/').next() == Some(typed.as_str());
        let part = |zone: &&String| !typed.is_empty() && zone.to_lowercase().contains(&typed);
        let alone = |is: &dyn Fn(&&String) -> bool| {
            let mut which = zones.iter().filter(is);
            which.next().filter(|_| which.next().is_none()).cloned()
        };
        let meant = alone(&named)
            .or_else(|| alone(&city))
            .or_else(|| alone(&part));
        if let Some(meant) = meant {
            self.zone = meant;
        }
        self
    }

    /// The timetable that it says, and what cannot be read of it; in place of that stands something harmless, so that the rest can be
    /// judged as well.
    pub(super) fn read(&self) -> (Timetable, Vec<Problem>) {
        let mut problems = Vec::new();
        let frequency = match self.frequency.as_str() {
            "once" => Some(Frequency::Once),
            "every" => number(&self.minutes, "frequency", &mut problems).map(Frequency::Every),
            "daily" => Some(Frequency::Daily),
            "weekly" => {
                let named = |day: &Weekday| self.days.iter().any(|one| one == day.name());
                Some(Frequency::Weekly(DAYS.into_iter().filter(named).collect()))
            }
            "monthly" => number(&self.day, "frequency", &mut problems).map(Frequency::Monthly),
            _ => {
                problems.push(required());
                None
            }
        };
        let full_every = if self.full_every.is_empty() {
            None
        } else {
            number(&self.full_every, "full-every", &mut problems)
        };
        let timetable = Timetable {
            frequency: frequency.unwrap_or(Frequency::Once),
            start: self.start.clone(),
            zone: self.zone.clone(),
            active: self.active,
            full_every,
        };
        (timetable, problems)
    }
}

impl From<&Timetable> for Typed {
    fn from(timetable: &Timetable) -> Self {
        let mut typed = Self {
            start: timetable.start.clone(),
            zone: timetable.zone.clone(),
            active: timetable.active,
            full_every: timetable.full_every.map(text).unwrap_or_default(),
            ..Self::fresh("")
        };
        typed.frequency = match &timetable.frequency {
            Frequency::Once => "once",
            Frequency::Every(minutes) => {
                typed.minutes = minutes.to_string();
                "every"
            }
            Frequency::Daily => "daily",
            Frequency::Weekly(days) => {
                typed.days = days.iter().map(|day| day.name().to_owned()).collect();
                "weekly"
            }
            Frequency::Monthly(day) => {
                typed.day = day.to_string();
                "monthly"
            }
        }
        .to_owned();
        typed
    }
}

fn text(days: u32) -> String {
    days.to_string()
}

fn number<N: std::str::FromStr>(text: &str, field: &str, problems: &mut Vec<Problem>) -> Option<N> {
    let read = text.parse().ok();
    if read.is_none() {
        let problem = crate::Problem::new(
            "bad-number",
            format!("{text:?} is no number that can be used here"),
            "Enter a whole number.",
        );
        problems.push(Problem {
            field: Some(field.to_owned()),
            ..Problem::from(&problem)
        });
    }
    read
}

fn required() -> Problem {
    let problem = crate::Problem::new(
        "required",
        "It is not said how often",
        "Choose one of the lines.",
    );
    Problem {
        field: Some("frequency".to_owned()),
        ..Problem::from(&problem)
    }
}

/// A timetable that is right, in one sentence.
pub(super) fn sentence(timetable: &Timetable) -> String {
    let zone = place(&timetable.zone);
    let start: Option<DateTime> = timetable.start.trim().parse().ok();
    let (date, time) = start.map_or_else(
        || (timetable.start.clone(), String::new()),
        |at| {
            let date = at.strftime("%-d %b %Y").to_string();
            (date, at.strftime("%H:%M").to_string())
        },
    );
    let when = match &timetable.frequency {
        Frequency::Once => format!("Once, on {date} at {time} {zone}"),
        Frequency::Every(minutes) => {
            format!("{}, from {date} at {time} {zone} on", often(*minutes))
        }
        Frequency::Daily => format!("Every day at {time} {zone}, from {date} on"),
        Frequency::Weekly(days) => {
            format!("Every {} at {time} {zone}, from {date} on", list(days))
        }
        Frequency::Monthly(day) => {
            let short = if *day > 28 {
                " (the last one of a shorter month)"
            } else {
                ""
            };
            format!("On day {day} of every month{short} at {time} {zone}, from {date} on")
        }
    };
    let reads = match timetable.full_every {
        None => "reads everybody each time".to_owned(),
        Some(1) => "reads what changed, and everybody once a day".to_owned(),
        Some(days) => format!("reads what changed, and everybody every {days} days"),
    };
    format!("{when}; {reads}.")
}

fn often(minutes: u32) -> String {
    match minutes {
        60 => "Every hour".to_owned(),
        _ if minutes > 0 && minutes.is_multiple_of(60) => format!("Every {} hours", minutes / 60),
        _ => format!("Every {minutes} minutes"),
    }
}

/// `in Berlin`; `in UTC` for what is no place.
fn place(zone: &str) -> String {
    let city = match zone.trim().rsplit_once('/') {
        Some((area, city)) if area != "Etc" => city.replace('_', " "),
        _ => zone.trim().to_owned(),
    };
    format!("in {city}")
}

fn list(days: &[Weekday]) -> String {
    let names: Vec<&str> = DAYS
        .iter()
        .filter(|day| days.contains(day))
        .map(|day| long(*day))
        .collect();
    match names.split_last() {
        None => "day that is chosen".to_owned(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

/// A day's name as it stands in a sentence.
pub(super) fn long(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timetable(frequency: Frequency, full_every: Option<u32>) -> Timetable {
        Timetable {
            frequency,
            start: "2026-11-26T02:30".into(),
            zone: "Europe/Berlin".into(),
            active: true,
            full_every,
        }
    }

    #[test]
    fn a_timetable_is_one_sentence() {
        let days = vec![Weekday::Thursday, Weekday::Monday];
        let cases = [
            (
                timetable(Frequency::Weekly(days), Some(7)),
                "Every Monday and Thursday at 02:30 in Berlin, from 26 Nov 2026 on; reads what changed, and everybody every 7 days.",
            ),
            (
                timetable(Frequency::Weekly(DAYS[..3].to_vec()), None),
                "Every Monday, Tuesday and Wednesday at 02:30 in Berlin, from 26 Nov 2026 on; reads everybody each time.",
            ),
            (
                timetable(Frequency::Once, None),
                "Once, on 26 Nov 2026 at 02:30 in Berlin; reads everybody each time.",
            ),
            (
                timetable(Frequency::Every(90), Some(1)),
                "Every 90 minutes, from 26 Nov 2026 at 02:30 in Berlin on; reads what changed, and everybody once a day.",
            ),
            (
                timetable(Frequency::Every(120), None),
                "Every 2 hours, from 26 Nov 2026 at 02:30 in Berlin on; reads everybody each time.",
            ),
            (
                timetable(Frequency::Monthly(31), None),
                "On day 31 of every month (the last one of a shorter month) at 02:30 in Berlin, from 26 Nov 2026 on; reads everybody each time.",
            ),
        ];
        for (timetable, words) in cases {
            assert_eq!(sentence(&timetable), words);
        }
    }

    #[test]
    fn a_part_of_a_zones_name_means_it_where_it_is_the_only_one() {
        let zones = ["America/New_York", "Europe/Berlin", "Europe/London", "UTC"];
        let zones: Vec<String> = zones.map(str::to_owned).into();
        let placed = |zone: &str| {
            let typed = Typed {
                zone: zone.to_owned(),
                ..Typed::default()
            };
            typed.placed(&zones).zone
        };
        for (typed, meant) in [
            ("Berlin", "Europe/Berlin"),
            ("berl", "Europe/Berlin"),
            ("new york", "America/New_York"),
            ("utc", "UTC"),
            ("Europe", "Europe"),
            ("Atlantis", "Atlantis"),
            ("", ""),
        ] {
            assert_eq!(placed(typed), meant, "{typed}");
        }
    }

    #[test]
    fn a_zone_is_named_by_its_place() {
        assert_eq!(place("America/Argentina/Buenos_Aires"), "in Buenos Aires");
        assert_eq!(place("UTC"), "in UTC");
        assert_eq!(place("Etc/GMT+5"), "in Etc/GMT+5");
    }

    #[test]
    fn what_is_stored_comes_back_from_the_form() {
        for frequency in [
            Frequency::Once,
            Frequency::Every(15),
            Frequency::Daily,
            Frequency::Weekly(vec![Weekday::Monday, Weekday::Sunday]),
            Frequency::Monthly(31),
        ] {
            let stored = timetable(frequency, Some(3));
            let (read, problems) = Typed::from(&stored).read();
            assert_eq!((read, problems.len()), (stored, 0));
        }
    }

    #[test]
    fn all_that_cannot_be_read_is_told_at_its_field() {
        let typed = Typed {
            frequency: "every".into(),
            minutes: "often".into(),
            full_every: "-1".into(),
            ..Typed::fresh("2026-11-26")
        };
        let (_, problems) = typed.read();
        let told: Vec<_> = problems
            .iter()
            .map(|problem| (problem.code.as_str(), problem.field.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("bad-number", Some("frequency")),
                ("bad-number", Some("full-every"))
            ]
        );
        let (_, problems) = Typed::default().read();
        assert_eq!(problems[0].code, "required");
    }
}
