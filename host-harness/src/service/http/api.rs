//! All routes together.

use axum::{Router, middleware};
use utoipa::OpenApi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use super::guard::Busy;
pub use super::scope::Api;
use super::{
    access, browser, described, events, failures, guard, mapping, observe, operation, plugin, runs,
    schedule, session, settings, tenants, undo, uninstall, unsynced, users, web,
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
            .merge(web::routes())
            .method_not_allowed_fallback(web::no_such_method)
            .fallback(web::nowhere)
            .layer(middleware::from_fn_with_state(
                Busy::default(),
                guard::guard,
            ))
            .layer(middleware::from_fn_with_state(self.clone(), web::told))
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
    described::complete(&mut document);
    document
}

fn routes() -> OpenApiRouter<Api> {
    let with = OpenApiRouter::routes;
    let below = versioned().into_iter().fold(OpenApiRouter::new(), with);
    let whole = OpenApiRouter::with_openapi(Head::openapi()).nest("/api/v1", below);
    operated().into_iter().fold(whole, with)
}

/// What is below `/api/v1`.
fn versioned() -> Vec<UtoipaMethodRouter<Api>> {
    vec![
        routes!(tenants::list),
        routes!(tenants::one),
        routes!(plugin::describe, plugin::install),
        routes!(plugin::upgrade),
        routes!(plugin::rollback),
        routes!(plugin::allow),
        routes!(uninstall::leave),
        routes!(uninstall::receipt),
        routes!(settings::show, settings::change),
        routes!(settings::verify),
        routes!(mapping::show, mapping::store),
        routes!(mapping::suggest),
        routes!(mapping::preview),
        routes!(mapping::explain),
        routes!(runs::list, runs::ask),
        routes!(runs::one),
        routes!(runs::rows),
        routes!(runs::stop),
        routes!(runs::approve),
        routes!(runs::apply),
        routes!(runs::discard),
        routes!(undo::plan),
        routes!(events::follow),
        routes!(unsynced::export),
        routes!(failures::list),
        routes!(failures::kept, failures::keep),
        routes!(schedule::show, schedule::set),
        routes!(access::tokens, access::create),
        routes!(access::revoke),
        routes!(access::audit),
        routes!(access::audit_of),
        routes!(session::show, session::log_in, session::log_out),
        routes!(session::change_password),
        routes!(session::set_up),
        routes!(users::list, users::create),
        routes!(users::change),
        routes!(users::reset),
    ]
}

/// What an operator's tools ask for.
fn operated() -> Vec<UtoipaMethodRouter<Api>> {
    vec![
        routes!(operation::alive),
        routes!(operation::ready),
        routes!(operation::numbers),
    ]
}

/// All of them, one by one.
#[cfg(test)]
pub(super) fn every() -> Vec<UtoipaMethodRouter<Api>> {
    let mut all = versioned();
    all.extend(operated());
    all
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
