//! All routes together.

use axum::routing::get;
use axum::{Router, middleware};
use utoipa::OpenApi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::guard::Busy;
pub use super::scope::Api;
use super::{
    access, browser, events, failures, guard, mapping, observe, operation, plugin, runs, schedule,
    session, settings, tenants, undo, uninstall, unsynced, users, web,
};

/// What stands above the routes in the document.
#[derive(OpenApi)]
#[openapi(info(
    title = "Rollcall",
    description = "Brings the people of LDAP directories into portals, tenant by tenant. Every request shows an API token as `Authorization: Bearer …`, or the cookie of somebody who has logged in and then, where it changes something, comes from the service's own pages; trouble is told as `application/problem+json` with a stable `code` and what to do."
))]
struct Head;

impl Api {
    /// The routes, to be served where somebody listens.
    pub fn router(self) -> Router {
        let (routes, _) = routes().split_for_parts();
        routes
            .route("/healthz", get(operation::alive))
            .route("/metrics", get(operation::numbers))
            .merge(web::routes())
            .fallback(web::nowhere)
            .layer(middleware::from_fn_with_state(
                Busy::default(),
                guard::guard,
            ))
            .layer(middleware::from_fn(observe::observe))
            .with_state(self)
    }
}

/// The OpenAPI document of the routes.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let (_, mut document) = routes().split_for_parts();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::new(browser::COOKIE));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    let either = ["token", "session"].map(|scheme| SecurityRequirement::new(scheme, [""; 0]));
    document.security = Some(either.into());
    document
}

fn routes() -> OpenApiRouter<Api> {
    let versioned = OpenApiRouter::new()
        .routes(routes!(tenants::list))
        .routes(routes!(tenants::one))
        .routes(routes!(plugin::describe, plugin::install))
        .routes(routes!(plugin::upgrade))
        .routes(routes!(plugin::rollback))
        .routes(routes!(uninstall::leave))
        .routes(routes!(uninstall::receipt))
        .routes(routes!(settings::show, settings::change))
        .routes(routes!(settings::verify))
        .routes(routes!(mapping::show, mapping::store))
        .routes(routes!(mapping::suggest))
        .routes(routes!(mapping::preview))
        .routes(routes!(mapping::explain))
        .routes(routes!(runs::list, runs::ask))
        .routes(routes!(runs::one))
        .routes(routes!(runs::rows))
        .routes(routes!(runs::stop))
        .routes(routes!(runs::approve))
        .routes(routes!(runs::apply))
        .routes(routes!(runs::discard))
        .routes(routes!(undo::plan))
        .routes(routes!(events::follow))
        .routes(routes!(unsynced::export))
        .routes(routes!(failures::list))
        .routes(routes!(failures::kept, failures::keep))
        .routes(routes!(schedule::show, schedule::set))
        .routes(routes!(access::tokens, access::create))
        .routes(routes!(access::revoke))
        .routes(routes!(access::audit))
        .routes(routes!(access::audit_of))
        .routes(routes!(session::show, session::log_in, session::log_out))
        .routes(routes!(session::change_password))
        .routes(routes!(session::set_up))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::change))
        .routes(routes!(users::reset));
    OpenApiRouter::with_openapi(Head::openapi())
        .nest("/api/v1", versioned)
        .routes(routes!(operation::ready))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::path::Path;

    use super::*;

    /// `ROLLCALL_WRITE_OPENAPI=1` writes the file anew.
    #[test]
    fn the_document_that_is_checked_in_is_what_the_code_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
        let mut now = document().to_pretty_json().unwrap();
        now.push('\n');
        if std::env::var_os("ROLLCALL_WRITE_OPENAPI").is_some() {
            std::fs::write(&path, &now).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap();
        assert!(
            stored == now,
            "openapi.json is out of date: run this test with ROLLCALL_WRITE_OPENAPI=1"
        );
    }

    #[test]
    fn every_route_of_a_tenant_names_its_tenant_and_has_words() {
        let document = serde_json::to_value(document()).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, route) in methods.as_object().unwrap() {
                let words = route["summary"].as_str().unwrap_or_default();
                assert!(!words.is_empty(), "{method} {path} says nothing");
                let named = route["parameters"].as_array().into_iter().flatten();
                let names = named.filter(|one| one["in"] == "path").count();
                assert_eq!(names, path.matches('{').count(), "{method} {path}");
            }
        }
    }
}
