//! What the stages `base`, `filter`, `read` and `paging` look at.

use crate::attribute::AttributeSet;
use crate::ports::Session;
use crate::ports::directory::{Completion, HostProblem, Stage, Verdict};
use crate::problem::Problem;
use crate::settings::parse::{classless, hiding};
use crate::settings::{Settings, id_attribute};

use super::super::connected::{Connected, anything, at};
use super::super::view::View;
use super::report::stage;

/// The base is there and can be read.
pub(super) fn base<S: Session>(connected: &Connected<S>, settings: &Settings) -> Stage {
    let bases = connected.bases();
    let offered = if bases.is_empty() {
        "The server does not say what it offers; ask its administrator.".to_owned()
    } else {
        format!("Possible bases: {}.", bases.join("; "))
    };
    let places = &settings.places;
    if places.bases().len() == 0 {
        let problem = Problem::new("required", "no base is set", offered).of_field("base-dn");
        return stage("base", Vec::new(), vec![(Verdict::Failed, problem)]);
    }
    let attributes: AttributeSet = ["objectClass"].into_iter().collect();
    let (mut evidence, mut problems) = (Vec::new(), Vec::new());
    for base in places.bases() {
        match connected.first(&at(base, anything(), &attributes), |_| Some(())) {
            Ok(Some(())) => evidence.push(format!("{base} is there")),
            Ok(None) => {
                let problem = Problem::new(
                    "base-unreadable",
                    format!("{base} itself cannot be read; what is below it may be"),
                    "Let the bind account read it, or check that it is spelt right.",
                )
                .of_field("base-dn");
                problems.push((Verdict::Warned, problem.into()));
            }
            Err(mut problem) => {
                problem.field = Some("base-dn".into());
                if problem.code == "no-such-base" {
                    problem.remedy = format!("{} {offered}", problem.remedy).trim().to_owned();
                }
                problems.push((Verdict::Failed, problem));
            }
        }
    }
    stage("base", evidence, problems)
}

/// The filter finds people, and does not hide the disabled.
pub(super) fn filter(
    view: &View,
    settings_filter: bool,
    matched: u64,
    ended: Option<&HostProblem>,
) -> Stage {
    let mut problems: Vec<(Verdict, HostProblem)> = Vec::new();
    if let Some(problem) = hiding(&view.filter, view.disabled_when.as_ref()) {
        problems.push((Verdict::Warned, problem.into()));
    }
    if settings_filter && let Some(problem) = classless(&view.filter) {
        problems.push((Verdict::Warned, problem.into()));
    }
    if matched == 0 {
        let problem = match ended {
            Some(problem) => problem.clone(),
            None => Problem::new(
                "empty-result",
                format!("nobody matches {} below the base", view.filter),
                if settings_filter {
                    "Check Advance Search, base and scope, and that the bind account may read the people."
                } else {
                    "Check base and scope, that the bind account may read the people, or set Advance Search."
                },
            )
            .of_field("filter")
            .into(),
        };
        problems.push((Verdict::Failed, problem));
    }
    // Where a limit or a fault ended the search, nobody counted the rest.
    let least = if ended.is_some() && matched > 0 {
        "at least "
    } else {
        ""
    };
    let evidence = vec![format!("{least}{matched} entries match {}", view.filter)];
    stage("filter", evidence, problems)
}

/// What says for ever who somebody is, where the settings say it or the portal's people are known by something else.
pub(super) fn id(view: &View, settings: &Settings, changed: Option<Problem>) -> Option<Stage> {
    let chosen = settings.id_attribute.as_str();
    if chosen.is_empty() && changed.is_none() {
        return None;
    }
    let ids: Vec<&str> = view.ids.names().collect();
    let evidence = format!("{} says who somebody is", ids.join(" or "));
    let problems = changed.into_iter().chain(id_attribute::warning(chosen));
    let problems = problems.map(|problem| (Verdict::Warned, problem));
    Some(stage("id", vec![evidence], problems.collect()))
}

/// The bind account may read what the sync needs: `unreadable` is how many of the sample have no id.
pub(super) fn read(
    view: &View,
    sampled: u64,
    unreadable: u64,
    seen: &[u64],
    referrals: u32,
) -> Stage {
    let ids: Vec<&str> = view.ids.names().collect();
    let mut problems = Vec::new();
    if sampled > 0 && unreadable == sampled {
        problems.push((
            Verdict::Failed,
            Problem::new(
                "missing-external-id",
                "nobody in the sample has a readable id that stays the same for ever",
                format!("Let the bind account read {}.", ids.join(" or ")),
            ),
        ));
    }
    let names = view.attributes.names().iter();
    let absent: Vec<&str> = names
        .zip(seen)
        .filter(|(_, count)| **count == 0)
        .map(|(name, _)| name.as_str())
        .collect();
    if referrals > 0 {
        problems.push((
            Verdict::Warned,
            Problem::new(
                "referral",
                format!("{referrals} references to other servers were not followed: people there are not synced"),
                "Set a base without such references, or point the plugin at a server that holds everybody.",
            )
            .of_field("base-dn"),
        ));
    }
    let mut evidence = vec![format!("{} attributes are asked for", seen.len())];
    if sampled > 0 && !absent.is_empty() {
        evidence.push(format!("nobody in the sample has: {}", absent.join(", ")));
    }
    stage("read", evidence, problems)
}

/// The server pages, and gives everything.
pub(super) fn paging(announced: bool, completion: &Completion, limits: &[&str]) -> Stage {
    let mut problems: Vec<(Verdict, HostProblem)> = Vec::new();
    let mut evidence = vec![format!(
        "{} entries in {} pages",
        completion.entries, completion.pages
    )];
    if completion.paged {
        evidence.push("the server pages (RFC 2696)".into());
    } else {
        let message = if announced {
            "the server says that it pages, but did not"
        } else {
            "the server does not page: it may cut the result, and memory is its limit"
        };
        problems.push((
            Verdict::Warned,
            Problem::new(
                "paging-missing",
                message,
                "Enable paged results (RFC 2696) on the server for the bind account.",
            )
            .into(),
        ));
    }
    if let Some(problem) = &completion.problem {
        let verdict = match problem.code.as_str() {
            "size-limit" | "time-limit" | "admin-limit" | "referral" => Verdict::Warned,
            _ => Verdict::Failed,
        };
        evidence.push("the result is not everything: leavers cannot be concluded from it".into());
        if ["size-limit", "time-limit", "admin-limit"].contains(&problem.code.as_str()) {
            evidence.extend(limits.iter().map(|limit| (*limit).to_owned()));
        }
        problems.push((verdict, problem.clone()));
    }
    stage("paging", evidence, problems)
}
