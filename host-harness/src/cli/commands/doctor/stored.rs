//! The database, and what is in it.

use chrono::Utc;

use super::{failed, passed, warned};
use crate::Problem;
use crate::cli::app::App;
use crate::contract::types::{Stage, Verdict};
use crate::ports::{Outcome, TenantId};
use crate::service::{HostConfig, concern};
use crate::store::{Database, PostgresStore, SchemaVersions, Store};

/// Whether it answers, and is of this program's version. It is not opened, and so not changed.
pub(super) async fn database(app: &App) -> Stage {
    let peeked = match app.postgres() {
        Ok(Some(url)) => PostgresStore::peek(&url).await,
        Ok(None) => Store::peek(&app.data).await,
        Err(problem) => Err(problem),
    };
    let SchemaVersions { from, to } = match peeked {
        Ok(versions) => versions,
        Err(problem) => return failed("database", &[], vec![problem]),
    };
    let place = format!("{}, version {from}", app.place().unwrap_or_default());
    match concern::shape(from, to) {
        None => passed("database", &[place]),
        Some(concern) if from < to => warned("database", &[place], vec![concern.problem]),
        Some(concern) => failed("database", &[place], vec![concern.problem]),
    }
}

/// Clock, passwords, leases, queue.
pub(super) async fn contents(store: &dyn Database) -> Vec<Stage> {
    let checks = [
        ("clock", clock(store).await),
        ("passwords", passwords(store).await),
        ("leases", leases(store).await),
        ("queue", queue(store).await),
    ];
    let stage = |(name, check): (&str, Outcome<Option<Stage>>)| match check {
        Ok(stage) => stage,
        Err(problem) => Some(failed(name, &[], vec![problem])),
    };
    checks.into_iter().filter_map(stage).collect()
}

async fn clock(store: &dyn Database) -> Outcome<Option<Stage>> {
    let before = Utc::now().timestamp_millis();
    let Some(theirs) = store.clock().await? else {
        return Ok(None);
    };
    let ahead = i64::midpoint(before, Utc::now().timestamp_millis()) - theirs;
    Ok(Some(match concern::clock(ahead) {
        Some(concern) => warned("clock", &[], vec![concern.problem]),
        None => passed(
            "clock",
            &[format!("{} ms from the database's", ahead.abs())],
        ),
    }))
}

async fn passwords(store: &dyn Database) -> Outcome<Option<Stage>> {
    let passwords = store.passwords().await?;
    let open = format!("{} open with the key", passwords.open);
    if passwords.closed.is_empty() {
        return Ok(Some(passed("passwords", &[open])));
    }
    let problem = Problem::new(
        "secret-unreadable",
        format!(
            "Stored passwords of {} do not open with the key",
            names(passwords.closed.iter())
        ),
        "Put back the key that belongs to this data, or store the passwords of these tenants again (rollcall configure TENANT \
         --password-prompt).",
    );
    Ok(Some(failed("passwords", &[open], vec![problem])))
}

async fn leases(store: &dyn Database) -> Outcome<Option<Stage>> {
    let holders = store.lessees().await?;
    let (held, lost): (Vec<_>, Vec<_>) = holders.iter().partition(|one| one.left >= 0);
    let held = format!("{} held", held.len());
    if lost.is_empty() {
        return Ok(Some(passed("leases", &[held])));
    }
    let mut hosts: Vec<_> = lost.iter().map(|one| one.name.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let problem = Problem::new(
        "host-lost",
        format!(
            "Of {} nothing was heard, and {} had to do with it",
            hosts.join(", "),
            names(lost.iter().map(|one| &one.tenant))
        ),
        "Nothing is lost: whoever serves next goes on with what it left. Where it happens again, look why these processes end or are cut off.",
    );
    Ok(Some(warned("leases", &[held], vec![problem])))
}

async fn queue(store: &dyn Database) -> Outcome<Option<Stage>> {
    let now = Utc::now().timestamp_millis();
    let (waiting, since) = store.backlog(now).await?;
    let oldest = since.map_or(0, |since| u64::try_from((now - since) / 1000).unwrap_or(0));
    Ok(Some(if oldest > HostConfig::default().overdue.as_secs() {
        warned("queue", &[], vec![concern::late(waiting, oldest).problem])
    } else {
        passed("queue", &[format!("{waiting} runs wait")])
    }))
}

/// Names of tenants, the first ones.
pub(super) fn names<'t>(tenants: impl Iterator<Item = &'t TenantId>) -> String {
    const SHOWN: usize = 10;
    let mut all: Vec<_> = tenants.map(TenantId::as_str).collect();
    all.sort_unstable();
    all.dedup();
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    match more {
        0 => all.join(", "),
        _ => format!("{} and {more} more", all.join(", ")),
    }
}

/// The worst of some verdicts.
pub(super) fn worst(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    verdicts.fold(Verdict::Passed, |worst, one| match (worst, one) {
        (Verdict::Failed, _) | (_, Verdict::Failed) => Verdict::Failed,
        (Verdict::Warned, _) | (_, Verdict::Warned) => Verdict::Warned,
        _ => Verdict::Passed,
    })
}
