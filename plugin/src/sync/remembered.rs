//! Which profile the directory had when it was last read.
//!
//! A directory that keeps its root DSE to itself all at once looks like one of another kind, in which other people are
//! disabled. Settings that leave the choice to the directory therefore hold on to what it was found to be.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ports::directory::HostProblem;
use crate::ports::services::{Operation, State};
use crate::problem::Problem;
use crate::profile::Profile;
use crate::settings::{Configuration, ProfileChoice};

/// The key of `state`.
pub const KEY: &str = "directory-profile";

/// The settings that say which directory it is. Where one of them changes, what was remembered no longer counts.
const OF: [&str; 4] = ["profile", "url", "port", "base-dn"];

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    profile: String,
    of: [String; 4],
}

impl Remembered {
    fn new(configuration: &Configuration, profile: &Profile) -> Self {
        let of = OF.map(|key| configuration.texts.get(key).cloned().unwrap_or_default());
        let profile = profile.id.to_owned();
        Self { profile, of }
    }
}

/// The directory has the profile that it had before.
///
/// # Errors
/// `profile-changed`, where nobody chose a profile and the directory now speaks for another one.
pub fn same(
    state: &dyn State,
    configuration: &Configuration,
    profile: &Profile,
) -> Result<(), Problem> {
    if configuration.settings.profile != ProfileChoice::Auto {
        return Ok(());
    }
    let now = Remembered::new(configuration, profile);
    match stored::<Remembered>(state, KEY) {
        Some(before) if before.of == now.of && before.profile != now.profile => Err(Problem::new(
            "profile-changed",
            format!(
                "the directory was read with the profile \"{}\" before, and now looks like \"{}\": \
                 other people may count as disabled",
                before.profile, now.profile
            ),
            "Check with verify what the bind account can read of the root DSE. If the directory really is another \
             one, name its profile in the settings.",
        )
        .of_field("profile")),
        _ => Ok(()),
    }
}

/// Remembers the profile.
///
/// # Errors
/// What the host says.
pub fn remember(
    state: &dyn State,
    configuration: &Configuration,
    profile: &Profile,
) -> Result<(), HostProblem> {
    let now = Remembered::new(configuration, profile);
    store(state, KEY, &now, "the directory's profile")
}

/// What was stored last; nothing where that is nothing, or damaged.
pub(super) fn stored<T: DeserializeOwned>(state: &dyn State, key: &str) -> Option<T> {
    serde_json::from_slice(&state.get(key).value).ok()
}

/// Stores it, unless it is stored already; `what` tells people of it.
///
/// # Errors
/// What the host says.
pub(super) fn store<T: Serialize + DeserializeOwned + PartialEq>(
    state: &dyn State,
    key: &str,
    now: &T,
    what: &str,
) -> Result<(), HostProblem> {
    if stored::<T>(state, key).as_ref() == Some(now) {
        return Ok(());
    }
    let value = serde_json::to_vec(now).map_err(|error| {
        Problem::new(
            "state-damaged",
            format!("{what} can't be written down: {error}"),
            "Report this.",
        )
    })?;
    state.commit(vec![Operation {
        key: key.to_owned(),
        expected: None,
        value: Some(value),
    }])
}
