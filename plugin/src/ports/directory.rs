//! The directory port (contract: `ldap`).

use crate::entry::Page;
use crate::filter::Filter;
use crate::problem::Problem;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Nothing is encrypted.
    Plain,
    /// The StartTLS operation.
    StartTls,
    /// TLS from the first byte.
    Ldaps,
}

/// A server's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name or IP address, IPv6 without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// No bind.
    Anonymous,
    /// A simple bind with a credential handle.
    Simple {
        /// The bind name.
        name: String,
        /// The handle.
        credential: String,
    },
    /// SASL EXTERNAL (RFC 4513 section 5.2.3): whom the client certificate names.
    External,
}

/// What the client shows in the TLS handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// PEM, the client's own first.
    pub certificates: String,
    /// The handle of the private key.
    pub key: String,
}

/// How to reach the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Tried in order.
    pub servers: Vec<Endpoint>,
    /// Protection.
    pub security: Security,
    /// PEM certificates to trust instead of the host's own.
    pub certificate_authority: Option<String>,
    /// Shown to servers that ask for one.
    pub client_certificate: Option<ClientCertificate>,
    /// Who asks.
    pub authentication: Authentication,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Good.
    Passed,
    /// Good, with something to know.
    Warned,
    /// Not good.
    Failed,
}

/// One step of a staged report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Its stable name.
    pub name: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was seen.
    pub evidence: Vec<String>,
    /// Why it warned or failed.
    pub problems: Vec<HostProblem>,
}

/// A problem from either side of the border; the host's codes are not known at compile time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostProblem {
    /// Stable, kebab-case.
    pub code: String,
    /// The setting concerned.
    pub field: Option<String>,
    /// What happened and where.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// Byte offset into the field's value.
    pub position: Option<u32>,
}

impl From<Problem> for HostProblem {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code.to_owned(),
            field: problem.field,
            message: problem.message,
            remedy: problem.remedy,
            position: problem.position,
        }
    }
}

/// Why no session could be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenFailure {
    /// The stages taken.
    pub stages: Vec<Stage>,
    /// What ended it.
    pub problem: HostProblem,
}

/// Which server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerIdentity {
    /// As configured.
    pub endpoint: Endpoint,
    /// As connected.
    pub address: String,
    /// Unique per connection.
    pub connection: u64,
}

/// RFC 4511 section 4.5.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The base alone.
    Base,
    /// Its direct children.
    One,
    /// The base and everything below.
    Subtree,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRequest {
    /// Base DN.
    pub base: String,
    /// Scope.
    pub scope: Scope,
    /// Filter.
    pub filter: Filter,
    /// Attributes, whose values a page gives by position.
    pub attributes: Vec<String>,
    /// Entries a page.
    pub page_size: u32,
    /// Stop after so many entries; 0 is no limit.
    pub limit: u32,
    /// Deleted entries too.
    pub show_deleted: bool,
}

/// How a search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// RFC 4511 section 4.1.9.
    pub result_code: u32,
    /// The server's message.
    pub message: String,
    /// The matched DN.
    pub matched_dn: String,
    /// References seen and not followed.
    pub referrals: u32,
    /// Pages read.
    pub pages: u32,
    /// Entries read.
    pub entries: u64,
    /// The last cookie was empty, or there was no paging.
    pub exhausted: bool,
    /// The server pages.
    pub paged: bool,
    /// Who answered.
    pub server: ServerIdentity,
    /// What was wrong.
    pub problem: Option<HostProblem>,
}

/// What a cursor gives.
#[derive(Debug)]
pub enum Turn {
    /// A page.
    Entries(Page),
    /// The end.
    Finished(Completion),
}

/// What has changed below a base since a cookie (RFC 4533).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRequest {
    /// Base DN.
    pub base: String,
    /// Scope.
    pub scope: Scope,
    /// What the last request ended with; empty for none.
    pub cookie: Vec<u8>,
}

/// How a change request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeCompletion {
    /// As of a search.
    pub completion: Completion,
    /// For the next request; empty for none.
    pub cookie: Vec<u8>,
    /// Entries that were not told are as they were; else they are gone.
    pub deletes: bool,
}

/// What a change request gives: entryUUIDs of 16 bytes, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeTurn {
    /// New or not as they were.
    Changed(Vec<u8>),
    /// As they were.
    Present(Vec<u8>),
    /// Gone.
    Deleted(Vec<u8>),
    /// The end.
    Finished(Box<ChangeCompletion>),
}

/// Opens sessions.
pub trait Directory {
    /// The session's type.
    type Session: Session;
    /// Resolve, connect, TLS, bind.
    fn open(&self, connection: &Connection) -> Result<Self::Session, Box<OpenFailure>>;
}

/// An open connection.
pub trait Session {
    /// The cursor's type. It may outlive the borrow, not the session.
    type Cursor: Cursor;
    /// The type of a change request under way; the same holds for it.
    type Changes: Changes;
    /// The stages passed.
    fn stages(&self) -> Vec<Stage>;
    /// Who answers.
    fn server(&self) -> ServerIdentity;
    /// Begins a search.
    fn search(&self, request: &SearchRequest) -> Result<Self::Cursor, HostProblem>;
    /// Asks what has changed.
    fn changes(&self, request: &ChangeRequest) -> Result<Self::Changes, HostProblem>;
}

/// A change request under way.
pub trait Changes {
    /// The next part or the end.
    fn next(&self) -> ChangeTurn;
}

/// A search under way.
pub trait Cursor {
    /// The next page or the end.
    fn next(&self) -> Turn;
}
