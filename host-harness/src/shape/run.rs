//! Runs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::problem::Problem;
use super::row::kind;
use super::{counts, each, moment};
use crate::contract::plan as contract;
use crate::ports::plan as port;

/// A run: one plan, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub tenant: String,
    /// `full`, `changes`, `unsynced`, `dry-run`, `uninstall` …
    pub mode: String,
    /// `queued`, `planning`, `planned`, `held`, `applying`, `applied`, `failed`, `cancelled`, `abandoned` or `discarded`.
    pub status: &'static str,
    /// The digest of the plugin.
    pub plugin: String,
    /// The digest of the configuration at the start.
    pub configuration: String,
    /// When it began, or was asked for.
    pub started_at: Option<String>,
    /// When planning ended.
    pub planned_at: Option<String>,
    /// When it was over.
    pub ended_at: Option<String>,
    /// From its beginning to the end of planning, in milliseconds.
    pub planning_ms: Option<i64>,
    /// From its beginning to its end, in milliseconds; a plan may have waited for an approval in between.
    pub duration_ms: Option<i64>,
    /// Since when its rows are kept no longer; everything else of it stays.
    pub rows_pruned_at: Option<String>,
    /// The plan's digest.
    pub digest: Option<String>,
    /// Entries seen.
    pub seen: Option<u64>,
    /// People of whom nothing changed.
    pub unchanged: Option<u64>,
    /// What else was counted.
    pub counts: Option<BTreeMap<String, Value>>,
    /// What deserves attention.
    pub warnings: Option<Vec<Problem>>,
    /// Rows by kind and outcome.
    pub rows: Vec<Count>,
    /// The guards, as the host computed them.
    pub guards: Vec<Guard>,
    /// Whether everybody was read.
    pub proof: Option<Proof>,
    /// Why it failed.
    pub problem: Option<Problem>,
}

/// Rows of one kind with one outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Count {
    /// `create`, `update`, `deactivate`, `reactivate` or `unsynced`.
    pub kind: &'static str,
    /// `pending`, `applied`, `failed`, `discarded` or `reported`.
    pub outcome: String,
    /// How many.
    pub rows: u64,
}

/// What stops a plan that would change too much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Guard {
    /// Which.
    pub name: String,
    /// It holds the plan.
    pub tripped: bool,
    /// How many people it concerns.
    pub count: u64,
    /// From how many on it holds.
    pub limit: u64,
    /// In words.
    pub message: String,
}

/// Whether everybody was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Proof {
    /// `enumeration` or `changes`.
    pub basis: &'static str,
    /// Nobody can have been missed.
    pub complete: bool,
    /// Why not.
    pub gaps: Vec<Problem>,
    /// Pages read.
    pub pages: u32,
    /// Entries read.
    pub entries: u64,
    /// Referrals seen.
    pub referrals: u32,
    /// Which server answered.
    pub server: String,
    /// What was searched.
    pub searches: Vec<Searched>,
}

/// A search of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Searched {
    /// Its base.
    pub base: String,
    /// Pages read.
    pub pages: u32,
    /// Entries read.
    pub entries: u64,
}

impl From<&port::Run> for Run {
    fn from(run: &port::Run) -> Self {
        let summary = run.summary.as_ref();
        Self {
            id: run.id.0,
            tenant: run.tenant.to_string(),
            mode: run.mode.clone(),
            status: run.status.name(),
            plugin: run.plugin.clone(),
            configuration: run.configuration.clone(),
            started_at: moment(run.started_at),
            planned_at: run.planned_at.and_then(moment),
            ended_at: run.ended_at.and_then(moment),
            planning_ms: run.planned_at.map(|at| (at - run.started_at).max(0)),
            duration_ms: run.ended_at.map(|at| (at - run.started_at).max(0)),
            rows_pruned_at: run.pruned_at.and_then(moment),
            digest: run.digest.clone(),
            seen: summary.map(|s| s.seen),
            unchanged: summary.map(|s| s.unchanged),
            counts: summary.map(|s| counts(&s.counts)),
            warnings: summary.map(|s| each(&s.warnings)),
            rows: each(&run.counts),
            guards: each(&run.guards),
            proof: run.proof.as_ref().map(Proof::from),
            problem: run.problem.as_ref().map(Problem::from),
        }
    }
}

impl From<&port::Count> for Count {
    fn from(count: &port::Count) -> Self {
        Self {
            kind: kind(count.kind),
            outcome: count.outcome.clone(),
            rows: count.rows,
        }
    }
}

impl From<&contract::Guard> for Guard {
    fn from(guard: &contract::Guard) -> Self {
        Self {
            name: guard.name.clone(),
            tripped: guard.tripped,
            count: guard.count,
            limit: guard.limit,
            message: guard.message.clone(),
        }
    }
}

impl From<&contract::Proof> for Proof {
    fn from(proof: &contract::Proof) -> Self {
        let search = |one: &contract::Searched| Searched {
            base: one.base.clone(),
            pages: one.pages,
            entries: one.entries,
        };
        Self {
            basis: match proof.basis {
                contract::Basis::Enumeration => "enumeration",
                contract::Basis::Changes => "changes",
            },
            complete: proof.complete,
            gaps: each(&proof.gaps),
            pages: proof.pages,
            entries: proof.entries,
            referrals: proof.referrals,
            server: proof.server.clone(),
            searches: proof.searches.iter().map(search).collect(),
        }
    }
}
