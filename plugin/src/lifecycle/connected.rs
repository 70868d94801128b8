//! An open session, and what the directory at its other end is.

use crate::attribute::AttributeSet;
use crate::entry::Entry;
use crate::filter::Filter;
use crate::ports::directory::{
    Completion, Cursor, Directory, HostProblem, OpenFailure, Scope, SearchRequest, Session, Turn,
};
use crate::ports::services::Signal;
use crate::ports::{Host, Progress};
use crate::profile::{Detected, RootDse, by_id, detect};
use crate::settings::{ProfileChoice, Settings};

use super::answer::{Answer, cancelled, one};

/// A session and the directory's own description of itself.
pub(crate) struct Connected<S> {
    /// Open.
    pub(crate) session: S,
    /// What the directory says of itself; empty where it does not let us read that.
    pub(crate) root: RootDse,
    /// Its profile.
    pub(crate) detected: Detected,
}

/// Opens a session and reads the root DSE.
pub(crate) fn connect<H: Host>(
    host: &H,
    settings: &Settings,
) -> Result<Connected<<H::Directory as Directory>::Session>, Box<OpenFailure>> {
    let session = host.directory().open(&settings.connection)?;
    let root = root(&session);
    let detected = profile(settings, &root);
    Ok(Connected {
        session,
        root,
        detected,
    })
}

/// The same, for hooks that can't do without.
pub(crate) fn connect_or_say<H: Host>(
    host: &H,
    settings: &Settings,
) -> Answer<Connected<<H::Directory as Directory>::Session>> {
    connect(host, settings).map_err(|failure| one(failure.problem))
}

impl<S: Session> Connected<S> {
    /// Runs a search to its end, whatever that is.
    ///
    /// # Errors
    /// `cancelled`, and a search that the host refuses.
    pub(crate) fn all(
        &self,
        progress: &dyn Progress,
        phase: &str,
        request: &SearchRequest,
        mut each: impl FnMut(&Entry<'_>),
    ) -> Answer<Completion> {
        let cursor = self.session.search(request).map_err(one)?;
        let mut done = 0;
        loop {
            match cursor.next() {
                Turn::Finished(completion) => return Ok(completion),
                Turn::Entries(page) => {
                    page.iter().for_each(|entry| each(&entry));
                    done += page.len() as u64;
                    if progress.report(phase, done, 0) == Signal::Stop {
                        return Err(cancelled());
                    }
                }
            }
        }
    }

    /// The first entry that a search gives and `make` wants; none where it ends without.
    ///
    /// # Errors
    /// What ended the search before it gave such an entry.
    pub(crate) fn first<T>(
        &self,
        request: &SearchRequest,
        make: impl FnMut(&Entry<'_>) -> Option<T>,
    ) -> Result<Option<T>, HostProblem> {
        first(&self.session, request, make)
    }
}

/// A search for a single entry by its DN.
pub(crate) fn at(dn: &str, filter: Filter, attributes: &AttributeSet) -> SearchRequest {
    SearchRequest {
        base: dn.to_owned(),
        scope: Scope::Base,
        filter,
        attributes: attributes.names().to_vec(),
        page_size: 1,
        limit: 0,
    }
}

/// Matches every entry.
pub(crate) fn anything() -> Filter {
    Filter::Present("objectClass".into())
}

/// A directory that hides its root DSE is still a directory: nothing is known of it then.
fn root(session: &impl Session) -> RootDse {
    let attributes: AttributeSet = RootDse::ATTRIBUTES.into_iter().collect();
    let request = at("", anything(), &attributes);
    let read = first(session, &request, |entry| {
        Some(RootDse::read(entry, &attributes))
    });
    read.ok().flatten().unwrap_or_default()
}

fn profile(settings: &Settings, root: &RootDse) -> Detected {
    let named = match &settings.profile {
        ProfileChoice::Auto => None,
        ProfileChoice::Named(id) => by_id(id),
    };
    match named {
        Some(profile) => Detected {
            profile,
            evidence: vec!["the settings say so".into()],
        },
        None => detect(root),
    }
}

fn first<T>(
    session: &impl Session,
    request: &SearchRequest,
    mut make: impl FnMut(&Entry<'_>) -> Option<T>,
) -> Result<Option<T>, HostProblem> {
    let cursor = session.search(request)?;
    loop {
        match cursor.next() {
            Turn::Entries(page) => {
                if let Some(made) = page.iter().find_map(|entry| make(&entry)) {
                    return Ok(Some(made));
                }
            }
            Turn::Finished(completion) => return completion.problem.map_or(Ok(None), Err),
        }
    }
}
