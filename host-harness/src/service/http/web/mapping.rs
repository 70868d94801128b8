//! What the portal's fields are made of, tried on a real person meanwhile.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::{IntoResponse, Redirect};

use super::super::mapping::{keep, tag_of};
use super::super::refusal::{Answer, Refusal};
use super::super::scope::{Admin, Scope, Viewer};
use super::super::sent::Asked;
use super::super::tag::Seen;
use super::control::Choice;
use super::covered::{self, Covered};
use super::entered::{In, Shown, unprocessable};
use super::fields::Fields;
use super::found::{self, Found};
use super::frame::{Frame, page};
use super::streamed::later;
use super::tenant::Came;
use super::words::{Badge, Tone};
use crate::contract::hooks::mapping::{OnEmpty, Rule, Suggestion, Who};
use crate::contract::portal::Field;
use crate::ports::access::Rank;
use crate::ports::history::Failure;
use crate::shape;
use crate::tenant::Tenant;

/// People with problems that are offered to look at.
const WITH_PROBLEMS: u32 = 20;
/// Characters of a value that are shown.
const LONGEST: usize = 200;

/// One of the portal's fields, and what it is made of.
struct Line {
    field: String,
    label: String,
    required: bool,
    unique: bool,
    tab: String,
    source: String,
    /// `keep`, `clear` or `default`.
    on_empty: &'static str,
    default: String,
    raw: String,
    value: Option<String>,
    problem: Option<shape::Problem>,
    /// What the source comes to over a sample.
    covered: Option<Covered>,
}

/// The person on whom the rules are tried.
struct Previewed {
    dn: String,
    badge: Badge,
    problems: Vec<shape::Problem>,
}

#[derive(Template)]
#[template(path = "mapping.html")]
struct MappingPage {
    frame: Frame,
    tabs: Vec<String>,
    tab: String,
    lines: Vec<Line>,
    attributes: Vec<Choice>,
    sampled: bool,
    /// The rules were suggested, and are stored nowhere.
    suggested: String,
    /// What tells the stored rules from others.
    expected: String,
    previewed: Option<Previewed>,
    person: String,
    nth: u32,
    found: Option<Found>,
    /// The plugin can neither find people nor count what rules come to.
    older: bool,
    failing: Vec<(String, String)>,
    /// Why nobody can be looked at.
    doubts: Vec<shape::Problem>,
    problems: Vec<shape::Problem>,
}

/// What is being tried: rules, the person, and which tab is open.
struct Trial {
    rules: Vec<Rule>,
    person: String,
    nth: u32,
    tab: String,
    suggested: String,
    /// People to pick the next one from.
    found: Option<Found>,
}

/// The page before the directory has answered.
#[derive(Template)]
#[template(path = "asking.html")]
struct AskingPage {
    frame: Frame,
}

/// The rules in force, or those to begin with. The page begins before the directory has answered.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(came): In<Asked<Came>>) -> Shown {
    let Asked(came) = came;
    let tenant = scope.tenant().await?;
    let frame = Frame::within(&scope, "Mapping", "mapping").after(came.done.as_deref());
    later(&AskingPage { frame }, begun(scope, tenant, came.done))
}

async fn begun(scope: Scope<Viewer>, tenant: Tenant, done: Option<String>) -> Shown<MappingPage> {
    let suggestion = tenant.suggest().await;
    let stored = tenant.rules().await?;
    let begin = if stored.is_empty() {
        suggestion.as_ref().ok()
    } else {
        None
    };
    let trial = Trial {
        rules: begin.map_or(stored, |begin| begin.rules.clone()),
        person: String::new(),
        nth: 0,
        tab: String::new(),
        suggested: begin.map_or_else(String::new, |begin| begin.profile.clone()),
        found: None,
    };
    let problems = match &suggestion {
        Ok(_) => Vec::new(),
        Err(refused) => refused.problems().map(shape::Problem::from).collect(),
    };
    let mut shown = mapping(&scope, &tenant, trial, suggestion.ok()).await?;
    shown.problems = problems;
    shown.frame = shown.frame.after(done.as_deref());
    Ok(shown)
}

/// Tries what was typed on a person, or stores it, as the button says.
pub(super) async fn submit(In(scope): In<Scope<Admin>>, fields: Fields) -> Shown {
    let tenant = scope.tenant().await?;
    let schema = scope.portal()?.fields().await?;
    let action = fields.get("action");
    let mut trial = trial(&schema, &fields);
    if action == "submit" {
        let seen = Seen::of_form(fields.find("expected"));
        return match keep(&scope, seen, trial.rules.clone()).await {
            Ok(_) => {
                let to = format!("/tenants/{}/mapping?done=mapped", scope.id());
                Ok(Redirect::to(&to).into_response())
            }
            Err(refusal) => {
                let suggestion = tenant.suggest().await.ok();
                refused(&scope, &tenant, trial, suggestion, &refusal).await
            }
        };
    }
    let (suggestion, doubts) = match tenant.suggest().await {
        Ok(suggestion) => (Some(suggestion), Vec::new()),
        Err(refused) => (None, shape::each(refused.problems())),
    };
    match action {
        "suggest" => {
            if let Some(begin) = &suggestion {
                trial.rules.clone_from(&begin.rules);
                trial.suggested.clone_from(&begin.profile);
            }
        }
        "find" => trial.found = Some(found::look(&tenant, &trial.person).await),
        "next" => {
            trial.person.clear();
            trial.nth = trial.nth.saturating_add(1);
        }
        "before" => {
            trial.person.clear();
            trial.nth = trial.nth.saturating_sub(1);
        }
        _ => {}
    }
    if let Some(picked) = fields.find("pick") {
        picked.clone_into(&mut trial.person);
    }
    if let Some(tab) = fields.find("to-tab") {
        tab.clone_into(&mut trial.tab);
    }
    let mut shown = mapping(&scope, &tenant, trial, suggestion).await?;
    shown.doubts.extend(doubts);
    Ok(page(&shown))
}

async fn refused(
    scope: &Scope<Admin>,
    tenant: &Tenant,
    mut trial: Trial,
    suggestion: Option<Suggestion>,
    refusal: &Refusal,
) -> Shown {
    let problems = refusal.problems();
    let schema = scope.portal()?.fields().await?;
    // The tab of the first field that is wrong.
    let wrong = problems.iter().find_map(|problem| {
        let field = problem.field.as_deref()?;
        schema.iter().find(|one| one.id == field)
    });
    if let Some(field) = wrong {
        trial.tab.clone_from(&field.tab);
    }
    let mut shown = mapping(scope, tenant, trial, suggestion).await?;
    for line in &mut shown.lines {
        let mine = |problem: &&shape::Problem| problem.field.as_deref() == Some(&line.field);
        if let Some(problem) = problems.iter().find(mine) {
            line.problem = Some(problem.clone());
        }
    }
    shown.problems = problems;
    Ok(unprocessable(page(&shown)))
}

async fn mapping<N>(
    scope: &Scope<N>,
    tenant: &Tenant,
    mut trial: Trial,
    suggestion: Option<Suggestion>,
) -> Answer<MappingPage> {
    // A directory that does not answer is not asked twice more.
    let answers = suggestion.is_some();
    let reads = answers && scope.caller().rank() >= Rank::Admin;
    let (portal, plans) = (scope.portal()?, scope.plans()?);
    let schema = portal.fields().await?;
    let failing = plans.failures(None, 0, WITH_PROBLEMS).await?;
    // While somebody is looked for, the one before stays in view.
    let who = if trial.person.trim().is_empty() || trial.found.is_some() {
        Who::Nth(trial.nth)
    } else {
        Who::Named(trial.person.trim().to_owned())
    };
    let mut problems = Vec::new();
    let mut previewed = None;
    let mut values = BTreeMap::new();
    if reads && !trial.rules.is_empty() {
        match tenant.preview(trial.rules.clone(), who).await {
            Ok(seen) => {
                let seen = shape::Previewed::from(&seen);
                for field in seen.fields {
                    values.insert(field.field.clone(), field);
                }
                previewed = Some(Previewed {
                    dn: seen.dn,
                    badge: outcome(&seen.outcome),
                    problems: seen.problems,
                });
            }
            Err(refused) => {
                problems.extend(refused.problems().map(shape::Problem::from));
                // Nobody has exactly this: those whose name has it in it are offered instead.
                if refused.code() == "nobody-found" && trial.found.is_none() {
                    let found = found::look(tenant, &trial.person).await;
                    if found.any() {
                        problems.clear();
                        trial.found = Some(found);
                    }
                }
            }
        }
    }
    let (mut covered, older) = if answers {
        covered::count(tenant, &trial.rules, reads).await
    } else {
        (BTreeMap::new(), false)
    };
    let attributes = suggestion.map(|suggestion| suggestion.attributes);
    let mut tabs: Vec<String> = Vec::new();
    for field in &schema {
        if !tabs.contains(&field.tab) {
            tabs.push(field.tab.clone());
        }
    }
    let tab = Some(trial.tab).filter(|tab| tabs.contains(tab));
    let tab = tab.or_else(|| tabs.first().cloned()).unwrap_or_default();
    let mut lines: Vec<Line> = schema
        .iter()
        .map(|field| line(field, &trial.rules, &mut values, &mut covered))
        .collect();
    for line in &mut lines {
        let mine = |problem: &&shape::Problem| problem.field.as_deref() == Some(&line.field);
        if let Some(problem) = problems.iter().find(mine) {
            line.problem = Some(problem.clone());
        }
    }
    Ok(MappingPage {
        frame: Frame::within(scope, "Mapping", "mapping"),
        tabs,
        tab,
        lines,
        attributes: attributes
            .iter()
            .flatten()
            .map(|one| Choice {
                value: format!("{{{}}}", one.field),
                label: format!("{} of the sample have it", one.value),
                chosen: false,
            })
            .collect(),
        sampled: attributes.is_some(),
        suggested: trial.suggested,
        expected: tag_of(&tenant.rules().await?)?,
        previewed,
        person: trial.person,
        nth: trial.nth,
        found: trial.found,
        older,
        failing: failing.iter().map(offered).collect(),
        doubts: problems,
        problems: Vec::new(),
    })
}

fn line(
    field: &Field,
    rules: &[Rule],
    values: &mut BTreeMap<String, shape::MappedField>,
    covered: &mut BTreeMap<String, Covered>,
) -> Line {
    let rule = rules.iter().find(|rule| rule.field == field.id);
    let (on_empty, default) = match rule.map(|rule| &rule.on_empty) {
        Some(OnEmpty::Clear) => ("clear", String::new()),
        Some(OnEmpty::Default(value)) => ("default", value.clone()),
        Some(OnEmpty::Keep) | None => ("keep", String::new()),
    };
    let source = rule.map_or_else(String::new, |rule| rule.source.clone());
    let value = values.remove(&field.id);
    Line {
        field: field.id.clone(),
        label: field.label.clone(),
        required: field.required,
        unique: field.unique,
        tab: field.tab.clone(),
        covered: covered.remove(&field.id),
        source,
        on_empty,
        default,
        raw: value
            .as_ref()
            .map_or_else(String::new, |one| short(&one.raw.join(" · "))),
        problem: value.as_ref().and_then(|one| one.problem.clone()),
        value: value.and_then(|one| one.value).map(|value| short(&value)),
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut begin: String = text.chars().take(LONGEST).collect();
    begin.push('…');
    begin
}

fn offered(failure: &Failure) -> (String, String) {
    let name = if failure.display.is_empty() {
        &failure.dn
    } else {
        &failure.display
    };
    (
        failure.dn.clone(),
        format!("{name}: {}", failure.problem.code),
    )
}

fn trial(schema: &[Field], fields: &Fields) -> Trial {
    let rules = schema.iter().filter_map(|field| {
        let source = fields.get(&field.id);
        if source.trim().is_empty() {
            return None;
        }
        let default = fields.get(&format!("{}-default", field.id));
        Some(Rule {
            field: field.id.clone(),
            source: source.to_owned(),
            on_empty: match fields.get(&format!("{}-empty", field.id)) {
                "clear" => OnEmpty::Clear,
                "default" => OnEmpty::Default(default.to_owned()),
                _ => OnEmpty::Keep,
            },
        })
    });
    // Who was typed since the page was made is meant, whatever is chosen beside it.
    let picked = fields.get("with-problems");
    let person = fields.get("person");
    let typed = !person.trim().is_empty() && person != fields.get("shown");
    let person = if picked.is_empty() || typed {
        person
    } else {
        picked
    };
    Trial {
        rules: rules.collect(),
        person: person.to_owned(),
        nth: fields.get("nth").parse().unwrap_or_default(),
        tab: fields.get("tab").to_owned(),
        suggested: fields.get("suggested").to_owned(),
        found: None,
    }
}

/// A field to which a problem leads.
struct Led<'l> {
    id: &'l str,
    label: &'l str,
    /// Its tab; empty where it is in view whatever tab is open.
    tab: &'l str,
}

/// Where the field is that a problem names; none where the page has no such field.
fn led<'l>(lines: &'l [Line], field: &str) -> Option<Led<'l>> {
    if field == "who" {
        return Some(Led {
            id: "person",
            label: "Change User",
            tab: "",
        });
    }
    let line = lines.iter().find(|line| line.field == field)?;
    Some(Led {
        id: &line.field,
        label: &line.label,
        tab: &line.tab,
    })
}

/// What a sync would do with somebody, in words.
pub(super) fn outcome(word: &str) -> Badge {
    let (tone, words) = match word {
        "would-create" => (Tone::Good, "would come"),
        "would-adopt" => (Tone::Good, "would take over the one that is there"),
        "would-update" => (Tone::Busy, "would be changed"),
        "unchanged" => (Tone::Good, "is there, as mapped"),
        "would-deactivate" => (Tone::Bad, "would be deactivated"),
        "would-reactivate" => (Tone::Good, "would be reactivated"),
        "disabled-skipped" => (Tone::Plain, "disabled in the directory: does not come"),
        "unsynced" => (Tone::Caution, "could not be brought"),
        other => (Tone::Plain, other),
    };
    Badge::new(tone, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_and_short_ones_are_not() {
        assert_eq!(short("é"), "é");
        let cut = short(&"é".repeat(LONGEST + 1));
        assert_eq!(cut.chars().count(), LONGEST + 1);
        assert!(cut.ends_with('…'));
    }
}
