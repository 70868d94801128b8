//! Whether everybody stands right below a container that was seen. A subtree whose top is not seen can be moved without
//! a word: the entries in it stay as they are, and no digest holds its name.

use super::super::hash;
use super::Unable;
use crate::dn::{self, Dn};
use crate::settings::{Places, Where};

/// The most containers that are remembered.
const MOST: usize = 100_000;

/// The containers that were seen, and the first parent that is none of them.
#[derive(Debug, Default)]
pub(in crate::sync) struct Parents {
    /// Hashes of their names; in order once all are seen.
    seen: Vec<[u64; 2]>,
    /// Most people have the parent of the one before.
    last: String,
    unseen: Option<String>,
    room: String,
}

impl Parents {
    /// A container.
    pub(super) fn see(&mut self, name: &str) {
        let key = dn::key(name, &mut self.room);
        // One more than is remembered shows that there are too many.
        if let Some(key) = key.filter(|_| self.seen.len() <= MOST) {
            self.seen.push(hash::recipe([key]));
        }
    }

    /// There are no more containers.
    pub(super) fn seal(&mut self) -> Result<(), Unable> {
        if self.seen.len() > MOST {
            return Err(Unable::new(format!(
                "there are more than {MOST} containers below the bases"
            )));
        }
        self.seen.sort_unstable();
        Ok(())
    }

    /// Somebody, by name.
    pub(in crate::sync) fn note(&mut self, places: &Places, name: &[u8]) {
        if self.unseen.is_some() {
            return;
        }
        let above = std::str::from_utf8(name).ok().and_then(above);
        if !above.is_some_and(|above| self.have(places, above)) {
            let name = above.map_or_else(|| String::from_utf8_lossy(name), Into::into);
            self.unseen = Some(name.into_owned());
        }
    }

    /// The first parent that is no container that was seen, if there is one.
    pub(in crate::sync) fn unseen(self) -> Option<String> {
        self.unseen
    }

    fn have(&mut self, places: &Places, above: &str) -> bool {
        if above == self.last {
            return true;
        }
        let Some(key) = dn::key(above, &mut self.room) else {
            // Only the root DSE has the empty name, and stays where it is.
            return above.is_empty();
        };
        let seen = self.seen.binary_search(&hash::recipe([key])).is_ok();
        // Above a base: it cannot be moved without the base, and then nobody is found.
        let known = seen || Dn::parse(above).is_ok_and(|dn| places.locate(&dn) == Where::Elsewhere);
        if known {
            above.clone_into(&mut self.last);
        }
        known
    }
}

/// The name of the entry above, as written; nothing where that takes more than to find a comma (RFC 4514 section 2.4
/// escapes what the older forms of names quote or separate otherwise).
fn above(name: &str) -> Option<&str> {
    let mut escaped = false;
    for (at, byte) in name.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' | b';' => return None,
            b',' => return name.get(at + 1..),
            _ => {}
        }
    }
    Some("")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::ports::directory::Scope;

    fn places() -> Places {
        Places::read("ou=People,dc=x", "", Scope::Subtree)
            .unwrap()
            .0
    }

    fn unseen(containers: &[&str], people: &[&[u8]]) -> Option<String> {
        let mut parents = Parents::default();
        containers.iter().for_each(|name| parents.see(name));
        parents.seal().unwrap();
        people.iter().for_each(|name| parents.note(&places(), name));
        parents.unseen()
    }

    #[test]
    fn a_parent_that_was_seen_is_known_however_it_is_spelled() {
        let containers = ["ou=People,dc=x", "OU=Labs\\, West,ou=People,dc=x"];
        let people: [&[u8]; 5] = [
            b"uid=a,ou=People,dc=x",
            b"uid=b, OU=people, DC=X",
            b"cn=Doe\\, John,ou=labs\\2c west,ou=People,dc=x",
            b"cn=a\\\\,ou=People,dc=x",
            // The base itself is somebody.
            b"ou=People,dc=x",
        ];
        assert_eq!(unseen(&containers, &people), None);
    }

    #[test]
    fn the_first_parent_that_was_not_seen_is_told() {
        let containers = ["ou=People,dc=x", "ou=Labs,ou=People,dc=x"];
        for (person, parent) in [
            (
                &b"uid=a,ou=Hidden,ou=People,dc=x"[..],
                "ou=Hidden,ou=People,dc=x",
            ),
            (b"uid=a,uid=boss,ou=People,dc=x", "uid=boss,ou=People,dc=x"),
            (
                b"uid=\\\\,ou=Sub,ou=Labs,ou=People,dc=x",
                "ou=Sub,ou=Labs,ou=People,dc=x",
            ),
            // The parent's name cannot be told from these.
            (
                b"uid=a;ou=Hidden,ou=People,dc=x",
                "uid=a;ou=Hidden,ou=People,dc=x",
            ),
            (b"uid=\xff,ou=People,dc=x", "uid=\u{fffd},ou=People,dc=x"),
        ] {
            let people = [
                b"uid=b,ou=People,dc=x",
                person,
                b"uid=c,ou=Other,ou=People,dc=x",
            ];
            assert_eq!(unseen(&containers, &people).as_deref(), Some(parent));
        }
        let base: [&[u8]; 1] = [b"uid=a,ou=People,dc=x"];
        assert_eq!(unseen(&[], &base).as_deref(), Some("ou=People,dc=x"));
    }

    #[test]
    fn more_containers_than_are_remembered_are_refused() {
        let mut parents = Parents::default();
        for n in 0..MOST {
            parents.see(&format!("ou={n},dc=x"));
        }
        assert!(parents.seal().is_ok());
        parents.see("ou=one more,dc=x");
        parents.see("ou=and another,dc=x");
        assert_eq!(parents.seen.len(), MOST + 1);
        assert!(parents.seal().unwrap_err().0.contains("100000"));
    }
}
