//! What a call is bound to before the plugin runs.

use std::sync::Arc;
use std::time::SystemTime;

use tokio_util::sync::CancellationToken;

use super::{CallLimits, Enumeration};
use crate::contract::progress::Update;
use crate::contract::types::Stage;
use crate::ports::{Directory, Plans, Portal, RunId, State, TenantId};

/// Hears how far a plugin has come. Called on the plugin's thread: it must not wait.
pub type ProgressSink = Arc<dyn Fn(&Update) + Send + Sync>;

/// Hears of the stages of a verification, cut to what can be shown. Called on the plugin's thread: it must not wait.
pub type StageSink = Arc<dyn Fn(Stage) + Send + Sync>;

/// Tells the time, in place of the system in tests.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// One tenant's world: every import of a plugin goes to these ports, with this tenant.
#[derive(Clone)]
pub struct HostContext {
    /// Whose hooks are called.
    pub tenant: TenantId,
    /// The digest of the plugin that is called, for log lines; [`Plugin::hooks`](super::Plugin::hooks) sets it.
    pub plugin: String,
    /// Opens the tenant's directory.
    pub directory: Arc<dyn Directory>,
    /// The tenant's portal, read.
    pub portal: Arc<dyn Portal>,
    /// Where rows are recorded.
    pub plans: Arc<dyn Plans>,
    /// The plugin's own settings.
    pub state: Arc<dyn State>,
    /// The run that `sync` and `uninstall` record into and that `export` reads. Without one, the `plan` import ends the call.
    pub run: Option<RunId>,
    /// `export` reads everybody who still is unsynced, and not those of a run.
    pub open: bool,
    /// What a sync must have searched before anybody may count as absent; none: whatever the plugin says it had to.
    pub enumeration: Option<Enumeration>,
    /// Where progress goes.
    pub progress: ProgressSink,
    /// Where stages go that are over.
    pub stages: StageSink,
    /// Ends the calls when cancelled, wherever they are.
    pub cancel: CancellationToken,
    /// What each call may use.
    pub limits: CallLimits,
    /// The plugin's wall clock.
    pub clock: Clock,
}

impl HostContext {
    /// A context without a run, that reports progress and stages to nobody, with the default limits and the system's clock.
    #[must_use]
    pub fn new(
        tenant: TenantId,
        directory: Arc<dyn Directory>,
        portal: Arc<dyn Portal>,
        plans: Arc<dyn Plans>,
        state: Arc<dyn State>,
    ) -> Self {
        Self {
            tenant,
            plugin: String::new(),
            directory,
            portal,
            plans,
            state,
            run: None,
            open: false,
            enumeration: None,
            progress: Arc::new(|_| {}),
            stages: Arc::new(|_| {}),
            cancel: CancellationToken::new(),
            limits: CallLimits::default(),
            clock: Arc::new(SystemTime::now),
        }
    }

    /// The same, for a run.
    #[must_use]
    pub fn for_run(mut self, run: RunId) -> Self {
        self.run = Some(run);
        self
    }
}
