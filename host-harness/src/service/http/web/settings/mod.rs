//! What concerns every tenant: who may log in, tokens, hosts, the key of the passwords, and what was done.

mod account;
mod audit;
mod hosts;
mod tokens;
mod users;

pub(super) use account::{change_password, show as account};
pub(super) use audit::{of_tenant as audit_of_tenant, show as audit};
pub(super) use hosts::{keys, show as hosts};
pub(super) use tokens::{create as create_token, revoke as revoke_token, show as tokens};
pub(super) use users::{
    change as change_user, create as create_user, reset as reset_user, show as users,
};

use std::collections::BTreeSet;

use super::super::refusal::{Answer, Refusal};
use super::control::Control;
use super::fields::Fields;
use crate::ports::TenantId;
use crate::ports::access::{Rank, Reach};

/// The ranks, as a form offers them.
const RANKS: [(&str, &str); 3] = [
    ("viewer", "viewer: looks"),
    ("operator", "operator: syncs, stops, approves, schedules"),
    ("admin", "admin: installs, configures, maps, uninstalls"),
];

/// The fields that say what somebody may do, and for whom.
fn access(fields: Option<&Fields>) -> Vec<Control> {
    let typed = |name: &str| fields.map_or("", |fields| fields.get(name));
    vec![
        Control::new("rank", "choice", "Rank")
            .value(typed("rank"))
            .choices(RANKS),
        Control::new("reach", "choice", "Reaches")
            .value(typed("reach"))
            .choices([
                ("some", "only the tenants named below"),
                ("all", "every tenant"),
            ]),
        Control::new("tenants", "text", "Tenants")
            .help("Their names, separated by spaces.")
            .value(typed("tenants")),
    ]
}

/// What a form says of that.
fn given(fields: &Fields) -> Answer<(Rank, Reach)> {
    let rank = match fields.get("rank") {
        "operator" => Rank::Operator,
        "admin" => Rank::Admin,
        _ => Rank::Viewer,
    };
    if fields.get("reach") == "all" {
        return Ok((rank, Reach::Everything));
    }
    let named = fields
        .get("tenants")
        .split([' ', ',', '\n'])
        .filter(|name| !name.is_empty());
    let tenants: Result<BTreeSet<TenantId>, _> = named.map(TenantId::new).collect();
    let tenants = tenants.map_err(|problem| problem.of_field("tenants"))?;
    if tenants.is_empty() {
        let problem = crate::Problem::new(
            "required",
            "No tenant is named",
            "Name those that are reached, or choose every tenant.",
        );
        return Err(Refusal::from(problem.of_field("tenants")));
    }
    Ok((rank, Reach::Tenants(tenants)))
}

/// Whom somebody reaches, in words.
fn reached(reach: &Reach) -> String {
    match reach {
        Reach::Everything => "every tenant".to_owned(),
        Reach::Tenants(tenants) => {
            let names: Vec<_> = tenants.iter().map(ToString::to_string).collect();
            names.join(", ")
        }
    }
}
