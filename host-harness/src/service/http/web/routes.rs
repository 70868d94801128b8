//! All pages.

use axum::routing::{get, post};
use axum::{Router, middleware};

use super::super::scope::Api;
use super::{
    assets, audit, configuration, frame, history, home, login, plugin, schedule, tenant, uninstall,
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
            get(plugin::show).post(plugin::exchange),
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
        .route("/tenants/{tenant}/audit", get(audit::show))
        .route("/assets/{stamp}/{name}", get(assets::get))
        .layer(middleware::from_fn(frame::protect))
}
