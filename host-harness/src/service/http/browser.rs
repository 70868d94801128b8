//! What a browser shows of itself: the cookie of a session, which site's page sent a request, and from where.

use axum::extract::ConnectInfo;
use axum::http::header::{COOKIE as SHOWN, HOST, ORIGIN};
use axum::http::request::Parts;

use super::door::Peer;
use super::refusal::{Answer, Refusal};

/// The cookie. Browsers take one with this prefix only over TLS, for this host alone and all of it, so that no other host can
/// set it.
pub(super) const COOKIE: &str = "__Host-rollcall";
/// The cookie over plain HTTP, which stays on this machine. It never counts elsewhere.
const LOOPBACK_COOKIE: &str = "rollcall-loopback";
/// Which site sent the request, by the browser's word (Fetch Metadata Request Headers, section 2.4).
const SITE: &str = "sec-fetch-site";

/// Whose page sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Site {
    /// The service's, or nobody's: it was typed.
    Own,
    /// Another's.
    Other,
    /// The request does not say: a program's, or an old browser's.
    Untold,
}

/// The address that a request comes from; empty where none is known.
pub(super) fn address(parts: &Parts) -> String {
    peer(parts).map_or_else(String::new, |peer| peer.from(&parts.headers).to_string())
}

/// The secret in the session's cookie.
pub(super) fn cookie(parts: &Parts) -> Option<&str> {
    let name = cookie_name(parts);
    let all = parts.headers.get_all(SHOWN);
    let mut pairs = all
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// What sets the cookie for so many seconds; 0 takes it away.
pub(super) fn set_cookie(parts: &Parts, secret: &str, seconds: i64) -> String {
    let secure = if plain(parts) { "" } else { "; Secure" };
    format!(
        "{}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}",
        cookie_name(parts)
    )
}

/// A browser sends the cookie whoever asks it to; what changes something must come from the service's own page.
///
/// # Errors
/// `cross-site`.
pub(super) fn check_origin(parts: &Parts) -> Answer<()> {
    if parts.method.is_safe() || site(parts) == Site::Own {
        return Ok(());
    }
    Err(cross_site())
}

/// Nobody is made to log in as somebody else by another site's page; a program says nothing of pages, and may.
///
/// # Errors
/// `cross-site`.
pub(super) fn check_no_other_site(parts: &Parts) -> Answer<()> {
    match site(parts) {
        Site::Own | Site::Untold => Ok(()),
        Site::Other => Err(cross_site()),
    }
}

fn cross_site() -> Refusal {
    Refusal::new(
        "cross-site",
        "The request does not come from a page of this service",
        "Use the service's own pages. A program shows a token; a browser sends `Sec-Fetch-Site` or `Origin`, which a proxy must \
         not take away, like the `Host` that was asked for.",
    )
}

fn site(parts: &Parts) -> Site {
    if let Some(told) = parts.headers.get(SITE) {
        return match told.as_bytes() {
            b"same-origin" | b"none" => Site::Own,
            _ => Site::Other,
        };
    }
    let Some(origin) = parts.headers.get(ORIGIN) else {
        return Site::Untold;
    };
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(|host| host.as_str()));
    let scheme = if plain(parts) { "http" } else { "https" };
    let own = host.map(|host| format!("{scheme}://{host}"));
    match (origin.to_str(), own) {
        (Ok(origin), Some(own)) if origin.eq_ignore_ascii_case(&own) => Site::Own,
        _ => Site::Other,
    }
}

fn cookie_name(parts: &Parts) -> &'static str {
    if plain(parts) {
        LOOPBACK_COOKIE
    } else {
        COOKIE
    }
}

fn plain(parts: &Parts) -> bool {
    peer(parts).is_some_and(Peer::plain)
}

fn peer(parts: &Parts) -> Option<Peer> {
    let peer = parts.extensions.get::<ConnectInfo<Peer>>();
    peer.map(|ConnectInfo(peer)| *peer)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(method: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri("/api/v1/users");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn what_changes_something_comes_from_the_own_page() {
        let own: [&[(&str, &str)]; 4] = [
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[
                ("origin", "https://a.example:8443"),
                ("host", "a.example:8443"),
            ],
            &[
                ("sec-fetch-site", "same-origin"),
                ("origin", "https://b.example"),
                ("host", "a.example"),
            ],
        ];
        let other: [&[(&str, &str)]; 8] = [
            &[],
            &[("host", "a.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://a.example"),
                ("host", "a.example"),
            ],
            &[("origin", "null"), ("host", "a.example")],
            &[("origin", "http://a.example"), ("host", "a.example")],
            &[("origin", "https://a.example.evil"), ("host", "a.example")],
        ];
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            for headers in own {
                assert!(check_origin(&parts(method, headers)).is_ok(), "{headers:?}");
            }
            for headers in other {
                let refused = check_origin(&parts(method, headers)).unwrap_err();
                assert_eq!(refused.code(), "cross-site", "{method} {headers:?}");
            }
        }
        for headers in other {
            assert!(check_origin(&parts("GET", headers)).is_ok());
        }
    }

    #[test]
    fn a_program_may_log_in_and_another_sites_page_may_not() {
        let told = |headers: &[(&str, &str)]| check_no_other_site(&parts("POST", headers));
        assert!(told(&[]).is_ok());
        assert!(told(&[("sec-fetch-site", "same-origin")]).is_ok());
        for headers in [
            [("sec-fetch-site", "cross-site")],
            [("origin", "https://b.example")],
        ] {
            assert_eq!(told(&headers).unwrap_err().code(), "cross-site");
        }
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let shown = |text: &'static str| {
            let parts = parts("GET", &[("cookie", text)]);
            cookie(&parts).map(ToOwned::to_owned)
        };
        assert_eq!(shown("a=b; __Host-rollcall=x;c=d"), Some("x".into()));
        for other in [
            "",
            "__Host-rollcall",
            "__Host-rollcall2=x",
            "x__Host-rollcall=x",
            "rollcall-loopback=x",
        ] {
            assert_eq!(shown(other), None, "{other}");
        }
    }

    #[test]
    fn over_tls_the_cookie_is_for_this_host_alone() {
        let parts = parts("POST", &[]);
        assert_eq!(
            set_cookie(&parts, "x", 9),
            "__Host-rollcall=x; Path=/; HttpOnly; SameSite=Strict; Max-Age=9; Secure"
        );
    }
}
