//! The directory port over `ldap`.

use super::bindings::marketplace::directory_sync::ldap;
use super::nodes::Nodes;
use crate::entry::Page;
use crate::ports::directory::{
    Authentication, ChangeCompletion, ChangeRequest, ChangeTurn, Changes, Completion, Connection,
    Cursor, Directory, Endpoint, HostProblem, OpenFailure, Scope, SearchRequest, Security,
    ServerIdentity, Session, Stage, Turn,
};

/// Opens sessions at the host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ldap;

/// A session that the host holds.
#[derive(Debug)]
pub(crate) struct LdapSession(ldap::Session);

/// A cursor that the host holds.
#[derive(Debug)]
pub(crate) struct LdapCursor {
    cursor: ldap::Cursor,
    width: usize,
}

/// A change request that the host holds.
#[derive(Debug)]
pub(crate) struct LdapChanges(ldap::Changes);

impl Directory for Ldap {
    type Session = LdapSession;

    fn open(&self, connection: &Connection) -> Result<Self::Session, Box<OpenFailure>> {
        let servers: Vec<_> = connection
            .servers
            .iter()
            .map(|server| ldap::Endpoint {
                host: server.host.clone(),
                port: server.port,
            })
            .collect();
        let authentication = match &connection.authentication {
            Authentication::Anonymous => ldap::Authentication::Anonymous,
            Authentication::Simple { name, credential } => {
                ldap::Authentication::Simple(ldap::SimpleBind { name, credential })
            }
            Authentication::External => ldap::Authentication::External,
        };
        ldap::open(ldap::Connection {
            servers: &servers.iter().collect::<Vec<_>>(),
            security: match connection.security {
                Security::Plain => ldap::Security::Plain,
                Security::StartTls => ldap::Security::StartTls,
                Security::Ldaps => ldap::Security::Ldaps,
            },
            certificate_authority: connection.certificate_authority.as_deref(),
            client_certificate: connection.client_certificate.as_ref().map(|client| {
                ldap::ClientCertificate {
                    certificates: &client.certificates,
                    key: &client.key,
                }
            }),
            authentication,
        })
        .map(LdapSession)
        .map_err(|failure| {
            Box::new(OpenFailure {
                stages: failure.stages.into_iter().map(Into::into).collect(),
                problem: failure.problem.into(),
            })
        })
    }
}

impl Session for LdapSession {
    type Cursor = LdapCursor;
    type Changes = LdapChanges;

    fn stages(&self) -> Vec<Stage> {
        self.0.stages().into_iter().map(Into::into).collect()
    }

    fn server(&self) -> ServerIdentity {
        self.0.server().into()
    }

    fn search(&self, request: &SearchRequest) -> Result<Self::Cursor, HostProblem> {
        let nodes = Nodes::of(&request.filter);
        let attributes: Vec<&str> = request.attributes.iter().map(String::as_str).collect();
        let cursor = self
            .0
            .search(ldap::SearchRequest {
                base: &request.base,
                scope: scope(request.scope),
                filter: &nodes.list(&request.filter),
                attributes: &attributes,
                page_size: request.page_size,
                limit: request.limit,
                show_deleted: request.show_deleted,
            })
            .map_err(HostProblem::from)?;
        Ok(LdapCursor {
            cursor,
            width: request.attributes.len(),
        })
    }

    fn changes(&self, request: &ChangeRequest) -> Result<Self::Changes, HostProblem> {
        let changes = self.0.changes(ldap::ChangeRequest {
            base: &request.base,
            scope: scope(request.scope),
            cookie: &request.cookie,
        });
        Ok(LdapChanges(changes.map_err(HostProblem::from)?))
    }
}

impl Changes for LdapChanges {
    fn next(&self) -> ChangeTurn {
        match self.0.next() {
            ldap::ChangeTurn::Changed(ids) => ChangeTurn::Changed(ids),
            ldap::ChangeTurn::Present(ids) => ChangeTurn::Present(ids),
            ldap::ChangeTurn::Deleted(ids) => ChangeTurn::Deleted(ids),
            ldap::ChangeTurn::Finished(end) => ChangeTurn::Finished(Box::new(ChangeCompletion {
                completion: end.completion.into(),
                cookie: end.cookie,
                deletes: end.deletes,
            })),
        }
    }
}

fn scope(scope: Scope) -> ldap::Scope {
    match scope {
        Scope::Base => ldap::Scope::Base,
        Scope::One => ldap::Scope::One,
        Scope::Subtree => ldap::Scope::Subtree,
    }
}

impl Cursor for LdapCursor {
    fn next(&self) -> Turn {
        match self.cursor.next() {
            ldap::Turn::Entries(page) => {
                let parts = Page::new(self.width, page.entries, page.counts, page.ends, page.bytes);
                match parts {
                    Ok(page) => Turn::Entries(page),
                    Err(problem) => Turn::Finished(broken(problem.into())),
                }
            }
            ldap::Turn::Finished(completion) => Turn::Finished(completion.into()),
        }
    }
}

impl From<ldap::ServerIdentity> for ServerIdentity {
    fn from(server: ldap::ServerIdentity) -> Self {
        Self {
            endpoint: Endpoint {
                host: server.endpoint.host,
                port: server.endpoint.port,
            },
            address: server.address,
            connection: server.connection,
        }
    }
}

impl From<ldap::Completion> for Completion {
    fn from(completion: ldap::Completion) -> Self {
        Self {
            result_code: completion.result_code,
            message: completion.message,
            matched_dn: completion.matched_dn,
            referrals: completion.referrals,
            pages: completion.pages,
            entries: completion.entries,
            exhausted: completion.exhausted,
            paged: completion.paged,
            server: completion.server.into(),
            problem: completion.problem.map(Into::into),
        }
    }
}

/// How a search ends whose page cannot be read: it proves nothing.
fn broken(problem: HostProblem) -> Completion {
    Completion {
        result_code: 80,
        message: String::new(),
        matched_dn: String::new(),
        referrals: 0,
        pages: 0,
        entries: 0,
        exhausted: false,
        paged: false,
        server: ServerIdentity {
            endpoint: Endpoint {
                host: String::new(),
                port: 0,
            },
            address: String::new(),
            connection: 0,
        },
        problem: Some(problem),
    }
}
