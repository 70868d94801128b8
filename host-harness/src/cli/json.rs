//! Machine output: the shape that scripts rely on. Keys are snake_case, words of a closed set kebab-case, moments RFC 3339
//! in UTC. Keys are added, never renamed or taken away.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use crate::Problem;
use crate::contract::hooks::explain::Explanation;
use crate::contract::hooks::lifecycle::{Configured, Description, FormKind, Receipt, Report};
use crate::contract::hooks::mapping::{OnEmpty, Previewed, Rule, Suggestion};
use crate::contract::hooks::schedule::Occurrence;
use crate::contract::plan::{Basis, Guard, Party, Row};
use crate::contract::types::{MappedField, Setting, Stage, Verdict};
use crate::ports::plan::{Run, StoredRow};

use super::view::plans;

pub(crate) fn problem(problem: &Problem) -> Value {
    json!({
        "code": problem.code,
        "field": problem.field,
        "message": problem.message,
        "remedy": problem.remedy,
        "position": problem.position,
    })
}

pub(crate) fn problems(list: &[Problem]) -> Value {
    list.iter().map(problem).collect()
}

/// Settings as an object; keys are unique in it.
pub(crate) fn settings(list: &[Setting]) -> Value {
    Value::Object(
        list.iter()
            .map(|s| (s.key.clone(), Value::String(s.value.clone())))
            .collect(),
    )
}

/// Settings whose values are numbers.
fn counts(list: &[Setting]) -> Value {
    let number = |text: &str| {
        text.parse::<u64>()
            .map_or_else(|_| json!(text), |n| json!(n))
    };
    Value::Object(
        list.iter()
            .map(|s| (s.key.clone(), number(&s.value)))
            .collect(),
    )
}

pub(crate) fn moment(unix_milliseconds: i64) -> Value {
    DateTime::from_timestamp_millis(unix_milliseconds).map_or(Value::Null, |at| {
        json!(at.to_rfc3339_opts(SecondsFormat::Millis, true))
    })
}

fn stages(list: &[Stage]) -> Value {
    list.iter()
        .map(|stage| {
            let verdict = match stage.verdict {
                Verdict::Passed => "passed",
                Verdict::Warned => "warned",
                Verdict::Failed => "failed",
            };
            json!({
                "name": stage.name,
                "verdict": verdict,
                "evidence": stage.evidence,
                "problems": problems(&stage.problems),
            })
        })
        .collect()
}

fn mapped(list: &[MappedField]) -> Value {
    list.iter()
        .map(|f| {
            json!({
                "field": f.field,
                "source": f.source,
                "raw": f.raw,
                "value": f.value,
                "problem": f.problem.as_ref().map(problem),
            })
        })
        .collect()
}

pub(crate) fn rules(list: &[Rule]) -> Value {
    list.iter()
        .map(|rule| {
            let on_empty = match &rule.on_empty {
                OnEmpty::Keep => json!("keep"),
                OnEmpty::Clear => json!("clear"),
                OnEmpty::Default(value) => json!({ "default": value }),
            };
            json!({ "field": rule.field, "source": rule.source, "on_empty": on_empty })
        })
        .collect()
}

pub(crate) fn description(description: &Description) -> Value {
    let form: Vec<Value> = description
        .form
        .iter()
        .map(|f| {
            json!({
                "key": f.key,
                "kind": form_kind(f.kind),
                "label": f.label,
                "help": f.help,
                "required": f.required,
                "default": f.default,
                "choices": f.choices,
            })
        })
        .collect();
    let profiles: Vec<Value> = description
        .profiles
        .iter()
        .map(|p| json!({ "id": p.id, "label": p.label }))
        .collect();
    json!({
        "name": description.name,
        "version": description.version,
        "form": form,
        "profiles": profiles,
        "needs": description.needs,
        "zone_database": description.zone_database,
    })
}

/// The contract's name of a form field's kind.
pub(crate) fn form_kind(kind: FormKind) -> &'static str {
    match kind {
        FormKind::Text => "text",
        FormKind::Multiline => "multiline",
        FormKind::Number => "number",
        FormKind::Boolean => "boolean",
        FormKind::Choice => "choice",
        FormKind::Secret => "secret",
        FormKind::Filter => "filter",
        FormKind::Dn => "dn",
    }
}

pub(crate) fn configured(configured: &Configured) -> Value {
    json!({
        "settings": settings(&configured.settings),
        "digest": configured.digest,
        "warnings": problems(&configured.warnings),
    })
}

pub(crate) fn report(report: &Report) -> Value {
    let tally = &report.tally;
    json!({
        "stages": stages(&report.stages),
        "profile": report.profile,
        "evidence": report.evidence,
        "bases": report.bases,
        "tally": {
            "matched": tally.matched,
            "sampled": tally.sampled,
            "would_map": tally.would_map,
            "would_fail": tally.would_fail,
            "disabled": tally.disabled,
            "reasons": counts(&tally.reasons),
        },
    })
}

pub(crate) fn suggestion(suggestion: &Suggestion) -> Value {
    let attributes: Vec<Value> = suggestion
        .attributes
        .iter()
        .map(|a| json!({ "name": a.field, "seen": a.value }))
        .collect();
    json!({
        "profile": suggestion.profile,
        "evidence": suggestion.evidence,
        "rules": rules(&suggestion.rules),
        "attributes": attributes,
    })
}

pub(crate) fn previewed(person: &Previewed) -> Value {
    json!({
        "dn": person.dn,
        "external_id": person.external_id,
        "outcome": person.outcome,
        "fields": mapped(&person.fields),
        "problems": problems(&person.problems),
    })
}

pub(crate) fn explanation(explanation: &Explanation) -> Value {
    json!({
        "dn": explanation.dn,
        "external_id": explanation.external_id,
        "verdict": explanation.verdict,
        "stages": stages(&explanation.stages),
        "fields": mapped(&explanation.fields),
    })
}

pub(crate) fn occurrences(list: &[Occurrence]) -> Value {
    list.iter()
        .map(|o| json!({ "at": o.at, "local": o.local, "note": o.note }))
        .collect()
}

pub(crate) fn receipt(receipt: &Receipt) -> Value {
    let lines = |list: &[crate::contract::hooks::lifecycle::ReceiptLine]| -> Value {
        list.iter()
            .map(|l| json!({ "what": l.what, "count": l.count }))
            .collect()
    };
    json!({ "removed": lines(&receipt.removed), "left": lines(&receipt.left) })
}

fn guards(list: &[Guard]) -> Value {
    list.iter()
        .map(|g| json!({ "name": g.name, "tripped": g.tripped, "count": g.count, "limit": g.limit, "message": g.message }))
        .collect()
}

pub(crate) fn run(run: &Run) -> Value {
    let rows: Vec<Value> = run
        .counts
        .iter()
        .map(|c| json!({ "kind": plans::name(c.kind), "outcome": c.outcome, "rows": c.rows }))
        .collect();
    json!({
        "id": run.id.0,
        "tenant": run.tenant.as_str(),
        "mode": run.mode,
        "status": run.status.name(),
        "plugin": run.plugin,
        "configuration": run.configuration,
        "started_at": moment(run.started_at),
        "planned_at": run.planned_at.map(moment),
        "ended_at": run.ended_at.map(moment),
        "digest": run.digest,
        "seen": run.summary.as_ref().map(|s| s.seen),
        "unchanged": run.summary.as_ref().map(|s| s.unchanged),
        "counts": run.summary.as_ref().map(|s| counts(&s.counts)),
        "warnings": run.summary.as_ref().map(|s| problems(&s.warnings)),
        "rows": rows,
        "guards": guards(&run.guards),
        "proof": run.proof.as_ref().map(|p| json!({
            "basis": match p.basis {
                Basis::Enumeration => "enumeration",
                Basis::Changes => "changes",
            },
            "complete": p.complete,
            "gaps": problems(&p.gaps),
            "pages": p.pages,
            "entries": p.entries,
            "referrals": p.referrals,
            "server": p.server,
            "searches": p.searches.iter().map(|one| json!({
                "base": one.base,
                "pages": one.pages,
                "entries": one.entries,
            })).collect::<Vec<_>>(),
        })),
        "problem": run.problem.as_ref().map(problem),
    })
}

pub(crate) fn stored_row(stored: &StoredRow) -> Value {
    let Row {
        kind,
        external_id,
        dn,
        display,
        reason,
        changes,
        problem: why,
        other,
        ..
    } = &stored.row;
    let changes: Vec<Value> = changes
        .iter()
        .map(|c| json!({ "field": c.field, "before": c.before, "after": c.after }))
        .collect();
    json!({
        "sequence": stored.sequence,
        "kind": plans::name(*kind),
        "external_id": external_id,
        "dn": dn,
        "display": display,
        "reason": reason,
        "changes": changes,
        "problem": why.as_ref().map(problem),
        "other": other.as_ref().map(party),
        "outcome": stored.outcome,
        "outcome_problem": stored.outcome_problem.as_ref().map(problem),
        "outcome_other": stored.outcome_other.as_ref().map(party),
    })
}

fn party(party: &Party) -> Value {
    json!({ "external_id": party.external_id, "dn": party.dn, "id": party.id })
}
