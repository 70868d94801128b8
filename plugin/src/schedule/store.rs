//! The timetable in `state`.

use chrono::Weekday;
use serde::{Deserialize, Serialize};

use crate::ports::directory::HostProblem;
use crate::ports::services::{Operation, State};
use crate::problem::Problem;

use super::timetable::{Frequency, START_FORMAT, Timetable};

/// The key of `state`.
pub const KEY: &str = "schedule";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StoredFrequency {
    Once,
    Every(u32),
    Daily,
    /// 0 is Monday.
    Weekly(Vec<u8>),
    Monthly(u8),
}

#[derive(Serialize, Deserialize)]
struct Stored {
    frequency: StoredFrequency,
    start: String,
    zone: String,
    active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    full_every: Option<u32>,
}

/// Checks and stores.
///
/// # Errors
/// Those of [`Timetable::check`], and what the host says.
pub fn submit(state: &dyn State, timetable: &Timetable) -> Result<(), Vec<HostProblem>> {
    let checked = timetable.check().map_err(|problems| {
        problems
            .into_iter()
            .map(HostProblem::from)
            .collect::<Vec<_>>()
    })?;
    let frequency = match checked.frequency {
        Frequency::Once => StoredFrequency::Once,
        Frequency::Every(minutes) => StoredFrequency::Every(minutes),
        Frequency::Daily => StoredFrequency::Daily,
        Frequency::Weekly(days) => {
            StoredFrequency::Weekly(days.iter().map(|day| *day as u8).collect())
        }
        Frequency::Monthly(day) => StoredFrequency::Monthly(day),
    };
    let stored = Stored {
        frequency,
        start: checked.start.format(START_FORMAT).to_string(),
        zone: checked.zone.name().to_owned(),
        active: checked.active,
        full_every: checked.full_every,
    };
    let value = serde_json::to_vec(&stored).map_err(|error| vec![damaged(error).into()])?;
    state
        .commit(vec![Operation {
            key: KEY.into(),
            expected: None,
            value: Some(value),
        }])
        .map_err(|problem| vec![problem])
}

/// The stored timetable.
///
/// # Errors
/// `not-scheduled` before the first `submit`, `state-damaged` where it can't be read.
pub fn current(state: &dyn State) -> Result<Timetable, Problem> {
    let found = state.get(KEY);
    if found.version == 0 {
        return Err(Problem::new(
            "not-scheduled",
            "there is no timetable yet",
            "Submit one: how often, from when on, in which time zone.",
        ));
    }
    let stored: Stored = serde_json::from_slice(&found.value).map_err(damaged)?;
    let frequency = match stored.frequency {
        StoredFrequency::Once => Frequency::Once,
        StoredFrequency::Every(minutes) => Frequency::Every(minutes),
        StoredFrequency::Daily => Frequency::Daily,
        StoredFrequency::Weekly(days) => Frequency::Weekly(
            days.into_iter()
                .map(Weekday::try_from)
                .collect::<Result<_, _>>()
                .map_err(|_| damaged("a weekday is unknown"))?,
        ),
        StoredFrequency::Monthly(day) => Frequency::Monthly(day),
    };
    Ok(Timetable {
        frequency,
        start: stored.start,
        zone: stored.zone,
        active: stored.active,
        full_every: stored.full_every,
    })
}

fn damaged(why: impl std::fmt::Display) -> Problem {
    Problem::new(
        "state-damaged",
        format!("the stored timetable can't be read: {why}"),
        "Submit the timetable again.",
    )
}
