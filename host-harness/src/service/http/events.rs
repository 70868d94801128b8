//! What happens to a run, as server-sent events. Each tells how the run stands then, so whoever comes late or again misses nothing.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::unfold;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusal::{Answer, Document};
use super::scope::{Scope, Viewer};
use super::sent::Numbered;
use crate::ports::RunId;
use crate::shape;
use crate::tenant::phase_in_words;

/// How long a stream goes on. Whoever follows comes again by itself, with what it saw last, and is asked anew who it is.
const LONGEST: Duration = Duration::from_secs(120);
/// How often the run is looked at.
const PAUSE: Duration = Duration::from_millis(500);
/// The most of that for which counting may take: of ten parts, one.
const PARTS: u32 = 9;
/// How often it is looked at who follows.
const LOOK: Duration = Duration::from_secs(2);

/// How a run stands.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Happening {
    /// See the run.
    status: &'static str,
    /// What is being done.
    phase: String,
    /// The same in words.
    words: String,
    /// People, entries or rows done.
    done: u64,
    /// An estimate of all of them; 0 where unknown.
    total: u64,
    /// Rows of the plan so far, by kind and outcome.
    rows: Vec<shape::run::Count>,
    /// When that was told.
    at: Option<String>,
    /// Nothing more comes.
    over: bool,
}

/// Whoever follows a run.
struct Follower {
    scope: Scope<Viewer>,
    run: RunId,
    /// The id of what was heard last.
    seen: String,
    over: bool,
    /// When the stream ends, though the run may go on.
    until: Instant,
    /// When it was last looked at who follows.
    looked: Instant,
}

/// What happens to a run until it is over, as server-sent events. Each event tells how the run stands, and its `id` is that standing: whoever
/// comes again with it as `Last-Event-ID` hears the next other one, nothing twice, and the end in any case. Whoever has heard the end is
/// answered 204, on which a browser comes no more. A stream ends after two minutes, and within seconds when the token is
/// revoked or the session over.
#[utoipa::path(get, path = "/tenants/{tenant}/runs/{run}/events", tag = "runs", params(("tenant" = String, Path),
    ("run" = i64, Path), ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was heard")),
    responses((status = 200, content_type = "text/event-stream", body = Happening),
    (status = 204, description = "The end was heard."), (status = 404, body = Document)))]
pub(super) async fn follow(
    scope: Scope<Viewer>,
    Numbered(run): Numbered,
    headers: HeaderMap,
) -> Answer<Response> {
    let run = RunId(run);
    // Whoever asks for a run that does not exist hears so at once.
    let now = happening(&scope, run).await?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let seen = seen.unwrap_or_default().to_owned();
    if now.over && now.id() == seen {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let follower = Follower {
        scope,
        run,
        seen,
        over: false,
        until: Instant::now() + LONGEST,
        looked: Instant::now(),
    };
    let events = unfold(follower, |mut follower| async {
        let happening = follower.next().await?;
        let event = Event::default().event("run").id(happening.id());
        let event = event.json_data(&happening).ok()?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let events = Sse::new(events).keep_alive(KeepAlive::default());
    Ok(events.into_response())
}

impl Follower {
    /// How the run stands, as soon as that is not what was heard last; none when there is nothing more to hear, or nobody who may.
    async fn next(&mut self) -> Option<Happening> {
        while !self.over && Instant::now() < self.until {
            if self.looked.elapsed() >= LOOK {
                if !self.scope.lasts().await {
                    return None;
                }
                self.looked = Instant::now();
            }
            let begun = Instant::now();
            let now = happening(&self.scope, self.run).await.ok()?;
            let took = begun.elapsed();
            self.over = now.over;
            let id = now.id();
            if id != self.seen {
                self.seen = id;
                return Some(now);
            }
            if !self.over {
                // The rows of a large plan take long to count: whoever looks on does not slow it down.
                tokio::time::sleep(PAUSE.max(took * PARTS)).await;
            }
        }
        None
    }
}

impl Happening {
    /// The same for the same standing, on whichever host it is asked for.
    fn id(&self) -> String {
        let end = if self.over { "end" } else { "on" };
        let rows: u64 = self.rows.iter().map(|count| count.rows).sum();
        format!(
            "{}.{}.{}.{}.{rows}.{end}",
            self.status, self.phase, self.done, self.total
        )
    }
}

async fn happening(scope: &Scope<Viewer>, run: RunId) -> Answer<Happening> {
    let found = scope.plans()?.run(run).await?;
    let heard = scope.queue().heard(run).await?;
    // A plan that is to be applied at once is no end.
    let goes_on = scope.queue().goes_on(run).await?;
    Ok(Happening {
        status: found.status.name(),
        words: heard
            .as_ref()
            .map_or("", |heard| phase_in_words(&heard.phase))
            .to_owned(),
        phase: heard
            .as_ref()
            .map_or_else(String::new, |heard| heard.phase.clone()),
        rows: shape::each(&found.counts),
        done: heard.as_ref().map_or(0, |heard| heard.done),
        total: heard.as_ref().map_or(0, |heard| heard.total),
        at: heard.and_then(|heard| shape::moment(heard.at)),
        over: !goes_on,
    })
}
