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

/// How a search went that was not cancelled.
pub(crate) enum Searched {
    /// To its end, whatever that was.
    Ended(Box<Completion>),
    /// As far as was wanted.
    Enough,
}

/// Opens a session and reads the root DSE.
pub(crate) fn connect<H: Host>(
    host: &H,
    settings: &Settings,
) -> Result<Connected<<H::Directory as Directory>::Session>, OpenFailure> {
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
    /// Runs a search. `each` says whether to go on. A cancelled search is an error.
    pub(crate) fn search(
        &self,
        progress: &dyn Progress,
        phase: &str,
        request: &SearchRequest,
        each: impl FnMut(&Entry<'_>) -> bool,
    ) -> Answer<Searched> {
        run(&self.session, Some((progress, phase)), request, each)
    }

    /// The first entries that a search gives, and how it ended.
    pub(crate) fn one_entry<T>(
        &self,
        request: &SearchRequest,
        make: impl FnOnce(&Entry<'_>) -> T,
    ) -> Result<Option<T>, HostProblem> {
        let mut make = Some(make);
        let mut made = None;
        let searched = run(&self.session, None, request, |entry| {
            made = make.take().map(|make| make(entry));
            false
        })
        .map_err(first)?;
        match (made, searched) {
            (Some(made), _) => Ok(Some(made)),
            (None, Searched::Ended(completion)) => match completion.problem {
                Some(problem) => Err(problem),
                None => Ok(None),
            },
            (None, Searched::Enough) => Ok(None),
        }
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
    let mut root = RootDse::default();
    let _ = run(session, None, &at("", anything(), &attributes), |entry| {
        root = RootDse::read(entry, &attributes);
        false
    });
    root
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

fn run<S: Session>(
    session: &S,
    progress: Option<(&dyn Progress, &str)>,
    request: &SearchRequest,
    mut each: impl FnMut(&Entry<'_>) -> bool,
) -> Answer<Searched> {
    let cursor = session.search(request).map_err(one)?;
    let mut done = 0;
    loop {
        match cursor.next() {
            Turn::Entries(page) => {
                for entry in page.iter() {
                    if !each(&entry) {
                        return Ok(Searched::Enough);
                    }
                }
                done += page.len() as u64;
                if let Some((progress, phase)) = progress
                    && progress.report(phase, done, 0) == Signal::Stop
                {
                    return Err(cancelled());
                }
            }
            Turn::Finished(completion) => return Ok(Searched::Ended(Box::new(completion))),
        }
    }
}

fn first(problems: Vec<HostProblem>) -> HostProblem {
    problems.into_iter().next().unwrap_or_else(|| HostProblem {
        code: "other".into(),
        field: None,
        message: "the search failed".into(),
        remedy: "Try again.".into(),
        position: None,
    })
}
