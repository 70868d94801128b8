//! All routes together.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusal::Refusal;
pub use super::scope::Api;
use super::{access, events, operation, runs, schedule, tenants, unsynced};

/// What stands above the routes in the document.
#[derive(OpenApi)]
#[openapi(info(
    title = "Rollcall",
    description = "Brings the people of LDAP directories into portals, tenant by tenant. Every request shows an API token as `Authorization: Bearer …`; trouble is told as `application/problem+json` with a stable `code` and what to do."
))]
struct Head;

impl Api {
    /// The routes, to be served where somebody listens.
    pub fn router(self) -> Router {
        let (routes, _) = routes().split_for_parts();
        routes
            .route("/healthz", get(operation::alive))
            .route("/metrics", get(operation::metrics))
            .fallback(|| async {
                Refusal::new(
                    StatusCode::NOT_FOUND,
                    "no-such-route",
                    "There is nothing at this address",
                    "Look into the OpenAPI document for what there is.",
                )
            })
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
    document.security = Some(vec![utoipa::openapi::SecurityRequirement::new::<
        _,
        [&str; 0],
        &str,
    >("token", [])]);
    document
}

fn routes() -> OpenApiRouter<Api> {
    let versioned = OpenApiRouter::new()
        .routes(routes!(tenants::list))
        .routes(routes!(tenants::one))
        .routes(routes!(runs::list, runs::ask))
        .routes(routes!(runs::one))
        .routes(routes!(runs::rows))
        .routes(routes!(runs::stop))
        .routes(routes!(runs::approve))
        .routes(routes!(runs::apply))
        .routes(routes!(runs::discard))
        .routes(routes!(events::follow))
        .routes(routes!(unsynced::export))
        .routes(routes!(schedule::show, schedule::set))
        .routes(routes!(access::tokens, access::create))
        .routes(routes!(access::revoke))
        .routes(routes!(access::audit))
        .routes(routes!(access::audit_of));
    OpenApiRouter::with_openapi(Head::openapi())
        .nest("/api/v1", versioned)
        .routes(routes!(operation::ready))
}
