//! Where the directory is, who is synced, and what guards a sync.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::refusal::{Answer, Refusal};
use super::super::scope::{Admin, Scope, Viewer};
use super::super::sent::Asked;
use super::super::settings::in_force;
use super::control::{Choice, Control};
use super::entered::{In, Shown, answered};
use super::fields::Fields;
use super::frame::{Frame, page};
use super::verify::{self, Tried};
use crate::contract::hooks::lifecycle::{FormField, FormKind};
use crate::contract::types::Setting;
use crate::ports::access::Rank;
use crate::shape;
use crate::tenant::Change;

/// The form's parts, by the keys of their fields; what no part names stands in the last one.
const PARTS: [(&str, bool, &[&str]); 6] = [
    (
        "Server",
        true,
        &["url", "port", "security", "certificate-authority"],
    ),
    (
        "Who asks",
        true,
        &[
            "bind-name",
            "password",
            "authentication",
            "client-certificate",
            "client-key",
        ],
    ),
    (
        "Where the people are",
        true,
        &[
            "base-dn",
            "filter",
            "scope",
            "excluded-subtrees",
            "profile",
            "id-attribute",
            "disabled-when",
        ],
    ),
    ("Roles", true, &["role", "role-rules"]),
    (
        "Who leaves, and guards",
        true,
        &[
            "leavers",
            "leaver-grace-days",
            "guard-count",
            "guard-percent",
            "adoption",
        ],
    ),
    ("More", false, &[]),
];

/// Shown closed, unless something is in them: few need them.
const RARE: [&str; 8] = [
    "certificate-authority",
    "authentication",
    "client-certificate",
    "client-key",
    "excluded-subtrees",
    "profile",
    "id-attribute",
    "disabled-when",
];

/// Fields of one part.
pub(super) struct Part {
    name: &'static str,
    open: bool,
    common: Vec<Control>,
    rare: Vec<Control>,
    /// Whether one of the rare ones holds something, or is wrong.
    used: bool,
}

#[derive(Template)]
#[template(path = "configuration.html")]
pub(super) struct ConfigurationPage {
    frame: Frame,
    parts: Vec<Part>,
    /// All of them, for the summary.
    controls: Vec<Control>,
    problems: Vec<shape::Problem>,
    warnings: Vec<shape::Problem>,
    /// The digest of the settings that are changed here.
    expected: String,
    tried: Option<Tried>,
    /// Where the stages of a verification come.
    stages: bool,
}

/// What was done before, and whether what was stored is verified now: an address, so that looking again stores nothing again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    done: Option<String>,
    verify: Option<String>,
}

/// The settings as they are.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(which): In<Asked<Which>>) -> Shown {
    let Asked(which) = which;
    let tenant = scope.tenant().await?;
    let configured = in_force(&tenant).await?;
    let stored = shape::settings(&configured.settings);
    let form = tenant.describe().await?.form;
    let mut shown = form_page(&scope, &form, &roles(&scope).await?, &stored, &[]);
    shown.frame = shown.frame.after(which.done.as_deref());
    shown.expected = configured.digest;
    shown.warnings = shape::each(&configured.warnings);
    if which.verify.is_some() && scope.caller().rank() >= Rank::Operator {
        return verify::answer(shown, tenant, None);
    }
    Ok(page(&shown))
}

/// Stores what was typed, verifies it, or looks for bases, as the button says.
pub(super) async fn submit(In(scope): In<Scope<Admin>>, fields: Fields) -> Shown {
    let tenant = scope.tenant().await?;
    let form = tenant.describe().await?.form;
    let stored = in_force(&tenant).await?;
    let action = fields.get("action");
    if let Err(refusal) = either(&form, &fields) {
        return Ok(refused(&scope, &form, &fields, &stored.settings, &refusal).await?);
    }
    if action == "save" || action == "verify" {
        let change = change(&form, &fields, Some(fields.get("expected").to_owned()));
        let keys = names(&form, &fields);
        let work = async { Ok(tenant.configure(change).await?) };
        return match scope.deed("configure", keys, work).await {
            Ok(_) => {
                let verify = if action == "verify" {
                    "&verify=stored"
                } else {
                    ""
                };
                let at = format!("/tenants/{}/configuration", scope.id());
                Ok(Redirect::to(&format!("{at}?done=configured{verify}")).into_response())
            }
            Err(refusal) => Ok(refused(&scope, &form, &fields, &stored.settings, &refusal).await?),
        };
    }
    let change = change(&form, &fields, None);
    let mut shown = typed(&scope, &form, &fields, &stored.settings, &[]).await?;
    fields.get("expected").clone_into(&mut shown.expected);
    shown.unkept(&fields);
    if action == "detect" {
        let report = tenant.verify(Some(&change)).await;
        return Ok(match report {
            Ok(report) => {
                shown.tried = Some(Tried::bases(&report));
                offer(&mut shown, &report.bases);
                page(&shown)
            }
            Err(why) => {
                refused(
                    &scope,
                    &form,
                    &fields,
                    &stored.settings,
                    &Refusal::from(why),
                )
                .await?
            }
        });
    }
    verify::answer(shown, tenant, Some(change))
}

/// What is wrong with what is typed, before anything is stored.
pub(super) async fn check(In(scope): In<Scope<Admin>>, fields: Fields) -> Shown {
    let tenant = scope.tenant().await?;
    let form = tenant.describe().await?.form;
    let stored = in_force(&tenant).await?;
    let problems = tenant.check_settings(&change(&form, &fields, None)).await?;
    let problems: Vec<shape::Problem> = shape::each(&problems);
    Ok(page(
        &typed(&scope, &form, &fields, &stored.settings, &problems).await?,
    ))
}

/// What was typed stays, beside what is wrong with it.
async fn refused(
    scope: &Scope<Admin>,
    form: &[FormField],
    fields: &Fields,
    stored: &[Setting],
    refusal: &Refusal,
) -> Answer<Response> {
    let mut problems = refusal.problems();
    let now = in_force(&scope.tenant().await?).await?;
    if refusal.code() == "settings-changed" {
        problems.extend(others(form, fields, &shape::settings(&now.settings)));
    }
    let mut shown = typed(scope, form, fields, stored, &problems).await?;
    shown.expected = now.digest;
    // Whoever hears that somebody else has changed them may insist; nobody else does so unawares.
    if refusal.code() != "settings-changed" {
        fields.get("expected").clone_into(&mut shown.expected);
    }
    shown.unkept(fields);
    if fields.get("action") == "detect" {
        shown.tried = Some(Tried::refused_by(problems.clone()));
    }
    shown.problems = problems;
    Ok(answered(refusal.status(), page(&shown)))
}

/// What is stored by now where something else was typed. Of secrets nothing is told.
fn others(
    form: &[FormField],
    fields: &Fields,
    stored: &BTreeMap<String, String>,
) -> Vec<shape::Problem> {
    let plain = form.iter().filter(|field| field.kind != FormKind::Secret);
    let other = |field: &FormField| {
        let typed = sent(field, fields)?;
        let stored = stored.get(&field.key).unwrap_or(&field.default);
        (typed.trim() != stored.trim()).then(|| shape::Problem {
            code: "settings-changed".to_owned(),
            field: Some(field.key.clone()),
            message: format!(
                "{}: “{stored}” is stored now, and “{typed}” was typed",
                field.label
            ),
            remedy: "Storing this again takes what was typed.".to_owned(),
            position: None,
        })
    };
    plain.filter_map(other).collect()
}

async fn typed(
    scope: &Scope<Admin>,
    form: &[FormField],
    fields: &Fields,
    stored: &[Setting],
    problems: &[shape::Problem],
) -> Answer<ConfigurationPage> {
    let stored = shape::settings(stored);
    let mut values = BTreeMap::new();
    for field in form {
        let value = match field.kind {
            // That there is one, and never what it is.
            FormKind::Secret => stored.get(&field.key).cloned().unwrap_or_default(),
            _ => sent(field, fields).unwrap_or_default(),
        };
        values.insert(field.key.clone(), value);
    }
    let mut shown = form_page(scope, form, &roles(scope).await?, &values, problems);
    for control in shown.all() {
        control.removing = fields.has(&control.removal);
    }
    Ok(shown)
}

fn form_page<N>(
    scope: &Scope<N>,
    form: &[FormField],
    roles: &[(String, String)],
    values: &BTreeMap<String, String>,
    problems: &[shape::Problem],
) -> ConfigurationPage {
    let controls: Vec<Control> = form
        .iter()
        .map(|field| control(scope, field, roles, values).judged(problems))
        .collect();
    let mut left = controls.clone();
    let parts = PARTS.map(|(name, open, keys)| {
        let mut mine: Vec<Control> = Vec::new();
        if keys.is_empty() {
            mine.append(&mut left);
        }
        for key in keys {
            if let Some(at) = left.iter().position(|control| control.name == *key) {
                mine.push(left.remove(at));
            }
        }
        let (rare, common): (Vec<_>, Vec<_>) = mine
            .into_iter()
            .partition(|control| open && RARE.contains(&&*control.name));
        let used = rare
            .iter()
            .any(|control| control.problem.is_some() || holds(control));
        let open = open || common.iter().any(|control| control.problem.is_some());
        Part {
            name,
            open,
            used: used && rare.iter().any(|control| told(form, control)),
            common,
            rare,
        }
    });
    ConfigurationPage {
        frame: Frame::within(scope, "Connection", "configuration"),
        parts: parts
            .into_iter()
            .filter(|part| !part.common.is_empty() || !part.rare.is_empty())
            .collect(),
        controls,
        problems: Vec::new(),
        warnings: Vec::new(),
        expected: String::new(),
        tried: None,
        stages: false,
    }
}

/// Whether a field holds something, or a secret is stored of which it shows nothing.
fn holds(control: &Control) -> bool {
    !control.value.is_empty() || !control.removal.is_empty()
}

/// Whether a field holds something that is not its default.
fn told(form: &[FormField], control: &Control) -> bool {
    let field = form.iter().find(|field| field.key == control.name);
    let other = field.is_some_and(|field| control.value != field.default);
    control.problem.is_some() || other || !control.removal.is_empty()
}

fn control<N>(
    scope: &Scope<N>,
    field: &FormField,
    roles: &[(String, String)],
    values: &BTreeMap<String, String>,
) -> Control {
    let value = values.get(&field.key).map_or("", String::as_str);
    let kind = shape::lifecycle::form_kind(field.kind);
    let kept = field.kind == FormKind::Secret && !value.is_empty();
    let mut control = Control::new(&field.key, kind, &field.label).help(&field.help);
    control.required = field.required;
    match field.kind {
        FormKind::Secret => {
            control.kind = if field.key.contains("key") {
                "secret-lines"
            } else {
                "password"
            };
            control.complete = "new-password";
            if kept {
                control.help =
                    format!("{} One is stored; leave this empty to keep it.", field.help);
                control.removal = removal(&field.key);
            }
        }
        FormKind::Filter | FormKind::Dn => {
            control.check = format!("/tenants/{}/configuration/check", scope.id());
            value.clone_into(&mut control.value);
        }
        _ if value.is_empty() => field.default.clone_into(&mut control.value),
        _ => value.clone_into(&mut control.value),
    }
    if field.key == "role" {
        control.kind = "choice";
        let each = roles
            .iter()
            .map(|(id, label)| (id.as_str(), label.as_str()));
        control = control.choices(each);
    }
    if field.kind == FormKind::Choice {
        let none = (field.default.is_empty(), "", "as it follows from the rest");
        let choices = none.0.then_some((none.1, none.2)).into_iter();
        let each = field
            .choices
            .iter()
            .map(|choice| (choice.as_str(), choice.as_str()));
        control = control.choices(choices.chain(each));
    }
    control
}

async fn roles<N>(scope: &Scope<N>) -> Answer<Vec<(String, String)>> {
    let roles = scope.portal()?.roles().await?;
    Ok(roles
        .into_iter()
        .map(|role| (role.id, role.label))
        .collect())
}

/// Bases that a server offers stand beside the field.
fn offer(shown: &mut ConfigurationPage, bases: &[String]) {
    let fields = shown.parts.iter_mut().flat_map(|part| &mut part.common);
    for field in fields.filter(|field| field.name == "base-dn") {
        field.offered = bases
            .iter()
            .map(|base| Choice {
                value: base.clone(),
                label: base.clone(),
                // What the field holds counts until another one is chosen.
                chosen: false,
            })
            .collect();
    }
}

fn change(form: &[FormField], fields: &Fields, expected: Option<String>) -> Change {
    let mut change = Change {
        expected: expected.map(|tag| vec![tag]),
        ..Change::default()
    };
    for field in form {
        if removes(field, fields) {
            change.unset.push(field.key.clone());
            continue;
        }
        let Some(value) = given(fields, &field.key) else {
            if field.kind == FormKind::Boolean {
                change.set.push(setting(&field.key, "false"));
            }
            continue;
        };
        match field.kind {
            FormKind::Secret if value.is_empty() => {}
            FormKind::Secret => {
                let secret = Zeroizing::new(value.to_owned());
                change.secrets.insert(field.key.clone(), secret);
            }
            _ if value.trim().is_empty() || value == field.default => {
                change.unset.push(field.key.clone());
            }
            _ => change.set.push(setting(&field.key, value)),
        }
    }
    change
}

/// What the form carries of a field: a box that is not ticked is `false`, another field may not have been sent.
fn sent(field: &FormField, fields: &Fields) -> Option<String> {
    match field.kind {
        FormKind::Boolean => Some(fields.has(&field.key).to_string()),
        _ => given(fields, &field.key).map(str::to_owned),
    }
}

/// What was chosen of what is offered beside a field, or where that is nothing, what the field holds.
fn given<'f>(fields: &'f Fields, key: &str) -> Option<&'f str> {
    let typed = fields.find(key)?;
    let chosen = fields.find(&format!("{key}-offered"));
    Some(chosen.filter(|one| !one.is_empty()).unwrap_or(typed))
}

/// The name of the box by which a stored secret is removed.
fn removal(key: &str) -> String {
    format!("{key}-remove")
}

/// Whether a stored secret is to be removed.
fn removes(field: &FormField, fields: &Fields) -> bool {
    field.kind == FormKind::Secret && fields.has(&removal(&field.key))
}

/// Refuses a secret that is to be removed and stored at once.
fn either(form: &[FormField], fields: &Fields) -> Answer<()> {
    let both = form
        .iter()
        .filter(|field| removes(field, fields) && !fields.get(&field.key).is_empty());
    let problems: Vec<crate::Problem> = both
        .map(|field| {
            crate::Problem::new(
                "contradiction",
                "The stored one is to be removed, and a new one was typed. Nothing was stored",
                "Type the new one and leave the box empty, or tick the box and type nothing.",
            )
            .of_field(field.key.clone())
        })
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(crate::tenant::Refused::from(problems).into())
    }
}

fn setting(key: &str, value: &str) -> Setting {
    Setting {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

/// The settings that were given, for the log: never what they became.
fn names(form: &[FormField], fields: &Fields) -> String {
    let given = form.iter().filter(|field| {
        fields
            .find(&field.key)
            .is_some_and(|value| !value.is_empty())
            || fields.has(&removal(&field.key))
    });
    let keys: Vec<&str> = given.map(|field| field.key.as_str()).collect();
    keys.join(" ")
}

impl ConfigurationPage {
    /// The fields, in their parts.
    fn all(&mut self) -> impl Iterator<Item = &mut Control> {
        let parts = self.parts.iter_mut();
        parts.flat_map(|part| part.common.iter_mut().chain(&mut part.rare))
    }

    /// Says of passwords that were typed, and are stored nowhere: they are not sent back.
    fn unkept(&mut self, fields: &Fields) {
        for control in self.all() {
            let secret = ["password", "secret-lines"].contains(&control.kind);
            if secret && !fields.get(&control.name).is_empty() {
                control.help =
                    "What you typed here was not stored. Type it again to store it.".to_owned();
                control.alert = true;
            }
        }
    }

    /// Made with a place in which stages come.
    pub(super) fn with_stages(self) -> Self {
        Self {
            stages: true,
            ..self
        }
    }
}
