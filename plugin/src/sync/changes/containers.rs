//! Whether a subtree was moved or renamed: then the names of people change whose entries nobody touched, and nothing
//! tells of them. The containers are few; their ids and names together are one digest.

use super::super::hash;
use super::super::recipe::Recipe;
use super::{Parents, Unable, look};
use crate::attribute::AttributeSet;
use crate::filter::Filter;
use crate::ports::directory::{Scope, SearchRequest, Session};
use crate::profile::Profile;

/// Object classes of entries that have people below them (RFC 4519 section 3, and what directories add).
const CLASSES: [&str; 10] = [
    "organizationalUnit",
    "organization",
    "container",
    "nsContainer",
    "domain",
    "dcObject",
    "locality",
    "country",
    "builtinDomain",
    "lostAndFound",
];

/// The digest, whatever the order in which they come, and to hold people's names against it. Where people stand right
/// below the bases alone, only these are containers.
pub(super) fn digest(
    session: &impl Session,
    recipe: &Recipe,
    profile: &Profile,
) -> Result<([u64; 2], Parents), Unable> {
    let mut sum = [0_u64; 2];
    let scope = match recipe.places().scope() {
        Scope::One => Scope::Base,
        scope => scope,
    };
    let mut parents = Parents::default();
    let mut attributes = AttributeSet::new();
    let identity = profile.ids("").identity(&mut attributes);
    for base in recipe.places().bases() {
        let request = SearchRequest {
            base: base.to_owned(),
            scope,
            filter: filter(),
            attributes: attributes.names().to_vec(),
            page_size: look::PAGE,
            limit: 0,
            show_deleted: false,
        };
        look::every(session, &request, "the containers", |entry| {
            let id = identity.read(entry).unwrap_or_default();
            let dn = String::from_utf8_lossy(entry.dn());
            parents.see(&dn);
            let [high, low] = hash::recipe([&*id, &*dn]);
            sum = [sum[0].wrapping_add(high), sum[1].wrapping_add(low)];
        })?;
    }
    parents.seal()?;
    Ok((sum, parents))
}

/// The entry with this name is there and is a container.
pub(in crate::sync) fn is_container(session: &impl Session, name: &str) -> bool {
    let request = SearchRequest {
        base: name.to_owned(),
        scope: Scope::Base,
        filter: filter(),
        attributes: Vec::new(),
        page_size: 1,
        limit: 0,
        show_deleted: false,
    };
    look::any(session, &request)
}

fn filter() -> Filter {
    let class = |class: &&str| Filter::Equal("objectClass".to_owned(), class.as_bytes().to_vec());
    Filter::Or(CLASSES.iter().map(class).collect())
}
