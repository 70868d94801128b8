//! The plugin: what it is and what it may do, installing it, exchanging it.

use std::collections::BTreeSet;

use askama::Template;
use axum::response::{IntoResponse, Redirect};

use super::super::plugin::{self, Endpoints, Installed};
use super::super::refusal::{Answer, Refusal};
use super::super::scope::{Admin, Caller, Scope, Viewer};
use super::super::sent::{Asked, Component};
use super::control::Control;
use super::entered::{In, Shown, answered};
use super::fields::Fields;
use super::frame::{Frame, page};
use super::tenant::Came;
use super::words::number;
use crate::ports::TenantId;
use crate::ports::access::Rank;
use crate::sandbox::{CallLimits, Plugin};
use crate::shape;
use crate::tenant::Tenant;

/// The boxes by which whoever reaches everything allows addresses that are not ordinary: what they say, their names, and help.
const BOXES: [(&str, &str, &str); 3] = [
    (
        "This machine itself",
        "allow-loopback",
        "127.0.0.0/8 and ::1: for a directory that runs beside this program.",
    ),
    (
        "Link-local addresses",
        "allow-link-local",
        "169.254.0.0/16 and fe80::/10.",
    ),
    (
        "Where clouds serve their metadata",
        "allow-metadata",
        "Credentials of this machine can be had there. Hardly any directory is.",
    ),
];

/// What a component is, in words.
struct Told {
    name: String,
    version: String,
    digest: String,
    needs: Vec<String>,
    profiles: Vec<String>,
    /// What it may do, the most telling first.
    grants: Vec<shape::Import>,
    /// What of that is nothing: closed input and the like.
    empty: Vec<shape::Import>,
    limits: Vec<(&'static str, String)>,
}

/// Another component that a tenant could have.
struct Other {
    /// `upgrade` or `rollback`.
    action: &'static str,
    name: String,
    version: String,
    digest: String,
    /// What only that one may do, and what only the present one may.
    added: Vec<shape::Import>,
    removed: Vec<shape::Import>,
}

#[derive(Template)]
#[template(path = "install.html")]
struct InstallPage {
    frame: Frame,
    told: Told,
    tenant: Control,
    /// What may be connected to, where the reader may allow it.
    boxes: Vec<Control>,
    controls: Vec<Control>,
    problems: Vec<shape::Problem>,
    /// Makes pressing twice the same as pressing once.
    key: String,
}

#[derive(Template)]
#[template(path = "plugin.html")]
struct PluginPage {
    frame: Frame,
    told: Told,
    /// What it may connect to beyond ordinary addresses.
    allowed: Vec<&'static str>,
    /// The same to be changed, where the reader may.
    boxes: Vec<Control>,
    others: Vec<Other>,
    /// What an exchange would do.
    tried: Option<shape::Upgrade>,
    /// The action that was tried.
    action: String,
    problems: Vec<shape::Problem>,
}

/// What would be installed, and for whom.
pub(super) async fn offer(In(caller): In<Caller>) -> Shown {
    Ok(page(
        &install_page(&caller, &Fields::default(), Vec::new()).await?,
    ))
}

/// Installs the plugin that comes with the program, and leads to its settings.
pub(super) async fn install(In(caller): In<Caller>, fields: Fields) -> Shown {
    match installed(&caller, &fields).await {
        Ok(tenant) => {
            let to = format!("/tenants/{tenant}/configuration?done=installed");
            Ok(Redirect::to(&to).into_response())
        }
        Err(refusal) if caller.rank() < Rank::Admin => Err(refusal.into()),
        Err(refusal) => {
            let problems = at_the_name(&refusal);
            let response = page(&install_page(&caller, &fields, problems).await?);
            Ok(answered(refusal.status(), response))
        }
    }
}

async fn installed(caller: &Caller, fields: &Fields) -> Answer<TenantId> {
    let tenant = TenantId::new(fields.get("tenant").trim())?;
    let place = caller.place::<Admin>(tenant.clone())?;
    let allowed = ticked(fields).into();
    plugin::begin(&place, allowed, &Component::bundled(), fields.find("key")).await?;
    Ok(tenant)
}

/// What is allowed by the boxes.
fn ticked(fields: &Fields) -> Endpoints {
    Endpoints {
        loopback: fields.has("allow-loopback"),
        link_local: fields.has("allow-link-local"),
        metadata: fields.has("allow-metadata"),
    }
}

/// The boxes, of which some are ticked.
fn boxes(endpoints: &Endpoints) -> Vec<Control> {
    let each = [endpoints.loopback, endpoints.link_local, endpoints.metadata];
    let boxes = each.into_iter().zip(BOXES);
    boxes
        .map(|(ticked, (label, name, help))| {
            Control::new(name, "boolean", label)
                .help(help)
                .value(if ticked { "true" } else { "" })
        })
        .collect()
}

/// What is wrong with a name stands at its field.
fn at_the_name(refusal: &Refusal) -> Vec<shape::Problem> {
    let names = ["bad-tenant", "already-installed", "not-installed"];
    let mut problems = refusal.problems();
    for problem in &mut problems {
        if names.contains(&problem.code.as_str()) {
            problem.field = Some("tenant".to_owned());
        }
    }
    problems
}

async fn install_page(
    caller: &Caller,
    fields: &Fields,
    problems: Vec<shape::Problem>,
) -> Answer<InstallPage> {
    let told = Told::of(&caller.bundled().await?).await?;
    let frame = Frame::of(caller, "Install");
    let tenant = Control::new("tenant", "text", "Tenant")
        .help("1 to 63 lower-case letters, digits and hyphens. It cannot be changed later.")
        .value(fields.get("tenant"))
        .required()
        .judged(&problems);
    let boxes = if frame.whole {
        boxes(&ticked(fields))
    } else {
        Vec::new()
    };
    Ok(InstallPage {
        frame,
        told,
        controls: vec![tenant.clone()],
        tenant,
        boxes,
        problems,
        key: uuid::Uuid::new_v4().to_string(),
    })
}

/// The plugin that a tenant has, and which other ones it could have.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(came): In<Asked<Came>>) -> Shown {
    let Asked(came) = came;
    let mut shown = plugin_page(&scope).await?;
    shown.frame = shown.frame.after(came.done.as_deref());
    Ok(page(&shown))
}

/// Exchanges the plugin for the one that comes with the program or for the one before, or tells what that would do; or changes what it
/// may connect to.
pub(super) async fn change(In(scope): In<Scope<Admin>>, fields: Fields) -> Shown {
    let action = fields.get("action");
    if action == "endpoints" {
        return allow(&scope, &fields).await;
    }
    let done = match action {
        "try-upgrade" => plugin::forth(&scope, &Component::bundled(), true).await,
        "upgrade" => plugin::forth(&scope, &Component::bundled(), false).await,
        "try-rollback" => plugin::back(&scope, true).await,
        "rollback" => plugin::back(&scope, false).await,
        _ => Err(Refusal::new(
            "bad-request",
            "It is not said what to do with the plugin",
            "Use one of the buttons.",
        )),
    };
    let mut shown = match done {
        Ok(upgrade) if upgrade.done => {
            let done = if action == "upgrade" {
                "upgraded"
            } else {
                "rolled-back"
            };
            let to = format!("/tenants/{}/plugin?done={done}", scope.id());
            return Ok(Redirect::to(&to).into_response());
        }
        Ok(upgrade) => {
            let mut shown = plugin_page(&scope).await?;
            shown.tried = Some(upgrade);
            shown
        }
        Err(refusal) => {
            let mut shown = plugin_page(&scope).await?;
            shown.problems = refusal.problems();
            return Ok(answered(refusal.status(), page(&shown)));
        }
    };
    action
        .trim_start_matches("try-")
        .clone_into(&mut shown.action);
    Ok(page(&shown))
}

/// Stores what it may connect to.
async fn allow(scope: &Scope<Admin>, fields: &Fields) -> Shown {
    let wanted = ticked(fields);
    match plugin::allow_these(scope, wanted).await {
        Ok(_) => {
            let to = format!("/tenants/{}/plugin?done=endpoints", scope.id());
            Ok(Redirect::to(&to).into_response())
        }
        Err(refusal) => {
            let mut shown = plugin_page(scope).await?;
            if !shown.boxes.is_empty() {
                shown.boxes = boxes(&wanted);
            }
            shown.problems = refusal.problems();
            Ok(answered(refusal.status(), page(&shown)))
        }
    }
}

async fn plugin_page<N>(scope: &Scope<N>) -> Answer<PluginPage> {
    let tenant = scope.tenant().await?;
    let installed = plugin::installed(scope.place(), &tenant).await?;
    let others = if scope.caller().rank() >= Rank::Admin {
        others(scope, &tenant, &installed.digest).await?
    } else {
        Vec::new()
    };
    let frame = Frame::within(scope, "Plugin", "plugin");
    Ok(PluginPage {
        boxes: if frame.whole {
            boxes(&installed.endpoints)
        } else {
            Vec::new()
        },
        frame,
        allowed: allowed(&installed.endpoints),
        told: Told::from(installed),
        others,
        tried: None,
        action: String::new(),
        problems: Vec::new(),
    })
}

/// Those that it can be exchanged for, told to whoever may.
async fn others<N>(scope: &Scope<N>, tenant: &Tenant, installed: &str) -> Answer<Vec<Other>> {
    let mut others = Vec::new();
    let bundled = scope.caller().bundled().await?;
    if bundled.digest() != installed {
        others.push(Other::of("upgrade", &bundled, tenant.imports()).await?);
    }
    // The one before may be the bundled one: going back is then the same.
    let before = scope.place().plugin_before().await?;
    if let Some(before) = before.filter(|before| before.digest() != bundled.digest()) {
        others.push(Other::of("rollback", &before, tenant.imports()).await?);
    }
    Ok(others)
}

fn allowed(endpoints: &Endpoints) -> Vec<&'static str> {
    let each = [endpoints.loopback, endpoints.link_local, endpoints.metadata];
    let allowed = each.into_iter().zip(BOXES);
    allowed
        .filter_map(|(allowed, (label, ..))| allowed.then_some(label))
        .collect()
}

impl Told {
    async fn of(plugin: &Plugin) -> Answer<Self> {
        let description = plugin.describe().await?;
        Ok(Self::new(
            plugin.digest().to_owned(),
            shape::Description::from(&description),
            shape::each(plugin.imports()),
            CallLimits::default().into(),
        ))
    }

    fn new(
        digest: String,
        description: shape::Description,
        imports: Vec<shape::Import>,
        limits: shape::Limits,
    ) -> Self {
        let profiles = description.profiles.into_iter();
        let (mut grants, empty): (Vec<_>, Vec<_>) =
            imports.into_iter().partition(|import| tells(&import.name));
        grants.sort_by_key(|import| !import.name.starts_with("marketplace:"));
        Self {
            name: description.name,
            version: description.version,
            digest,
            needs: description.needs,
            profiles: profiles.map(|profile| profile.label).collect(),
            grants,
            empty,
            limits: vec![
                ("Computing, a call", seconds(limits.compute_seconds)),
                (
                    "Computing, a step of a sync",
                    seconds(limits.step_compute_seconds),
                ),
                ("Time altogether", seconds(limits.total_seconds)),
                ("Memory", format!("{} MiB", limits.memory >> 20)),
                ("Calls to the host", number(limits.host_calls)),
            ],
        }
    }
}

impl From<Installed> for Told {
    fn from(installed: Installed) -> Self {
        Self::new(
            installed.digest,
            installed.description,
            installed.imports,
            installed.limits,
        )
    }
}

impl Other {
    async fn of(action: &'static str, plugin: &Plugin, present: &[String]) -> Answer<Self> {
        let description = plugin.describe().await?;
        Ok(Self {
            action,
            name: description.name,
            version: description.version,
            digest: plugin.digest().to_owned(),
            added: beyond(plugin.imports(), present),
            removed: beyond(present, plugin.imports()),
        })
    }
}

/// What one list has and the other has not.
fn beyond(one: &[String], other: &[String]) -> Vec<shape::Import> {
    let known: BTreeSet<&String> = other.iter().collect();
    shape::each(one.iter().filter(|name| !known.contains(name)))
}

/// Whether an import lets a plugin do something that somebody would want to know.
fn tells(name: &str) -> bool {
    let contract = name.starts_with("marketplace:directory-sync/");
    let known = name.starts_with("wasi:cli/") || name.starts_with("wasi:io/");
    (contract && !name.contains("/types")) || !(contract || known)
}

fn seconds(count: u64) -> String {
    match count {
        1 => "1 second".to_owned(),
        60.. if count.is_multiple_of(60) => format!("{} minutes", count / 60),
        _ => format!("{count} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_told_and_what_is_nothing_is_not() {
        for name in [
            "marketplace:directory-sync/ldap@0.1.0",
            "wasi:clocks/wall-clock@0.2.6",
            "wasi:sockets/tcp@0.2.6",
        ] {
            assert!(tells(name), "{name}");
        }
        for name in [
            "marketplace:directory-sync/types@0.1.0",
            "wasi:cli/stdin@0.2.6",
            "wasi:io/poll@0.2.6",
        ] {
            assert!(!tells(name), "{name}");
        }
    }

    #[test]
    fn the_difference_of_imports_goes_both_ways() {
        let names = |names: &[&str]| -> Vec<String> { names.iter().map(|&n| n.into()).collect() };
        let (old, new) = (names(&["a", "b"]), names(&["b", "wasi:clocks/wall-clock"]));
        let added = beyond(&new, &old);
        assert_eq!(added.len(), 1);
        assert_eq!(added[0].words, "know the time");
        assert_eq!(beyond(&old, &new)[0].name, "a");
    }

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        assert_eq!(seconds(10), "10 seconds");
        assert_eq!(seconds(90), "90 seconds");
        assert_eq!(seconds(600), "10 minutes");
    }
}
