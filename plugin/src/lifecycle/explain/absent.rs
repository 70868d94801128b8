//! Somebody whom the directory does not hold, or does not show.

use crate::ports::Host;
use crate::ports::directory::{Stage, Verdict};
use crate::ports::portal::Status;
use crate::problem::Problem;

use super::super::person::{Search, Who};
use super::explanation::{Explanation, step};

/// Where somebody was looked for, and whether the portal knows them.
pub(super) fn nobody(host: &impl Host, who: &Who, search: &Search) -> Explanation {
    let problem = Problem::new(
        "nobody-found",
        "the directory shows nobody there to the bind account",
        "Check the spelling, and whether the bind account may read the entry.",
    )
    .of_field("who");
    let mut stages = vec![step(
        "find",
        search.places.clone(),
        vec![problem.into()],
        true,
    )];
    let known = match who {
        Who::Named(name) => in_portal(host, name.trim()),
        Who::First | Who::Nth(_) => Vec::new(),
    };
    let (external_id, verdict) = match known.as_slice() {
        [] => (
            String::new(),
            match who {
                Who::Named(name) => format!(
                    "{} was not found in the directory or in the portal.",
                    name.trim()
                ),
                _ => "The filter does not give that many people.".to_owned(),
            },
        ),
        [first, ..] => (
            first.external_id.clone(),
            if first.external_id.is_empty() {
                "Only the portal knows this person; no sync brought them.".to_owned()
            } else if first.status == Status::Active {
                "The directory no longer holds this person: a leaver, once a sync has read it completely.".to_owned()
            } else {
                "The directory no longer holds this person, who is inactive in the portal."
                    .to_owned()
            },
        ),
    };
    if matches!(who, Who::Named(_)) {
        let evidence = if known.is_empty() {
            vec!["nobody in the portal has this id or unique value".to_owned()]
        } else {
            known.iter().map(|person| person.line.clone()).collect()
        };
        stages.push(Stage {
            name: "portal".into(),
            verdict: Verdict::Passed,
            evidence,
            problems: Vec::new(),
        });
    }
    Explanation {
        dn: String::new(),
        external_id,
        verdict,
        stages,
        fields: Vec::new(),
    }
}

struct Known {
    external_id: String,
    status: Status,
    line: String,
}

/// By external id, then by every unique field.
fn in_portal(host: &impl Host, name: &str) -> Vec<Known> {
    let line = |id: &str, dn: &str, status: Status| {
        let status = if status == Status::Active {
            "active"
        } else {
            "inactive"
        };
        let dn = if dn.is_empty() { "no DN" } else { dn };
        format!("{id}, {status}, last seen as {dn}")
    };
    let ids = [name.to_owned(), name.to_lowercase()];
    let mut known: Vec<Known> = host
        .portal()
        .people(&ids)
        .into_iter()
        .map(|person| Known {
            line: line(&person.id, &person.dn, person.status),
            external_id: person.external_id,
            status: person.status,
        })
        .collect();
    for field in host
        .portal()
        .fields()
        .into_iter()
        .filter(|field| field.unique)
    {
        for holder in host.portal().holders(&field.id, &[name.to_owned()]) {
            let line = format!(
                "{} ({})",
                line(&holder.id, &holder.dn, holder.status),
                field.id
            );
            known.push(Known {
                line,
                external_id: holder.external_id,
                status: holder.status,
            });
        }
    }
    known
}
