//! Another component for a tenant, and back.
//!
//! Components lie side by side; a tenant is pinned to one by its digest, and the one before is kept to go back to. What the plugin
//! keeps of its settings stays: the other one must be able to read it, or nothing changes.

use std::collections::BTreeSet;

use crate::Problem;
use crate::ports::RunId;
use crate::ports::plan::{RunQuery, RunStatus};
use crate::ports::versions::Switch;
use crate::sandbox::Plugin;

use super::{Hook, Tenant};

/// How far back a plan is looked for that waits. A new run takes an older one's place, so there is hardly more than one.
const RECENT: u32 = 50;

/// A component, as far as people tell one from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its digest.
    pub digest: String,
    /// What it calls itself.
    pub name: String,
    /// Its own version.
    pub version: String,
}

/// What becomes other, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// The component in use before.
    pub from: Version,
    /// The one after.
    pub to: Version,
    /// Interfaces that only the new one imports.
    pub added: Vec<String>,
    /// Interfaces that only the old one imports.
    pub removed: Vec<String>,
    /// Plans of the old one that wait, and are thrown away.
    pub discarded: Vec<RunId>,
    /// Whether it was done, or only looked at.
    pub done: bool,
}

impl Tenant {
    /// Pins the tenant to another component. It is checked like one that is installed, and must read what the present one keeps. Plans
    /// that wait are thrown away, and the next sync reads everybody. With `dry_run` all is checked and nothing changes.
    ///
    /// # Errors
    /// `not-a-component`, `import-refused`, `export-missing`; `same-plugin`; `state-unreadable`, and what the plugin refuses with;
    /// `tenant-busy`, `run-unfinished`.
    pub async fn upgrade(&self, component: &[u8], dry_run: bool) -> Hook<Upgrade> {
        let plugin = self.sandbox().load(component).await?;
        self.switch(&plugin, component, dry_run).await
    }

    /// Pins the tenant to the component that was in use before this one, under the same conditions. Doing it twice goes forth again.
    ///
    /// # Errors
    /// `no-rollback` where there is none; as [`Tenant::upgrade`].
    pub async fn rollback(&self, dry_run: bool) -> Hook<Upgrade> {
        let Some(before) = self.versions().before(self.id()).await? else {
            return Err(Problem::new(
                "no-rollback",
                format!("{} had no other plugin since it was installed", self.id()),
                "Upgrade to the component that you want.",
            )
            .into());
        };
        let component = self.tenants().component(&before).await?;
        let plugin = self.sandbox().load(&component).await?;
        self.switch(&plugin, &component, dry_run).await
    }

    async fn switch(&self, to: &Plugin, component: &[u8], dry_run: bool) -> Hook<Upgrade> {
        let _lease = self.lease().await?;
        if to.digest() == self.plugin_digest() {
            return Err(Problem::new(
                "same-plugin",
                format!("{} has this plugin already", self.id()),
                "Give another component.",
            )
            .into());
        }
        let mut upgrade = Upgrade {
            from: version(self.plugin()).await?,
            to: version(to).await?,
            added: beyond(to, self.plugin()),
            removed: beyond(self.plugin(), to),
            discarded: Vec::new(),
            done: false,
        };
        if let Some(run) = self.plans().unfinished(self.id()).await? {
            return Err(Problem::new(
                "run-unfinished",
                format!("run {run} is still being applied"),
                "Sync, which finishes it, or discard what is left of it, first.",
            )
            .into());
        }
        let configuration = self.read_by(to).await?;
        upgrade.discarded = self.waiting().await?;
        if dry_run {
            return Ok(upgrade);
        }
        for run in &upgrade.discarded {
            self.plans()
                .end(self.id(), *run, RunStatus::Discarded, None)
                .await?;
        }
        let switch = Switch {
            plugin: to.digest(),
            component,
            configuration: &configuration,
        };
        self.versions().switch(self.id(), switch).await?;
        tracing::info!(tenant = %self.id(), from = upgrade.from.digest, to = upgrade.to.digest, "another plugin");
        upgrade.done = true;
        Ok(upgrade)
    }

    /// Has another plugin read what this one keeps: settings, mapping, timetable. Gives the digest that it has of the configuration.
    /// Nothing that it may write is kept. Where this one cannot say any more what it keeps, there is nothing to compare with: an
    /// upgrade may be the way out.
    async fn read_by(&self, other: &Plugin) -> Hook<String> {
        match self.configured_digest().await {
            Err(refused) if refused.code() != "not-configured" && !broke(refused.code()) => {
                return Err(refused);
            }
            _ => {}
        }
        let configured = !self.installation().await?.configuration.is_empty();
        let draft = self.draft();
        let (now, then) = (self.hooks(), self.hooks_of(other, &draft));
        let mapping = then.mapping().await?;
        if now.mapping().await.is_ok_and(|now| now != mapping) {
            return Err(unreadable("the mapping").into());
        }
        if let Ok(now) = now.timetable().await
            && then.timetable().await? != now
        {
            return Err(unreadable("the timetable").into());
        }
        let read = match then.configuration().await {
            Ok(read) if configured => read,
            Ok(_) => return Err(unreadable("that nothing is configured").into()),
            Err(problems) if !configured && problems.iter().any(|p| p.code == "not-configured") => {
                return Ok(String::new());
            }
            Err(problems) => return Err(problems.into()),
        };
        if let Ok(now) = now.configuration().await {
            let mut stored = now.settings.into_iter();
            let lost = stored.find(|one| !one.value.is_empty() && !read.settings.contains(one));
            if let Some(lost) = lost {
                return Err(unreadable(&format!("the setting `{}`", lost.key)).into());
            }
        }
        Ok(read.digest)
    }

    async fn waiting(&self) -> Hook<Vec<RunId>> {
        let runs = self
            .plans()
            .runs(self.id(), &RunQuery::default(), RECENT)
            .await?;
        let waiting = runs
            .into_iter()
            .filter(|run| matches!(run.status, RunStatus::Planned | RunStatus::Held));
        Ok(waiting.map(|run| run.id).collect())
    }
}

async fn version(plugin: &Plugin) -> Hook<Version> {
    let description = plugin.describe().await?;
    Ok(Version {
        digest: plugin.digest().to_owned(),
        name: description.name,
        version: description.version,
    })
}

/// What one imports and another does not.
fn beyond(one: &Plugin, other: &Plugin) -> Vec<String> {
    let known: BTreeSet<&String> = other.imports().iter().collect();
    let imports = one.imports().iter();
    imports
        .filter(|name| !known.contains(name))
        .cloned()
        .collect()
}

/// Whether it was the plugin that broke off, and not what it was asked.
fn broke(code: &str) -> bool {
    code.starts_with("plugin-")
}

fn unreadable(what: &str) -> Problem {
    Problem::new(
        "state-unreadable",
        format!("The other plugin does not read {what} as the present one keeps it"),
        "Nothing was changed. Ask whoever makes the plugin for a version that does.",
    )
}
