//! The hooks of a plugin, called for one tenant.

use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::Instance;

use super::failure::Failure;
use super::guest::{Guest, Purpose};
use super::people::People;
use super::plugin::Loaded;
use super::{Export, HostContext, SyncRun, call, interfaces};
use crate::Problem;
use crate::contract::DirectorySync;
use crate::contract::hooks::explain::Explanation;
use crate::contract::hooks::lifecycle::{Afterwards, Configured, Description, Receipt, Report};
use crate::contract::hooks::mapping::{Previewed, Rule, Suggestion, Who};
use crate::contract::hooks::schedule::{Occurrence, Timetable};
use crate::contract::hooks::sync::Options;
use crate::contract::people::{Candidate, Coverage};
use crate::contract::types::Setting;

/// What a hook gives: its result, or problems. Those of the sandbox itself have the codes of [`super`]; all others are the
/// plugin's or a port's.
pub type Answer<T> = Result<T, Vec<Problem>>;

/// The hooks of one plugin for one tenant. Every call gets an instance of its own. What each hook does, and when to call
/// it, is the contract's `hooks.wit`.
///
/// All return the plugin's problems, or one of the sandbox's.
#[derive(Clone)]
pub struct Hooks {
    loaded: Arc<Loaded>,
    context: Arc<HostContext>,
}

impl Hooks {
    pub(super) fn new(loaded: Arc<Loaded>, context: HostContext) -> Self {
        Self {
            loaded,
            context: Arc::new(context),
        }
    }

    /// `lifecycle.describe`.
    pub async fn describe(&self) -> Answer<Description> {
        self.call(async |plugin, store| {
            plugin
                .marketplace_directory_sync_lifecycle()
                .call_describe(store)
                .await
                .map(Ok)
        })
        .await
    }

    /// `lifecycle.install`.
    pub async fn install(&self) -> Answer<()> {
        self.call(async |plugin, store| {
            plugin
                .marketplace_directory_sync_lifecycle()
                .call_install(store)
                .await
        })
        .await
    }

    /// `lifecycle.uninstall`. With [`Afterwards::Deactivate`] the context needs a run to record into.
    pub async fn uninstall(&self, people: Afterwards) -> Answer<Receipt> {
        self.call_for(Purpose::Plan, async move |plugin, store| {
            plugin
                .marketplace_directory_sync_lifecycle()
                .call_uninstall(store, people)
                .await
        })
        .await
    }

    /// `lifecycle.configure`. Secrets are handles.
    pub async fn configure(&self, settings: Vec<Setting>) -> Answer<Configured> {
        self.call(async move |plugin, store| {
            plugin
                .marketplace_directory_sync_lifecycle()
                .call_configure(store, &settings)
                .await
        })
        .await
    }

    /// `lifecycle.configuration`.
    pub async fn configuration(&self) -> Answer<Configured> {
        self.call(async |plugin, store| {
            plugin
                .marketplace_directory_sync_lifecycle()
                .call_configuration(store)
                .await
        })
        .await
    }

    /// `lifecycle.verify`; without settings, of the stored ones.
    pub async fn verify(&self, settings: Vec<Setting>) -> Answer<Report> {
        self.call(async move |plugin, store| {
            plugin
                .marketplace_directory_sync_lifecycle()
                .call_verify(store, &settings)
                .await
        })
        .await
    }

    /// `mapping.suggest`.
    pub async fn suggest(&self) -> Answer<Suggestion> {
        self.call(async |plugin, store| {
            plugin
                .marketplace_directory_sync_mapping()
                .call_suggest(store)
                .await
        })
        .await
    }

    /// `mapping.check`: the rules' problems; none is good.
    pub async fn check(&self, rules: Vec<Rule>) -> Answer<Vec<Problem>> {
        self.call(async move |plugin, store| {
            plugin
                .marketplace_directory_sync_mapping()
                .call_check(store, &rules)
                .await
                .map(Ok)
        })
        .await
    }

    /// `mapping.preview`.
    pub async fn preview(&self, rules: Vec<Rule>, who: Who) -> Answer<Previewed> {
        self.call(async move |plugin, store| {
            plugin
                .marketplace_directory_sync_mapping()
                .call_preview(store, &rules, &who)
                .await
        })
        .await
    }

    /// `mapping.submit`: the new configuration digest.
    pub async fn submit_mapping(&self, rules: Vec<Rule>) -> Answer<String> {
        self.call(async move |plugin, store| {
            plugin
                .marketplace_directory_sync_mapping()
                .call_submit(store, &rules)
                .await
        })
        .await
    }

    /// `mapping.current`.
    pub async fn mapping(&self) -> Answer<Vec<Rule>> {
        self.call(async |plugin, store| {
            plugin
                .marketplace_directory_sync_mapping()
                .call_current(store)
                .await
                .map(Ok)
        })
        .await
    }

    /// `people.find`: people to pick from, at most `limit`.
    pub async fn find(&self, text: String, limit: u32) -> Answer<Vec<Candidate>> {
        let find = self.people()?.find;
        self.look(async move |instance, store| {
            let find = instance
                .get_typed_func::<(String, u32), (Answer<Vec<Candidate>>,)>(&mut *store, find)?;
            find.call_async(store, (text, limit)).await
        })
        .await
    }

    /// `people.cover`: what rules come to over a sample.
    pub async fn coverage(&self, rules: Vec<Rule>) -> Answer<Coverage> {
        let cover = self.people()?.cover;
        self.look(async move |instance, store| {
            let cover =
                instance.get_typed_func::<(Vec<Rule>,), (Answer<Coverage>,)>(&mut *store, cover)?;
            cover.call_async(store, (rules,)).await
        })
        .await
    }

    /// `sync.start`. The context needs a run.
    pub async fn sync(&self, options: Options) -> Answer<SyncRun> {
        SyncRun::start(Arc::clone(&self.loaded), Arc::clone(&self.context), options).await
    }

    /// `schedule.next`.
    pub async fn occurrences(
        &self,
        timetable: Timetable,
        after: u64,
        count: u32,
    ) -> Answer<Vec<Occurrence>> {
        self.call(async move |plugin, store| {
            plugin
                .marketplace_directory_sync_schedule()
                .call_next(store, &timetable, after, count)
                .await
        })
        .await
    }

    /// `schedule.zones`.
    pub async fn zones(&self) -> Answer<Vec<String>> {
        self.call(async |plugin, store| {
            plugin
                .marketplace_directory_sync_schedule()
                .call_zones(store)
                .await
                .map(Ok)
        })
        .await
    }

    /// `schedule.submit`.
    pub async fn submit_timetable(&self, timetable: Timetable) -> Answer<()> {
        self.call(async move |plugin, store| {
            plugin
                .marketplace_directory_sync_schedule()
                .call_submit(store, &timetable)
                .await
        })
        .await
    }

    /// `schedule.current`.
    pub async fn timetable(&self) -> Answer<Timetable> {
        self.call(async |plugin, store| {
            let current = plugin
                .marketplace_directory_sync_schedule()
                .call_current(store)
                .await?;
            Ok(current.map_err(|problem| vec![problem]))
        })
        .await
    }

    /// `unsynced.open`. The context needs the run that is exported.
    pub async fn export(&self, spreadsheet_safe: bool) -> Answer<Export> {
        Export::open(
            Arc::clone(&self.loaded),
            Arc::clone(&self.context),
            spreadsheet_safe,
        )
        .await
    }

    /// `explain.person`.
    pub async fn explain(&self, who: Who) -> Answer<Explanation> {
        self.call(async move |plugin, store| {
            plugin
                .marketplace_directory_sync_explain()
                .call_person(store, &who)
                .await
        })
        .await
    }

    /// The hooks that a plugin may lack: `plugin-older`.
    fn people(&self) -> Answer<People> {
        let people = self.loaded.people;
        people.ok_or_else(|| vec![interfaces::older(interfaces::PEOPLE)])
    }

    /// Calls one of those.
    async fn look<R, H>(&self, hook: H) -> Answer<R>
    where
        R: Send + 'static,
        H: AsyncFnOnce(&Instance, &mut Store<Guest>) -> wasmtime::Result<(Answer<R>,)>
            + Send
            + 'static,
    {
        let context = Some(Arc::clone(&self.context));
        let (limits, loaded) = (self.context.limits, Arc::clone(&self.loaded));
        let (answer,) = call::alone(&self.loaded, context, limits, async move |store| {
            let ready = loaded.ready.instance_pre();
            let instance = ready.instantiate_async(&mut *store).await?;
            hook(&instance, store).await
        })
        .await
        .map_err(problems)?;
        answer
    }

    async fn call<R, H>(&self, hook: H) -> Answer<R>
    where
        R: Send + 'static,
        H: AsyncFnOnce(&DirectorySync, &mut Store<Guest>) -> wasmtime::Result<Answer<R>>
            + Send
            + 'static,
    {
        self.call_for(Purpose::Other, hook).await
    }

    async fn call_for<R, H>(&self, purpose: Purpose, hook: H) -> Answer<R>
    where
        R: Send + 'static,
        H: AsyncFnOnce(&DirectorySync, &mut Store<Guest>) -> wasmtime::Result<Answer<R>>
            + Send
            + 'static,
    {
        let context = Some(Arc::clone(&self.context));
        call::once(&self.loaded, context, self.context.limits, purpose, hook)
            .await
            .map_err(problems)?
    }
}

pub(super) fn problems(failure: Failure) -> Vec<Problem> {
    vec![failure.into()]
}
