//! Timetables and occurrences.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contract::hooks::schedule as contract;

/// When to sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Timetable {
    /// How often.
    pub frequency: Frequency,
    /// Local date and time of the first run, `YYYY-MM-DDTHH:MM`.
    #[schema(example = "2026-11-25T06:30")]
    pub start: String,
    /// IANA time zone.
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
    /// An inactive one is kept, and nothing runs.
    pub active: bool,
    /// Ask for changes only, and read everybody every so many days; without it everybody is read each time.
    #[serde(rename = "full-every")]
    pub full_every: Option<u32>,
}

/// How often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Frequency {
    /// At the start only.
    Once,
    /// Every so many minutes.
    Every(u32),
    /// Every day.
    Daily,
    /// On these days.
    Weekly(Vec<Weekday>),
    /// On this day of the month; a shorter month has it on its last day.
    Monthly(u8),
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are the days")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A moment at which to sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Occurrence {
    /// Unix seconds.
    pub at: u64,
    /// RFC 3339, with the zone's offset then.
    pub local: String,
    /// Where daylight saving moved it: what was wished, and what it became.
    pub note: String,
}

impl Weekday {
    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }
}

macro_rules! days {
    ($($day:ident)*) => {
        impl From<contract::Weekday> for Weekday {
            fn from(day: contract::Weekday) -> Self {
                match day { $(contract::Weekday::$day => Self::$day,)* }
            }
        }
        impl From<Weekday> for contract::Weekday {
            fn from(day: Weekday) -> Self {
                match day { $(Weekday::$day => Self::$day,)* }
            }
        }
    };
}
days!(Monday Tuesday Wednesday Thursday Friday Saturday Sunday);

impl From<&contract::Timetable> for Timetable {
    fn from(timetable: &contract::Timetable) -> Self {
        Self {
            frequency: match &timetable.frequency {
                contract::Frequency::Once => Frequency::Once,
                contract::Frequency::Every(minutes) => Frequency::Every(*minutes),
                contract::Frequency::Daily => Frequency::Daily,
                contract::Frequency::Weekly(days) => {
                    Frequency::Weekly(days.iter().map(|day| Weekday::from(*day)).collect())
                }
                contract::Frequency::Monthly(day) => Frequency::Monthly(*day),
            },
            start: timetable.start.clone(),
            zone: timetable.zone.clone(),
            active: timetable.active,
            full_every: timetable.full_every,
        }
    }
}

impl From<Timetable> for contract::Timetable {
    fn from(timetable: Timetable) -> Self {
        Self {
            frequency: match timetable.frequency {
                Frequency::Once => contract::Frequency::Once,
                Frequency::Every(minutes) => contract::Frequency::Every(minutes),
                Frequency::Daily => contract::Frequency::Daily,
                Frequency::Weekly(days) => contract::Frequency::Weekly(
                    days.into_iter().map(contract::Weekday::from).collect(),
                ),
                Frequency::Monthly(day) => contract::Frequency::Monthly(day),
            },
            start: timetable.start,
            zone: timetable.zone,
            active: timetable.active,
            full_every: timetable.full_every,
        }
    }
}

impl From<&contract::Occurrence> for Occurrence {
    fn from(occurrence: &contract::Occurrence) -> Self {
        Self {
            at: occurrence.at,
            local: occurrence.local.clone(),
            note: occurrence.note.clone(),
        }
    }
}
