//! Opening the directory, and finding out what kind it is.

use crate::attribute::AttributeSet;
use crate::filter::Filter;
use crate::ports::Host;
use crate::ports::directory::{
    Cursor, Directory, HostProblem, Scope, SearchRequest, Session, Turn,
};
use crate::problem::Problem;
use crate::profile::{self, Detected, Profile, RootDse};
use crate::settings::{ProfileChoice, Settings};

/// An open session of a host's directory.
pub type SessionOf<H> = <<H as Host>::Directory as Directory>::Session;

/// Opens a session with the stored settings.
///
/// # Errors
/// What the host says.
pub fn session<H: Host>(host: &H, settings: &Settings) -> Result<SessionOf<H>, HostProblem> {
    host.directory()
        .open(&settings.connection)
        .map_err(|failure| failure.problem)
}

/// Result codes by which a directory keeps its root DSE to itself: no such object, insufficient access.
const KEPT: [u32; 2] = [32, 50];

/// What the directory says of itself. Empty where it says nothing to this bind account.
///
/// # Errors
/// What ended the search, if it was not the directory's wish: taken for another kind of directory for a moment, it
/// would seem to have other disabled people.
pub fn root_dse(session: &impl Session) -> Result<RootDse, HostProblem> {
    let attributes: AttributeSet = RootDse::ATTRIBUTES.into_iter().collect();
    let cursor = session.search(&SearchRequest {
        base: String::new(),
        scope: Scope::Base,
        filter: Filter::Present("objectClass".to_owned()),
        attributes: attributes.names().to_vec(),
        page_size: 1,
        limit: 0,
        show_deleted: false,
    })?;
    let mut found = None;
    loop {
        match cursor.next() {
            Turn::Entries(page) => {
                if let Some(entry) = page.iter().next() {
                    found = Some(RootDse::read(&entry, &attributes));
                }
            }
            Turn::Finished(completion) => {
                let kept = KEPT.contains(&completion.result_code);
                return match (found, completion.problem) {
                    (None, Some(problem)) if !kept => Err(problem),
                    (found, _) => Ok(found.unwrap_or_default()),
                };
            }
        }
    }
}

/// The profile that the settings name or, where they name none, the one that the directory speaks for.
///
/// # Errors
/// `bad-choice` where the settings name one that does not exist.
pub fn profile(root: &RootDse, choice: &ProfileChoice) -> Result<&'static Profile, HostProblem> {
    match choice {
        ProfileChoice::Auto => {
            let Detected { profile, .. } = profile::detect(root);
            Ok(profile)
        }
        ProfileChoice::Named(id) => profile::by_id(id).ok_or_else(|| {
            Problem::new(
                "bad-choice",
                format!("there is no directory profile \"{id}\""),
                "Choose one of those that the form offers.",
            )
            .of_field("profile")
            .into()
        }),
    }
}
