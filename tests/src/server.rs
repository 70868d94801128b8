//! What every real server has in common: how it is reached, who is in it, and how it is changed.

use std::io;

use rollcall::demo::Entry;
use rollcall::demo::people::{Expected, Organisation};

pub(crate) mod process;

/// Why there is no server, or why it did not do something.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// It is not on this machine.
    #[error(
        "{what} was not found; install it (Debian: apt-get install --no-install-recommends {packages})"
    )]
    NotInstalled {
        /// What was looked for.
        what: String,
        /// Debian's packages.
        packages: &'static str,
    },
    /// It needs root, and this is not root.
    #[error(
        "{0} needs root: it changes owners of files and listens on port 389; run the tests as root"
    )]
    NotRoot(&'static str),
    /// A program could not be run, or a file not be written.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// A program ended badly.
    #[error("{program} failed: {said}")]
    Failed {
        /// Which.
        program: String,
        /// The end of what it said.
        said: String,
    },
    /// No certificate could be made.
    #[error("no certificate: {0}")]
    Certificate(String),
}

/// A running server that was filled from the generator.
pub trait Server {
    /// `ldap://…`, for plain LDAP and StartTLS, by a name that its certificate is for.
    fn url(&self) -> String;

    /// `ldaps://…`, by a name that its certificate is for.
    fn ldaps_url(&self) -> String;

    /// The certificate of the authority to trust.
    fn ca_pem(&self) -> String;

    /// The name to bind as for a sync.
    fn bind_name(&self) -> String;

    /// The password that goes with [`Self::bind_name`].
    fn password(&self) -> String;

    /// Who is in it. Where a server cannot hold some trouble, nobody has it.
    fn organisation(&self) -> &Organisation;

    /// Lines of `[settings]`, beyond address and account, that a sync of this kind of directory needs.
    fn settings(&self) -> String;

    /// The section `[mapping]` in the place of the profile's rules; empty where those fit.
    fn mapping(&self) -> String;

    /// What must become of a person, as this kind of directory names people.
    fn expected(&self, index: u64) -> Expected;

    /// The changes that disable or enable somebody, as administrators of this kind of directory do it.
    fn switch(&self, dn: &str, enabled: bool) -> Vec<Entry>;

    /// The change that adds a person with what the portal requires.
    fn hire(&self, name: &str, given: &str, family: &str, mail: &str) -> Entry;

    /// Makes changes as the administrator: change records of LDIF (RFC 2849), as `ldapmodify` reads them.
    ///
    /// # Errors
    /// Where `ldapmodify` is missing, or the server refuses a change; those before it stay made.
    fn change(&self, ldif: &str) -> Result<(), ServerError>;

    /// Stops the server, keeping what it holds. Does nothing while it is stopped.
    ///
    /// # Errors
    /// Where it does not end.
    fn stop(&mut self) -> Result<(), ServerError>;

    /// Starts a stopped server again; it may then be reached elsewhere.
    ///
    /// # Errors
    /// Where it does not start.
    fn resume(&mut self) -> Result<(), ServerError>;
}
