//! Guards: from where on a plan waits for an approval.

use crate::ports::plan::{Guard, RowKind};
use crate::ports::portal::Licence;
use crate::settings::GuardLimits;

use super::tally::Tally;

/// Below this many rows no share of people is worth stopping for.
const FEWEST: u64 = 5;

/// The verdicts on a plan. `licence` is as the portal stands before it.
pub(super) fn guards(tally: &Tally, limits: GuardLimits, licence: Licence) -> Vec<Guard> {
    let share = licence.synced.saturating_mul(u64::from(limits.percent)) / 100;
    let limit = limits.count.min(share).max(FEWEST - 1);
    let threshold = |name: &str, count: u64, what: &str| {
        let tripped = count > limit;
        let message = if tripped {
            format!("{count} people {what}; without an approval at most {limit} may")
        } else {
            format!("{count} people {what}")
        };
        Guard {
            name: name.to_owned(),
            tripped,
            count,
            limit,
            message,
        }
    };
    vec![
        threshold(
            "deactivate",
            tally.of(RowKind::Deactivate),
            "would be deactivated",
        ),
        threshold("blank", tally.blanked, "would lose the value of a field"),
        threshold("role", tally.roles, "would get another role"),
        threshold(
            "reactivate",
            tally.of(RowKind::Reactivate),
            "would become active again",
        ),
        seats(tally, licence),
    ]
}

fn seats(tally: &Tally, licence: Licence) -> Guard {
    let count = tally.of(RowKind::Create) + tally.of(RowKind::Reactivate);
    let limited = licence.seats > 0;
    let limit = if limited {
        licence.seats.saturating_sub(licence.used)
    } else {
        0
    };
    let tripped = limited && count > limit;
    let message = if tripped {
        format!("{count} people would become active, and the licence has {limit} seats left")
    } else {
        format!("{count} people would become active")
    };
    Guard {
        name: "licence".to_owned(),
        tripped,
        count,
        limit,
        message,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::people::Facts;
    use super::*;

    /// Any number of seats, of which so many are used by synced people.
    const fn unlimited(synced: u64) -> Licence {
        Licence {
            seats: 0,
            used: 10 * synced,
            synced,
        }
    }

    fn tally(kind: RowKind, rows: u64) -> Tally {
        let mut tally = Tally::default();
        for _ in 0..rows {
            tally.add(Facts {
                kind,
                blanks: true,
                role: false,
            });
        }
        tally
    }

    fn tripped(rows: u64, active: u64, count: u64, percent: u32) -> Vec<String> {
        let tally = tally(RowKind::Deactivate, rows);
        let limits = GuardLimits { count, percent };
        guards(&tally, limits, unlimited(active))
            .into_iter()
            .filter(|guard| guard.tripped)
            .map(|guard| guard.name)
            .collect()
    }

    #[test]
    fn the_smaller_of_count_and_percent_holds() {
        assert_eq!(tripped(11, 100, 500, 10), ["deactivate", "blank"]);
        assert_eq!(tripped(10, 100, 500, 10), Vec::<String>::new());
        assert_eq!(tripped(501, 100_000, 500, 10), ["deactivate", "blank"]);
    }

    #[test]
    fn under_five_rows_no_guard_trips() {
        assert_eq!(tripped(4, 4, 0, 0), Vec::<String>::new());
        assert_eq!(tripped(5, 5, 0, 0), ["deactivate", "blank"]);
    }

    #[test]
    fn more_people_than_seats_left_trip_the_licence_guard() {
        let limits = GuardLimits {
            count: 500,
            percent: 10,
        };
        let licence = Licence {
            seats: 10,
            used: 8,
            synced: 0,
        };
        let tripped = |rows| {
            let tally = tally(RowKind::Create, rows);
            guards(&tally, limits, licence).pop().unwrap().tripped
        };
        assert!(tripped(3) && !tripped(2));
        let unlimited = guards(&tally(RowKind::Create, 9), limits, unlimited(0));
        assert!(!unlimited.last().unwrap().tripped);
    }
}
