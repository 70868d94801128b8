//! The shape of what is told to programs: the command line's JSON and the HTTP API's are the same.
//!
//! Keys are snake_case, words of a closed set kebab-case, moments RFC 3339 in UTC with milliseconds. Keys are added, never renamed or
//! taken away.
//!
//! - [`problem`]: what went wrong
//! - [`lifecycle`]: what a plugin is, settings, what verify found, receipts
//! - [`plugin`]: the plugin of a tenant, and another one for it
//! - [`mapping`]: rules, previews, explanations
//! - [`run`]: runs; [`row`]: their rows; [`failure`]: who still is unsynced
//! - [`schedule`]: timetables and occurrences

pub mod failure;
pub mod lifecycle;
pub mod mapping;
pub mod plugin;
pub mod problem;
pub mod row;
pub mod run;
pub mod schedule;

pub use failure::Failure;
pub use lifecycle::{Configured, Description, Receipt, Report};
pub use mapping::{Explanation, MappedField, Previewed, Rule, Suggestion};
pub use plugin::{Import, Limits, Upgrade, Version};
pub use problem::Problem;
pub use row::{Party, StoredRow};
pub use run::Run;
pub use schedule::{Occurrence, Timetable};

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use serde_json::Value;

use crate::contract::types::Setting;

/// A moment of Unix milliseconds.
pub(crate) fn moment(unix_milliseconds: i64) -> Option<String> {
    let at = DateTime::from_timestamp_millis(unix_milliseconds)?;
    Some(at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// Settings by key, which are unique.
pub(crate) fn settings(list: &[Setting]) -> BTreeMap<String, String> {
    list.iter()
        .map(|s| (s.key.clone(), s.value.clone()))
        .collect()
}

/// Settings whose values are numbers.
pub(crate) fn counts(list: &[Setting]) -> BTreeMap<String, Value> {
    let number = |text: &str| {
        text.parse::<u64>()
            .map_or_else(|_| Value::from(text), Value::from)
    };
    list.iter()
        .map(|s| (s.key.clone(), number(&s.value)))
        .collect()
}

/// Each in its shape.
pub(crate) fn each<'a, T: 'a, S: From<&'a T>>(list: impl IntoIterator<Item = &'a T>) -> Vec<S> {
    list.into_iter().map(S::from).collect()
}
