//! Trouble as a page, for whoever reads pages: within what stands around the pages of whoever has logged in, and with a way back.
//!
//! Whatever refuses a request answers as for a program ([`Refusal`]), from the guard to the handlers. [`told`] stands around all of them
//! and makes a page of it where somebody reads pages, so that the navigation, the policy of pages and the way back are the same everywhere.

use askama::Template;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::super::refusal::Refusal;
use super::super::scope::{Api, Caller, Viewer};
use super::super::sent::{too_large, unreadable};
use super::frame::{Frame, PARTS, page, protected};
use crate::ports::TenantId;
use crate::shape;

const TITLE: &str = "This did not work";

/// Marks a refusal that is a page's, whatever its reader accepts.
#[derive(Clone, Copy)]
struct OfAPage;

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    frame: Frame,
    problems: Vec<shape::Problem>,
    /// Whoever reads it has to log in.
    stranger: bool,
    /// The page before; empty where none is known.
    back: String,
}

/// A refusal that is shown as a page.
pub(super) fn paged(refusal: Refusal) -> Response {
    let mut response = refusal.into_response();
    response.extensions_mut().insert(OfAPage);
    response
}

/// An address at which there is nothing.
pub(in super::super) async fn nowhere() -> Response {
    no_such_route().into_response()
}

/// An address at which something else is asked for.
pub(in super::super) async fn no_such_method() -> Response {
    not_allowed().into_response()
}

/// Answers trouble as whoever asked reads it: as a page, or as a problem document.
pub(in super::super) async fn told(
    State(api): State<Api>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let named = response.extensions_mut().remove::<Refusal>();
    let of_a_page = response.extensions_mut().remove::<OfAPage>().is_some();
    if of_a_page || reads_pages(&parts.headers) {
        let Some(refusal) = named.or_else(|| unnamed(&response)) else {
            return response;
        };
        let frame = frame(&api, &mut parts, refusal.status()).await;
        instead(&response, shown(&refusal, frame, back(&parts)))
    } else if named.is_none()
        && let Some(refusal) = unnamed(&response)
    {
        instead(&response, refusal.into_response())
    } else {
        response
    }
}

fn reads_pages(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT);
    accepted
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"))
}

/// What an answer means that nobody here has written, as that of a request that cannot even be read: it is a line of text, or nothing.
fn unnamed(response: &Response) -> Option<Refusal> {
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain")) {
        return None;
    }
    Some(match response.status() {
        StatusCode::NOT_FOUND => no_such_route(),
        StatusCode::METHOD_NOT_ALLOWED => not_allowed(),
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        status if status.is_client_error() => unreadable("it is not well-formed"),
        _ => Refusal::new(
            "internal",
            "The request was not done to its end",
            "Report this, with the host's log.",
        ),
    })
}

/// The page of a refusal.
fn shown(refusal: &Refusal, frame: Frame, back: Option<String>) -> Response {
    let shown = page(&TroublePage {
        frame,
        problems: refusal.problems(),
        stranger: refusal.code() == "not-authenticated",
        back: back.unwrap_or_default(),
    });
    let mut response = (refusal.status(), shown).into_response();
    refusal.say_when(response.headers_mut());
    protected(response.headers_mut());
    response
}

/// Another answer in the place of one, with whatever that one says beside its content.
fn instead(of: &Response, mut by: Response) -> Response {
    let own = [header::CONTENT_TYPE, header::CONTENT_LENGTH];
    for (name, value) in of.headers() {
        if !own.contains(name) && !by.headers().contains_key(name) {
            by.headers_mut().append(name, value.clone());
        }
    }
    by
}

/// What stands around the page: the tenant's navigation only for whoever may see that tenant.
async fn frame(api: &Api, parts: &mut Parts, status: StatusCode) -> Frame {
    let busy = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    // Whoever hears that there is too much to do makes no more of it.
    if busy.contains(&status) {
        return Frame::bare(TITLE);
    }
    let Ok(caller) = Caller::from_request_parts(parts, api).await else {
        return Frame::bare(TITLE);
    };
    let Some((tenant, part)) = place(parts.uri.path()) else {
        return Frame::of(&caller, TITLE);
    };
    match caller.scope::<Viewer>(tenant).await {
        Ok(scope) => Frame::within(&scope, TITLE, part),
        Err(_) => Frame::of(&caller, TITLE),
    }
}

/// The tenant that an address names, and which part of its pages it belongs to.
fn place(path: &str) -> Option<(TenantId, &'static str)> {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let mut names = path.strip_prefix("/tenants/")?.split('/');
    let tenant = TenantId::new(names.next()?).ok()?;
    let part = match names.next() {
        None => "",
        Some("person") => "people",
        Some(name) => {
            let known = PARTS.iter().find(|(path, _)| *path == name);
            known.map_or("elsewhere", |(path, _)| path)
        }
    };
    Some((tenant, part))
}

/// The page that one came from: as the browser says, or where the form is that was sent.
fn back(parts: &Parts) -> Option<String> {
    let here = parts.uri.path_and_query().map(|here| here.as_str());
    let from = parts.headers.get(header::REFERER);
    let from = from.and_then(|from| from.to_str().ok()?.parse::<Uri>().ok());
    let host = parts.headers.get(header::HOST);
    let host = host
        .and_then(|host| host.to_str().ok())
        .or_else(|| parts.uri.authority().map(|host| host.as_str()));
    let own = from.filter(|from| from.authority().map(|one| one.as_str()) == host);
    let own = own.and_then(|from| from.path_and_query().map(|from| from.as_str().to_owned()));
    let safe = parts.method.is_safe();
    let came = own.filter(|from| {
        let reload = safe && Some(from.as_str()) == here;
        let door = ["/login", "/setup"]
            .iter()
            .any(|door| from.starts_with(door));
        !reload && !door && !from.starts_with("//")
    });
    came.or_else(|| (!safe).then(|| page_of_form(parts.uri.path()))?)
}

/// The page that has the form which is sent to an address; none below the interface for programs.
fn page_of_form(path: &str) -> Option<String> {
    let names: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let page = match *names.as_slice() {
        ["api", ..] | ["login" | "logout" | "setup"] => return None,
        ["settings", "users", ..] => "/settings".to_owned(),
        ["settings", "tokens", ..] => "/settings/tokens".to_owned(),
        ["tenants", tenant, "runs", run, _] => format!("/tenants/{tenant}/runs/{run}"),
        ["tenants", tenant, page, _] => format!("/tenants/{tenant}/{page}"),
        _ => path.to_owned(),
    };
    (!page.starts_with("//")).then_some(page)
}

fn no_such_route() -> Refusal {
    Refusal::new(
        "no-such-route",
        "There is nothing at this address",
        "Look whether it was typed right. In the console every page is reached from the integrations; for programs the OpenAPI document says \
         what there is.",
    )
}

fn not_allowed() -> Refusal {
    Refusal::new(
        "method-not-allowed",
        "Nothing at this address is asked for by this method",
        "In the console, go back and use the form there. A program uses one of the methods that the header `Allow` names.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_tenant_and_its_part_of_the_pages() {
        let place = |path: &str| place(path).map(|(tenant, part)| (tenant.to_string(), part));
        let acme = |part| Some(("acme".to_owned(), part));
        for (path, part) in [
            ("/tenants/acme", ""),
            ("/tenants/acme/runs/3/rows", "runs"),
            ("/tenants/acme/person", "people"),
            ("/tenants/acme/receipt", "elsewhere"),
            ("/api/v1/tenants/acme/unsynced.csv", "elsewhere"),
        ] {
            assert_eq!(place(path), acme(part), "{path}");
        }
        for path in [
            "/",
            "/tenants",
            "/tenants/",
            "/tenants/A%20b/runs",
            "/settings",
        ] {
            assert_eq!(place(path), None, "{path}");
        }
    }

    #[test]
    fn a_forms_page_is_above_what_only_takes_forms() {
        for (path, page) in [
            ("/install", "/install"),
            ("/account", "/account"),
            ("/tenants/a/mapping", "/tenants/a/mapping"),
            ("/tenants/a/mapping/find", "/tenants/a/mapping"),
            ("/tenants/a/runs/3/approve", "/tenants/a/runs/3"),
            ("/settings/users/3/password", "/settings"),
            ("/settings/tokens/3/revoke", "/settings/tokens"),
        ] {
            assert_eq!(page_of_form(path).as_deref(), Some(page), "{path}");
        }
        for path in [
            "/login",
            "/logout",
            "/setup",
            "/api/v1/tokens",
            "//evil.example",
        ] {
            assert_eq!(page_of_form(path), None, "{path}");
        }
    }

    #[test]
    fn what_nobody_here_has_written_is_named_by_its_status_and_the_rest_is_left_alone() {
        let named = |status: u16, kind: Option<&str>| {
            let mut answer = Response::builder().status(status);
            if let Some(kind) = kind {
                answer = answer.header(header::CONTENT_TYPE, kind);
            }
            let answer = answer.body("x".into()).unwrap();
            unnamed(&answer).map(|refusal| refusal.code().to_owned())
        };
        let text = Some("text/plain; charset=utf-8");
        for (status, code) in [
            (400, "bad-request"),
            (404, "no-such-route"),
            (405, "method-not-allowed"),
            (413, "body-too-large"),
            (415, "bad-request"),
            (500, "internal"),
        ] {
            for kind in [text, None] {
                assert_eq!(named(status, kind).as_deref(), Some(code), "{status}");
            }
            for kind in ["application/json", "text/html; charset=utf-8"] {
                assert_eq!(named(status, Some(kind)), None, "{status} {kind}");
            }
        }
    }

    #[tokio::test]
    async fn a_page_in_the_place_of_an_answer_keeps_what_that_says_beside_its_content() {
        let told = Refusal::new("too-many-requests", "Too many", "Wait.").later(7);
        let mut answer = told.clone().into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CACHE_CONTROL, "no-store".parse().unwrap());
        headers.insert(header::CONTENT_LENGTH, "3".parse().unwrap());
        let page = instead(&answer, shown(&told, Frame::bare(TITLE), None));
        assert_eq!(page.status(), 429);
        assert_eq!(page.headers()[header::RETRY_AFTER], "7");
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(
            page.headers()[header::CONTENT_TYPE],
            "text/html; charset=utf-8"
        );
        assert!(!page.headers().contains_key(header::CONTENT_LENGTH));
        assert!(page.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    }
}
