//! `configure`.

use clap::Args;
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::client_key::KeySource;
use crate::cli::deed::Doing;
use crate::cli::json as shape;
use crate::cli::password::PasswordSource;
use crate::cli::policy::{PolicyFlags, told};
use crate::cli::view::Page;
use crate::contract::hooks::lifecycle::{Configured, FormField, FormKind};
use crate::ports::TenantId;
use crate::tenant::{Hook, SecretValues, Tenant};

use super::install::tenant;
use super::settings::Settings;

/// Arguments of `configure`.
#[derive(Debug, Args)]
pub(crate) struct Configure {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    key: KeySource,
    #[command(flatten)]
    policy: PolicyFlags,
}

impl Configure {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        let mut which = self.settings.named();
        which.extend(self.password.any().then(|| "password".to_owned()));
        which.extend(self.key.key_file.as_ref().map(|_| "client-key".to_owned()));
        which.extend(self.policy.any().then(|| "endpoints".to_owned()));
        // Without anything it shows what is stored.
        if which.is_empty() {
            return None;
        }
        Doing::to(&self.tenant, "configure", which.join(" "))
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        app.installed(&self.tenant).await?;
        let tenant = app.tenant(&self.tenant).await?;
        let mut secrets = SecretValues::new();
        if let Some(password) = self.password.read("Bind password")? {
            secrets.insert("password".to_owned(), password);
        }
        if let Some(key) = self.key.read()? {
            secrets.insert("client-key".to_owned(), key);
        }
        let mut page = app.out.page();
        if !self.settings.any() && secrets.is_empty() {
            let policy = app.allow(&self.tenant, &self.policy).await?;
            let configured = tenant.configuration().await?;
            page.heading(&format!("Settings of {}", self.tenant));
            show(&mut page, &tenant, &configured).await?;
            page.facts(&[("may connect to", told(policy))]);
            return Ok(answer(&self.tenant, page, &configured, None));
        }
        let (mut change, file) = self.settings.change()?;
        change.secrets = secrets;
        change.rules = file.map(|f| f.rules()).unwrap_or_default();
        let stored = change.rules.len();
        let configured = tenant.configure(change).await?;
        app.allow(&self.tenant, &self.policy).await?;
        page.done(&format!("Settings of {} stored.", self.tenant));
        show(&mut page, &tenant, &configured).await?;
        page.warnings(&configured.warnings);
        if stored > 0 {
            page.done(&format!("Mapping of {stored} fields stored."));
        }
        page.aside(&format!("Next: {} verify {}", app.program(), self.tenant));
        Ok(answer(
            &self.tenant,
            page,
            &configured,
            (stored > 0).then_some(stored),
        ))
    }
}

fn answer(tenant: &TenantId, page: Page, configured: &Configured, rules: Option<usize>) -> Answer {
    let mut json = shape::configured(configured);
    if let Some(object) = json.as_object_mut() {
        object.insert("tenant".to_owned(), json!(tenant.as_str()));
        object.insert("rules_stored".to_owned(), json!(rules));
    }
    Answer::done(page, json)
}

/// The settings by the form's labels, a secret never among them.
pub(crate) async fn show(page: &mut Page, tenant: &Tenant, configured: &Configured) -> Hook<()> {
    let form = tenant.describe().await?.form;
    let mut facts: Vec<(String, String)> = form
        .iter()
        .filter_map(|field| {
            let value = configured.settings.iter().find(|s| s.key == field.key)?;
            Some((field.key.clone(), shown(field, &value.value)))
        })
        .collect();
    facts.push(("(digest)".to_owned(), configured.digest.clone()));
    page.facts(&facts);
    Ok(())
}

fn shown(field: &FormField, value: &str) -> String {
    match field.kind {
        FormKind::Secret if value.is_empty() => "(none)".to_owned(),
        FormKind::Secret => "(stored encrypted; the plugin holds a handle)".to_owned(),
        FormKind::Multiline if value.lines().count() > 1 => {
            format!("({} lines)", value.lines().count())
        }
        _ if value.is_empty() => "(empty)".to_owned(),
        _ => value.to_owned(),
    }
}
