//! All pages.

use axum::routing::{get, post};
use axum::{Router, middleware};

use super::super::scope::Api;
use super::{assets, configuration, frame, home, login, tenant};

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
        .route("/assets/{stamp}/{name}", get(assets::get))
        .layer(middleware::from_fn(frame::protect))
}
