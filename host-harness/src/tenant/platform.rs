//! The ports together, and what is installed on them.

use std::sync::Arc;

use crate::Problem;
use crate::contract::progress::Update;
use crate::contract::types::Setting;
use crate::ports::tenants::Installation;
use crate::ports::{
    Directory, Endpoints, Lease, Leases, Plans, Portal, Queue, Receipts, RunId, Secrets, State,
    TenantId, Tenants, Versions,
};
use crate::sandbox::{Enumeration, Hooks, HostContext, Plugin, Sandbox};
use crate::telemetry::short;

use super::Hook;
use super::draft::Draft;
use super::grant::Granted;
use super::watch::{Progress, Watch};

/// What the hooks of every tenant stand on. Clones share it.
#[derive(Clone)]
pub struct Platform {
    /// Who is served.
    pub tenants: Arc<dyn Tenants>,
    /// The portal, read.
    pub portal: Arc<dyn Portal>,
    /// Runs and their rows.
    pub plans: Arc<dyn Plans>,
    /// The plugins' own settings.
    pub state: Arc<dyn State>,
    /// Passwords behind handles.
    pub secrets: Arc<dyn Secrets>,
    /// Directories.
    pub directory: Arc<dyn Directory>,
    /// Runs that wait, and when tenants are due.
    pub queue: Arc<dyn Queue>,
    /// Where plugins run.
    pub sandbox: Sandbox,
    /// Who works for which tenant.
    pub leases: Arc<dyn Leases>,
    /// What each tenant's plugin may connect to.
    pub endpoints: Arc<dyn Endpoints>,
    /// Components side by side.
    pub versions: Arc<dyn Versions>,
    /// What uninstalls left.
    pub receipts: Arc<dyn Receipts>,
}

/// One tenant with its plugin loaded. Clones share it.
#[derive(Clone)]
pub struct Tenant {
    platform: Platform,
    id: TenantId,
    plugin: Plugin,
}

impl Platform {
    /// Installs a component for a tenant. It is checked first and started once; where it fails, nothing is left
    /// of the attempt.
    ///
    /// # Errors
    /// `not-a-component`, `import-refused`, `export-missing`, `already-installed`, `tenant-busy`, and what the plugin
    /// refuses with.
    pub async fn install(&self, id: &TenantId, component: &[u8]) -> Hook<Tenant> {
        let _lease = self.leases.lease(id).await?;
        let plugin = self.sandbox.load(component).await?;
        // A plugin that cannot say what it is will do nothing else either.
        plugin.describe().await?;
        self.tenants.install(id, plugin.digest(), component).await?;
        let tenant = Tenant {
            platform: self.clone(),
            id: id.clone(),
            plugin,
        };
        if let Err(problems) = tenant.hooks().install().await {
            self.state.clear(id).await?;
            self.tenants.uninstall(id).await?;
            return Err(problems.into());
        }
        tracing::info!(tenant = %id, plugin = short(tenant.plugin_digest()), "installed");
        Ok(tenant)
    }

    /// An installed tenant.
    ///
    /// # Errors
    /// `not-installed`.
    pub async fn tenant(&self, id: &TenantId) -> Hook<Tenant> {
        let installation = self.tenants.get(id).await?;
        let plugin = match self.sandbox.loaded(&installation.plugin) {
            Some(plugin) => plugin,
            None => {
                let component = self.tenants.component(&installation.plugin).await?;
                self.sandbox.load(&component).await?
            }
        };
        Ok(Tenant {
            platform: self.clone(),
            id: id.clone(),
            plugin,
        })
    }
}

impl Tenant {
    /// The tenant's name.
    #[must_use]
    pub fn id(&self) -> &TenantId {
        &self.id
    }

    /// The digest of the plugin in use.
    #[must_use]
    pub fn plugin_digest(&self) -> &str {
        self.plugin.digest()
    }

    /// The interfaces that the plugin in use imports.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        self.plugin.imports()
    }

    /// What the host remembers of the installation.
    ///
    /// # Errors
    /// `not-installed`.
    pub async fn installation(&self) -> Hook<Installation> {
        Ok(self.platform.tenants.get(&self.id).await?)
    }

    pub(super) fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    pub(super) fn portal(&self) -> &dyn Portal {
        &*self.platform.portal
    }

    pub(super) fn plans(&self) -> &dyn Plans {
        &*self.platform.plans
    }

    pub(super) fn state(&self) -> &dyn State {
        &*self.platform.state
    }

    pub(super) fn secrets(&self) -> &dyn Secrets {
        &*self.platform.secrets
    }

    pub(super) fn queue(&self) -> &dyn Queue {
        &*self.platform.queue
    }

    pub(super) fn tenants(&self) -> &dyn Tenants {
        &*self.platform.tenants
    }

    pub(super) fn versions(&self) -> &dyn Versions {
        &*self.platform.versions
    }

    pub(super) fn receipts(&self) -> &dyn Receipts {
        &*self.platform.receipts
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.platform.sandbox
    }

    /// The right to work for the tenant, for as long as it is held.
    pub(super) async fn lease(&self) -> Hook<Lease> {
        let lease = self.platform.leases.lease(&self.id).await?;
        // The plugin was loaded before: meanwhile it may have been exchanged, or removed.
        if self.installation().await?.plugin == self.plugin_digest() {
            return Ok(lease);
        }
        Err(Problem::new(
            "tenant-busy",
            format!("Another plugin was installed for {} meanwhile", self.id),
            "Start it again.",
        )
        .into())
    }

    /// The plugin's hooks, outside of any run.
    pub(super) fn hooks(&self) -> Hooks {
        self.plugin.hooks(self.context())
    }

    /// The plugin's hooks for a run that nobody watches.
    pub(super) fn hooks_for(&self, run: RunId) -> Hooks {
        self.plugin.hooks(self.context().for_run(run))
    }

    /// The plugin's hooks for an export of everybody who still is unsynced.
    pub(super) fn hooks_for_open(&self) -> Hooks {
        self.plugin.hooks(HostContext {
            open: true,
            ..self.context()
        })
    }

    /// The plugin's hooks for a sync.
    pub(super) fn hooks_syncing(
        &self,
        run: RunId,
        watch: &Arc<dyn Watch>,
        enumeration: Enumeration,
    ) -> Hooks {
        let mut context = self.watched(run, watch);
        context.enumeration = Some(enumeration);
        self.plugin.hooks(context)
    }

    /// The plugin's hooks for another run.
    pub(super) fn hooks_watched(&self, run: RunId, watch: &Arc<dyn Watch>) -> Hooks {
        self.plugin.hooks(self.watched(run, watch))
    }

    fn watched(&self, run: RunId, watch: &Arc<dyn Watch>) -> HostContext {
        watching(self.context().for_run(run), watch)
    }

    /// The plugin's hooks outside of any run, watched.
    pub(super) fn hooks_heard(&self, watch: &Arc<dyn Watch>) -> Hooks {
        self.plugin.hooks(watching(self.context(), watch))
    }

    /// The plugin's hooks for settings that are only tried.
    pub(super) fn hooks_trying(&self, settings: &[Setting], watch: &Arc<dyn Watch>) -> Hooks {
        let directory = Arc::new(self.granted().given(settings));
        self.plugin.hooks(HostContext {
            directory,
            ..watching(self.context(), watch)
        })
    }

    fn granted(&self) -> Granted {
        let Platform {
            directory, tenants, ..
        } = &self.platform;
        Granted::stored(Arc::clone(directory), Arc::clone(tenants))
    }

    /// Nothing of the plugin's settings changed.
    pub(super) fn draft(&self) -> Arc<Draft> {
        Arc::new(Draft::of(Arc::clone(&self.platform.state)))
    }

    /// Another plugin's hooks, likewise.
    pub(super) fn hooks_of(&self, other: &Plugin, draft: &Arc<Draft>) -> Hooks {
        other.hooks(self.context_on(draft.clone()))
    }

    /// The plugin's hooks, whose changes of its settings stay in a draft.
    pub(super) fn hooks_on(&self, draft: &Arc<Draft>) -> Hooks {
        self.plugin.hooks(self.context_on(draft.clone()))
    }

    fn context(&self) -> HostContext {
        self.context_on(Arc::clone(&self.platform.state))
    }

    fn context_on(&self, state: Arc<dyn State>) -> HostContext {
        let Platform { portal, plans, .. } = &self.platform;
        HostContext::new(
            self.id.clone(),
            Arc::new(self.granted()),
            Arc::clone(portal),
            Arc::clone(plans),
            state,
        )
    }
}

/// A context of which somebody hears, and which they may stop.
fn watching(mut context: HostContext, watch: &Arc<dyn Watch>) -> HostContext {
    context.cancel = watch.stop().child_token();
    let heard = Arc::clone(watch);
    context.progress = Arc::new(move |update: &Update| {
        heard.progress(&Progress {
            phase: update.phase.clone(),
            done: update.done,
            total: update.total,
        });
    });
    let heard = Arc::clone(watch);
    context.stages = Arc::new(move |stage| heard.staged(stage));
    context
}
