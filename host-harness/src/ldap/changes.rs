//! A change request under way: content synchronization, refreshOnly (RFC 4533 section 3.3).

use std::sync::Arc;

use async_trait::async_trait;
use ldap3::controls::{MakeCritical, RawControl, RefreshMode, SyncRequest};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::completion::{End, Tally, completion};
use super::error::{Fault, Malformed};
use super::link::Link;
use super::policy::Limits;
use super::pump::Piece;
use super::request;
use super::search::in_time;
use super::told::{self, Done, Told};
use crate::Problem;
use crate::contract::ldap::{ChangeCompletion, ChangeRequest, ChangeTurn, Scope, ServerIdentity};
use crate::ports::Changes;

/// Entries told a piece.
const PIECE: usize = 4096;
/// The longest base and cookie that are sent.
const LONGEST: usize = 8192;

/// One request.
pub(super) struct Asking {
    link: Arc<Link>,
    ldap: ldap3::Ldap,
    request: ChangeRequest,
    limits: Limits,
    tally: Tally,
    /// The newest cookie, and whether the server told what is gone.
    last: Done,
    turns: mpsc::Sender<ChangeTurn>,
}

/// As a plugin reads it.
pub(super) struct LdapChanges {
    turns: mpsc::Receiver<ChangeTurn>,
    server: ServerIdentity,
    finished: Option<ChangeCompletion>,
}

/// Checks a request against the contract's limits.
pub(super) fn check(request: &ChangeRequest) -> Result<(), Problem> {
    let refuse = |message: &str| {
        let remedy = "Correct the change request.";
        Err(Problem::new("bad-request", message, remedy))
    };
    if request.scope == Scope::Base {
        return refuse("changes of one entry alone are not asked for");
    }
    if request.base.len() > LONGEST || request.cookie.len() > LONGEST {
        return refuse("a base DN or a cookie that is too long");
    }
    Ok(())
}

impl Asking {
    pub(super) fn new(
        link: Arc<Link>,
        ldap: ldap3::Ldap,
        request: ChangeRequest,
        limits: Limits,
        server: ServerIdentity,
    ) -> (Self, LdapChanges) {
        let (sender, turns) = mpsc::channel(1);
        let asking = Self {
            link,
            ldap,
            request,
            limits,
            tally: Tally::of(server.clone()),
            last: Done::default(),
            turns: sender,
        };
        let finished = None;
        (
            asking,
            LdapChanges {
                turns,
                server,
                finished,
            },
        )
    }

    /// Asks until the end, until `superseded`, or until nobody reads any more.
    pub(super) async fn run(mut self, superseded: CancellationToken) {
        let turns = self.turns.clone();
        let end = tokio::select! {
            end = self.ask() => end.unwrap_or_else(End::Broken),
            () = superseded.cancelled() => End::Broken(Fault::Superseded),
            () = turns.closed() => return,
        };
        let finished = ChangeTurn::Finished(ChangeCompletion {
            completion: completion(&end, &self.tally),
            cookie: self.last.cookie.take().unwrap_or_default(),
            deletes: self.last.deletes,
        });
        drop(self);
        let _ = turns.send(finished).await;
    }

    async fn ask(&mut self) -> Result<End, Fault> {
        let turn = self.link.turn().await;
        let mut pieces = self.link.expect_changes(PIECE);
        let cookie = Some(self.request.cookie.clone()).filter(|cookie| !cookie.is_empty());
        let control: RawControl = SyncRequest {
            mode: RefreshMode::RefreshOnly,
            cookie,
            reload_hint: false,
        }
        .critical()
        .into();
        self.ldap.with_controls(control);
        let scope = request::scope(self.request.scope);
        let base = self.request.base.clone();
        let stream = self
            .ldap
            .streaming_search(&base, scope, "(objectClass=*)", vec!["1.1"]);
        let mut stream = in_time(&self.link, self.limits.page, stream).await?;
        drop(turn);
        loop {
            let piece = tokio::time::timeout(self.limits.page, pieces.recv()).await;
            let after = self.limits.page;
            let what = "search";
            let piece = piece.map_err(|_| self.link.fail(Fault::Timeout { what, after }))?;
            let Some(piece) = piece else { break };
            if !self.hand_on(piece).await {
                return Err(Fault::Superseded);
            }
        }
        if in_time(&self.link, self.limits.page, stream.next())
            .await?
            .is_some()
        {
            let past = "an entry got past".to_owned();
            return Err(self.link.fail(Fault::Library(past)));
        }
        let result = stream.finish().await;
        let mut controls = result.ctrls.iter().map(|control| &control.1);
        match controls.find(|control| control.ctype == told::DONE) {
            Some(control) => {
                let value = control.val.as_deref().ok_or(Malformed::Unexpected)?;
                let done = Done::read(value)?;
                self.last.deletes = done.deletes;
                if done.cookie.is_some() {
                    self.last.cookie = done.cookie;
                }
            }
            // Without it the server has not done what was asked, however well it says that this went.
            None if result.rc == 0 => return Err(Malformed::Unexpected.into()),
            None => {}
        }
        let result = Box::new(result);
        let exhausted = true;
        Ok(End::Answered { result, exhausted })
    }

    /// Whether somebody still reads.
    async fn hand_on(&mut self, piece: Piece) -> bool {
        self.tally.referrals = self.tally.referrals.saturating_add(piece.references);
        self.tally.pages += 1;
        let entries = piece.told.len();
        let Told {
            changed,
            present,
            deleted,
            cookie,
        } = piece.told;
        if cookie.is_some() {
            self.last.cookie = cookie;
        }
        let parts = [
            (changed, ChangeTurn::Changed as fn(Vec<u8>) -> ChangeTurn),
            (present, ChangeTurn::Present),
            (deleted, ChangeTurn::Deleted),
        ];
        for (ids, turn) in parts {
            if !ids.is_empty() && self.turns.send(turn(ids)).await.is_err() {
                return false;
            }
        }
        self.tally.entries += entries as u64;
        true
    }
}

#[async_trait]
impl Changes for LdapChanges {
    async fn next(&mut self) -> ChangeTurn {
        if let Some(finished) = &self.finished {
            return ChangeTurn::Finished(finished.clone());
        }
        let turn = self.turns.recv().await.unwrap_or_else(|| {
            let end = End::Broken(Fault::Library("the change request panicked".to_owned()));
            ChangeTurn::Finished(ChangeCompletion {
                completion: completion(&end, &Tally::of(self.server.clone())),
                cookie: Vec::new(),
                deletes: false,
            })
        });
        if let ChangeTurn::Finished(finished) = &turn {
            self.finished = Some(finished.clone());
        }
        turn
    }
}
