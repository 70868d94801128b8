//! An open session, and what the directory at its other end is.

use crate::attribute::AttributeSet;
use crate::entry::Entry;
use crate::filter::Filter;
use crate::ports::directory::{
    Completion, Directory, HostProblem, OpenFailure, Scope, SearchRequest, Session,
};
use crate::ports::services::Signal;
use crate::ports::{Host, Progress};
use crate::profile::{Detected, RootDse, detect};
use crate::settings::{Configuration, ProfileChoice, Settings};
use crate::sync::sweep::{Sweep, Swept};
use crate::sync::{identifier, open, remembered};

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

/// Opens a session and reads the root DSE. A failure of that is the failure of the opening.
pub(crate) fn connect<H: Host>(
    host: &H,
    settings: &Settings,
) -> Result<Connected<<H::Directory as Directory>::Session>, Box<OpenFailure>> {
    recognised(host.directory().open(&settings.connection)?, settings)
}

/// The same with a session that is open.
pub(crate) fn recognised<S: Session>(
    session: S,
    settings: &Settings,
) -> Result<Connected<S>, Box<OpenFailure>> {
    match recognise(&session, &settings.profile) {
        Ok((root, detected)) => Ok(Connected {
            session,
            root,
            detected,
        }),
        Err(problem) => Err(Box::new(OpenFailure {
            stages: session.stages(),
            problem,
        })),
    }
}

/// The same with the stored configuration, for hooks that can't do without. Where a sync would take the directory or
/// the people's ids for changed, so do they. Fills in by which attribute people are known, where that is remembered.
pub(crate) fn connect_or_say<H: Host>(
    host: &H,
    configuration: &mut Configuration,
) -> Answer<Connected<<H::Directory as Directory>::Session>> {
    let connected =
        connect(host, &configuration.settings).map_err(|failure| one(failure.problem))?;
    let profile = connected.detected.profile;
    remembered::same(host.state(), configuration, profile).map_err(one)?;
    identifier::known(host, &mut configuration.settings, profile).map_err(one)?;
    Ok(connected)
}

impl<S: Session> Connected<S> {
    /// What could be the base, the likeliest first.
    pub(crate) fn bases(&self) -> Vec<String> {
        self.detected.profile.bases(&self.root)
    }

    /// Runs searches one after the other to their end, whatever that is.
    ///
    /// # Errors
    /// `cancelled`, and a search that the host refuses.
    pub(crate) fn all(
        &self,
        progress: &dyn Progress,
        phase: &str,
        requests: &[SearchRequest],
        mut each: impl FnMut(&Entry<'_>),
    ) -> Answer<Completion> {
        let mut sweep = Sweep::begin(&self.session, requests).map_err(one)?;
        let mut done = 0;
        loop {
            match sweep.next(&self.session) {
                Swept::Finished(completion, _) => return Ok(*completion),
                Swept::Page(page) => {
                    page.iter().for_each(|entry| each(&entry));
                    done += page.len() as u64;
                    if progress.report(phase, done, 0) == Signal::Stop {
                        return Err(cancelled());
                    }
                }
            }
        }
    }

    /// The first entry that searches give and `make` wants; none where they end without.
    ///
    /// # Errors
    /// What ended the search before it gave such an entry.
    pub(crate) fn first<T>(
        &self,
        requests: &[SearchRequest],
        mut make: impl FnMut(&Entry<'_>) -> Option<T>,
    ) -> Result<Option<T>, HostProblem> {
        let mut sweep = Sweep::begin(&self.session, requests)?;
        loop {
            match sweep.next(&self.session) {
                Swept::Page(page) => {
                    if let Some(made) = page.iter().find_map(|entry| make(&entry)) {
                        return Ok(Some(made));
                    }
                }
                Swept::Finished(completion, _) => return completion.problem.map_or(Ok(None), Err),
            }
        }
    }
}

/// A search for a single entry by its DN.
pub(crate) fn at(dn: &str, filter: Filter, attributes: &AttributeSet) -> [SearchRequest; 1] {
    [SearchRequest {
        base: dn.to_owned(),
        scope: Scope::Base,
        filter,
        attributes: attributes.names().to_vec(),
        page_size: 1,
        limit: 0,
        show_deleted: false,
    }]
}

/// Matches every entry.
pub(crate) fn anything() -> Filter {
    Filter::Present("objectClass".into())
}

/// What the directory says of itself and what it therefore is, as a sync finds it. With a profile that was chosen, a
/// root DSE that can't be read only leaves less to tell.
fn recognise(
    session: &impl Session,
    choice: &ProfileChoice,
) -> Result<(RootDse, Detected), HostProblem> {
    let root = open::root_dse(session);
    match choice {
        ProfileChoice::Auto => {
            let root = root?;
            let detected = detect(&root);
            Ok((root, detected))
        }
        ProfileChoice::Named(_) => {
            let root = root.unwrap_or_default();
            let profile = open::profile(&root, choice)?;
            let evidence = vec!["the settings say so".into()];
            Ok((root, Detected { profile, evidence }))
        }
    }
}
