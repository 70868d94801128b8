//! What is right, found out without the code under test and without its library: tz-rs reads the same database and
//! is asked one thing only, the offset at an instant. Local times are found by trying each offset that the zone knows,
//! gaps by halving, wished days by going through all of them.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime};

use super::super::timetable::Frequency;

const DAY: i64 = 86_400;

/// A zone of the bundled database.
pub(super) struct Truth {
    zone: tz::TimeZone,
    offsets: BTreeSet<i64>,
}

impl Truth {
    pub(super) fn of(data: &[u8]) -> Self {
        let zone = tz::TimeZone::from_tz_data(data).unwrap();
        let types = zone.as_ref().local_time_types().iter().copied();
        let rule = match zone.as_ref().extra_rule() {
            Some(tz::timezone::TransitionRule::Fixed(one)) => vec![*one],
            Some(tz::timezone::TransitionRule::Alternate(two)) => vec![*two.std(), *two.dst()],
            None => Vec::new(),
        };
        let offsets = types
            .chain(rule)
            .map(|kind| i64::from(kind.ut_offset()))
            .collect();
        Self { zone, offsets }
    }

    /// What the clock reads, as seconds.
    fn reads(&self, at: i64) -> i64 {
        at + self.offset(at)
    }

    pub(super) fn offset(&self, at: i64) -> i64 {
        i64::from(self.zone.find_local_time_type(at).unwrap().ut_offset())
    }

    pub(super) fn local(&self, at: i64) -> NaiveDateTime {
        DateTime::from_timestamp(self.reads(at), 0)
            .unwrap()
            .naive_utc()
    }

    /// The first instants of each new offset. Two changes within one day that undo each other would be missed.
    pub(super) fn changes(&self, from: i64, to: i64) -> Vec<i64> {
        let mut found = Vec::new();
        let mut before = from;
        while before < to {
            let (old, mut low, mut high) = (self.offset(before), before, before + DAY);
            if self.offset(high) == old {
                before = high;
                continue;
            }
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if self.offset(middle) == old {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            found.push(high);
            before = high;
        }
        found
    }

    /// All instants at which the clock reads so, ascending.
    fn instants(&self, reading: i64) -> Vec<i64> {
        let mut instants: Vec<_> = self
            .offsets
            .iter()
            .map(|offset| reading - offset)
            .filter(|at| self.reads(*at) == reading)
            .collect();
        instants.sort_unstable();
        instants
    }

    /// When a wished local time runs, and whether the zone skips it.
    fn run(&self, wished: NaiveDateTime) -> (i64, bool) {
        let wished = wished.and_utc().timestamp();
        if let Some(first) = self.instants(wished).first() {
            return (*first, false);
        }
        // No instant reads so: somewhere around it the clock jumps over it.
        let (mut low, mut high) = (wished - 2 * DAY, wished + 2 * DAY);
        assert!(self.reads(low) < wished && wished < self.reads(high));
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.reads(middle) < wished {
                low = middle;
            } else {
                high = middle;
            }
        }
        let gap = self.reads(high) - (self.reads(low) + 1);
        let shifted = self
            .instants(wished + gap)
            .into_iter()
            .find(|at| *at >= high);
        (shifted.unwrap(), true)
    }

    /// All runs up to an instant, and of each the wished local time where the zone skips it. Two wishes that fall on
    /// one instant are one run, and as wished if one of them is.
    pub(super) fn runs(
        &self,
        frequency: &Frequency,
        start: NaiveDateTime,
        until: i64,
    ) -> BTreeMap<i64, Option<NaiveDateTime>> {
        let first = self.run(start);
        let skipped = |(at, skipped): (i64, bool), wished| (at, skipped.then_some(wished));
        match frequency {
            Frequency::Once => BTreeMap::from([skipped(first, start)]),
            Frequency::Every(minutes) => {
                let step = usize::try_from(minutes * 60).unwrap();
                let mut runs: BTreeMap<_, _> = (first.0..=until)
                    .step_by(step)
                    .map(|at| (at, None))
                    .collect();
                runs.extend([skipped(first, start)]);
                runs
            }
            Frequency::Daily | Frequency::Weekly(_) | Frequency::Monthly(_) => {
                let mut runs = BTreeMap::new();
                for day in start.date().iter_days() {
                    if day.and_time(start.time()).and_utc().timestamp() > until + 2 * DAY {
                        break;
                    }
                    if wishes(frequency, day) {
                        let wished = day.and_time(start.time());
                        let (at, note) = skipped(self.run(wished), wished);
                        let known = runs.entry(at).or_insert(note);
                        *known = known.and(note);
                    }
                }
                runs
            }
        }
    }
}

fn wishes(frequency: &Frequency, day: NaiveDate) -> bool {
    match frequency {
        Frequency::Daily => true,
        Frequency::Weekly(weekdays) => weekdays.contains(&day.weekday()),
        Frequency::Monthly(number) => {
            let number = u32::from(*number);
            let last = (day + Days::new(1)).month() != day.month();
            day.day() == number || (last && day.day() < number)
        }
        Frequency::Once | Frequency::Every(_) => false,
    }
}
