//! Where browsers reach the service.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::http::Uri;

/// A scheme, a host and perhaps a port: what a link begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    /// Of what the service listens on.
    pub(super) fn of(scheme: &str, address: SocketAddr) -> Self {
        Self(format!("{scheme}://{address}"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads one. Over plain HTTP only this machine is reached: a password is typed behind the link.
pub(super) fn origin(text: &str) -> Result<Origin, String> {
    let bad = || "write an origin, such as https://rollcall.example.org".to_owned();
    let uri: Uri = text.trim().parse().map_err(|_| bad())?;
    let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or_else(bad)?;
    let host = authority.host();
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains('#') {
        return Err("an origin has no path: the service answers at the top of its host".to_owned());
    }
    let port = authority.as_str().len() > host.len();
    if authority.as_str().contains('@') || host.is_empty() || port && authority.port_u16().is_none()
    {
        return Err(bad());
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().ok();
    let own = host == "localhost" || address.is_some_and(|address| address.is_loopback());
    match scheme {
        "https" => {}
        "http" if own => {}
        "http" => return Err("browsers reach other machines by https only".to_owned()),
        _ => return Err(bad()),
    }
    if address.is_some_and(|address| address.is_unspecified()) {
        return Err("nobody reaches a service at that address".to_owned());
    }
    Ok(Origin(format!("{scheme}://{authority}")))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_taken_and_what_is_more_or_less_is_refused() {
        for (typed, told) in [
            (
                "https://rollcall.example.org",
                "https://rollcall.example.org",
            ),
            (
                "https://rollcall.example.org/",
                "https://rollcall.example.org",
            ),
            ("https://192.0.2.7:8443", "https://192.0.2.7:8443"),
            ("https://[2001:db8::7]", "https://[2001:db8::7]"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:80", "http://[::1]:80"),
        ] {
            assert_eq!(origin(typed).unwrap().to_string(), told);
        }
        for typed in [
            "",
            "rollcall.example.org",
            "//rollcall.example.org",
            "https://",
            "https:///setup",
            "ftp://rollcall.example.org",
            "http://rollcall.example.org",
            "https://rollcall.example.org/console",
            "https://rollcall.example.org?x",
            "https://rollcall.example.org/#x",
            "https://ada:secret@rollcall.example.org",
            "https://0.0.0.0:8443",
            "https://[::]:8443",
            "https://rollcall.example.org:x",
            "https://a b",
        ] {
            assert!(origin(typed).is_err(), "{typed}");
        }
    }
}
