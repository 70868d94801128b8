//! What stands around every page.

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::super::refusal::{Answer, Refusal};
use super::super::scope::{Caller, Scope, Whole};
use super::assets;
use crate::ports::access::{Rank, Reach};

/// A page's title, who reads it, and where in the console it is.
pub(super) struct Frame {
    pub(super) title: String,
    /// Where style and scripts are.
    pub(super) stamp: &'static str,
    /// Who has logged in; empty where nobody has.
    pub(super) who: String,
    /// Whether that is an admin of everything.
    pub(super) whole: bool,
    /// Whether the reader may start and stop things.
    pub(super) operates: bool,
    /// Whether the reader may change settings.
    pub(super) admin: bool,
    /// The tenant; empty for pages of none.
    pub(super) tenant: String,
    /// Which part of the tenant's pages this is.
    pub(super) here: &'static str,
    /// What was just done.
    pub(super) done: &'static str,
}

/// The parts of a tenant's pages: where they are, and what they are called.
pub(super) const PARTS: [(&str, &str); 10] = [
    ("configuration", "Connection"),
    ("mapping", "Mapping"),
    ("runs", "Sync"),
    ("unsynced", "Unsynced"),
    ("people", "People"),
    ("schedule", "Schedule"),
    ("history", "History"),
    ("plugin", "Plugin"),
    ("audit", "Log"),
    ("uninstall", "Uninstall"),
];

impl<N> Whole<N> {
    /// What stands around a page of the settings.
    pub(super) fn frame(&self, title: &str, here: &'static str) -> Frame {
        Frame {
            here,
            ..Frame::of(self.caller(), title)
        }
    }
}

impl Frame {
    /// For somebody of whom nothing is known.
    pub(super) fn bare(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            stamp: assets::stamp(),
            who: String::new(),
            whole: false,
            operates: false,
            admin: false,
            tenant: String::new(),
            here: "",
            done: "",
        }
    }

    /// For whoever has come in.
    pub(super) fn of(caller: &Caller, title: &str) -> Self {
        Self {
            who: caller.name().to_owned(),
            whole: *caller.reach() == Reach::Everything && caller.rank() >= Rank::Admin,
            operates: caller.rank() >= Rank::Operator,
            admin: caller.rank() >= Rank::Admin,
            ..Self::bare(title)
        }
    }

    /// For one tenant's pages.
    pub(super) fn within<N>(scope: &Scope<N>, title: &str, here: &'static str) -> Self {
        Self {
            tenant: scope.id().to_string(),
            here,
            ..Self::of(scope.caller(), title)
        }
    }

    /// Says what was done before this page, by the word that its address carries.
    pub(super) fn after(mut self, done: Option<&str>) -> Self {
        self.done = match done {
            Some("configured") => "The settings are stored.",
            Some("mapped") => "The mapping is stored.",
            Some("scheduled") => "The schedule is stored.",
            Some("asked") => "The run was asked for.",
            Some("stopping") => "The run stops at its next safe point.",
            Some("discarded") => "The plan was thrown away. Nothing of it was applied.",
            Some("installed") => "The plugin is installed. Say now where the directory is.",
            Some("upgraded") => {
                "The plugin that comes with the program is in use. The next sync reads everybody."
            }
            Some("rolled-back") => {
                "The plugin before is in use again. The next sync reads everybody."
            }
            Some("endpoints") => {
                "What the plugin may connect to is stored. It counts from the next connection on."
            }
            Some("kept") => "How long rows are kept is stored.",
            Some("created") => "It was created.",
            Some("changed") => "The change is stored.",
            Some("revoked") => "The token is refused from now on.",
            Some("password") => "The new password is stored. All other sessions have ended.",
            _ => "",
        };
        self
    }
}

/// A template as a page.
pub(super) fn page(template: &impl Template) -> Response {
    match text(template) {
        Ok(text) => Html(text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A template as text.
pub(super) fn text(template: &impl Template) -> Answer<String> {
    template.render().map_err(|error| {
        tracing::error!(%error, "a page could not be made");
        Refusal::new(
            "internal",
            "A page could not be made",
            "Tell whoever runs the service: its log says what went wrong.",
        )
    })
}

/// Nothing of a page comes from elsewhere, nothing in it runs that was not sent as a file, and no other page shows it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a browser is told of every page.
pub(super) async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    protected(response.headers_mut());
    response
}

/// The same, of one page.
pub(super) fn protected(headers: &mut HeaderMap) {
    let told = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in told {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
