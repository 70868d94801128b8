//! What an operator should look at: each concern with its code, what is wrong in numbers, and what to do.
//!
//! A message names no tenant: the readiness probe is open to everybody. Whose it is stands beside it, for those who may know.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Problem;
use crate::cause::{Cause, known};
use crate::ports::TenantId;
use crate::ports::overview::Failing;
use crate::ports::queue::Due;
use crate::store::vault::KeyChoice;
use crate::telemetry::short;

/// Something to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Concern {
    /// What is wrong, and what to do.
    pub problem: Problem,
    /// How many tenants it concerns; 0 where it is the host itself.
    pub tenants: u64,
    /// The first of them.
    pub first: Vec<TenantId>,
    /// Whether this host cannot serve because of it.
    pub stops: bool,
}

/// Codes of what a host may be concerned about.
pub(crate) const CODES: [&str; 20] = [
    "overdue",
    "queue-late",
    "directory-failing",
    "plugin-broken",
    "runs-failing",
    "disk-nearly-full",
    "clock-skew",
    "key-file-missing",
    "database-outdated",
    "host-ending",
    "store-migration",
    "store-unreachable",
    "store-busy",
    "store-failed",
    "store-corrupt",
    "store-file",
    "store-login",
    "store-tls",
    "store-forbidden",
    "store-no-database",
];

/// Tenants that are named.
const NAMED: usize = 10;
/// What a sync of many people may need at once.
const SCARCE: u64 = 1 << 30;
/// Half a lease's renewal, and far more than two machines with a time server differ by.
const SKEW: Duration = Duration::from_secs(5);

impl Concern {
    /// One of the host itself.
    pub(crate) fn of(problem: Problem) -> Self {
        Self {
            problem,
            tenants: 0,
            first: Vec::new(),
            stops: false,
        }
    }

    /// One for which this host cannot serve.
    pub(crate) fn stopping(problem: Problem) -> Self {
        Self {
            stops: true,
            ..Self::of(problem)
        }
    }

    fn about<'t>(problem: Problem, tenants: impl Iterator<Item = &'t TenantId> + Clone) -> Self {
        Self {
            problem,
            tenants: tenants.clone().count() as u64,
            first: tenants.take(NAMED).cloned().collect(),
            stops: false,
        }
    }
}

/// Runs wait for too long.
pub(crate) fn late(waiting: u64, oldest: u64) -> Concern {
    let minutes = Duration::from_secs(oldest).as_secs() / 60;
    Concern {
        tenants: waiting,
        ..Concern::of(Problem::new(
            "queue-late",
            format!("{waiting} runs wait, the oldest for {minutes} min"),
            "Add hosts, or raise the number of runs at once; look whether runs hang at a directory that does not answer.",
        ))
    }
}

/// Tenants are due for too long, the longest first.
pub(crate) fn overdue(due: &[Due], since: Duration) -> Option<Concern> {
    let minutes = since.as_secs() / 60;
    let problem = Problem::new(
        "overdue",
        format!(
            "{} are due for more than {minutes} min and no run was asked for",
            tenants(due.len())
        ),
        "Look whether a host serves (rollcall serve), and in the log for what is said of these tenants: their plugin may be broken or its \
         timetable unreadable. `rollcall doctor` names them.",
    );
    (!due.is_empty()).then(|| Concern::about(problem, due.iter().map(|due| &due.tenant)))
}

/// Tenants' newest runs failed: because of the directory, of the plugin, or otherwise. `unread` are those whose plugin could not be
/// asked when they are due.
pub(crate) fn failing(failing: &[Failing], unread: &[(TenantId, &'static str)]) -> Vec<Concern> {
    let by = |cause: Cause| -> Vec<(&TenantId, &'static str)> {
        let runs = failing
            .iter()
            .filter(|one| Cause::of(&one.code) == cause)
            .map(|one| (&one.tenant, known(&one.code)));
        let unread = unread
            .iter()
            .filter(|(tenant, code)| {
                Cause::of(code) == cause && failing.iter().all(|one| one.tenant != *tenant)
            })
            .map(|(tenant, code)| (tenant, *code));
        runs.chain(unread).collect()
    };
    let mut concerns = Vec::new();
    let mut tell = |of: &[(&TenantId, &'static str)], problem: Problem| {
        if !of.is_empty() {
            concerns.push(Concern::about(
                problem,
                of.iter().map(|(tenant, _)| *tenant),
            ));
        }
    };
    let of = by(Cause::Directory);
    tell(
        &of,
        Problem::new(
            "directory-failing",
            format!(
                "The directories of {} cannot be read: {}",
                tenants(of.len()),
                codes(&of)
            ),
            "Verify these tenants (rollcall verify TENANT, or rollcall doctor --connect): it says at which stage it fails and what to do. \
             The next sync that goes well ends this.",
        ),
    );
    let of = by(Cause::Plugin);
    let mut digests: Vec<_> = failing
        .iter()
        .filter(|one| Cause::of(&one.code) == Cause::Plugin)
        .map(|one| short(&one.plugin))
        .collect();
    digests.sort_unstable();
    digests.dedup();
    let which = if digests.is_empty() {
        String::new()
    } else {
        format!(" ({})", digests.join(", "))
    };
    tell(
        &of,
        Problem::new(
            "plugin-broken",
            format!(
                "The plugin{which} fails for {}: {}",
                tenants(of.len()),
                codes(&of)
            ),
            "Tell its maker, with the code, the plugin's digest and the log; install a version that works. `rollcall doctor` tries each plugin.",
        ),
    );
    let of = by(Cause::Other);
    tell(
        &of,
        Problem::new(
            "runs-failing",
            format!(
                "The newest runs of {} failed: {}",
                tenants(of.len()),
                codes(&of)
            ),
            "Look at these runs (rollcall runs TENANT): each has its problem and what to do.",
        ),
    );
    concerns
}

/// The disk of the data directory is nearly full.
pub(crate) fn disk(free: u64) -> Option<Concern> {
    let problem = Problem::new(
        "disk-nearly-full",
        format!(
            "{} MiB are free where the data directory is",
            free / (1 << 20)
        ),
        "Make room: a sync of many people needs some GiB, and a full disk fails it. Nothing that was applied is lost.",
    );
    (free < SCARCE).then(|| Concern::of(problem))
}

/// This host's clock is not the database's. `ahead` is milliseconds.
pub(crate) fn clock(ahead: i64) -> Option<Concern> {
    let seconds = ahead.unsigned_abs() / 1000;
    let side = if ahead > 0 { "before" } else { "behind" };
    let problem = Problem::new(
        "clock-skew",
        format!("This host's clock is {seconds} s {side} that of the database's server"),
        "Let both follow a time server (NTP): who is due is decided by the host's clock, and who holds a lease by the database's.",
    );
    (Duration::from_millis(ahead.unsigned_abs()) >= SKEW).then(|| Concern::of(problem))
}

/// The key of the stored passwords is gone.
pub(crate) fn key(keys: &KeyChoice) -> Option<Concern> {
    let path = keys.missing()?;
    Some(Concern::of(Problem::new(
        "key-file-missing",
        format!(
            "The key of the stored passwords, {}, is not there",
            path.file_name().unwrap_or_default().display()
        ),
        "Put it back from a backup: nothing that needs a stored password works without it.",
    )))
}

/// The database is of another version than this program.
pub(crate) fn shape(stored: i64, known: i64) -> Option<Concern> {
    if stored > known {
        return Some(Concern::stopping(Problem::new(
            "store-migration",
            format!("The database is of version {stored}, and this program knows it up to {known}"),
            "A newer program has changed it: bring this host to the same version.",
        )));
    }
    let problem = Problem::new(
        "database-outdated",
        format!("The database is of version {stored}, and this program's is {known}"),
        "Make a backup and run `rollcall migrate`; any command that opens the database does the same.",
    );
    (stored < known).then(|| Concern::stopping(problem))
}

/// The host was asked to end.
pub(crate) fn ending() -> Concern {
    Concern::stopping(Problem::new(
        "host-ending",
        "The host is ending: runs under way finish, and nothing new is begun",
        "Send requests to another host.",
    ))
}

fn tenants(count: usize) -> String {
    match count {
        1 => "1 tenant".to_owned(),
        _ => format!("{count} tenants"),
    }
}

/// Each code, and for how many tenants.
fn codes(of: &[(&TenantId, &'static str)]) -> String {
    let mut counts = BTreeMap::<&str, u64>::new();
    for (_, code) in of {
        *counts.entry(code).or_default() += 1;
    }
    let told: Vec<_> = counts
        .iter()
        .map(|(code, count)| format!("{code} ({count})"))
        .collect();
    told.join(", ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn failed(tenant: &str, code: &str) -> Failing {
        Failing {
            tenant: TenantId::new(tenant).unwrap(),
            plugin: "0123456789abcdef".to_owned(),
            code: code.to_owned(),
            at: 0,
        }
    }

    fn codes_of(concerns: &[Concern]) -> Vec<&str> {
        concerns.iter().map(|one| &*one.problem.code).collect()
    }

    #[test]
    fn failures_are_told_by_their_cause_and_no_tenant_is_in_a_message() {
        let all = [
            failed("acme", "connect-refused"),
            failed("globex", "connect-refused"),
            failed("initech", "plugin-trap"),
            failed("umbrella", "ada-lovelace"),
        ];
        let concerns = failing(&all, &[]);
        assert_eq!(
            codes_of(&concerns),
            ["directory-failing", "plugin-broken", "runs-failing"]
        );
        assert_eq!(concerns[0].tenants, 2);
        assert!(concerns[0].problem.message.contains("connect-refused (2)"));
        assert!(concerns[1].problem.message.contains("0123456789ab)"));
        assert!(concerns[2].problem.message.contains("other (1)"));
        for concern in &concerns {
            assert!(!concern.stops && !concern.problem.remedy.is_empty());
            for one in &all {
                assert!(!concern.problem.message.contains(one.tenant.as_str()));
            }
        }
        assert_eq!(failing(&[], &[]), []);
    }

    #[test]
    fn a_plugin_that_cannot_be_asked_is_broken_too_and_counted_once() {
        let acme = TenantId::new("acme").unwrap();
        let unread = [(acme.clone(), "plugin-trap")];
        let concerns = failing(&[], &unread);
        assert_eq!(codes_of(&concerns), ["plugin-broken"]);
        assert_eq!(concerns[0].first, [acme]);
        let both = failing(&[failed("acme", "plugin-trap")], &unread);
        assert_eq!(both[0].tenants, 1);
    }

    #[test]
    fn room_and_clocks_are_a_concern_beyond_their_limits_only() {
        assert!(disk(SCARCE - 1).is_some() && disk(SCARCE).is_none());
        assert!(clock(4_999).is_none() && clock(-4_999).is_none());
        let behind = clock(-61_000).unwrap().problem.message;
        assert!(behind.contains("61 s behind"), "{behind}");
        assert!(clock(5_000).unwrap().problem.message.contains("before"));
    }

    #[test]
    fn a_host_cannot_serve_a_database_of_another_version() {
        assert_eq!(shape(3, 3), None);
        let newer = shape(4, 3).unwrap();
        assert_eq!(
            (&*newer.problem.code, newer.stops),
            ("store-migration", true)
        );
        assert_eq!(shape(2, 3).unwrap().problem.code, "database-outdated");
    }

    #[test]
    fn a_key_that_is_gone_is_told_and_one_that_is_there_is_not() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            key(&KeyChoice::beside(folder.path())).unwrap().problem.code,
            "key-file-missing"
        );
        std::fs::write(folder.path().join(crate::store::vault::KEY_FILE), [0; 32]).unwrap();
        assert_eq!(key(&KeyChoice::beside(folder.path())), None);
    }
}
