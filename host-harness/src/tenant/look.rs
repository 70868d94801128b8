//! Hooks that look: verify, map, explain, schedule. They record no plan and may run beside a sync.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::Problem;
use crate::contract::hooks::explain::Explanation;
use crate::contract::hooks::lifecycle::{Description, Report};
use crate::contract::hooks::mapping::{Previewed, Rule, Suggestion, Who};
use crate::contract::hooks::schedule::{Occurrence, Timetable};
use crate::contract::people::{Candidate, Coverage};
use crate::sandbox::Hooks;

use super::configure::{Change, Handles, SecretValues, handles, secret_missing, unknown, with};
use super::draft::Draft;
use super::{Hook, Refused, Tenant, Unwatched, Watch};

impl Tenant {
    /// What the plugin says of itself: its form, its profiles, what it needs.
    ///
    /// # Errors
    /// The sandbox's, where the plugin fails.
    pub async fn describe(&self) -> Hook<Description> {
        Ok(self.plugin().describe().await?)
    }

    /// Tries everything that a sync would do, with the stored settings or, where there is a change, with what it would
    /// make of them; nothing is stored. A change's secrets are stored for as long as they are tried, and then destroyed.
    ///
    /// # Errors
    /// Problems that leave nothing to verify; `password-missing` or `key-missing` for another server than the stored one;
    /// failing stages are in the report.
    pub async fn verify(&self, change: Option<&Change>) -> Hook<Report> {
        let nobody: Arc<dyn Watch> = Arc::new(Unwatched::default());
        self.verify_watched(change, &nobody).await
    }

    /// The same, while somebody hears of each stage as it is over, and may stop it. Stop it so rather than by no longer waiting: then
    /// a change's secrets are destroyed all the same.
    ///
    /// # Errors
    /// As [`Tenant::verify`]; `cancelled`.
    pub async fn verify_watched(
        &self,
        change: Option<&Change>,
        watch: &Arc<dyn Watch>,
    ) -> Hook<Report> {
        let Some(change) = change else {
            return Ok(self.hooks_heard(watch).verify(Vec::new()).await?);
        };
        let secrets = self.secret_keys().await?;
        let settings = self.changed(change, &secrets).await?;
        if let Some(key) = change.secrets.keys().find(|key| !secrets.contains(key)) {
            return Err(unknown(key).into());
        }
        let in_force = self.in_force().await?;
        let stored = handles(&in_force, &secrets);
        let mut handles = stored.clone();
        handles.retain(|key, _| !change.unset.contains(key) && !change.secrets.contains_key(key));
        if let Some(secret) = handles.keys().next()
            && let Some(setting) = self.moved(&in_force, &settings).await?
        {
            return Err(secret_missing(&setting, secret).into());
        }
        let tried = self.lend(&change.secrets).await?;
        handles.extend(tried.clone());
        let settings = with(settings, &handles);
        let report = self.hooks_trying(&settings, watch).verify(settings).await;
        // The same secret again has the handle of the one that is stored, which stays.
        let lent = tried
            .iter()
            .filter(|(key, handle)| stored.get(*key) != Some(*handle));
        for (_, handle) in lent {
            self.secrets().forget(self.id(), handle).await?;
        }
        Ok(report?)
    }

    /// What is wrong with what a change would make of the settings; empty is good. Nothing is stored or connected to.
    ///
    /// # Errors
    /// As [`Tenant::configure`], but for the settings' own problems, which are the answer.
    pub async fn check_settings(&self, change: &Change) -> Hook<Vec<Problem>> {
        let secrets = self.secret_keys().await?;
        let settings = self.changed(change, &secrets).await?;
        let handles = handles(&self.in_force().await?, &secrets);
        let judged = self.hooks_on(&self.draft());
        match judged.configure(with(settings, &handles)).await {
            Ok(_) => Ok(Vec::new()),
            Err(problems) => Ok(Refused::from(problems).problems().cloned().collect()),
        }
    }

    /// Stores secrets under new handles, all or none.
    async fn lend(&self, secrets: &SecretValues) -> Hook<Handles> {
        let mut lent = Handles::new();
        for (key, secret) in secrets {
            let stored = self.secrets().store(self.id(), key, secret.clone()).await;
            match stored {
                Ok(handle) => lent.insert(key.clone(), handle),
                Err(problem) => {
                    for handle in lent.values() {
                        self.secrets().forget(self.id(), handle).await?;
                    }
                    return Err(problem.into());
                }
            };
        }
        Ok(lent)
    }

    /// Rules for the directory's profile.
    ///
    /// # Errors
    /// The plugin's, where the directory cannot be read.
    pub async fn suggest(&self) -> Hook<Suggestion> {
        Ok(self.hooks().suggest().await?)
    }

    /// What is wrong with these rules; empty is good.
    ///
    /// # Errors
    /// The sandbox's.
    pub async fn check_rules(&self, rules: Vec<Rule>) -> Hook<Vec<Problem>> {
        Ok(self.hooks().check(rules).await?)
    }

    /// What these rules (or, if empty, the stored ones) make of one person.
    ///
    /// # Errors
    /// `unknown-person` and what reading the directory may bring.
    pub async fn preview(&self, rules: Vec<Rule>, who: Who) -> Hook<Previewed> {
        Ok(self.hooks().preview(rules, who).await?)
    }

    /// People to pick from by a part of a name, or with an empty text the first; at most `limit`, 1 to 20.
    ///
    /// # Errors
    /// `search-text`, `bad-number`; `plugin-older` where the plugin cannot; what reading the directory may bring.
    pub async fn find(&self, text: &str, limit: u32) -> Hook<Vec<Candidate>> {
        Ok(self.hooks().find(text.to_owned(), limit).await?)
    }

    /// What these rules (or, if empty, the stored ones) come to over a sample of people.
    ///
    /// # Errors
    /// What is wrong with the rules; `plugin-older` where the plugin cannot; what reading the directory may bring.
    pub async fn coverage(&self, rules: Vec<Rule>) -> Hook<Coverage> {
        Ok(self.hooks().coverage(rules).await?)
    }

    /// Checks and stores rules.
    ///
    /// # Errors
    /// All problems of the rules at once, `missing-rule` where there is none; then nothing has changed. `tenant-busy` while a run is under
    /// way.
    pub async fn submit_rules(&self, rules: Vec<Rule>) -> Hook<String> {
        let _lease = self.lease().await?;
        self.store_rules(rules).await
    }

    /// For whoever holds the lease.
    pub(super) async fn store_rules(&self, rules: Vec<Rule>) -> Hook<String> {
        // For the plugin none stand for its own suggestion, which nobody has looked at.
        if rules.is_empty() {
            let mut problems = self.check_rules(rules).await?;
            if problems.is_empty() {
                problems.push(Problem::new(
                    "missing-rule",
                    "No field is made of anything",
                    "Say of at least one field what it is made of.",
                ));
            }
            return Err(problems.into());
        }
        let draft = self.draft();
        let digest = self.hooks_on(&draft).submit_mapping(rules).await?;
        let settings = self.installation().await?.settings;
        self.keep(&draft, &digest, settings).await?;
        Ok(digest)
    }

    /// The stored rules; empty before the first were stored.
    ///
    /// # Errors
    /// The sandbox's.
    pub async fn rules(&self) -> Hook<Vec<Rule>> {
        Ok(self.hooks().mapping().await?)
    }

    /// Why one person is, or is not, synced.
    ///
    /// # Errors
    /// What reading the directory may bring; a person who is not found is explained.
    pub async fn explain(&self, who: Who) -> Hook<Explanation> {
        Ok(self.hooks().explain(who).await?)
    }

    /// Checks and stores a timetable, and with it when the tenant is due: a kill in between would leave a tenant who never is.
    ///
    /// # Errors
    /// `bad-start`, `unknown-zone` and the like, by field; `conflict` where somebody else stored one meanwhile.
    pub async fn submit_timetable(&self, timetable: Timetable) -> Hook<()> {
        let draft = self.draft();
        self.hooks_on(&draft).submit_timetable(timetable).await?;
        self.keep_timetable(&draft).await
    }

    /// Stores a timetable that hooks have accepted, and with it when the tenant is due, both or neither.
    pub(super) async fn keep_timetable(&self, draft: &Arc<Draft>) -> Hook<()> {
        let next = due_after(&self.hooks_on(draft), Utc::now()).await?;
        let changed = draft.take().await;
        Ok(self.queue().set_due(self.id(), next, &changed).await?)
    }

    /// When the stored timetable has the tenant synced next after a moment: Unix milliseconds; none where it is over, inactive, or
    /// there is none.
    ///
    /// # Errors
    /// The sandbox's.
    pub async fn due_after(&self, moment: DateTime<Utc>) -> Hook<Option<i64>> {
        due_after(&self.hooks(), moment).await
    }

    /// The time zones that a timetable can name, ascending.
    ///
    /// # Errors
    /// The sandbox's.
    pub async fn zones(&self) -> Hook<Vec<String>> {
        Ok(self.hooks().zones().await?)
    }

    /// The stored timetable.
    ///
    /// # Errors
    /// `not-scheduled`.
    pub async fn timetable(&self) -> Hook<Timetable> {
        Ok(self.hooks().timetable().await?)
    }

    /// The next occurrences of a timetable after a moment (Unix seconds).
    ///
    /// # Errors
    /// As [`Tenant::submit_timetable`].
    pub async fn next_occurrences(
        &self,
        timetable: Timetable,
        after: u64,
        count: u32,
    ) -> Hook<Vec<Occurrence>> {
        Ok(self.hooks().occurrences(timetable, after, count).await?)
    }
}

async fn due_after(hooks: &Hooks, moment: DateTime<Utc>) -> Hook<Option<i64>> {
    let timetable = match hooks.timetable().await.map_err(Refused::from) {
        Ok(timetable) => timetable,
        Err(refused) if refused.code() == "not-scheduled" => return Ok(None),
        Err(refused) => return Err(refused),
    };
    let after = u64::try_from(moment.timestamp()).unwrap_or_default();
    let next = hooks.occurrences(timetable, after, 1).await?;
    let at = next.first().and_then(|one| i64::try_from(one.at).ok());
    Ok(at.map(|seconds| seconds.saturating_mul(1000)))
}
