//! Roles by group on a real server of any kind.
#![expect(clippy::unwrap_used, reason = "tests")]

use rollcall::demo::Entry;
use rollcall::demo::people::{Expected, Fate, SUFFIX};

use crate::portal::PlanRow;
use crate::rollcall::Answer;
use crate::server::Server;
use crate::site::Site;
use crate::site::changes::{remove, replace};

/// The tenant.
pub const TENANT: &str = "acme";

/// The rules: a group of a few with a group in it, then the group of everybody.
const RULES: &str = "Role Desk => agent\nEveryone 1 => approver";

/// How a kind of directory has groups.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The profile that must read it.
    pub profile: &'static str,
    /// A group's object class.
    pub class: &'static str,
    /// An attribute that holds the group's name beside `cn`.
    pub name: Option<&'static str>,
}

/// A group's DN, in any kind of directory here.
#[must_use]
pub fn group_dn(name: &str) -> String {
    format!("cn={name},ou=Groups,{SUFFIX}")
}

/// The change that adds a group.
#[must_use]
pub fn group(kind: Kind, name: &str, members: &[&str]) -> Entry {
    let mut group = Entry::new(group_dn(name))
        .with("changetype", "add")
        .with("objectClass", kind.class)
        .with("cn", name);
    if let Some(attribute) = kind.name {
        group.push(attribute, name);
    }
    for member in members {
        group.push("member", *member);
    }
    group
}

/// Installed and configured with rules for roles, by the profile of the kind and its rules of who is disabled.
///
/// # Panics
/// Where a command does not end well, as everywhere here.
pub fn settled<S: Server>(server: S, kind: Kind, rules: &str) -> Site<S> {
    let site = Site::of(server).unwrap();
    site.settle(TENANT).unwrap();
    configure(&site, kind, rules);
    site
}

/// Sets other rules.
///
/// # Panics
/// Where the program refuses them.
pub fn configure<S: Server>(site: &Site<S>, kind: Kind, rules: &str) {
    let profile = format!("--set=profile={}", kind.profile);
    let rules = format!("--set=role-rules={rules}");
    let own = [
        "--set=filter=",
        "--set=disabled-when=",
        "--set=guard-count=1000000",
    ];
    let mut arguments = vec![
        "configure",
        TENANT,
        &profile,
        &rules,
        "--set=guard-percent=100",
    ];
    arguments.extend(own);
    site.rollcall.expect(0, &arguments).unwrap();
}

/// Nested groups, a circle, thousands of members, memberships that change, and a group that goes.
///
/// # Panics
/// Where a role is not what the groups make it.
pub fn roles_follow_groups<S: Server>(server: S, kind: Kind) {
    let site = settled(server, kind, RULES);
    let people = everybody(&site.server);
    let mut plain = people.iter().filter(|who| has_plain_dn(who));
    let mut next = || plain.next().unwrap();
    let (desk, night, late) = (next(), next(), next());
    site.change(&[
        group(kind, "Role Night", &[&night.dn]),
        group(kind, "Role Desk", &[&desk.dn, &group_dn("Role Night")]),
    ])
    .unwrap();
    // Desk is in Night, which is in Desk.
    let circle = |person: &str| [person.to_owned(), group_dn("Role Desk")];
    let night_holds = |person: &str| {
        let members = circle(person);
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        site.change(&[replace(&group_dn("Role Night"), "member", &members)])
            .unwrap();
    };
    night_holds(&night.dn);

    let (answer, _) = site.sync(TENANT, 0).unwrap();
    assert_eq!(stopped(&answer), 0, "{}", answer.at("/run/warnings"));
    let roles = |agents: &[&Expected]| {
        let found = site.portal().unwrap().people(TENANT).unwrap();
        assert_eq!(found.len(), people.len());
        for who in &people {
            let agent = agents
                .iter()
                .any(|agent| agent.external_id == who.external_id);
            let wanted = if agent { "agent" } else { "approver" };
            assert_eq!(found[&who.external_id].role, wanted, "{}", who.dn);
        }
    };
    roles(&[desk, night]);
    assert_eq!(changing(&site), []);
    told(&site, &desk.dn, "Role Desk => agent");

    night_holds(&late.dn);
    assert_eq!(changing(&site), role_rows(&[night, late]));
    roles(&[desk, late]);
    assert_eq!(changing(&site), []);

    site.change(&[remove(&group_dn("Role Desk"))]).unwrap();
    let (answer, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!((stopped(&answer), changes(&rows)), (1, Vec::new()));
    roles(&[desk, late]);
    site.change(&[group(kind, "Role Desk", &[&desk.dn])])
        .unwrap();
    assert_eq!(changing(&site), role_rows(&[late]));
    roles(&[desk]);
}

/// Syncs, and gives what changes the portal.
fn changing<S: Server>(site: &Site<S>) -> Vec<(String, String, String)> {
    let (answer, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(stopped(&answer), 0, "{}", answer.at("/run/warnings"));
    changes(&rows)
}

/// Kind with reason, whose, and what changes of role and name.
fn changes(rows: &[PlanRow]) -> Vec<(String, String, String)> {
    let rows = rows.iter().filter(|row| row.kind != "unsynced");
    let mut found: Vec<_> = rows
        .map(|row| {
            let only_role = row.pseudo.contains("role") && !row.pseudo.contains("dn");
            let what = if only_role && row.after == "{}" {
                "role"
            } else {
                "more"
            };
            (
                format!("{} {}", row.kind, row.reason),
                row.external_id.clone(),
                what.to_owned(),
            )
        })
        .collect();
    found.sort();
    found
}

fn role_rows(people: &[&Expected]) -> Vec<(String, String, String)> {
    let row = |who: &&Expected| {
        (
            "update changed".to_owned(),
            who.external_id.clone(),
            "role".to_owned(),
        )
    };
    let mut rows: Vec<_> = people.iter().map(row).collect();
    rows.sort();
    rows
}

/// How many groups keep roles from changing.
fn stopped(answer: &Answer) -> usize {
    let warnings = answer.at("/run/warnings").as_array();
    let codes = warnings
        .into_iter()
        .flatten()
        .map(|warning| &warning["code"]);
    codes
        .filter(|code| *code == "role-group-unreadable")
        .count()
}

/// Preview, explain and verify name the rule.
fn told<S: Server>(site: &Site<S>, dn: &str, rule: &str) {
    for command in [
        vec!["explain", TENANT, dn],
        vec!["preview", TENANT, dn],
        vec!["verify", TENANT],
    ] {
        let said = site
            .rollcall
            .expect(0, &command)
            .unwrap()
            .result()
            .to_string();
        assert!(said.contains(rule), "{command:?} {said}");
    }
}

/// Everybody who comes over.
///
/// # Panics
/// Never.
pub fn everybody(server: &impl Server) -> Vec<Expected> {
    let all = (0..server.organisation().people).map(|index| server.expected(index));
    all.filter(|who| who.fate == Fate::Valid).collect()
}

/// Under a name that needs no escaping.
#[must_use]
pub fn has_plain_dn(who: &Expected) -> bool {
    who.dn.is_ascii() && !who.dn.contains('\\') && who.dn.matches(",ou=").count() == 1
}
