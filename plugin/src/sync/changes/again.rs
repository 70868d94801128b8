//! Whom the last plans left unsynced, without asking what has changed.
//!
//! A checkpoint remembers them, and a sync of changes reads them again with everybody who was told of. Here they are read
//! alone: from where on changes count, what is known of containers and groups, and when everybody was last read all stay as
//! they were, so that the next sync of changes misses nothing.

use std::collections::BTreeSet;

use super::asking::{Around, pending};
use super::checkpoint::Checkpoint;
use super::{Unable, control};
use crate::ports::Host;
use crate::ports::directory::Session;

/// Whom to read, and what the next sync begins with.
///
/// # Errors
/// It cannot be said who they are, or nobody is found of whom it is known that they are there: then nobody at all being
/// found would say nothing.
pub(in crate::sync) fn again<H: Host>(
    host: &H,
    around: &Around<'_, impl Session>,
    checkpoint: &[u8],
) -> Result<(Vec<String>, Checkpoint), Unable> {
    let digest = &around.configuration.digest;
    let before = Checkpoint::read(checkpoint, around.recipe, digest, around.server, around.now)?;
    control::there(around, &before.controls)?;
    let mut people: BTreeSet<String> = before.unsynced.iter().cloned().collect();
    pending(host, &mut people);
    Ok((people.into_iter().collect(), before))
}
