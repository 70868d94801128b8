//! The occurrences of a timetable.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime};

use crate::problem::Problem;

use super::timetable::{Checked, Frequency, START_FORMAT, Timetable};
use super::zone::{LAST, Zone};

/// One run (contract: `schedule.occurrence`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Unix seconds.
    pub at: u64,
    /// RFC 3339, with the zone's offset.
    pub local: String,
    /// Where the zone skips the wished time: what was wished and what it became.
    pub note: String,
}

/// The next occurrences strictly after `after` (Unix seconds), ascending, at most `count`.
///
/// # Errors
/// Those of [`Timetable::check`], and `bad-number` where `count` is not from 1 to 1000.
pub fn next(
    timetable: &Timetable,
    after: u64,
    count: u32,
) -> Result<Vec<Occurrence>, Vec<Problem>> {
    let checked = timetable.check();
    if !(1..=1000).contains(&count) {
        let mut problems = checked.err().unwrap_or_default();
        problems.push(
            Problem::new(
                "bad-number",
                format!("{count} occurrences can't be computed at once"),
                "Ask for 1 to 1000.",
            )
            .of_field("count"),
        );
        return Err(problems);
    }
    Ok(of(&checked?, after, count as usize))
}

/// The same for a timetable that is known to be right.
#[must_use]
pub fn of(timetable: &Checked, after: u64, count: usize) -> Vec<Occurrence> {
    let Some(after) = i64::try_from(after)
        .ok()
        .filter(|after| timetable.active && *after < LAST)
    else {
        return Vec::new();
    };
    let zone = &timetable.zone;
    let start = timetable.start;
    match &timetable.frequency {
        Frequency::Once => wished(zone, after, count, std::iter::once(start)),
        Frequency::Every(minutes) => elapsed(zone, start, i64::from(*minutes) * 60, after, count),
        Frequency::Daily => wished(zone, after, count, days(timetable, after).map(at(start))),
        Frequency::Weekly(weekdays) => wished(
            zone,
            after,
            count,
            days(timetable, after)
                .filter(|day| weekdays.contains(&day.weekday()))
                .map(at(start)),
        ),
        Frequency::Monthly(day) => wished(
            zone,
            after,
            count,
            months(timetable, after, *day).map(at(start)),
        ),
    }
}

/// Local times to occurrences. Where a zone skips a whole day, the shifted run falls on the next day's and is that.
fn wished(
    zone: &Zone,
    after: i64,
    count: usize,
    locals: impl Iterator<Item = NaiveDateTime>,
) -> Vec<Occurrence> {
    let mut found = Vec::new();
    let mut runs = locals
        .map_while(|local| Some((local, zone.resolve(local)?)))
        .peekable();
    while let Some((local, resolved)) = runs.next()
        && found.len() < count
    {
        let falls_on_next = resolved.skipped
            && runs
                .peek()
                .is_some_and(|(_, following)| following.at <= resolved.at);
        if resolved.at <= after || falls_on_next {
            continue;
        }
        match occurrence(zone, resolved.at, resolved.skipped.then_some(local)) {
            Some(occurrence) => found.push(occurrence),
            None => break,
        }
    }
    found
}

fn elapsed(
    zone: &Zone,
    start: NaiveDateTime,
    period: i64,
    after: i64,
    count: usize,
) -> Vec<Occurrence> {
    let wished = start;
    let Some(start) = zone.resolve(wished) else {
        return Vec::new();
    };
    let gone = if after < start.at {
        0
    } else {
        (after - start.at) / period + 1
    };
    (gone..)
        .take(count)
        .map_while(|k| {
            let skipped = (k == 0 && start.skipped).then_some(wished);
            occurrence(zone, start.at + k * period, skipped)
        })
        .collect()
}

fn occurrence(zone: &Zone, at: i64, skipped: Option<NaiveDateTime>) -> Option<Occurrence> {
    let note = match skipped {
        Some(local) => format!(
            "{} does not exist in {}: it runs at {}",
            local.format(START_FORMAT),
            zone.name(),
            zone.local(at)?.format(START_FORMAT)
        ),
        None => String::new(),
    };
    Some(Occurrence {
        at: u64::try_from(at).ok()?,
        local: zone.rfc3339(at)?,
        note,
    })
}

fn at(start: NaiveDateTime) -> impl Fn(NaiveDate) -> NaiveDateTime {
    move |day| day.and_time(start.time())
}

/// The local days that can matter, from the start on; two days early, because a skipped day shifts by a whole one.
fn days(timetable: &Checked, after: i64) -> impl Iterator<Item = NaiveDate> + use<> {
    let start = timetable.start.date();
    let from = timetable
        .zone
        .local(after)
        .and_then(|local| local.date().checked_sub_days(Days::new(2)))
        .map_or(start, |day| day.max(start));
    std::iter::successors(Some(from), |day| day.succ_opt())
}

fn months(timetable: &Checked, after: i64, day: u8) -> impl Iterator<Item = NaiveDate> + use<> {
    let start = timetable.start.date();
    let first = days(timetable, after)
        .next()
        .and_then(|day| day.with_day(1));
    std::iter::successors(first, |month| month.checked_add_months(Months::new(1)))
        .map_while(move |month| {
            let length = u32::from(month.num_days_in_month());
            month.with_day(u32::from(day).min(length))
        })
        .filter(move |day| *day >= start)
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod truth;
