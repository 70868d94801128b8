//! Every step from the raw entry to the verdict.

use crate::ports::directory::{HostProblem, Stage, Verdict};
use crate::ports::portal::{Person, Status};
use crate::ports::{Host, Session};
use crate::problem::Problem;
use crate::settings::{Configuration, Places};

use super::super::adoption::target;
use super::super::answer::{Answer, one, ours};
use super::super::connected::{Connected, at, connect_or_say};
use super::super::duplicate::clashes;
use super::super::manager;
use super::super::outcome::{Fate, changes, fate, fate_taking_over, in_portal};
use super::super::person::{Found, Search, Who, ambiguous, named, nth};
use super::super::place::base_of;
use super::super::view::{MappedField, View};
use super::absent;

/// Why a person is, or is not, synced (contract: `explain.explanation`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Empty where nobody was found.
    pub dn: String,
    /// Empty where there is none.
    pub external_id: String,
    /// One sentence.
    pub verdict: String,
    /// `find`, `base`, `filter`, `id`, `status`, `role` where there are rules for it, `map`, `validate`, `duplicate`, `portal`.
    pub stages: Vec<Stage>,
    /// One for each rule.
    pub fields: Vec<MappedField>,
}

/// Explains one person. Who is not found is explained too.
///
/// # Errors
/// What keeps the directory from being read: `not-configured`, wrong rules, the host's problems, `cancelled`.
pub fn explain<H: Host>(host: &H, who: &Who) -> Answer<Explanation> {
    let mut configuration =
        Configuration::require(host.state(), &host.portal().roles()).map_err(ours)?;
    let connected = connect_or_say(host, &mut configuration)?;
    let settings = &configuration.settings;
    let profile = connected.detected.profile;
    let fields = host.portal().fields();
    let mut view = View::new(
        settings,
        &configuration.rules,
        profile,
        &fields,
        host.clock().now(),
    )
    .map_err(ours)?;
    view.widen(profile);
    view.read_groups(host, &connected, settings)?;
    let mut search = match who {
        Who::First => nth(&connected, &view, 0)?,
        Who::Nth(n) => nth(&connected, &view, *n)?,
        Who::Named(name) => named(host, &connected, &view, name)?,
    };
    let told = match search.found.as_mut_slice() {
        [found] => {
            let rules = &configuration.rules;
            manager::find(host, &configuration, rules, &connected, &mut found.reading)
        }
        _ => None,
    };
    match (search.found.as_slice(), who) {
        ([], _) => Ok(absent::nobody(host, who, &search)),
        ([_, _, ..], Who::Named(name)) => {
            let problem = ambiguous(name, &search.found);
            Ok(Explanation {
                dn: String::new(),
                external_id: String::new(),
                verdict: problem.message.clone(),
                stages: vec![step("find", search.places, vec![problem.into()], true)],
                fields: Vec::new(),
            })
        }
        ([found, ..], _) => somebody(host, &connected, &view, &search, found, told),
    }
}

fn somebody<H: Host, S: Session>(
    host: &H,
    connected: &Connected<S>,
    view: &View,
    search: &Search,
    found: &Found,
    manager: Option<manager::Told>,
) -> Answer<Explanation> {
    let reading = &found.reading;
    let known = in_portal(host, reading);
    let taken = match &known {
        None => target(host, connected, view, reading)?,
        Some(_) => None,
    };
    let mut evidence = vec![format!(
        "found {}",
        search.places.last().cloned().unwrap_or_default()
    )];
    evidence.extend(
        found
            .shown
            .iter()
            .map(|(name, values)| format!("{name}: {}", values.join("; "))),
    );
    let inside = base(&view.places, &reading.dn);
    let filter = filter(connected, view, found)?;
    let duplicates: Vec<HostProblem> = clashes(host, connected, view, reading, taken.as_ref())?
        .into_iter()
        .map(|clash| clash.problem.into())
        .collect();
    let seen = inside.verdict == Verdict::Passed && filter.verdict == Verdict::Passed;
    let clash = !duplicates.is_empty();
    let fate = match &taken {
        Some(taken) => fate_taking_over(reading, taken, clash),
        None => fate(reading, known.as_ref(), clash),
    };
    let person = known.or(taken);
    let (mapping, validation) = reading
        .problems(person.is_some())
        .into_iter()
        .filter(|problem| problem.field.as_deref() != Some("external-id"))
        .partition::<Vec<_>, _>(|problem| problem.code == "bad-utf8");
    let mapped = reading
        .fields
        .iter()
        .filter(|field| field.value.is_some())
        .count();
    let id = match &reading.id {
        Ok(id) => step("id", vec![format!("external id {id}")], Vec::new(), false),
        Err(problem) => step("id", Vec::new(), vec![problem.clone().into()], true),
    };
    let required = view
        .mapping
        .fields()
        .iter()
        .filter(|field| field.required)
        .count();
    let mut map = vec![format!(
        "{mapped} of {} rules give a value",
        reading.fields.len()
    )];
    let (told, unresolved) = match manager {
        Some(told) => (Some(told.evidence), told.problem),
        None => (None, None),
    };
    map.extend(told);
    let fails = !mapping.is_empty();
    let mut mapping = hosts(mapping);
    mapping.extend(unresolved.map(HostProblem::from));
    mapping.extend(hosts(reading.left_out.clone()));
    let mut stages = vec![
        step("find", evidence, Vec::new(), false),
        inside,
        filter,
        id,
        status(view, found),
    ];
    stages.extend(view.role_stage(Some(reading)));
    stages.extend([
        step("map", map, mapping, fails),
        step(
            "validate",
            vec![format!("{required} fields are required")],
            hosts(validation),
            true,
        ),
        step("duplicate", Vec::new(), duplicates, true),
        portal(found, person.as_ref(), fate, seen),
    ]);
    Ok(Explanation {
        dn: reading.dn.clone(),
        external_id: reading.id.clone().unwrap_or_default(),
        verdict: verdict(&stages, person.as_ref(), fate, seen),
        stages,
        fields: reading.fields.clone(),
    })
}

/// A step that passed where there are no problems, and else failed or warned.
pub(super) fn step(
    name: &str,
    evidence: Vec<String>,
    problems: Vec<HostProblem>,
    fails: bool,
) -> Stage {
    let verdict = match (problems.is_empty(), fails) {
        (true, _) => Verdict::Passed,
        (false, true) => Verdict::Failed,
        (false, false) => Verdict::Warned,
    };
    Stage {
        name: name.to_owned(),
        verdict,
        evidence,
        problems,
    }
}

fn hosts(problems: Vec<Problem>) -> Vec<HostProblem> {
    problems.into_iter().map(HostProblem::from).collect()
}

fn base(places: &Places, dn: &str) -> Stage {
    match base_of(places, dn) {
        Ok(base) => {
            let evidence = vec![format!("the base is {base}")];
            step("base", evidence, Vec::new(), false)
        }
        Err(problem) => {
            let bases = places.bases().map(|base| format!("a base is {base}"));
            step("base", bases.collect(), vec![problem.into()], true)
        }
    }
}

/// The server's word decides; the clauses are found out here.
fn filter<S: Session>(connected: &Connected<S>, view: &View, found: &Found) -> Answer<Stage> {
    let request = at(&found.reading.dn, view.filter.clone(), &view.attributes);
    let holds = connected
        .first(&request, |_| Some(()))
        .map_err(one)?
        .is_some();
    let mut evidence = vec![format!("the filter is {}", view.filter)];
    if holds {
        if found.matches == Some(false) {
            evidence.push("the server sees it fulfilled by its own rules of comparison".into());
        }
        return Ok(step("filter", evidence, Vec::new(), false));
    }
    let why = if found.failing.is_empty() {
        "the server does not say why, and here every clause seems to hold".to_owned()
    } else {
        found.failing.join("; ")
    };
    let problem = Problem::new(
        "outside-filter",
        format!("the filter does not let the entry through: {why}"),
        "Change Advance Search, or the entry.",
    )
    .of_field("filter");
    Ok(step("filter", evidence, vec![problem.into()], true))
}

fn status(view: &View, found: &Found) -> Stage {
    let mut evidence = vec![match &view.disabled_when {
        Some(filter) => format!("disabled when {filter}"),
        None => "nobody counts as disabled in this kind of directory".to_owned(),
    }];
    evidence.extend(found.reading.status.iter().cloned());
    let disabled = found.reading.disabled_by().map(Into::into);
    step("status", evidence, disabled.into_iter().collect(), false)
}

fn portal(found: &Found, person: Option<&Person>, fate: Fate, seen: bool) -> Stage {
    let mut evidence = Vec::new();
    match person {
        None => evidence.push("nobody in the portal has this external id".to_owned()),
        Some(person) => {
            if fate == Fate::Adopt {
                evidence.push(format!("takes over {} of the portal", person.id));
            }
            evidence.push(match person.status {
                Status::Active => format!("active in the portal as {}", person.id),
                Status::Inactive if person.deactivated_by_sync => {
                    format!("in the portal as {}, made inactive by a sync", person.id)
                }
                Status::Inactive => format!("in the portal as {}, made inactive there", person.id),
            });
            for (field, before, after) in changes(&found.reading, person) {
                let shown = |value: Option<String>| value.unwrap_or_else(|| "nothing".into());
                evidence.push(format!(
                    "{field}: {} becomes {}",
                    shown(before),
                    shown(after)
                ));
            }
            if !person.changed_in_portal.is_empty() {
                evidence.push(format!(
                    "changed in the portal: {}",
                    person.changed_in_portal.join(", ")
                ));
            }
        }
    }
    if seen {
        evidence.push(format!("the next sync: {}", fate.word()));
    }
    step("portal", evidence, Vec::new(), false)
}

fn verdict(stages: &[Stage], person: Option<&Person>, fate: Fate, seen: bool) -> String {
    let cause = || {
        stages
            .iter()
            .filter(|stage| stage.verdict == Verdict::Failed)
            .flat_map(|stage| &stage.problems)
            .map(|problem| problem.message.as_str())
            .next()
            .unwrap_or("see the stages")
    };
    if !seen {
        return match person {
            None => format!("Not synced: {}.", cause()),
            Some(person) if person.status == Status::Active => {
                format!(
                    "The sync no longer sees this person and treats them as a leaver: {}.",
                    cause()
                )
            }
            Some(_) => format!(
                "Inactive, and the sync does not see this person: {}.",
                cause()
            ),
        };
    }
    match fate {
        Fate::Create => "The next sync creates this person.".into(),
        Fate::Adopt => "The next sync takes over a person whom the portal has already.".into(),
        Fate::Update => "The next sync updates this person.".into(),
        Fate::Unchanged => match person.map(|person| person.status) {
            Some(Status::Inactive) => {
                "Synced, and inactive in the portal; a sync does not change that.".into()
            }
            _ => "Synced, and unchanged.".into(),
        },
        Fate::Deactivate => {
            "The next sync deactivates this person: disabled in the directory.".into()
        }
        Fate::Reactivate => "The next sync makes this person active again.".into(),
        Fate::DisabledSkipped => {
            "Not created, because the account is disabled in the directory.".into()
        }
        Fate::Unsynced => format!("Not synced: {}.", cause()),
    }
}
