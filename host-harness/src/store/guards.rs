//! Guards as the host computes them for itself, from the rows, with the tenant's own limits.

use crate::contract::plan::{Guard, Proof};
use crate::ports::tenants::HostSetting;

/// A plan that touches fewer people than this never trips a guard.
const NEVER_UNDER: u64 = 5;

/// The tenant's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `guard-count`.
    pub count: u64,
    /// `guard-percent`, of the active synced people.
    pub percent: u64,
}

/// What the rows of a plan would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    /// People made inactive.
    pub deactivate: u64,
    /// People of whom a field is cleared.
    pub blank: u64,
    /// People who get another role.
    pub role: u64,
    /// New people.
    pub create: u64,
    /// People made active again.
    pub reactivate: u64,
    /// People made inactive who were not seen disabled, and people noted absent, and people whose external id goes to somebody else.
    pub absent: u64,
    /// People of the portal who are taken over.
    pub adopt: u64,
    /// People who get another external id by a migration.
    pub migrate: u64,
}

/// The portal before the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Active people whom a sync brought.
    pub active_synced: u64,
    /// Seats of the licence; 0 is no limit.
    pub seats: u64,
    /// Seats in use.
    pub used: u64,
}

impl Limits {
    /// The limits in the tenant's settings; the defaults where there are none.
    #[must_use]
    pub fn of(settings: &[HostSetting]) -> Self {
        let number = |key: &str, default| {
            let value = HostSetting::value_of(settings, key);
            value.parse().unwrap_or(default)
        };
        Self {
            count: number("guard-count", 500),
            percent: number("guard-percent", 10).min(100),
        }
    }
}

/// All guards, tripped or not.
#[must_use]
pub fn guards(weight: Weight, standing: Standing, limits: Limits) -> Vec<Guard> {
    let share = standing.active_synced.saturating_mul(limits.percent) / 100;
    let limit = limits.count.min(share).max(NEVER_UNDER - 1);
    let guard = |name: &str, count: u64, limit: u64, what: &str| Guard {
        name: name.to_owned(),
        tripped: count > limit,
        count,
        limit,
        message: format!("{count} people would {what}; the limit is {limit}"),
    };
    let mut licence = guard(
        "licence",
        weight.create + weight.reactivate,
        if standing.seats == 0 {
            u64::MAX
        } else {
            standing.seats.saturating_sub(standing.used)
        },
        "need a seat",
    );
    if standing.seats == 0 {
        licence.limit = 0;
        licence.message = format!(
            "{} people would need a seat; there is no limit",
            licence.count
        );
    }
    let mut guards = vec![
        guard("deactivate", weight.deactivate, limit, "become inactive"),
        guard("blank", weight.blank, limit, "lose a value"),
        guard("role", weight.role, limit, "get another role"),
        guard(
            "reactivate",
            weight.reactivate,
            limit,
            "become active again",
        ),
        licence,
        guard("adopt", weight.adopt, limit, "be taken over"),
    ];
    // However few they are: somebody else's place in the portal would be theirs.
    guards.extend(
        (weight.migrate > 0)
            .then(|| guard("migrate-ids", weight.migrate, 0, "get another external id")),
    );
    guards
}

/// Why a proof does not show that the whole directory was read; nothing where it does.
#[must_use]
pub fn flaw(proof: &Proof, configuration: &str) -> Option<String> {
    if let Some(gap) = proof.gaps.first() {
        Some(gap.message.clone())
    } else if !proof.complete {
        Some("the enumeration is not complete".to_owned())
    } else if proof.referrals > 0 {
        Some(format!(
            "{} referrals stand for parts of the base",
            proof.referrals
        ))
    } else if proof.entries == 0 {
        Some("nobody was found".to_owned())
    } else if proof.configuration != configuration {
        Some("the configuration changed while reading".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const STANDING: Standing = Standing {
        active_synced: 1_000,
        seats: 0,
        used: 1_000,
    };
    const LIMITS: Limits = Limits {
        count: 500,
        percent: 10,
    };

    fn tripped(weight: Weight, standing: Standing, limits: Limits) -> Vec<String> {
        guards(weight, standing, limits)
            .into_iter()
            .filter(|g| g.tripped)
            .map(|g| g.name)
            .collect()
    }

    #[test]
    fn as_many_as_the_limit_pass() {
        let weight = Weight {
            deactivate: 100,
            blank: 100,
            role: 100,
            reactivate: 100,
            adopt: 100,
            ..Weight::default()
        };
        assert!(tripped(weight, STANDING, LIMITS).is_empty());
        let few = Standing {
            active_synced: 6,
            ..STANDING
        };
        assert!(
            tripped(
                Weight {
                    deactivate: 4,
                    ..Weight::default()
                },
                few,
                LIMITS
            )
            .is_empty()
        );
    }

    #[test]
    fn one_more_than_the_limit_trips() {
        let weight = Weight {
            deactivate: 101,
            blank: 101,
            role: 101,
            reactivate: 101,
            adopt: 101,
            ..Weight::default()
        };
        assert_eq!(
            tripped(weight, STANDING, LIMITS),
            ["deactivate", "blank", "role", "reactivate", "adopt"]
        );
        let few = Standing {
            active_synced: 6,
            ..STANDING
        };
        let five = Weight {
            deactivate: 5,
            ..Weight::default()
        };
        assert_eq!(tripped(five, few, LIMITS), ["deactivate"]);
        let by_count = Limits {
            count: 50,
            percent: 10,
        };
        let weight = Weight {
            deactivate: 51,
            ..Weight::default()
        };
        assert_eq!(tripped(weight, STANDING, by_count), ["deactivate"]);
    }

    #[test]
    fn seats_are_counted_where_there_is_a_limit() {
        let weight = Weight {
            create: 9,
            reactivate: 2,
            ..Weight::default()
        };
        let room = |seats| Standing { seats, ..STANDING };
        assert!(tripped(weight, room(0), LIMITS).is_empty());
        assert!(tripped(weight, room(1_011), LIMITS).is_empty());
        assert_eq!(tripped(weight, room(1_010), LIMITS), ["licence"]);
    }

    #[test]
    fn limits_come_from_the_settings_or_the_defaults() {
        let setting = |key: &str, value: &str| HostSetting {
            key: key.into(),
            value: value.into(),
        };
        assert_eq!(Limits::of(&[]), LIMITS);
        let own = [setting("guard-count", "7"), setting("guard-percent", "50")];
        assert_eq!(
            Limits::of(&own),
            Limits {
                count: 7,
                percent: 50
            }
        );
    }

    #[test]
    fn only_a_whole_enumeration_proves_absence() {
        let proof = Proof {
            basis: crate::contract::plan::Basis::Enumeration,
            complete: true,
            gaps: Vec::new(),
            pages: 1,
            entries: 1,
            referrals: 0,
            server: "s".into(),
            searches: Vec::new(),
            configuration: "c".into(),
        };
        assert_eq!(flaw(&proof, "c"), None);
        assert!(
            flaw(
                &Proof {
                    complete: false,
                    ..proof.clone()
                },
                "c"
            )
            .is_some()
        );
        assert!(
            flaw(
                &Proof {
                    entries: 0,
                    ..proof.clone()
                },
                "c"
            )
            .is_some()
        );
        assert!(
            flaw(
                &Proof {
                    referrals: 1,
                    ..proof.clone()
                },
                "c"
            )
            .is_some()
        );
        assert!(flaw(&proof, "d").unwrap().contains("configuration"));
    }
}
