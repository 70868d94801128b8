//! What one sync leaves for the next.

use serde::{Deserialize, Serialize};

use super::super::hash;
use super::super::recipe::Recipe;
use super::stamps::Fingerprint;
use super::{Mechanism, Unable};
use crate::ports::directory::ServerIdentity;

/// The form of what is kept. Another one is not read.
const FORM: u32 = 2;
/// The most people that are remembered for a second look.
pub(in crate::sync) const MOST_UNSYNCED: usize = 10_000;
/// What a host takes (contract: `plan.finish`).
const MOST_BYTES: usize = 1 << 20;
/// The most people that serve as a control.
const MOST_CONTROLS: usize = 64;

/// As the host keeps it, in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sync) struct Checkpoint {
    form: u32,
    /// Of settings, mapping, fields and component: what people were made from.
    of: [u64; 2],
    /// The server, as configured.
    server: String,
    /// When its run began, in Unix seconds.
    pub(super) at: u64,
    /// When everybody was last read.
    pub(in crate::sync) whole: u64,
    pub(super) mark: Mark,
    /// Of the containers below the bases.
    pub(super) containers: [u64; 2],
    /// Of the groups that decide on roles.
    #[serde(default)]
    pub(super) groups: Option<[u64; 2]>,
    /// People whose rows are the newest, as the directory has them.
    pub(super) controls: Vec<String>,
    /// Those who could not be brought over.
    pub(super) unsynced: Vec<String>,
}

/// From where on changes are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sync) enum Mark {
    /// RFC 4533.
    ContentSync {
        /// A cookie for each base.
        cookies: Vec<Vec<u8>>,
        /// When the server process began, where it says so.
        started: Option<String>,
    },
    /// Update sequence numbers of one domain controller's database.
    UpdateSequence {
        /// The database (`invocationId`).
        database: Vec<u8>,
        /// Everything up to it was told.
        number: u64,
    },
    /// Stamps.
    Stamps(Fingerprint),
    /// Nowhere: people stand below this entry, which was not seen among the containers. Only a list has their names.
    Unseen(String),
}

impl Mark {
    /// It was made by this mechanism.
    pub(super) fn is_of(&self, mechanism: Mechanism) -> bool {
        matches!(
            (self, mechanism),
            (Self::ContentSync { .. }, Mechanism::ContentSync { .. })
                | (Self::UpdateSequence { .. }, Mechanism::UpdateSequence)
                | (Self::Stamps(_), Mechanism::Stamps)
        )
    }
}

impl Checkpoint {
    /// Nothing remembered but where changes begin.
    pub(super) fn new(
        recipe: &Recipe,
        configuration: &str,
        server: &ServerIdentity,
        at: u64,
        mark: Mark,
    ) -> Self {
        Self {
            form: FORM,
            of: of(recipe, configuration),
            server: named(server),
            at,
            whole: at,
            mark,
            containers: [0; 2],
            groups: None,
            controls: Vec::new(),
            unsynced: Vec::new(),
        }
    }

    /// Reads what the host kept.
    ///
    /// # Errors
    /// Why it does not count any more.
    pub(super) fn read(
        bytes: &[u8],
        recipe: &Recipe,
        configuration: &str,
        server: &ServerIdentity,
        now: u64,
    ) -> Result<Self, Unable> {
        if bytes.is_empty() {
            return Err(Unable::new(
                "no sync before it has left word from where on changes count",
            ));
        }
        let read = serde_json::from_slice::<Self>(bytes).ok();
        let Some(checkpoint) = read.filter(|checkpoint| checkpoint.form == FORM) else {
            return Err(Unable::new(
                "what the last sync left is of another version of this plugin",
            ));
        };
        if checkpoint.of != of(recipe, configuration) {
            return Err(Unable::new(
                "the settings, the mapping, the portal's fields or the plugin changed since the last sync",
            ));
        }
        if checkpoint.server != named(server) {
            return Err(Unable::new(format!(
                "the last sync was with {}, and this one is with {}",
                checkpoint.server,
                named(server)
            )));
        }
        if checkpoint.at > now {
            return Err(Unable::new(
                "the host's clock is earlier than at the last sync",
            ));
        }
        Ok(checkpoint)
    }

    /// For the host to keep. Nothing where that would be too much.
    pub(in crate::sync) fn write(&self) -> Vec<u8> {
        if self.unsynced.len() > MOST_UNSYNCED {
            return Vec::new();
        }
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        if bytes.len() > MOST_BYTES {
            return Vec::new();
        }
        bytes
    }

    /// The containers are others by now: the next sync shall see that.
    pub(in crate::sync) fn forget_containers(&mut self) {
        self.containers = self.containers.map(|sum| !sum);
    }

    /// People stand below an entry that was not seen: everybody is read, and then changes are told by a list.
    pub(in crate::sync) fn need_a_list(&mut self, parent: String) {
        self.mark = Mark::Unseen(parent);
    }

    /// That entry, where this is so.
    pub(super) fn unseen(&self) -> Option<&str> {
        match &self.mark {
            Mark::Unseen(parent) => Some(parent),
            _ => None,
        }
    }

    /// Roles stayed that might have changed: when the groups can be read, everybody is.
    pub(in crate::sync) fn forget_groups(&mut self) {
        self.groups = None;
    }

    /// With the people of the run that leaves it, before those who were a control already.
    pub(in crate::sync) fn remember(&mut self, controls: Vec<String>, unsynced: Vec<String>) {
        let before = std::mem::replace(&mut self.controls, controls);
        for id in before {
            let known = self.controls.contains(&id) || unsynced.binary_search(&id).is_ok();
            if !known && self.controls.len() < MOST_CONTROLS {
                self.controls.push(id);
            }
        }
        self.unsynced = unsynced;
    }
}

fn of(recipe: &Recipe, configuration: &str) -> [u64; 2] {
    let [high, low] = recipe.digest();
    hash::recipe([configuration, &high.to_string(), &low.to_string()])
}

fn named(server: &ServerIdentity) -> String {
    format!("{}:{}", server.endpoint.host, server.endpoint.port)
}
