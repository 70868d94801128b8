//! The profiles, and which of them a directory is.

use super::{Profile, RootDse, active_directory, ds389, freeipa, generic, openldap};

/// The profiles in the order in which detection asks them. FreeIPA is a 389-DS too, and comes before it. The last knows
/// every directory.
static PROFILES: [&Profile; 5] = [
    &active_directory::PROFILE,
    &freeipa::PROFILE,
    &ds389::PROFILE,
    &openldap::PROFILE,
    &generic::PROFILE,
];

/// Which profile a directory has, and why.
#[derive(Debug, Clone)]
pub struct Detected {
    /// The profile.
    pub profile: &'static Profile,
    /// What says so, as facts to show.
    pub evidence: Vec<String>,
}

/// All profiles.
#[must_use]
pub fn registry() -> &'static [&'static Profile] {
    &PROFILES
}

/// The profile with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Profile> {
    PROFILES.iter().copied().find(|profile| profile.id == id)
}

/// The profile that a directory's root DSE speaks for. There always is one: `generic` if no other.
#[must_use]
pub fn detect(root_dse: &RootDse) -> Detected {
    PROFILES
        .iter()
        .find_map(|profile| {
            (profile.detect)(root_dse).map(|evidence| Detected { profile, evidence })
        })
        .unwrap_or_else(|| Detected {
            profile: &generic::PROFILE,
            evidence: Vec::new(),
        })
}
