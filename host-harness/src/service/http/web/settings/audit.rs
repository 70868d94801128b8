//! What was done, by whom and from where.

use askama::Template;
use serde::Deserialize;

use super::super::super::scope::{Admin, Scope, Viewer, Whole};
use super::super::super::sent::Asked;
use super::super::entered::{In, Shown};
use super::super::frame::{Frame, page};
use super::super::moment::{Moment, Zone};
use super::super::tenant::zone_of;
use crate::ports::access::Deed;

/// Lines on a page.
const AT_ONCE: u32 = 100;

/// Which of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Piece {
    skip: u32,
}

struct Line {
    at: Moment,
    who: String,
    from: String,
    tenant: String,
    what: String,
    which: String,
    refused: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    /// Where this page is.
    at: String,
    lines: Vec<Line>,
    /// Whether tenants are told.
    all: bool,
    before: Option<u32>,
    after: Option<u32>,
}

/// All that was done.
pub(in super::super) async fn show(
    In(whole): In<Whole<Admin>>,
    In(Asked(piece)): In<Asked<Piece>>,
) -> Shown {
    let deeds = whole.access().deeds(None, piece.skip, AT_ONCE).await?;
    let frame = whole.frame("Log", "audit");
    let at = "/settings/audit".to_owned();
    Ok(page(&AuditPage::new(
        frame,
        at,
        &deeds,
        &Zone::named("UTC"),
        piece.skip,
        true,
    )))
}

/// What was done for one tenant.
pub(in super::super) async fn of_tenant(
    In(scope): In<Scope<Viewer>>,
    In(Asked(piece)): In<Asked<Piece>>,
) -> Shown {
    let deeds = scope.deeds(piece.skip, AT_ONCE).await?;
    let frame = Frame::within(&scope, "Log", "audit");
    let at = format!("/tenants/{}/audit", scope.id());
    let zone = zone_of(&scope).await?;
    Ok(page(&AuditPage::new(
        frame, at, &deeds, &zone, piece.skip, false,
    )))
}

impl AuditPage {
    fn new(frame: Frame, at: String, deeds: &[Deed], zone: &Zone, skip: u32, all: bool) -> Self {
        let line = |deed: &Deed| Line {
            at: zone.at(deed.at),
            who: deed.who.clone(),
            from: deed.from.clone(),
            tenant: deed
                .tenant
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
            what: deed.what.clone(),
            which: deed.which.clone(),
            refused: deed.refused.clone(),
        };
        Self {
            frame,
            at,
            lines: deeds.iter().map(line).collect(),
            all,
            before: (skip > 0).then(|| skip.saturating_sub(AT_ONCE)),
            after: (deeds.len() == AT_ONCE as usize).then(|| skip.saturating_add(AT_ONCE)),
        }
    }
}
