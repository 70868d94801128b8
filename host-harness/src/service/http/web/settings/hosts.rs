//! Hosts, what they hold, and the key of the stored passwords.

use askama::Template;

use super::super::super::scope::{Admin, Whole};
use super::super::entered::{In, Shown};
use super::super::frame::{Frame, page};
use super::super::moment::{Moment, Zone, span};
use super::super::words::{Badge, Tone, number};
use crate::ports::hosts::Beating;
use crate::shape;

/// A host that serves, or did.
struct Line {
    name: String,
    here: bool,
    badge: Badge,
    version: String,
    since: Moment,
    tenants: u64,
}

/// A lease that was not given back.
struct Held {
    tenant: String,
    host: String,
    badge: Badge,
}

/// Something to look at.
struct Concern {
    problem: shape::Problem,
    tenants: u64,
    named: Vec<String>,
    stops: bool,
}

#[derive(Template)]
#[template(path = "hosts.html")]
struct HostsPage {
    frame: Frame,
    badge: Badge,
    hosts: Vec<Line>,
    under_way: usize,
    waiting: u64,
    overdue: u64,
    failing: u64,
    concerns: Vec<Concern>,
    held: Vec<Held>,
}

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage {
    frame: Frame,
    key: String,
    source: String,
    problems: Vec<shape::Problem>,
    open: String,
    closed: Vec<String>,
}

/// How the hosts do.
pub(in super::super) async fn show(In(whole): In<Whole<Admin>>) -> Shown {
    let watcher = whole.watcher();
    let health = watcher.health().await;
    let lessees = watcher.lessees().await?;
    let zone = Zone::named("UTC");
    let hosts = watcher.hosts().await?;
    let (tone, word) = match (health.ready(), health.concerns.is_empty()) {
        (true, true) => (Tone::Good, "ready"),
        (true, false) => (Tone::Caution, "serves, with something to look at"),
        (false, _) => (Tone::Bad, "cannot serve"),
    };
    let held = lessees.into_iter().map(|one| Held {
        tenant: one.tenant.to_string(),
        badge: if one.left < 0 {
            Badge::new(
                Tone::Bad,
                format!("not heard of for {} s beyond its lease", -one.left),
            )
        } else {
            Badge::new(
                Tone::Good,
                format!("heard of; good for {} s more", one.left),
            )
        },
        host: one.name,
    });
    let concern = |concern: crate::service::Concern| Concern {
        problem: shape::Problem::from(&concern.problem),
        tenants: concern.tenants,
        named: concern.first.iter().map(ToString::to_string).collect(),
        stops: concern.stops,
    };
    Ok(page(&HostsPage {
        frame: whole.frame("Hosts", "hosts"),
        hosts: hosts.into_iter().map(|one| line(&zone, one)).collect(),
        badge: Badge::new(tone, word),
        under_way: health.under_way,
        waiting: health.waiting,
        overdue: health.overdue,
        failing: health.failing,
        concerns: health.concerns.into_iter().map(concern).collect(),
        held: held.collect(),
    }))
}

fn line(zone: &Zone, host: Beating) -> Line {
    Line {
        badge: if host.gone() {
            let since = span(host.silent.saturating_mul(1_000));
            Badge::new(Tone::Bad, format!("gone: not heard of for {since}"))
        } else if host.silent <= 0 {
            Badge::new(Tone::Good, "heard of just now")
        } else {
            Badge::new(Tone::Good, format!("heard of {} s ago", host.silent))
        },
        since: zone.at(host.since),
        name: host.name,
        here: host.here,
        version: host.version,
        tenants: host.tenants,
    }
}

/// Which key the passwords need, and whether they open.
pub(in super::super) async fn keys(In(whole): In<Whole<Admin>>) -> Shown {
    let watcher = whole.watcher();
    let passwords = watcher.passwords().await?;
    let (key, source, problems) = match watcher.key().await {
        Ok((key, source)) => (key, source, Vec::new()),
        Err(problem) => (
            String::new(),
            String::new(),
            vec![shape::Problem::from(&problem)],
        ),
    };
    Ok(page(&KeysPage {
        frame: whole.frame("Keys", "keys"),
        key,
        source,
        problems,
        open: number(passwords.open),
        closed: passwords.closed.iter().map(ToString::to_string).collect(),
    }))
}
