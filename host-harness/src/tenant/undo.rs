//! Putting back what a run changed: field by field, where nothing has changed since.
//! Of whom the portal would not take back what was there before, nothing is, and the plan says why.
//!
//! An undo is a plan like any other: it is guarded, can be looked at, is applied row by row, and can itself be undone. Whom
//! it touches the next sync compares anew, so what the directory still says comes back unless the settings or the directory change.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Problem;
use crate::contract::plan::{Basis, Change, Link, Proof, Row, RowKind, Summary};
use crate::contract::portal::{Person, Status};
use crate::contract::types::Setting;
use crate::ports::RunId;
use crate::ports::plan::{
    Begin, MIGRATE_IDS, RowQuery, Run, RunStatus, StoredRow, UNDO, UNINSTALL,
};

use super::takes::{Missing, Takes, value};
use super::watch::Watch;
use super::{Hook, Tenant};

/// Modes of runs that cannot be undone so: what an uninstall took is gone, and ids have their own way back.
const FINAL: [&str; 2] = [UNINSTALL, MIGRATE_IDS];
/// Rows looked at in one go.
const PIECE: u32 = 500;
/// No entry has this hash: the next sync compares the person anew.
const UNKNOWN: [u8; 16] = [0; 16];

impl Tenant {
    /// Makes a plan that puts back what a run changed, and applies it unless a guard holds it or it is to be looked at first.
    ///
    /// # Errors
    /// `tenant-busy`, `run-unfinished`, `unknown-run`; `rows-pruned` where the rows are kept no longer; `not-undoable` for a run that applied nothing, for a migration of ids and for an
    /// uninstall.
    pub async fn undo(&self, run: RunId, dry_run: bool, watch: Arc<dyn Watch>) -> Hook<Run> {
        let _lease = self.lease().await?;
        self.put_back(run, dry_run, &*watch).await
    }

    /// The same with a key: asked for with it again, it is the same plan, as it stands then. It is not applied.
    ///
    /// # Errors
    /// As [`Tenant::undo`]; `key-reused` where the key stands for something else.
    pub async fn undo_once(&self, run: RunId, key: &str, watch: Arc<dyn Watch>) -> Hook<Run> {
        let wish = format!("undo {run}");
        let known = self.queue().known(self.id(), key, &wish).await?;
        if let Some(plan) = known {
            return Ok(self.plans().run(self.id(), plan).await?);
        }
        let _lease = self.lease().await?;
        // Somebody may have made it until now, and whoever makes it holds the lease.
        let known = self.queue().known(self.id(), key, &wish).await?;
        if let Some(plan) = known {
            return Ok(self.plans().run(self.id(), plan).await?);
        }
        let planned = self.put_back(run, true, &*watch).await?;
        let remembered = self.queue().remember(self.id(), key, &wish, planned.id);
        remembered.await?;
        Ok(planned)
    }

    /// For whoever holds the lease.
    async fn put_back(&self, run: RunId, dry_run: bool, watch: &dyn Watch) -> Hook<Run> {
        let undone = self.plans().run(self.id(), run).await?;
        if FINAL.contains(&undone.mode.as_str()) || undone.rows_with("applied") == 0 {
            return Err(not_undoable(&undone).into());
        }
        // Before there is a plan that comes to nothing: what is kept no longer cannot be put back.
        self.applied(run, &mut 0).await?;
        let begin = Begin {
            mode: UNDO.to_owned(),
            plugin: self.plugin_digest().to_owned(),
            configuration: self.configured_digest().await?,
            queued: None,
        };
        let undo = self.plans().begin(self.id(), begin).await?;
        if let Err(refused) = self.plan_undo(run, undo).await {
            let problem = refused.clone().into_problem();
            let failed = RunStatus::Failed;
            self.plans()
                .end(self.id(), undo, failed, Some(problem))
                .await?;
            return Err(refused);
        }
        let planned = self.plans().run(self.id(), undo).await?;
        if dry_run || planned.status == RunStatus::Held {
            return Ok(planned);
        }
        self.apply_rows(undo, watch, "apply").await
    }

    async fn plan_undo(&self, run: RunId, undo: RunId) -> Hook<()> {
        let takes = Takes::of(self).await?;
        let mut seen = 0;
        let mut after = 0;
        while let Some((rows, people)) = self.applied(run, &mut after).await? {
            seen += rows.len() as u64;
            let ids: Vec<String> = people.keys().cloned().collect();
            let later = self
                .plans()
                .changed_status_since(self.id(), run, &ids)
                .await?;
            let missing = takes.missing(self, &rows).await?;
            let inverse = |stored: &StoredRow| {
                let person = people.get(&stored.row.external_id);
                let later = later.contains(&stored.row.external_id);
                inverse(&stored.row, person, &takes, &missing, later)
            };
            let rows: Vec<Row> = rows.iter().filter_map(inverse).collect();
            self.plans().record(self.id(), undo, rows).await?;
        }
        // Who holds whom comes when everybody has a row.
        after = 0;
        while let Some((rows, people)) = self.applied(run, &mut after).await? {
            let missing = takes.missing(self, &rows).await?;
            let back = rows.iter().filter_map(|stored| {
                let person = people.get(&stored.row.external_id)?;
                Some(link(&stored.row, person, &takes, &missing))
            });
            let back: Vec<Link> = back.flatten().collect();
            if !back.is_empty() {
                self.plans().link(self.id(), undo, back).await?;
            }
        }
        let configuration = self.configured_digest().await?;
        let (summary, proof) = told(run, seen, configuration);
        self.plans()
            .finish(self.id(), undo, summary, proof, Vec::new())
            .await?;
        Ok(())
    }

    /// The next applied rows of a run, and whom they are about as the portal has them; nothing at the end.
    async fn applied(
        &self,
        run: RunId,
        after: &mut u64,
    ) -> Hook<Option<(Vec<StoredRow>, BTreeMap<String, Person>)>> {
        let query = RowQuery {
            outcome: Some("applied".to_owned()),
            ..RowQuery::default()
        };
        let rows = self
            .plans()
            .rows(self.id(), run, &query, *after, PIECE)
            .await?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        *after = last.sequence;
        let ids: Vec<String> = rows
            .iter()
            .map(|stored| stored.row.external_id.clone())
            .collect();
        let people = self.portal().people(self.id(), &ids).await?;
        let people = people
            .into_iter()
            .map(|person| (person.external_id.clone(), person));
        Ok(Some((rows, people.collect())))
    }
}

/// The row that puts a person back, as far as nothing has changed since; none where they are as before already.
/// Who became active or inactive by a later run stays so.
fn inverse(
    row: &Row,
    person: Option<&Person>,
    takes: &Takes,
    missing: &Missing,
    later: bool,
) -> Option<Row> {
    let Some(person) = person else {
        return Some(left(row, row.dn.clone(), gone()));
    };
    if row
        .changes
        .iter()
        .any(|change| change.field == "external-id")
    {
        return Some(left(row, person.dn.clone(), taken_over()));
    }
    if let Some(problem) = takes.refused(row, person, missing) {
        return Some(left(row, person.dn.clone(), problem));
    }
    let active = person.status == Status::Active;
    if row.kind == RowKind::Create {
        return if later {
            Some(left(row, person.dn.clone(), changed()))
        } else if active {
            Some(back(row, person, RowKind::Deactivate, Vec::new()))
        } else {
            None
        };
    }
    let own = row
        .changes
        .iter()
        .filter(|change| !takes.holds_people(&change.field));
    let (still, since): (Vec<&Change>, Vec<&Change>) =
        own.partition(|change| value(person, &change.field) == change.after.as_deref());
    let changes: Vec<Change> = still
        .into_iter()
        .map(|change| Change {
            field: change.field.clone(),
            before: change.after.clone(),
            after: change.before.clone(),
        })
        .collect();
    let kind = match row.kind {
        _ if later => RowKind::Update,
        RowKind::Deactivate if !active && person.deactivated_by_sync => RowKind::Reactivate,
        RowKind::Reactivate if active => RowKind::Deactivate,
        _ => RowKind::Update,
    };
    if !changes.is_empty() || kind != RowKind::Update {
        return Some(back(row, person, kind, changes));
    }
    let other = row
        .changes
        .iter()
        .any(|change| takes.holds_people(&change.field));
    if since.is_empty() || other {
        None
    } else {
        Some(left(row, person.dn.clone(), changed()))
    }
}

/// The links that put fields back which hold other people.
fn link(row: &Row, person: &Person, takes: &Takes, missing: &Missing) -> Vec<Link> {
    let adopts = row.changes.iter().any(|one| one.field == "external-id");
    if row.kind == RowKind::Create || adopts || takes.refused(row, person, missing).is_some() {
        return Vec::new();
    }
    let held = row
        .changes
        .iter()
        .filter(|change| takes.holds_people(&change.field));
    held.filter(|change| value(person, &change.field) == change.after.as_deref())
        .map(|change| Link {
            external_id: row.external_id.clone(),
            dn: person.dn.clone(),
            display: row.display.clone(),
            change: Change {
                field: change.field.clone(),
                before: change.after.clone(),
                after: change.before.clone(),
            },
            source_hash: UNKNOWN.to_vec(),
        })
        .collect()
}

fn back(row: &Row, person: &Person, kind: RowKind, changes: Vec<Change>) -> Row {
    let named = changes.iter().find(|change| change.field == "dn");
    let dn = named.and_then(|change| change.after.clone());
    Row {
        kind,
        external_id: row.external_id.clone(),
        dn: dn.unwrap_or_else(|| person.dn.clone()),
        display: row.display.clone(),
        reason: "undone".to_owned(),
        changes,
        source_hash: UNKNOWN.to_vec(),
        problem: None,
        other: None,
    }
}

/// Somebody of whom nothing is put back.
fn left(row: &Row, dn: String, problem: Problem) -> Row {
    Row {
        kind: RowKind::Unsynced,
        external_id: row.external_id.clone(),
        dn,
        display: row.display.clone(),
        reason: problem.code.clone(),
        changes: Vec::new(),
        source_hash: Vec::new(),
        problem: Some(problem),
        other: None,
    }
}

fn gone() -> Problem {
    Problem::new(
        "undo-gone",
        "The portal has this person no longer under the id of then",
        "Look for the person in the portal; nothing was put back.",
    )
}

fn taken_over() -> Problem {
    Problem::new(
        "undo-adopted",
        "The run gave this person another id, which is not taken back",
        "Correct the adoption in the directory or in the portal by hand.",
    )
}

fn changed() -> Problem {
    Problem::new(
        "undo-changed",
        "Everything that the run changed of this person was changed again since",
        "Look at the person; what stands there now was left as it is.",
    )
}

fn not_undoable(run: &Run) -> Problem {
    let why = if FINAL.contains(&run.mode.as_str()) {
        format!("Run {} is a {}, which has no undo", run.id, run.mode)
    } else {
        format!("Run {} changed nothing in the portal", run.id)
    };
    let remedy = "Look at the list of runs; one that applied rows can be undone. A migration of ids is taken back by migrating back.";
    Problem::new("not-undoable", why, remedy)
}

/// What the run says of itself. Its rows stand on an earlier run, not on a directory that was read.
fn told(run: RunId, seen: u64, configuration: String) -> (Summary, Proof) {
    let summary = Summary {
        seen,
        unchanged: 0,
        counts: vec![Setting {
            key: "undoes".to_owned(),
            value: run.to_string(),
        }],
        guards: Vec::new(),
        warnings: Vec::new(),
    };
    let proof = Proof {
        basis: Basis::Enumeration,
        complete: false,
        gaps: Vec::new(),
        pages: 0,
        entries: 0,
        referrals: 0,
        server: String::new(),
        searches: Vec::new(),
        configuration,
    };
    (summary, proof)
}
