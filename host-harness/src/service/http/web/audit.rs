//! What was done for a tenant, and by whom.

use askama::Template;
use serde::Deserialize;

use super::super::scope::{Scope, Viewer};
use super::super::sent::Asked;
use super::entered::{In, Shown};
use super::frame::{Frame, page};
use super::moment::{Moment, Zone};
use super::tenant::zone_of;
use crate::ports::access::Deed;

/// Lines of a page.
const AT_ONCE: u32 = 50;

/// Where in the log.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Piece {
    /// Lines before these.
    skip: u32,
}

struct Line {
    at: Moment,
    who: String,
    from: String,
    words: &'static str,
    what: String,
    which: String,
    /// The run that it was done to.
    run: Option<i64>,
    refused: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    lines: Vec<Line>,
    first: u32,
    before: Option<u32>,
    after: Option<u32>,
}

/// What was done, the newest first.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(piece): In<Asked<Piece>>) -> Shown {
    let Asked(Piece { skip }) = piece;
    let zone = zone_of(&scope).await?;
    let mut deeds = scope.deeds(skip, AT_ONCE + 1).await?;
    let more = deeds.len() > AT_ONCE as usize;
    deeds.truncate(AT_ONCE as usize);
    Ok(page(&AuditPage {
        frame: Frame::within(&scope, "Log", "audit"),
        lines: deeds.iter().map(|deed| line(deed, &zone)).collect(),
        first: skip.saturating_add(1),
        before: (skip > 0).then(|| skip.saturating_sub(AT_ONCE)),
        after: more.then(|| skip.saturating_add(AT_ONCE)),
    }))
}

fn line(deed: &Deed, zone: &Zone) -> Line {
    let run = deed.what.starts_with("run.");
    Line {
        at: zone.at(deed.at),
        who: deed.who.clone(),
        from: deed.from.clone(),
        words: words(&deed.what),
        what: deed.what.clone(),
        run: run.then(|| deed.which.parse().ok()).flatten(),
        which: deed.which.clone(),
        refused: deed.refused.clone(),
    }
}

/// A deed for people; empty for what has no better words than its name.
fn words(what: &str) -> &'static str {
    match what {
        "install" => "installed the plugin",
        "uninstall" => "uninstalled the plugin",
        "configure" => "changed the settings",
        "map" => "changed the mapping",
        "schedule" => "changed the schedule",
        "retention" => "said how long rows are kept",
        "run" => "asked for a run",
        "sync" => "synced",
        "run.stop" => "stopped a run",
        "run.approve" => "approved a plan",
        "run.apply" => "had a plan applied",
        "run.discard" => "threw a plan away",
        "run.undo" => "asked to undo a run",
        "plugin.upgrade" => "upgraded the plugin",
        "plugin.rollback" => "went back to the plugin before",
        "plugin.upgrade dry-run" => "looked at an upgrade",
        "plugin.rollback dry-run" => "looked at going back",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(what: &str, which: &str) -> Deed {
        Deed {
            at: 0,
            who: "ada".into(),
            from: String::new(),
            tenant: None,
            what: what.into(),
            which: which.into(),
            refused: String::new(),
        }
    }

    #[test]
    fn only_what_was_done_to_a_run_leads_to_one() {
        let zone = Zone::named("UTC");
        assert_eq!(line(&deed("run.stop", "7"), &zone).run, Some(7));
        assert_eq!(line(&deed("run.stop", "<b>"), &zone).run, None);
        assert_eq!(line(&deed("run", "7"), &zone).run, None);
        assert_eq!(line(&deed("something.else", ""), &zone).words, "");
    }
}
