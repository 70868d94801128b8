//! What the runs of a day did.

use jiff::civil::Date;

use super::moment::Zone;
use crate::contract::plan::RowKind;
use crate::ports::plan::{Figures, RunStatus};

/// What changes a person, in the order in which it is stacked.
pub(super) const CHANGES: [RowKind; 4] = [
    RowKind::Create,
    RowKind::Reactivate,
    RowKind::Update,
    RowKind::Deactivate,
];

/// What the runs of a day did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) date: Date,
    pub(super) runs: u64,
    pub(super) failed: u64,
    /// The first run, and the last one.
    pub(super) first: i64,
    pub(super) last: i64,
    /// How many people the directory has, and which run says so: the last one that read everybody.
    pub(super) people: Option<(i64, u64)>,
    /// Changes of people by kind, and the run, where only one made them.
    pub(super) changes: [(u64, Option<i64>); 4],
    /// Those whom the last plan left unsynced, and its run.
    pub(super) unsynced: Option<(i64, u64)>,
    /// Milliseconds until the slowest plan was made.
    pub(super) slowest: Option<i64>,
}

/// Runs from the oldest on, gathered by the day on which they began.
pub(super) fn by_day<'r>(runs: impl Iterator<Item = &'r Figures>, zone: &Zone) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for run in runs {
        let date = zone.date(run.started_at);
        match days.last_mut().filter(|day| day.date == date) {
            Some(day) => day.add(run),
            None => {
                let mut day = Day::new(date);
                day.add(run);
                days.push(day);
            }
        }
    }
    days
}

/// Each of the last days, whether there were runs or not.
pub(super) fn slots<'d>(days: &'d [Day], zone: &Zone, count: u32) -> Vec<Option<&'d Day>> {
    let today = zone.today();
    let date = |ago| today.saturating_sub(jiff::Span::new().days(ago));
    let each = (0..count).rev().map(date);
    each.map(|date| days.iter().find(|day| day.date == date))
        .collect()
}

impl Day {
    /// Before its first run.
    pub(super) fn new(date: Date) -> Self {
        Self {
            date,
            runs: 0,
            failed: 0,
            first: i64::MAX,
            last: 0,
            people: None,
            changes: [(0, None); 4],
            unsynced: None,
            slowest: None,
        }
    }

    fn add(&mut self, run: &Figures) {
        let id = run.run.0;
        self.runs += 1;
        self.failed += u64::from(run.status == RunStatus::Failed);
        self.first = self.first.min(id);
        self.last = self.last.max(id);
        if let Some(seen) = run.seen.filter(|_| run.everybody) {
            self.people = Some((id, seen));
        }
        for (all, kind) in self.changes.iter_mut().zip(CHANGES) {
            let people = run.applied(kind);
            if people > 0 {
                *all = (all.0 + people, (all.0 == 0).then_some(id));
            }
        }
        if run.status == RunStatus::Applied {
            self.unsynced = Some((id, run.unsynced()));
        }
        let took = run.planned_at.map(|at| (at - run.started_at).max(0));
        self.slowest = self.slowest.max(took);
    }

    /// Where its runs are listed, the last one first.
    pub(super) fn at(&self) -> String {
        format!("runs?after={}&before={}", self.first - 1, self.last + 1)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::ports::RunId;
    use crate::ports::plan::Count;

    /// A run on the first of November 2026 at this hour, in UTC.
    fn run(id: i64, hour: i64, counts: &[(RowKind, &str, u64)]) -> Figures {
        let started_at = 1_793_491_200_000 + hour * 3_600_000;
        Figures {
            run: RunId(id),
            status: RunStatus::Applied,
            started_at,
            planned_at: Some(started_at + 2_500 * id),
            seen: Some(1_200 + u64::try_from(id).unwrap()),
            everybody: id == 1,
            counts: counts
                .iter()
                .map(|&(kind, outcome, rows)| Count {
                    kind,
                    outcome: outcome.to_owned(),
                    rows,
                })
                .collect(),
        }
    }

    #[test]
    fn a_day_sums_what_was_applied_and_keeps_who_was_left_unsynced_last() {
        let first = [
            (RowKind::Create, "applied", 5),
            (RowKind::Create, "failed", 2),
            (RowKind::Unsynced, "reported", 3),
        ];
        let second = [
            (RowKind::Create, "applied", 1),
            (RowKind::Deactivate, "applied", 4),
            (RowKind::Unsynced, "reported", 1),
        ];
        let mut failed = run(3, 5, &[]);
        failed.status = RunStatus::Failed;
        let runs = [run(1, 1, &first), run(2, 2, &second), failed];
        let days = by_day(runs.iter(), &Zone::named("UTC"));
        let [day] = days.as_slice() else {
            unreachable!("{days:?}")
        };
        assert_eq!((day.runs, day.failed, day.last), (3, 1, 3));
        assert_eq!(
            day.people,
            Some((1, 1_201)),
            "by the run that read everybody"
        );
        assert_eq!(day.changes, [(6, None), (0, None), (0, None), (4, Some(2))]);
        assert_eq!(day.unsynced, Some((2, 1)));
        assert_eq!(day.slowest, Some(7_500));
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_tenants_zone() {
        let runs = [run(1, 22, &[]), run(2, 23, &[])];
        assert_eq!(by_day(runs.iter(), &Zone::named("UTC")).len(), 1);
        let berlin = by_day(runs.iter(), &Zone::named("Europe/Berlin"));
        let dates: Vec<String> = berlin.iter().map(|day| day.date.to_string()).collect();
        assert_eq!(dates, ["2026-11-01", "2026-11-02"]);
        assert_eq!(berlin[1].last, 2);
    }

    #[test]
    fn days_without_runs_keep_their_place() {
        let zone = Zone::named("UTC");
        let mut run = run(1, 0, &[]);
        run.started_at = chrono::Utc::now().timestamp_millis() - 2 * 86_400_000;
        let days = by_day([&run].into_iter(), &zone);
        let places: Vec<bool> = slots(&days, &zone, 4).iter().map(Option::is_some).collect();
        assert_eq!(places, [false, true, false, false]);
    }
}
