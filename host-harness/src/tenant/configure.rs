//! Settings: the form's secret field becomes a handle before the plugin sees it.

use zeroize::Zeroizing;

use crate::Problem;
use crate::contract::hooks::lifecycle::{Configured, FormKind};
use crate::contract::hooks::mapping::Rule;
use crate::contract::types::Setting;
use crate::ports::tenants::HostSetting;

use super::{Hook, Refused, Tenant};

/// Settings that say which server gets the password, and how safely.
const SERVER: [&str; 3] = ["url", "port", "security"];

/// What an administrator changes: everything else stays as it is stored.
#[derive(Default)]
pub struct Change {
    /// Settings by key; a secret field's key is refused here.
    pub set: Vec<Setting>,
    /// Keys that go back to the form's default. The secret field's key forgets the password.
    pub unset: Vec<String>,
    /// Begin from the form's defaults instead of the stored settings. The password stays.
    pub afresh: bool,
    /// A mapping to be stored with the settings; empty keeps the stored one.
    pub rules: Vec<Rule>,
    /// A new password for the form's secret field.
    pub password: Option<Zeroizing<String>>,
}

impl Tenant {
    /// Checks and stores settings, and rules where there are any. All wrong fields are reported at once, then all wrong
    /// rules; either way nothing has changed, the stored password included.
    ///
    /// # Errors
    /// The plugin's problems by field or rule; `secret-setting` for a password among the plain settings;
    /// `empty-password`; `password-missing` where the server changes and its password is not given again;
    /// `tenant-busy` while a run is under way.
    pub async fn configure(&self, change: Change) -> Hook<Configured> {
        let _lock = self.lock()?;
        let secret = self.secret_key().await?;
        let settings = self.changed(&change, secret.as_deref()).await?;
        let Some(secret) = secret else {
            return self.accept(settings, change.rules).await;
        };
        let in_force = self.in_force().await?;
        let before = handle(&in_force, &secret);
        // A kill may have left a password that no settings ever named.
        let newest = self.secrets().handle(self.id(), &secret).await?;
        self.forget(newest.filter(|newest| before.as_ref() != Some(newest)))
            .await?;
        let Some(password) = change.password else {
            let moved = self.moved(&in_force, &settings).await?;
            let kept = before
                .clone()
                .filter(|_| moved.is_none() && !change.unset.contains(&secret));
            let forgotten = before.filter(|_| kept.is_none());
            let configured = self
                .accept(with(settings, &secret, kept), change.rules)
                .await
                .map_err(|refused| match (moved, &forgotten) {
                    (Some(key), Some(_)) => stays_behind(refused, &key),
                    _ => refused,
                })?;
            self.forget(forgotten).await?;
            return Ok(configured);
        };
        // The plugin judges settings with a handle in them, so the new password is stored first; whichever of the two
        // is not in force afterwards is destroyed.
        let new = self.secrets().store(self.id(), &secret, password).await?;
        let accepted = self
            .accept(with(settings, &secret, Some(new.clone())), change.rules)
            .await;
        if accepted.is_ok() {
            self.forget(before.filter(|before| *before != new)).await?;
        } else if let Ok(in_force) = self.in_force().await {
            // The plugin may have accepted it all the same, and the host failed afterwards.
            let named = handle(&in_force, &secret);
            for unnamed in before.into_iter().chain([new]) {
                self.forget(Some(unnamed).filter(|handle| named.as_ref() != Some(handle)))
                    .await?;
            }
        }
        accepted
    }

    /// The settings in force, with handles in place of passwords.
    ///
    /// # Errors
    /// What the plugin refuses with before the first `configure`.
    pub async fn configuration(&self) -> Hook<Configured> {
        Ok(self.hooks().configuration().await?)
    }

    /// The stored settings, changed; without the secret field.
    pub(super) async fn changed(
        &self,
        change: &Change,
        secret: Option<&str>,
    ) -> Hook<Vec<Setting>> {
        self.known(&change.unset).await?;
        if let Some(setting) = change.set.iter().find(|s| Some(s.key.as_str()) == secret) {
            return Err(Problem::new(
                "secret-setting",
                "A password is not a plain setting: it would be kept and shown readably",
                "Give it as a password; the host stores it encrypted and hands the plugin a handle.",
            )
            .of_field(setting.key.clone())
            .into());
        }
        let stored = if change.afresh {
            Vec::new()
        } else {
            self.installation().await?.settings
        };
        let mut settings: Vec<Setting> = stored
            .into_iter()
            .map(|HostSetting { key, value }| Setting { key, value })
            .filter(|s| Some(s.key.as_str()) != secret && !change.unset.contains(&s.key))
            .collect();
        for new in &change.set {
            match settings.iter_mut().find(|s| s.key == new.key) {
                Some(setting) => setting.value.clone_from(&new.value),
                None => settings.push(new.clone()),
            }
        }
        Ok(settings)
    }

    /// The key of the form's secret field.
    pub(super) async fn secret_key(&self) -> Hook<Option<String>> {
        let form = self.describe().await?.form;
        Ok(form
            .into_iter()
            .find(|f| f.kind == FormKind::Secret)
            .map(|f| f.key))
    }

    /// The settings in force; none before the first `configure`.
    pub(super) async fn in_force(&self) -> Hook<Vec<Setting>> {
        match self.configuration().await {
            Ok(configured) => Ok(configured.settings),
            Err(refused) if refused.code() == "not-configured" => Ok(Vec::new()),
            Err(refused) => Err(refused),
        }
    }

    /// The first setting, if any, by which these settings lead to another server than those in force, or to the same one
    /// less safely. The password was given for the old one: whoever may change settings must not learn it by sending
    /// it elsewhere.
    pub(super) async fn moved(
        &self,
        in_force: &[Setting],
        settings: &[Setting],
    ) -> Hook<Option<String>> {
        if in_force.is_empty() {
            return Ok(None);
        }
        let form = self.describe().await?.form;
        let moved = SERVER.into_iter().find(|key| {
            let default = form.iter().find(|field| field.key == *key);
            let default = default.map_or("", |field| field.default.trim());
            let told = |settings: &[Setting]| {
                let setting = settings.iter().find(|setting| setting.key == *key);
                let value = setting.map_or("", |setting| setting.value.trim());
                if value.is_empty() { default } else { value }.to_owned()
            };
            told(in_force) != told(settings)
        });
        Ok(moved.map(str::to_owned))
    }

    /// Refuses keys that the form does not have: taking nothing back would look like success.
    async fn known(&self, keys: &[String]) -> Hook<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let form = self.describe().await?.form;
        let problems: Vec<Problem> = keys
            .iter()
            .filter(|key| form.iter().all(|field| field.key != **key))
            .map(|key| {
                Problem::new(
                    "unknown-setting",
                    format!("there is no setting `{key}` to take back"),
                    "Look at the settings in force for the keys there are.",
                )
                .of_field(key.clone())
            })
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.into())
        }
    }

    async fn forget(&self, handle: Option<String>) -> Hook<()> {
        if let Some(handle) = handle {
            self.secrets().forget(self.id(), &handle).await?;
        }
        Ok(())
    }

    /// Settings and rules are stored with one commit: no sync works by new settings and old rules.
    async fn accept(&self, settings: Vec<Setting>, rules: Vec<Rule>) -> Hook<Configured> {
        let draft = self.draft();
        let mut configured = self.hooks_on(&draft).configure(settings).await?;
        if !rules.is_empty() {
            configured.digest = self.hooks_on(&draft).submit_mapping(rules).await?;
        }
        draft.store(self.id()).await?;
        self.tenants()
            .configured(self.id(), &configured.digest, own(&configured))
            .await?;
        Ok(configured)
    }
}

/// The host's copy of the settings.
pub(super) fn own(configured: &Configured) -> Vec<HostSetting> {
    configured
        .settings
        .iter()
        .cloned()
        .map(HostSetting::from)
        .collect()
}

/// The handle that settings name.
pub(super) fn handle(settings: &[Setting], secret: &str) -> Option<String> {
    settings
        .iter()
        .find(|setting| setting.key == secret && !setting.value.is_empty())
        .map(|setting| setting.value.clone())
}

/// Says why there is no password.
fn stays_behind(refused: Refused, key: &str) -> Refused {
    let problems: Vec<_> = refused
        .problems()
        .cloned()
        .map(|problem| match problem.field.clone() {
            Some(field) if problem.code == "password-missing" => {
                password_missing(key).of_field(field)
            }
            _ => problem,
        })
        .collect();
    problems.into()
}

/// The stored password is not sent to another server.
pub(super) fn password_missing(key: &str) -> Problem {
    Problem::new(
        "password-missing",
        format!(
            "The setting {key:?} changes, and the stored password was given for the server as it was"
        ),
        "Configure the new server together with the password.",
    )
}

/// The settings with the handle of the password, if there is one.
pub(super) fn with(
    mut settings: Vec<Setting>,
    secret: &str,
    handle: Option<String>,
) -> Vec<Setting> {
    settings.extend(handle.map(|value| Setting {
        key: secret.to_owned(),
        value,
    }));
    settings
}
