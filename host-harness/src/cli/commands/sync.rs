//! `plan` and `sync`.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::bars::Bars;
use crate::cli::exit::Exit;
use crate::cli::json as shape;
use crate::cli::view::{Cell, Page, Table, paint};
use crate::contract::hooks::sync::Mode;
use crate::contract::plan::RowKind;
use crate::ports::plan::{RowQuery, Run, RunStatus, StoredRow};
use crate::ports::{RunId, TenantId};
use crate::tenant::{Hook, SyncOptions, Synced, Tenant};

use super::install::tenant;

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// All of the directory, or only what changed since the last sync
    #[arg(long, value_enum, default_value_t = ModeName::Full)]
    mode: ModeName,
    /// How many rows to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    rows: u32,
    /// End with code 8 if somebody is unsynced
    #[arg(long)]
    fail_on_unsynced: bool,
}

/// Arguments of `sync`.
#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// All of the directory, or only what changed since the last sync
    #[arg(long, value_enum, default_value_t = ModeName::Full)]
    mode: ModeName,
    /// Apply this plan, made before by `plan`, instead of a new one
    #[arg(long, value_name = "RUN", conflicts_with = "mode")]
    run: Option<i64>,
    /// How many rows to show
    #[arg(long, value_name = "N", default_value_t = 0)]
    rows: u32,
    /// End with code 8 if somebody is unsynced
    #[arg(long)]
    fail_on_unsynced: bool,
}

/// How much of the directory to read.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ModeName {
    Full,
    Changes,
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Full => Self::Full,
            ModeName::Changes => Self::Changes,
        }
    }
}

impl Plan {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        let options = SyncOptions {
            mode: self.mode.into(),
            dry_run: true,
        };
        let bars = Bars::interruptible(&app.out);
        let synced = tenant.sync(options, bars.clone()).await;
        bars.clear();
        let synced = synced?;
        let exit = ending(&synced.run, false, self.fail_on_unsynced);
        answer(app, &tenant, synced, self.rows, exit).await
    }
}

impl Sync {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        let bars = Bars::interruptible(&app.out);
        let synced = match self.run {
            Some(run) => tenant
                .apply(RunId(run), bars.clone())
                .await
                .map(|run| Synced { resumed: None, run }),
            None => {
                tenant
                    .sync(
                        SyncOptions {
                            mode: self.mode.into(),
                            dry_run: false,
                        },
                        bars.clone(),
                    )
                    .await
            }
        };
        bars.clear();
        let synced = synced?;
        let exit = ending(&synced.run, true, self.fail_on_unsynced);
        answer(app, &tenant, synced, self.rows, exit).await
    }
}

/// The exit code for a run that was to be applied, or only planned.
pub(crate) fn ending(run: &Run, apply: bool, fail_on_unsynced: bool) -> Exit {
    let unsynced = run
        .counts
        .iter()
        .any(|c| c.kind == RowKind::Unsynced && c.rows > 0);
    match run.status {
        RunStatus::Held => Exit::Held,
        RunStatus::Applying => Exit::Interrupted,
        // Stopped after the plan and before its first row.
        RunStatus::Planned if apply => Exit::Interrupted,
        _ if run.proof.as_ref().is_some_and(|p| !p.complete) => Exit::Incomplete,
        _ if unsynced && fail_on_unsynced => Exit::Unsynced,
        _ => Exit::Done,
    }
}

/// What a run came to, for people and machines.
pub(crate) async fn answer(
    app: &App,
    tenant: &Tenant,
    synced: Synced,
    rows: u32,
    exit: Exit,
) -> Hook<Answer> {
    let Synced { resumed, run } = synced;
    let mut page = app.out.page();
    if let Some(resumed) = &resumed {
        page.done(&format!(
            "Run {}, which an earlier process left unfinished, was finished first.",
            resumed.id
        ));
    }
    page.heading(&format!("Run {} of {} ({})", run.id, run.tenant, run.mode));
    show(&mut page, tenant, &run, rows).await?;
    let json = json!({ "run": shape::run(&run), "resumed": resumed.as_ref().map(shape::run) });
    Ok(Answer::done(page, json).ends(exit))
}

/// The plan, its first rows and how it stands.
pub(crate) async fn show(page: &mut Page, tenant: &Tenant, run: &Run, rows: u32) -> Hook<()> {
    page.plan(run);
    show_rows(page, tenant, run, rows).await?;
    verdict(page, run);
    Ok(())
}

/// What changes, as far as there is room, then why others are unsynced.
async fn show_rows(page: &mut Page, tenant: &Tenant, run: &Run, limit: u32) -> Hook<()> {
    if limit == 0 {
        return Ok(());
    }
    let mut left = limit;
    for kind in [
        RowKind::Update,
        RowKind::Deactivate,
        RowKind::Reactivate,
        RowKind::Create,
    ] {
        if left == 0 {
            break;
        }
        let query = RowQuery {
            kind: Some(kind),
            ..RowQuery::default()
        };
        let rows = tenant.rows(run.id, &query, 0, left).await?;
        if left == limit && !rows.is_empty() {
            page.heading("What changes");
        }
        for row in &rows {
            page.stored_row(row, false);
        }
        left -= u32::try_from(rows.len()).unwrap_or(left).min(left);
    }
    let changing: u64 = run
        .counts
        .iter()
        .filter(|c| c.kind != RowKind::Unsynced)
        .map(|c| c.rows)
        .sum();
    let shown = u64::from(limit - left);
    if changing > shown {
        page.aside(&format!(
            "… and {} more: rollcall rows {} {}",
            paint::number(changing - shown),
            run.tenant,
            run.id
        ));
    }
    show_unsynced(page, tenant, run).await
}

/// Why people are unsynced, with an example each.
async fn show_unsynced(page: &mut Page, tenant: &Tenant, run: &Run) -> Hook<()> {
    let query = RowQuery {
        kind: Some(RowKind::Unsynced),
        ..RowQuery::default()
    };
    let mut reasons: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let mut after = 0;
    loop {
        let rows = tenant.rows(run.id, &query, after, 1_000).await?;
        let Some(last) = rows.last() else { break };
        after = last.sequence;
        for StoredRow { row, .. } in rows {
            let field = row.problem.and_then(|p| p.field).unwrap_or_default();
            let reason = reasons
                .entry(format!("{} {field}", row.reason))
                .or_insert((0, row.dn));
            reason.0 += 1;
        }
    }
    if reasons.is_empty() {
        return Ok(());
    }
    page.heading("Who cannot be brought over");
    let mut table = Table::new(&[">people", "why", "for example"]);
    for (why, (count, example)) in &reasons {
        table.row([
            Cell::new(paint::number(*count)),
            Cell::styled(why, paint::CAUTION),
            Cell::styled(example, paint::DIM),
        ]);
    }
    page.table(&table);
    Ok(())
}

/// How the run stands, and what to do about it.
fn verdict(page: &mut Page, run: &Run) {
    page.gap();
    match run.status {
        RunStatus::Planned => {
            page.done("Planned; nothing was applied.");
            page.aside(&format!(
                "Apply exactly this plan: rollcall sync {} --run {}",
                run.tenant, run.id
            ));
        }
        RunStatus::Held => {
            page.marked(
                "!",
                paint::CAUTION,
                "A guard holds this plan; nothing was applied.",
            );
            let digest = run.digest.as_deref().unwrap_or_default();
            page.aside(&format!(
                "Look at it: rollcall rows {0} {1} · release it: rollcall approve {0} {1} {2} · or throw it away: rollcall discard {0} {1}",
                run.tenant, run.id, digest.get(..16).unwrap_or(digest)
            ));
        }
        RunStatus::Applied => {
            let failed: u64 = run
                .counts
                .iter()
                .filter(|c| c.outcome == "failed")
                .map(|c| c.rows)
                .sum();
            let rows: u64 = run
                .counts
                .iter()
                .filter(|c| c.outcome == "applied")
                .map(|c| c.rows)
                .sum();
            if rows == 0 && failed == 0 {
                page.done("Nothing to do: the portal is as the directory says.");
            } else {
                page.done(&format!(
                    "Applied: {} written to the portal.",
                    paint::counted(rows, "row", "rows")
                ));
            }
            if failed > 0 {
                page.marked(
                    "✗",
                    paint::BAD,
                    &format!(
                        "The portal refused {}: rollcall rows {} {} --outcome failed",
                        paint::counted(failed, "row", "rows"),
                        run.tenant,
                        run.id
                    ),
                );
            }
        }
        RunStatus::Applying => {
            page.marked(
                "!",
                paint::CAUTION,
                "Stopped at a safe point; the rest of the plan is applied by the next sync.",
            );
        }
        _ => page.paragraph(&format!(
            "The run is {}.",
            crate::cli::view::plans::status(run.status)
        )),
    }
    if let (Some(ended), started) = (run.ended_at, run.started_at) {
        let tenths = (ended - started).max(0) / 100;
        page.aside(&format!("took {}.{} s", tenths / 10, tenths % 10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::TenantId;

    fn run(status: RunStatus) -> Option<Run> {
        Some(Run {
            id: RunId(1),
            tenant: TenantId::new("acme").ok()?,
            mode: "full".into(),
            status,
            plugin: String::new(),
            configuration: String::new(),
            started_at: 0,
            planned_at: None,
            ended_at: None,
            digest: None,
            summary: None,
            proof: None,
            guards: vec![],
            counts: vec![],
            problem: None,
        })
    }

    #[test]
    fn a_sync_that_was_stopped_before_its_first_row_says_so() {
        let ends = |status, apply| run(status).map(|run| ending(&run, apply, false));
        assert_eq!(ends(RunStatus::Planned, true), Some(Exit::Interrupted));
        assert_eq!(ends(RunStatus::Applying, true), Some(Exit::Interrupted));
        assert_eq!(ends(RunStatus::Planned, false), Some(Exit::Done));
        assert_eq!(ends(RunStatus::Applied, true), Some(Exit::Done));
    }
}
