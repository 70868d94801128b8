//! All pages.

use axum::routing::{get, post};
use axum::{Router, middleware};

use super::super::scope::Api;
use super::{
    assets, configuration, found, frame, history, home, login, mapping, people, person, plugin,
    rows, run, runs, schedule, settings, tenant, uninstall, unsynced,
};

/// The console's pages.
pub(in super::super) fn routes() -> Router<Api> {
    Router::new()
        .route("/", get(home::show))
        .route("/login", get(login::show).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/setup", get(login::offer).post(login::set_up))
        .route("/tenants/{tenant}", get(tenant::show))
        .route(
            "/tenants/{tenant}/configuration",
            get(configuration::show).post(configuration::submit),
        )
        .route(
            "/tenants/{tenant}/configuration/check",
            post(configuration::check),
        )
        .route(
            "/tenants/{tenant}/schedule",
            get(schedule::show).post(schedule::submit),
        )
        .route(
            "/tenants/{tenant}/schedule/preview",
            post(schedule::preview),
        )
        .route("/tenants/{tenant}/history", get(history::show))
        .route("/install", get(plugin::offer).post(plugin::install))
        .route(
            "/tenants/{tenant}/plugin",
            get(plugin::show).post(plugin::change),
        )
        .route(
            "/tenants/{tenant}/uninstall",
            get(uninstall::show).post(uninstall::submit),
        )
        .route("/tenants/{tenant}/receipt", get(uninstall::receipt))
        .route(
            "/tenants/{tenant}/receipt.json",
            get(uninstall::receipt_file),
        )
        .route(
            "/tenants/{tenant}/mapping",
            get(mapping::show).post(mapping::submit),
        )
        .route("/tenants/{tenant}/mapping/find", post(found::find))
        .route("/tenants/{tenant}/runs", get(runs::show).post(runs::ask))
        .route("/tenants/{tenant}/runs/{run}", get(run::show))
        .route("/tenants/{tenant}/runs/{run}/rows", get(rows::show))
        .route("/tenants/{tenant}/runs/{run}/stop", post(run::stop))
        .route("/tenants/{tenant}/runs/{run}/approve", post(run::approve))
        .route("/tenants/{tenant}/runs/{run}/apply", post(run::apply))
        .route("/tenants/{tenant}/runs/{run}/discard", post(run::discard))
        .route("/tenants/{tenant}/runs/{run}/undo", post(run::put_back))
        .route(
            "/tenants/{tenant}/unsynced",
            get(unsynced::show).post(unsynced::keep),
        )
        .route("/tenants/{tenant}/people", get(people::show))
        .route("/tenants/{tenant}/person", get(person::show))
        .route("/tenants/{tenant}/audit", get(settings::audit_of_tenant))
        .route(
            "/account",
            get(settings::account).post(settings::change_password),
        )
        .route(
            "/settings",
            get(settings::users).post(settings::create_user),
        )
        .route("/settings/users/{id}", post(settings::change_user))
        .route("/settings/users/{id}/password", post(settings::reset_user))
        .route(
            "/settings/tokens",
            get(settings::tokens).post(settings::create_token),
        )
        .route("/settings/tokens/{id}/revoke", post(settings::revoke_token))
        .route("/settings/hosts", get(settings::hosts))
        .route("/settings/keys", get(settings::keys))
        .route("/settings/audit", get(settings::audit))
        .route("/api/v1/openapi.json", get(assets::document))
        .route("/assets/{stamp}/{name}", get(assets::get))
        .layer(middleware::from_fn(frame::protect))
}
