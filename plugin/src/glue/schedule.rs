//! The `schedule` export.

use chrono::Weekday;

use super::bindings::exports::marketplace::directory_sync::schedule::{
    self as contract, Guest, Occurrence, Problem, Timetable,
};
use super::convert::problems;
use super::host::{Component, Imports};
use crate::schedule;

impl Guest for Component {
    fn next(timetable: Timetable, after: u64, count: u32) -> Result<Vec<Occurrence>, Vec<Problem>> {
        let occurrences = schedule::next(&timetable.into(), after, count).map_err(problems)?;
        Ok(occurrences
            .into_iter()
            .map(|one| Occurrence {
                at: one.at,
                local: one.local,
                note: one.note,
            })
            .collect())
    }

    fn zones() -> Vec<String> {
        schedule::zones()
    }

    fn submit(timetable: Timetable) -> Result<(), Vec<Problem>> {
        schedule::store::submit(&Imports, &timetable.into()).map_err(problems)
    }

    fn current() -> Result<Timetable, Problem> {
        schedule::store::current(&Imports)
            .map(Into::into)
            .map_err(Into::into)
    }
}

impl From<Timetable> for schedule::Timetable {
    fn from(timetable: Timetable) -> Self {
        Self {
            frequency: match timetable.frequency {
                contract::Frequency::Once => schedule::Frequency::Once,
                contract::Frequency::Every(minutes) => schedule::Frequency::Every(minutes),
                contract::Frequency::Daily => schedule::Frequency::Daily,
                contract::Frequency::Weekly(days) => {
                    schedule::Frequency::Weekly(days.into_iter().map(day).collect())
                }
                contract::Frequency::Monthly(day) => schedule::Frequency::Monthly(day),
            },
            start: timetable.start,
            zone: timetable.zone,
            active: timetable.active,
            full_every: timetable.full_every,
        }
    }
}

impl From<schedule::Timetable> for Timetable {
    fn from(timetable: schedule::Timetable) -> Self {
        Self {
            frequency: match timetable.frequency {
                schedule::Frequency::Once => contract::Frequency::Once,
                schedule::Frequency::Every(minutes) => contract::Frequency::Every(minutes),
                schedule::Frequency::Daily => contract::Frequency::Daily,
                schedule::Frequency::Weekly(days) => {
                    contract::Frequency::Weekly(days.into_iter().map(weekday).collect())
                }
                schedule::Frequency::Monthly(day) => contract::Frequency::Monthly(day),
            },
            start: timetable.start,
            zone: timetable.zone,
            active: timetable.active,
            full_every: timetable.full_every,
        }
    }
}

fn day(day: contract::Weekday) -> Weekday {
    match day {
        contract::Weekday::Monday => Weekday::Mon,
        contract::Weekday::Tuesday => Weekday::Tue,
        contract::Weekday::Wednesday => Weekday::Wed,
        contract::Weekday::Thursday => Weekday::Thu,
        contract::Weekday::Friday => Weekday::Fri,
        contract::Weekday::Saturday => Weekday::Sat,
        contract::Weekday::Sunday => Weekday::Sun,
    }
}

fn weekday(day: Weekday) -> contract::Weekday {
    match day {
        Weekday::Mon => contract::Weekday::Monday,
        Weekday::Tue => contract::Weekday::Tuesday,
        Weekday::Wed => contract::Weekday::Wednesday,
        Weekday::Thu => contract::Weekday::Thursday,
        Weekday::Fri => contract::Weekday::Friday,
        Weekday::Sat => contract::Weekday::Saturday,
        Weekday::Sun => contract::Weekday::Sunday,
    }
}
