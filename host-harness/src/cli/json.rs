//! Machine output: the shapes of [`crate::shape`] as JSON values.

use serde::Serialize;
use serde_json::{Value, json};

use crate::contract::hooks::explain::Explanation;
use crate::contract::hooks::lifecycle::{Configured, Description, Receipt, Report};
use crate::contract::hooks::mapping::{Previewed, Rule, Suggestion};
use crate::contract::hooks::schedule::{Occurrence, Timetable};
use crate::ports::history::Failure;
use crate::ports::plan::{Run, StoredRow};
use crate::tenant::Upgrade;
use crate::{Problem, shape};

pub(crate) fn problem(problem: &Problem) -> Value {
    value(&shape::Problem::from(problem))
}

pub(crate) fn problems(list: &[Problem]) -> Value {
    list.iter().map(problem).collect()
}

pub(crate) fn moment(unix_milliseconds: i64) -> Value {
    json!(shape::moment(unix_milliseconds))
}

pub(crate) fn rules(list: &[Rule]) -> Value {
    value(&shape::each::<_, shape::Rule>(list))
}

pub(crate) fn description(description: &Description) -> Value {
    value(&shape::Description::from(description))
}

pub(crate) fn configured(configured: &Configured) -> Value {
    value(&shape::Configured::from(configured))
}

pub(crate) fn report(report: &Report) -> Value {
    value(&shape::Report::from(report))
}

pub(crate) fn suggestion(suggestion: &Suggestion) -> Value {
    value(&shape::Suggestion::from(suggestion))
}

pub(crate) fn previewed(person: &Previewed) -> Value {
    value(&shape::Previewed::from(person))
}

pub(crate) fn explanation(explanation: &Explanation) -> Value {
    value(&shape::Explanation::from(explanation))
}

pub(crate) fn timetable(timetable: &Timetable) -> Value {
    value(&shape::Timetable::from(timetable))
}

pub(crate) fn occurrences(list: &[Occurrence]) -> Value {
    value(&shape::each::<_, shape::Occurrence>(list))
}

pub(crate) fn receipt(receipt: &Receipt) -> Value {
    value(&shape::Receipt::from(receipt))
}

pub(crate) fn upgrade(upgrade: &Upgrade) -> Value {
    value(&shape::Upgrade::from(upgrade))
}

pub(crate) fn run(run: &Run) -> Value {
    value(&shape::Run::from(run))
}

pub(crate) fn failure(failure: &Failure) -> Value {
    value(&shape::Failure::from(failure))
}

pub(crate) fn stored_row(stored: &StoredRow) -> Value {
    value(&shape::StoredRow::from(stored))
}

/// Nothing in a shape cannot be written: its keys are texts, its numbers finite.
fn value(shape: &impl Serialize) -> Value {
    serde_json::to_value(shape).unwrap_or(Value::Null)
}
