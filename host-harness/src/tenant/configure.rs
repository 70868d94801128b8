//! Settings: the form's secret fields become handles before the plugin sees them.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::Problem;
use crate::contract::hooks::lifecycle::{Configured, FormKind};
use crate::contract::hooks::mapping::Rule;
use crate::contract::types::Setting;
use crate::ports::tenants::HostSetting;

use super::draft::Draft;
use super::{Hook, Refused, Tenant};

/// Settings that say which server gets the secrets, and how safely.
const SERVER: [&str; 4] = ["url", "port", "security", "certificate-authority"];

/// The code of a configuration that nobody gave.
const UNKNOWN: &str = "configuration-unknown";

/// What an administrator changes: everything else stays as it is stored.
#[derive(Default)]
pub struct Change {
    /// Settings by key; a secret field's key is refused here.
    pub set: Vec<Setting>,
    /// Keys that go back to the form's default. A secret field's key forgets the secret.
    pub unset: Vec<String>,
    /// Begin from the form's defaults instead of the stored settings. Secrets stay.
    pub afresh: bool,
    /// A mapping to be stored with the settings; empty keeps the stored one.
    pub rules: Vec<Rule>,
    /// New values of the form's secret fields, by key.
    pub secrets: SecretValues,
    /// Digests, one of which is that of the configuration that was looked at, empty before the first; none: whatever is in force.
    pub expected: Option<Vec<String>>,
}

/// Secrets, by the key of their field: a password, a private key.
pub type SecretValues = BTreeMap<String, Zeroizing<String>>;

/// Handles of stored secrets, by the key of their field.
pub(super) type Handles = BTreeMap<String, String>;

impl Tenant {
    /// Checks and stores settings, and rules where there are any. All wrong fields are reported at once, then all wrong
    /// rules; either way nothing has changed, the stored secrets included.
    ///
    /// # Errors
    /// The plugin's problems by field or rule; `secret-setting` for a secret among the plain settings;
    /// `empty-password`; `password-missing` or `key-missing` where the server changes and its secret is not given again;
    /// `settings-changed` where others than those looked at are in force, unless these are what is wanted: what is sent again does no
    /// harm; `tenant-busy` while a run is under way.
    pub async fn configure(&self, change: Change) -> Hook<Configured> {
        let _lease = self.lease().await?;
        let digest = match self.configured_digest().await {
            Ok(digest) => digest,
            Err(refused) if ["not-configured", UNKNOWN].contains(&refused.code()) => String::new(),
            Err(refused) => return Err(refused),
        };
        let expected = change.expected.as_ref();
        if expected.is_some_and(|expected| !expected.contains(&digest)) {
            if self.changes_nothing(&change).await? {
                return self.configuration().await;
            }
            return Err(Problem::new(
                "settings-changed",
                "Somebody else has changed the settings since they were looked at",
                "Look at them again, and change what is still to be changed.",
            )
            .into());
        }
        let secrets = self.secret_keys().await?;
        let settings = self.changed(&change, &secrets).await?;
        if let Some(key) = change.secrets.keys().find(|key| !secrets.contains(key)) {
            return Err(unknown(key).into());
        }
        let in_force = self.in_force().await?;
        let before = handles(&in_force, &secrets);
        for key in &secrets {
            // A kill may have left a secret that no settings ever named.
            let newest = self.secrets().handle(self.id(), key).await?;
            self.forget(newest.filter(|newest| before.get(key) != Some(newest)))
                .await?;
        }
        let moved = self.moved(&in_force, &settings).await?;
        let mut after = before.clone();
        after.retain(|key, _| moved.is_none() && !change.unset.contains(key));
        // The plugin judges settings with handles in them, so new secrets are stored first; whatever is not in force
        // afterwards is destroyed.
        for (key, secret) in change.secrets {
            let new = self.secrets().store(self.id(), &key, secret).await?;
            after.insert(key, new);
        }
        let accepted = self.accept(with(settings, &after), change.rules).await;
        let named = match &accepted {
            Ok(_) => after.clone(),
            // The plugin may have accepted it all the same, and the host failed afterwards.
            Err(_) => match self.configuration().await {
                Ok(in_force) => handles(&in_force.settings, &secrets),
                Err(refused) if refused.code() == "not-configured" => Handles::new(),
                Err(_) => return accepted,
            },
        };
        for (key, handle) in before.iter().chain(&after) {
            self.forget(Some(handle.clone()).filter(|handle| named.get(key) != Some(handle)))
                .await?;
        }
        accepted.map_err(|refused| match moved {
            Some(setting) => stays_behind(refused, &setting, &before),
            None => refused,
        })
    }

    /// The settings in force, with handles in place of passwords.
    ///
    /// # Errors
    /// What the plugin refuses with before the first `configure`.
    pub async fn configuration(&self) -> Hook<Configured> {
        Ok(self.hooks().configuration().await?)
    }

    /// Whether what a change wants is in force already (RFC 9110, section 13.1.1, lets such a one through). A new secret always changes something: whether it is the stored one is told
    /// nobody, who could guess until it is.
    async fn changes_nothing(&self, change: &Change) -> Hook<bool> {
        if change.afresh || !change.rules.is_empty() || !change.secrets.is_empty() {
            return Ok(false);
        }
        let secrets = self.secret_keys().await?;
        let in_force = self.in_force().await?;
        let stored = handles(&in_force, &secrets);
        if change.unset.iter().any(|key| stored.contains_key(key)) {
            return Ok(false);
        }
        let wanted = self.changed(change, &secrets).await?;
        let told = |settings: Vec<Setting>| -> BTreeMap<String, String> {
            let plain = settings.into_iter().filter(|s| !secrets.contains(&s.key));
            plain.map(|s| (s.key, s.value)).collect()
        };
        Ok(!in_force.is_empty() && told(in_force) == told(wanted))
    }

    /// The stored settings, changed; without the secret fields.
    pub(super) async fn changed(&self, change: &Change, secrets: &[String]) -> Hook<Vec<Setting>> {
        self.known(&change.unset).await?;
        if let Some(setting) = change.set.iter().find(|s| secrets.contains(&s.key)) {
            return Err(Problem::new(
                "secret-setting",
                "A secret is not a plain setting: it would be kept and shown readably",
                "Give it as a secret (a password, a key file); the host stores it encrypted and hands the plugin a handle.",
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
            .filter(|s| !secrets.contains(&s.key) && !change.unset.contains(&s.key))
            .collect();
        for new in &change.set {
            match settings.iter_mut().find(|s| s.key == new.key) {
                Some(setting) => setting.value.clone_from(&new.value),
                None => settings.push(new.clone()),
            }
        }
        Ok(settings)
    }

    /// The keys of the form's secret fields, and of everything else that was one: a plugin that calls a password a plain text
    /// would otherwise have it sent to a server for which nobody gave it.
    pub(super) async fn secret_keys(&self) -> Hook<Vec<String>> {
        let form = self.describe().await?.form;
        let mut keys = self.secrets().names(self.id()).await?;
        let secret = form
            .into_iter()
            .filter(|field| field.kind == FormKind::Secret);
        keys.extend(secret.map(|field| field.key));
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// The settings in force as they were given; none before the first `configure`.
    pub(super) async fn in_force(&self) -> Hook<Vec<Setting>> {
        let settings = self.installation().await?.settings;
        Ok(settings
            .into_iter()
            .map(|HostSetting { key, value }| Setting { key, value })
            .collect())
    }

    /// The digest of the configuration in force. The plugin keeps the configuration, and the host the settings as they
    /// were given; a kill between the two leaves the host's behind, and then they are made to agree.
    pub(super) async fn configured_digest(&self) -> Hook<String> {
        let digest = self.configuration().await?.digest;
        let noted = self.installation().await?;
        if noted.configuration == digest {
            return Ok(digest);
        }
        let Some(intended) = noted.intended else {
            return Err(Problem::new(
                UNKNOWN,
                "The plugin works by another configuration than any that was given to it",
                "Configure the tenant again; if it stays so, report it to whoever makes the plugin.",
            )
            .into());
        };
        tracing::info!(tenant = %self.id(), "noting settings that were stored by half");
        self.tenants()
            .configured(self.id(), &digest, intended)
            .await?;
        Ok(digest)
    }

    /// The first setting, if any, by which these settings lead to another server than those in force, or to the same one
    /// less safely. Secrets were given for the old one: whoever may change settings must not learn a password by
    /// sending it elsewhere.
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
            .map(|key| unknown(key))
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
        let given: Vec<HostSetting> = settings.iter().cloned().map(HostSetting::from).collect();
        let draft = self.draft();
        let mut configured = self.hooks_on(&draft).configure(settings).await?;
        if !rules.is_empty() {
            configured.digest = self.hooks_on(&draft).submit_mapping(rules).await?;
        }
        self.keep(&draft, &configured.digest, given).await?;
        Ok(configured)
    }

    /// Stores what the plugin accepted, and with it the settings under which it did. A kill in between leaves both known.
    pub(super) async fn keep(
        &self,
        draft: &Draft,
        digest: &str,
        given: Vec<HostSetting>,
    ) -> Hook<()> {
        self.tenants()
            .intend(self.id(), Some(given.clone()))
            .await?;
        if let Err(problem) = draft.store(self.id()).await {
            self.tenants().intend(self.id(), None).await?;
            return Err(problem.into());
        }
        self.tenants().configured(self.id(), digest, given).await?;
        Ok(())
    }
}

/// The handles that settings name.
pub(super) fn handles(settings: &[Setting], secrets: &[String]) -> Handles {
    settings
        .iter()
        .filter(|setting| secrets.contains(&setting.key) && !setting.value.is_empty())
        .map(|setting| (setting.key.clone(), setting.value.clone()))
        .collect()
}

/// There is no such setting.
pub(super) fn unknown(key: &str) -> Problem {
    Problem::new(
        "unknown-setting",
        format!("there is no such setting as `{key}`"),
        "Look at the settings in force for the keys there are.",
    )
    .of_field(key)
}

/// Says why a secret is missing that was there before.
fn stays_behind(refused: Refused, setting: &str, before: &Handles) -> Refused {
    let problems: Vec<_> = refused
        .problems()
        .cloned()
        .map(|problem| match problem.field.clone() {
            Some(field)
                if matches!(&*problem.code, "password-missing" | "key-missing")
                    && before.contains_key(&field) =>
            {
                secret_missing(setting, &field)
            }
            _ => problem,
        })
        .collect();
    problems.into()
}

/// A stored secret is not used with another server.
pub(super) fn secret_missing(setting: &str, secret: &str) -> Problem {
    let code = match secret {
        "password" => "password-missing",
        _ => "key-missing",
    };
    Problem::new(
        code,
        format!(
            "The setting {setting:?} changes, and the stored {secret} was given for the server as it was"
        ),
        format!("Configure the new server together with the {secret}."),
    )
    .of_field(secret)
}

/// The settings with the handles of the secrets.
pub(super) fn with(mut settings: Vec<Setting>, handles: &Handles) -> Vec<Setting> {
    settings.extend(handles.iter().map(|(key, value)| Setting {
        key: key.clone(),
        value: value.clone(),
    }));
    settings
}
