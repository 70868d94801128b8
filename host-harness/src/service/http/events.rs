//! What happens to a run, as server-sent events. Each tells how the run stands then, so whoever comes late or again misses nothing.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusal::{Answer, Document};
use super::scope::{Scope, Viewer};
use super::sent::Numbered;
use crate::ports::RunId;
use crate::ports::plan::RunStatus;
use crate::shape;

/// How long a stream goes on. Whoever follows comes again by itself, with what it saw last, and is asked anew who it is.
const LONGEST: Duration = Duration::from_secs(120);
/// How often the run is looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// How a run stands.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Happening {
    /// See the run.
    status: &'static str,
    /// What is being done.
    phase: String,
    /// People, entries or rows done.
    done: u64,
    /// An estimate of all of them; 0 where unknown.
    total: u64,
    /// When that was told.
    at: Option<String>,
    /// Nothing more comes.
    over: bool,
}

/// What happens to a run until it is over, as server-sent events. After a break, `Last-Event-ID` tells what was seen.
#[utoipa::path(get, path = "/tenants/{tenant}/runs/{run}/events", tag = "runs", params(("tenant" = String, Path),
    ("run" = i64, Path)), responses((status = 200, content_type = "text/event-stream", body = Happening), (status = 404, body = Document)))]
pub(super) async fn follow(
    scope: Scope<Viewer>,
    Numbered(run): Numbered,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let run = RunId(run);
    // Whoever asks for a run that does not exist hears so at once.
    scope.plans()?.run(scope.id(), run).await?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let seen = seen.unwrap_or_default().to_owned();
    let events = unfold(
        (scope, seen, false, Instant::now() + LONGEST),
        move |(scope, mut seen, over, until)| async move {
            if over || Instant::now() > until {
                return None;
            }
            loop {
                let now = happening(&scope, run).await.ok()?;
                let id = now.id();
                if id == seen {
                    if now.over {
                        return None;
                    }
                    if Instant::now() > until {
                        return None;
                    }
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                seen.clone_from(&id);
                let event = Event::default().event("run").id(id).json_data(&now).ok()?;
                return Some((Ok(event), (scope, seen, now.over, until)));
            }
        },
    );
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

impl Happening {
    /// The same for the same standing, on whichever host it is asked for.
    fn id(&self) -> String {
        format!(
            "{}.{}.{}.{}",
            self.status, self.phase, self.done, self.total
        )
    }
}

async fn happening(scope: &Scope<Viewer>, run: RunId) -> Answer<Happening> {
    let status = scope.plans()?.run(scope.id(), run).await?.status;
    let heard = scope.queue().heard(scope.id(), run).await?;
    let under_way = matches!(
        status,
        RunStatus::Queued | RunStatus::Planning | RunStatus::Applying
    );
    Ok(Happening {
        status: status.name(),
        phase: heard
            .as_ref()
            .map_or_else(String::new, |heard| heard.phase.clone()),
        done: heard.as_ref().map_or(0, |heard| heard.done),
        total: heard.as_ref().map_or(0, |heard| heard.total),
        at: heard.and_then(|heard| shape::moment(heard.at)),
        over: !under_way,
    })
}
