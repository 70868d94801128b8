#![expect(clippy::unwrap_used, reason = "tests")]

use chrono::{DateTime, Weekday};
use proptest::prelude::*;

use super::super::zone::zones;
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

fn unix(text: &str) -> u64 {
    u64::try_from(DateTime::parse_from_rfc3339(text).unwrap().timestamp()).unwrap()
}

fn locals(timetable: &Timetable, after: &str, count: u32) -> Vec<String> {
    next(timetable, unix(after), count)
        .unwrap()
        .into_iter()
        .map(|o| o.local)
        .collect()
}

#[test]
fn daily_keeps_its_local_time_over_both_changes_of_the_clock() {
    let daily = table(Frequency::Daily, "2026-03-27T02:30", "Europe/Berlin");
    assert_eq!(
        locals(&daily, "2026-03-27T12:00:00Z", 3),
        [
            "2026-03-28T02:30:00+01:00",
            "2026-03-29T03:30:00+02:00",
            "2026-03-30T02:30:00+02:00"
        ]
    );
    assert_eq!(
        locals(&daily, "2026-10-24T12:00:00Z", 2),
        ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
    );
    let notes: Vec<_> = next(&daily, unix("2026-03-27T12:00:00Z"), 2)
        .unwrap()
        .into_iter()
        .map(|o| o.note)
        .collect();
    assert_eq!(
        notes,
        [
            "",
            "2026-03-29T02:30 does not exist in Europe/Berlin: it runs at 2026-03-29T03:30"
        ]
    );
}

#[test]
fn a_day_that_a_zone_skips_altogether_is_not_run_twice() {
    let daily = table(Frequency::Daily, "2011-12-28T10:00", "Pacific/Apia");
    assert_eq!(
        locals(&daily, "2011-12-28T22:00:00Z", 3),
        [
            "2011-12-29T10:00:00-10:00",
            "2011-12-31T10:00:00+14:00",
            "2012-01-01T10:00:00+14:00"
        ]
    );
}

#[test]
fn a_month_without_that_day_has_it_on_its_last() {
    let monthly = table(Frequency::Monthly(31), "2028-01-31T06:00", "UTC");
    assert_eq!(
        locals(&monthly, "2028-01-01T00:00:00Z", 4),
        [
            "2028-01-31T06:00:00+00:00",
            "2028-02-29T06:00:00+00:00",
            "2028-03-31T06:00:00+00:00",
            "2028-04-30T06:00:00+00:00"
        ]
    );
    let late = table(Frequency::Monthly(1), "2028-01-02T06:00", "UTC");
    assert_eq!(
        locals(&late, "2028-01-01T00:00:00Z", 1),
        ["2028-02-01T06:00:00+00:00"]
    );
}

#[test]
fn weekly_begins_at_the_first_wished_weekday_from_the_start_on() {
    let weekly = table(
        Frequency::Weekly(vec![Weekday::Mon, Weekday::Fri]),
        "2026-01-01T09:00",
        "Asia/Kolkata",
    );
    assert_eq!(
        locals(&weekly, "2025-12-01T00:00:00Z", 3),
        [
            "2026-01-02T09:00:00+05:30",
            "2026-01-05T09:00:00+05:30",
            "2026-01-09T09:00:00+05:30"
        ]
    );
}

#[test]
fn every_counts_elapsed_time_from_the_start_whatever_the_clocks_do() {
    let every = table(Frequency::Every(60), "2026-10-25T01:00", "Europe/Berlin");
    assert_eq!(
        locals(&every, "2026-10-24T23:00:00Z", 3),
        [
            "2026-10-25T02:00:00+02:00",
            "2026-10-25T02:00:00+01:00",
            "2026-10-25T03:00:00+01:00"
        ]
    );
    assert_eq!(
        locals(&every, "2020-01-01T00:00:00Z", 1),
        ["2026-10-25T01:00:00+02:00"]
    );
}

#[test]
fn once_is_over_when_it_is_over_and_an_inactive_timetable_has_none() {
    let once = table(Frequency::Once, "2026-05-01T00:00", "UTC");
    assert_eq!(locals(&once, "2026-04-30T23:59:59Z", 9).len(), 1);
    assert!(locals(&once, "2026-05-01T00:00:00Z", 9).is_empty());
    let inactive = Timetable {
        active: false,
        ..table(Frequency::Daily, "2026-05-01T00:00", "UTC")
    };
    assert!(locals(&inactive, "2026-05-01T00:00:00Z", 9).is_empty());
}

#[test]
fn a_count_out_of_range_is_refused_with_everything_else() {
    let bad = table(Frequency::Every(1), "x", "UTC");
    assert_eq!(next(&bad, 0, 0).unwrap_err().len(), 3);
    assert!(next(&table(Frequency::Daily, "2026-05-01T00:00", "UTC"), 0, 1001).is_err());
    assert!(
        next(
            &table(Frequency::Daily, "2026-05-01T00:00", "UTC"),
            u64::MAX,
            1000
        )
        .unwrap()
        .is_empty()
    );
}

/// Whether a zone skips this local time, found out without the code under test: no instant within a day and a half
/// of it reads so.
fn exists(zone: &Zone, local: NaiveDateTime) -> bool {
    let around = local.and_utc().timestamp();
    let mut edges = vec![around - 130_000];
    edges.extend(zone.transitions(around - 130_000, around + 130_000));
    edges.iter().any(|edge| {
        let offset = zone.local(*edge).unwrap().and_utc().timestamp() - edge;
        zone.local(around - offset) == Some(local)
    })
}

/// Every change of every zone's clock, with wished times on either side of it and within it: strictly ascending, each
/// wished local day once, at the wished time unless the zone skips it.
#[test]
fn daily_holds_over_every_transition_of_every_zone() {
    let (from, to) = (0, i64::try_from(unix("2040-01-01T00:00:00Z")).unwrap());
    let mut checked = 0_u32;
    for name in zones() {
        let zone = Zone::find(&name).unwrap();
        for transition in zone.transitions(from, to) {
            let (before, after) = (
                zone.local(transition - 1).unwrap(),
                zone.local(transition).unwrap(),
            );
            let middle = before + (after - before) / 2;
            for time in [before, middle, after] {
                let time = time.format("%H:%M").to_string();
                let day = before.date() - Days::new(3);
                let start =
                    NaiveDateTime::parse_from_str(&format!("{day}T{time}"), START_FORMAT).unwrap();
                if start.year() < 1970 {
                    continue;
                }
                let daily = Checked {
                    frequency: Frequency::Daily,
                    start,
                    zone: zone.clone(),
                    active: true,
                    full_every: None,
                };
                check_week(&daily, &name);
                checked += 1;
            }
        }
    }
    assert!(checked > 50_000, "{checked}");
}

fn check_week(daily: &Checked, name: &str) {
    let zone = &daily.zone;
    let begin = zone.resolve(daily.start).unwrap().at;
    let Ok(after) = u64::try_from(begin - 1) else {
        return;
    };
    let found = of(daily, after, 7);
    assert!(found.is_sorted_by(|a, b| a.at < b.at), "{name} {found:?}");
    let mut found = found.into_iter();
    for k in 0..6 {
        let wished = daily.start + Days::new(k);
        let exists = exists(zone, wished);
        if !exists && !exists_at_all(zone, wished.date()) {
            continue;
        }
        let occurrence = found.next().unwrap();
        let local = zone.local(i64::try_from(occurrence.at).unwrap()).unwrap();
        if exists {
            assert_eq!((local, occurrence.note.as_str()), (wished, ""), "{name}");
        } else {
            assert!(
                local > wished && !occurrence.note.is_empty(),
                "{name} {wished} {local}"
            );
        }
    }
}

fn exists_at_all(zone: &Zone, day: NaiveDate) -> bool {
    (0..24).any(|hour| {
        day.and_hms_opt(hour, 0, 0)
            .is_some_and(|local| exists(zone, local))
    })
}

pub(super) fn any_frequency() -> impl Strategy<Value = Frequency> {
    prop_oneof![
        Just(Frequency::Once),
        (5_u32..=44_640).prop_map(Frequency::Every),
        Just(Frequency::Daily),
        prop::sample::subsequence(
            vec![
                Weekday::Mon,
                Weekday::Tue,
                Weekday::Wed,
                Weekday::Thu,
                Weekday::Fri,
                Weekday::Sat,
                Weekday::Sun
            ],
            1..=7
        )
        .prop_map(Frequency::Weekly),
        (1_u8..=31).prop_map(Frequency::Monthly),
    ]
}

proptest! {
    /// Asking page by page, from whatever instant, gives the same as asking at once: no holes, nothing twice.
    #[test]
    fn occurrences_have_no_holes_wherever_one_begins_to_ask(
        frequency in any_frequency(),
        zone in prop::sample::select(zones()),
        day in 0_i64..25_000,
        minute in 0_i64..1440,
        skip in 0_usize..40,
        early in 0_u64..200_000,
    ) {
        let start = DateTime::from_timestamp(day * 86_400 + minute * 60, 0).unwrap().naive_utc();
        let checked = Checked { frequency, start, zone: Zone::find(&zone).unwrap(), active: true, full_every: None };
        let all = of(&checked, 0, 60);
        prop_assert!(all.is_sorted_by(|a, b| a.at < b.at));
        if let Some(from) = all.get(skip) {
            prop_assert_eq!(&of(&checked, from.at, 20)[..], &all[skip + 1..all.len().min(skip + 21)]);
            let after = from.at.saturating_sub(early);
            let expected: Vec<_> = all.iter().filter(|o| o.at > after).take(10).cloned().collect();
            prop_assert_eq!(&of(&checked, after, 10)[..expected.len()], &expected[..]);
        }
    }
}
