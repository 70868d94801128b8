//! Settings: the form's secret field becomes a handle before the plugin sees it.

use zeroize::Zeroizing;

use crate::Problem;
use crate::contract::hooks::lifecycle::{Configured, FormKind};
use crate::contract::types::Setting;
use crate::ports::tenants::HostSetting;

use super::{Hook, Tenant};

/// What an administrator changes: everything else stays as it is stored.
#[derive(Default)]
pub struct Change {
    /// Settings by key; a secret field's key is refused here.
    pub set: Vec<Setting>,
    /// Keys that go back to the form's default. The secret field's key forgets the password.
    pub unset: Vec<String>,
    /// Begin from the form's defaults instead of the stored settings. The password stays.
    pub afresh: bool,
    /// A new password for the form's secret field.
    pub password: Option<Zeroizing<String>>,
}

impl Tenant {
    /// Checks and stores settings. All wrong fields are reported at once, and then nothing has changed, the stored
    /// password included.
    ///
    /// # Errors
    /// The plugin's problems by field; `secret-setting` for a password among the plain settings;
    /// `empty-password`; `tenant-busy` while a run is under way.
    pub async fn configure(&self, change: Change) -> Hook<Configured> {
        let _lock = self.lock()?;
        let secret = self.secret_key().await?;
        let settings = self.changed(&change, secret.as_deref()).await?;
        let Some(secret) = secret else {
            return self.accept(settings).await;
        };
        let before = self.secrets().handle(self.id(), &secret).await?;
        let Some(password) = change.password else {
            let kept = before.clone().filter(|_| !change.unset.contains(&secret));
            let forgotten = before.filter(|_| kept.is_none());
            let configured = self.accept(with(settings, &secret, kept)).await?;
            self.forget(forgotten).await?;
            return Ok(configured);
        };
        // The plugin judges settings with a handle in them, so the new password is stored first; whichever of the two
        // is not in force afterwards is destroyed.
        let new = self.secrets().store(self.id(), &secret, password).await?;
        let accepted = self
            .accept(with(settings, &secret, Some(new.clone())))
            .await;
        if before.as_ref() != Some(&new) {
            self.forget(if accepted.is_ok() { before } else { Some(new) })
                .await?;
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

    async fn forget(&self, handle: Option<String>) -> Hook<()> {
        if let Some(handle) = handle {
            self.secrets().forget(self.id(), &handle).await?;
        }
        Ok(())
    }

    async fn accept(&self, settings: Vec<Setting>) -> Hook<Configured> {
        let configured = self.hooks().configure(settings).await?;
        let own = configured
            .settings
            .iter()
            .cloned()
            .map(HostSetting::from)
            .collect();
        self.tenants()
            .configured(self.id(), &configured.digest, own)
            .await?;
        Ok(configured)
    }
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
