//! What a run counted beside its rows, and where those people are.

use crate::ports::plan::{Run, RunStatus};

/// Something else that was counted.
pub(super) struct Other {
    pub(super) people: String,
    pub(super) words: &'static str,
    /// Where they are, within the tenant's pages.
    pub(super) at: String,
}

/// Which rows a guard counts, as an address of them says it.
pub(super) fn guarded(guard: &str) -> &'static str {
    match guard {
        "deactivate" => "?kind=deactivate",
        "reactivate" => "?kind=reactivate",
        "adopt" => "?reason=adopted",
        "blank" | "role" => "?kind=update",
        "licence" => "?kind=create",
        _ => "",
    }
}

/// What the numbers of people are.
pub(super) fn heading(run: &Run) -> &'static str {
    match run.status {
        RunStatus::Queued | RunStatus::Planning => "People so far",
        RunStatus::Planned | RunStatus::Held => "What it would do",
        RunStatus::Applying => "What it does",
        RunStatus::Applied => "People",
        RunStatus::Discarded if run.rows_with("applied") > 0 => {
            "What was planned; some of it was applied"
        }
        RunStatus::Failed | RunStatus::Cancelled | RunStatus::Abandoned | RunStatus::Discarded => {
            "What was planned; nothing was applied"
        }
    }
}

/// What else was counted, where it is not nothing, and where those people are: in rows, in the portal, or nowhere but in the
/// directory, because of a setting.
pub(super) fn others(run: &Run) -> Vec<Other> {
    let rows = format!("runs/{}/rows", run.id);
    let counts = run.summary.iter().flat_map(|summary| &summary.counts);
    let told = |key: &str| {
        Some(match key {
            "adopt" => (
                "taken over, who were in the portal already",
                format!("{rows}?reason=adopted"),
            ),
            "excluded" => (
                "left out, by the setting",
                "configuration#excluded-subtrees".to_owned(),
            ),
            "disabled-skipped" => (
                "disabled in the directory, and not in the portal",
                "configuration#disabled-when".to_owned(),
            ),
            "absent-deactivated" => (
                "deactivated because they are gone from the directory",
                format!("{rows}?reason=absent"),
            ),
            "absent-kept" => (
                "gone from the directory and kept",
                "people?only=noted".to_owned(),
            ),
            "absent-in-grace" => (
                "gone from the directory, with days of grace left",
                "people?only=noted".to_owned(),
            ),
            "absent-for-review" => (
                "gone from the directory, for review",
                "people?only=noted".to_owned(),
            ),
            "absent-unproven" => (
                "not found, though not everybody was read",
                format!("runs/{}#timeline", run.id),
            ),
            "blanked" => ("who lose a value", format!("{rows}?kind=update")),
            "drifted" => (
                "changed in the portal since",
                "people?only=noted".to_owned(),
            ),
            _ => return None,
        })
    };
    counts
        .filter(|one| one.value != "0")
        .filter_map(|one| {
            let (words, at) = told(&one.key)?;
            Some(Other {
                people: one.value.clone(),
                words,
                at,
            })
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::contract::plan::{RowKind, Summary};
    use crate::contract::types::Setting;
    use crate::ports::plan::Count;
    use crate::ports::{RunId, TenantId};

    fn run(status: RunStatus, outcome: &str, counts: &[(&str, &str)]) -> Run {
        let counted = |&(key, value): &(&str, &str)| Setting {
            key: key.into(),
            value: value.into(),
        };
        Run {
            id: RunId(7),
            tenant: TenantId::new("acme").unwrap(),
            mode: "full".into(),
            status,
            plugin: String::new(),
            configuration: String::new(),
            started_at: 0,
            planned_at: None,
            ended_at: None,
            digest: None,
            summary: Some(Summary {
                seen: 10,
                unchanged: 0,
                counts: counts.iter().map(counted).collect(),
                guards: Vec::new(),
                warnings: Vec::new(),
            }),
            proof: None,
            guards: Vec::new(),
            counts: vec![Count {
                kind: RowKind::Create,
                outcome: outcome.into(),
                rows: 2,
            }],
            problem: None,
            pruned_at: None,
        }
    }

    #[test]
    fn what_was_counted_leads_to_its_people_and_nothing_is_told_of_nobody() {
        let counts = [
            ("create", "2"),
            ("absent-deactivated", "3"),
            ("disabled-skipped", "0"),
            ("excluded", "4"),
            ("drifted", "1"),
            ("what-comes-later", "9"),
        ];
        let others = others(&run(RunStatus::Applied, "applied", &counts));
        let told: Vec<(&str, &str)> = others
            .iter()
            .map(|other| (other.people.as_str(), other.at.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("3", "runs/7/rows?reason=absent"),
                ("4", "configuration#excluded-subtrees"),
                ("1", "people?only=noted"),
            ]
        );
    }

    #[test]
    fn a_run_that_brought_nobody_is_not_told_as_one_that_left_some() {
        let word =
            |outcome| super::super::words::status(&run(RunStatus::Applied, outcome, &[])).word;
        assert_eq!(word("failed"), "done, nobody could be brought");
        assert_eq!(word("applied"), "done");
    }

    #[test]
    fn a_thrown_away_plan_says_whether_some_of_it_was_applied() {
        let thrown = |outcome| heading(&run(RunStatus::Discarded, outcome, &[]));
        assert!(thrown("discarded").ends_with("nothing was applied"));
        assert!(thrown("applied").ends_with("some of it was applied"));
        assert_eq!(
            heading(&run(RunStatus::Held, "pending", &[])),
            "What it would do"
        );
    }
}
