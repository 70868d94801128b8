//! `plan` and `sync`.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::bars::Bars;
use crate::cli::deed::Doing;
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
    /// What to read, and what for
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
    /// What to read, and what for
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

/// What a run reads, and what for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ModeName {
    /// Everybody
    Full,
    /// Only what changed since the last sync; everybody where that cannot be told
    Changes,
    /// Only those whom the last sync left unsynced; everybody where it cannot be said who they are
    Unsynced,
    /// Everybody, to give people the ids of another id attribute and change nothing else
    MigrateIds,
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Full => Self::Full,
            ModeName::Changes => Self::Changes,
            ModeName::Unsynced => Self::Unsynced,
            ModeName::MigrateIds => Self::MigrateIds,
        }
    }
}

/// As it is typed.
fn told(mode: ModeName) -> &'static str {
    match mode {
        ModeName::Full => "full",
        ModeName::Changes => "changes",
        ModeName::Unsynced => "unsynced",
        ModeName::MigrateIds => "migrate-ids",
    }
}

impl Plan {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        Doing::to(&self.tenant, "run", format!("dry-run {}", told(self.mode)))
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        let options = SyncOptions {
            mode: self.mode.into(),
            dry_run: true,
            ..SyncOptions::default()
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
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        match self.run {
            Some(run) => Doing::to(&self.tenant, "run.apply", run),
            None => Doing::to(&self.tenant, "run", told(self.mode)),
        }
    }

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
                            ..SyncOptions::default()
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
    let unsynced = run.rows_of(RowKind::Unsynced) > 0;
    match run.status {
        RunStatus::Held => Exit::Held,
        RunStatus::Applying => Exit::Interrupted,
        // Stopped after the plan and before its first row.
        RunStatus::Planned if apply => Exit::Interrupted,
        _ if run.proof.as_ref().is_some_and(|p| !p.complete) => Exit::Incomplete,
        _ if run.rows_with("failed") > 0 => Exit::RowsRefused,
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
    show(&mut page, tenant, &run, rows, Some(&app.program())).await?;
    let json = json!({ "run": shape::run(&run), "resumed": resumed.as_ref().map(shape::run) });
    Ok(Answer::done(page, json).ends(exit))
}

/// The plan, its first rows and how it stands. `program` is how to call this program again, for advice; none gives none.
pub(crate) async fn show(
    page: &mut Page,
    tenant: &Tenant,
    run: &Run,
    rows: u32,
    program: Option<&str>,
) -> Hook<()> {
    page.plan(run);
    show_rows(page, tenant, run, rows, program).await?;
    verdict(page, run, program);
    Ok(())
}

/// What changes, as far as there is room, then why others are unsynced.
async fn show_rows(
    page: &mut Page,
    tenant: &Tenant,
    run: &Run,
    limit: u32,
    program: Option<&str>,
) -> Hook<()> {
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
    let changing = run.counts.iter().map(|c| c.rows).sum::<u64>() - run.rows_of(RowKind::Unsynced);
    let shown = u64::from(limit - left);
    if changing > shown {
        let look = program.map_or_else(String::new, |program| {
            format!(": {program} rows {} {}", run.tenant, run.id)
        });
        page.aside(&format!(
            "… and {} more{look}",
            paint::number(changing - shown)
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

/// Whether everybody was read and nobody is absent who still stands in the portal: only then is it as the directory says.
fn agrees(run: &Run) -> bool {
    let complete = run.proof.as_ref().is_some_and(|p| p.complete);
    let absent = run
        .summary
        .iter()
        .flat_map(|s| &s.counts)
        .any(|c| c.key.starts_with("absent-") && c.value != "0");
    complete && !absent && run.rows_of(RowKind::Unsynced) == 0
}

/// How the run stands, and what to do about it.
fn verdict(page: &mut Page, run: &Run, program: Option<&str>) {
    page.gap();
    match run.status {
        RunStatus::Planned => {
            page.done("Planned; nothing was applied.");
            if let Some(program) = program {
                page.aside(&format!(
                    "Apply exactly this plan: {program} sync {} --run {}",
                    run.tenant, run.id
                ));
            }
        }
        RunStatus::Held => {
            page.marked(
                "!",
                paint::CAUTION,
                "A guard holds this plan; nothing was applied.",
            );
            let digest = run.digest.as_deref().unwrap_or_default();
            if let Some(program) = program {
                page.aside(&format!(
                    "Look at it: {program} rows {0} {1} · release it: {program} approve {0} {1} {2} · or throw it away: {program} discard {0} {1}",
                    run.tenant, run.id, digest.get(..16).unwrap_or(digest)
                ));
            }
        }
        RunStatus::Applied => {
            let (failed, rows) = (run.rows_with("failed"), run.rows_with("applied"));
            let migrated = run.mode == "migrate-ids";
            if rows == 0 && failed == 0 && migrated {
                page.done("Nobody gets another id by this plan.");
            } else if rows == 0 && failed == 0 && agrees(run) {
                page.done("Nothing to do: the portal is as the directory says.");
            } else if rows == 0 {
                page.marked("·", paint::DIM, "Nothing was written to the portal.");
            } else {
                page.done(&format!(
                    "Applied: {} written to the portal.",
                    paint::counted(rows, "row", "rows")
                ));
            }
            let whole = |run: &Run| {
                let counts = run.summary.iter().flat_map(|s| &s.counts);
                let mut contested = counts.filter(|c| c.key == "id-contested");
                contested.all(|c| c.value == "0") && failed == 0
            };
            if let Some(program) = program.filter(|_| migrated && whole(run)) {
                page.aside(&format!("Go on with a sync: {program} sync {}", run.tenant));
            }
            if failed > 0 {
                page.marked(
                    "✗",
                    paint::BAD,
                    &format!(
                        "The portal refused {}.",
                        paint::counted(failed, "row", "rows")
                    ),
                );
                if let Some(program) = program {
                    page.aside(&format!(
                        "Why: {program} rows {} {} --outcome failed",
                        run.tenant, run.id
                    ));
                }
            }
        }
        RunStatus::Applying => {
            page.marked(
                "!",
                paint::CAUTION,
                "Stopped at a safe point; the rest of the plan is applied by the next sync.",
            );
        }
        _ => page.paragraph(&format!("The run is {}.", run.status.name())),
    }
    if let (Some(ended), started) = (run.ended_at, run.started_at) {
        let tenths = (ended - started).max(0) / 100;
        page.aside(&format!("took {}.{} s", tenths / 10, tenths % 10));
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::Problem;
    use crate::contract::plan::{Proof, Summary};
    use crate::contract::types::Setting;
    use crate::ports::plan::Count;

    /// An applied run after a reading that was, or was not, complete.
    fn run(complete: bool) -> Option<Run> {
        Some(Run {
            id: RunId(1),
            tenant: TenantId::new("acme").ok()?,
            mode: "full".into(),
            status: RunStatus::Applied,
            plugin: String::new(),
            configuration: String::new(),
            started_at: 0,
            planned_at: Some(0),
            ended_at: Some(0),
            digest: None,
            summary: Some(Summary {
                seen: 1,
                unchanged: 1,
                counts: vec![],
                guards: vec![],
                warnings: vec![],
            }),
            proof: Some(Proof {
                basis: crate::contract::plan::Basis::Enumeration,
                complete,
                gaps: vec![],
                pages: 1,
                entries: 1,
                referrals: 0,
                server: "ldap://x".into(),
                searches: Vec::new(),
                configuration: String::new(),
            }),
            guards: vec![],
            counts: vec![],
            problem: None,
            pruned_at: None,
        })
    }

    fn told(run: &Run) -> String {
        let mut page = Page::new(100);
        verdict(&mut page, run, None);
        page.into_text()
    }

    #[test]
    fn a_sync_that_was_stopped_before_its_first_row_says_so() {
        let ends = |status, apply| {
            let run = Run {
                status,
                ..run(true).unwrap()
            };
            ending(&run, apply, false)
        };
        assert_eq!(ends(RunStatus::Planned, true), Exit::Interrupted);
        assert_eq!(ends(RunStatus::Applying, true), Exit::Interrupted);
        assert_eq!(ends(RunStatus::Planned, false), Exit::Done);
        assert_eq!(ends(RunStatus::Applied, true), Exit::Done);
    }

    #[test]
    fn a_complete_reading_without_changes_is_agreement() {
        let run = run(true).unwrap();
        assert!(told(&run).contains("as the directory says"));
        assert_eq!(ending(&run, true, true), Exit::Done);
    }

    #[test]
    fn an_incomplete_reading_is_no_agreement() {
        let text = told(&run(false).unwrap());
        assert!(text.contains("Nothing was written"), "{text}");
        assert!(!text.contains("as the directory says"), "{text}");
    }

    #[test]
    fn people_who_are_absent_but_kept_are_no_agreement() {
        for key in ["absent-kept", "absent-in-grace", "absent-for-review"] {
            let mut run = run(true).unwrap();
            let count = |value: &str| Setting {
                key: key.into(),
                value: value.into(),
            };
            run.summary.as_mut().unwrap().counts = vec![count("0")];
            assert!(told(&run).contains("as the directory says"), "{key}");
            run.summary.as_mut().unwrap().counts = vec![count("2")];
            assert!(told(&run).contains("Nothing was written"), "{key}");
        }
    }

    #[test]
    fn a_list_of_runs_stands_in_a_narrow_terminal_with_its_numbers_whole() {
        let mut run = run(true).unwrap();
        run.mode = "uninstall".into();
        run.status = RunStatus::Discarded;
        run.digest = Some("0123456789abcdef".into());
        run.counts = [RowKind::Create, RowKind::Update, RowKind::Unsynced]
            .map(|kind| Count {
                kind,
                outcome: "applied".into(),
                rows: 1_234_567,
            })
            .to_vec();
        for width in [80, 100, 120] {
            let mut page = Page::new(width);
            page.runs(std::slice::from_ref(&run));
            let text = anstream::adapter::strip_str(&page.into_text()).to_string();
            assert_eq!(text.matches("1,234,567").count(), 3, "{text}");
            assert!(
                text.lines()
                    .all(|l| console::measure_text_width(l) <= width),
                "{text}"
            );
            assert_eq!(text.contains("react."), width == 120, "{text}");
        }
    }

    #[test]
    fn a_gap_that_is_a_warning_too_is_told_once() {
        let mut run = run(false).unwrap();
        let gap = Problem::new("size-limit", "The server stopped at 500 entries", "Page.");
        let other = Problem::new("other", "Something else", "");
        run.proof.as_mut().unwrap().gaps = vec![gap.clone()];
        run.summary.as_mut().unwrap().warnings = vec![gap, other];
        let mut page = Page::new(100);
        page.plan(&run);
        let text = page.into_text();
        assert_eq!(text.matches("stopped at 500").count(), 1, "{text}");
        assert!(text.contains("Something else"), "{text}");
    }

    #[test]
    fn advice_calls_the_program_as_it_was_called_or_not_at_all() {
        let mut run = run(true).unwrap();
        run.status = RunStatus::Planned;
        let mut page = Page::new(100);
        verdict(&mut page, &run, Some("rollcall --data x"));
        assert!(
            page.into_text()
                .contains("rollcall --data x sync acme --run 1")
        );
        assert!(!told(&run).contains("rollcall"));
    }

    #[test]
    fn refused_rows_have_their_exit_code_without_any_flag() {
        let mut run = run(true).unwrap();
        run.counts.push(Count {
            kind: RowKind::Update,
            outcome: "failed".into(),
            rows: 1,
        });
        assert_eq!(ending(&run, true, false), Exit::RowsRefused);
        assert!(told(&run).contains("refused 1 row"));
    }
}
