//! Sessions and cursors, as the port has them.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::changes::{self, Asking};
use super::completion::{End, Tally, completion, name};
use super::error::Fault;
use super::link::Link;
use super::policy::Limits;
use super::request::Checked;
use super::search::Search;
use crate::contract::ldap::{ChangeRequest, Completion, SearchRequest, ServerIdentity, Turn};
use crate::contract::types::Stage;
use crate::ports::{Cursor, OpenChanges, OpenCursor, Outcome, Session};

/// An open, bound connection. Dropped, it is unbound and closed, once its last search has ended.
pub(super) struct LdapSession {
    pub(super) link: Arc<Link>,
    pub(super) ldap: ldap3::Ldap,
    pub(super) stages: Vec<Stage>,
    pub(super) server: ServerIdentity,
    pub(super) limits: Limits,
    /// Where its tasks run.
    pub(super) runtime: Handle,
    pub(super) current: Option<(CancellationToken, JoinHandle<()>)>,
}

struct LdapCursor {
    turns: mpsc::Receiver<Turn>,
    server: ServerIdentity,
    finished: Option<Completion>,
}

#[async_trait]
impl Session for LdapSession {
    fn stages(&self) -> Vec<Stage> {
        self.stages.clone()
    }

    fn server(&self) -> ServerIdentity {
        self.server.clone()
    }

    async fn search(&mut self, request: SearchRequest) -> Outcome<OpenCursor> {
        let request = Checked::new(request)?;
        self.supersede()?;
        let (sender, turns) = mpsc::channel(1);
        let search = Search::new(
            self.link.clone(),
            self.ldap.clone(),
            request,
            self.limits.clone(),
            self.server.clone(),
            sender,
        );
        self.begin(|superseded| search.run(superseded));
        Ok(Box::new(LdapCursor {
            turns,
            server: self.server.clone(),
            finished: None,
        }))
    }

    async fn changes(&mut self, request: ChangeRequest) -> Outcome<OpenChanges> {
        changes::check(&request)?;
        self.supersede()?;
        let (asking, changes) = Asking::new(
            self.link.clone(),
            self.ldap.clone(),
            request,
            self.limits.clone(),
            self.server.clone(),
        );
        self.begin(|superseded| asking.run(superseded));
        Ok(Box::new(changes))
    }
}

impl LdapSession {
    /// Ends what is under way; refuses where the connection is broken.
    fn supersede(&mut self) -> Outcome<()> {
        if let Some((superseded, task)) = self.current.take() {
            superseded.cancel();
            // Its end may wait for a reader; what matters is that it sends nothing any more.
            drop(task);
        }
        match self.link.fault() {
            Some(fault) => Err(fault.problem(&name(&self.server))),
            None => Ok(()),
        }
    }

    /// Begins what runs until it is superseded.
    fn begin<F>(&mut self, run: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let superseded = CancellationToken::new();
        let task = self.runtime.spawn(run(superseded.clone()));
        self.current = Some((superseded, task));
    }
}

#[async_trait]
impl Cursor for LdapCursor {
    async fn next(&mut self) -> Turn {
        if let Some(finished) = &self.finished {
            return Turn::Finished(finished.clone());
        }
        match self.turns.recv().await {
            Some(Turn::Entries(page)) => Turn::Entries(page),
            Some(Turn::Finished(end)) => Turn::Finished(self.finished.insert(end).clone()),
            None => {
                let end = End::Broken(Fault::Library("the search panicked".to_owned()));
                let tally = Tally::of(self.server.clone());
                Turn::Finished(self.finished.insert(completion(&end, &tally)).clone())
            }
        }
    }
}
