//! What happens in the demo's organisation between two syncs: a rename, a move, a hire, a leaver, a disabled account, and two
//! people who swap their mail.

use std::collections::HashSet;

use super::directory::{ChangeError, Vendor};
use super::dn::split_first;
use super::people::{Expected, Fate, SUFFIX};
use super::{DemoDirectory, Entry, Organisation};

/// Something that happened to somebody in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// `rename`, `move`, `hire`, `leaver`, `disable`, `mail swap`.
    pub what: &'static str,
    /// Who it happened to.
    pub who: String,
    /// What the directory's administrator did, in words.
    pub how: String,
}

/// The people that a walkthrough is about. All of them can be synced and manage nobody, so that what happens to one shows
/// on that one alone.
#[derive(Debug, Clone)]
pub struct Cast {
    marries: Expected,
    moves: Expected,
    leaves: Expected,
    locked_out: Expected,
    swaps: [Expected; 2],
    /// Somebody who will be unsynced, if there is anybody: a duplicate where there is one.
    pub unsynced: Option<Expected>,
    /// Somebody to whom nothing happens.
    pub bystander: Expected,
}

impl Cast {
    /// Picks people of an organisation, by their names in a directory of this kind; none where it is too small.
    #[must_use]
    pub fn of(organisation: &Organisation, vendor: Vendor) -> Option<Self> {
        let managers: HashSet<Vec<u8>> = organisation
            .entries()
            .flat_map(|entry| entry.values("manager").to_vec())
            .collect();
        let plain = |person: &Expected| {
            person.fate == Fate::Valid
                // Changes are easiest to follow where a name reads the same way all along the line.
                && person.first_name.is_ascii()
                && person.last_name.is_ascii()
                && person.dn.starts_with("uid=")
                && split_first(&person.dn).1.starts_with("ou=People,")
                && !managers.contains(person.dn.as_bytes())
        };
        let here = |person: Expected| Expected {
            dn: vendor.dn(&person.dn),
            ..person
        };
        let mut chosen = organisation.manifest().filter(plain).step_by(3).map(here);
        let unsynced: Vec<Expected> = organisation
            .manifest()
            .filter(|person| matches!(person.fate, Fate::Unsynced { .. }))
            .collect();
        let duplicate = unsynced.iter().find(|p| {
            matches!(
                p.fate,
                Fate::Unsynced {
                    code: "duplicate",
                    ..
                }
            )
        });
        Some(Self {
            bystander: chosen.next()?,
            marries: chosen.next()?,
            moves: chosen.next()?,
            leaves: chosen.next()?,
            locked_out: chosen.next()?,
            swaps: [chosen.next()?, chosen.next()?],
            unsynced: duplicate.or(unsynced.first()).cloned().map(here),
        })
    }

    /// Lets it all happen.
    ///
    /// # Errors
    /// Where the directory has been changed by somebody else meanwhile.
    pub fn act(&self, directory: &DemoDirectory) -> Result<Vec<Happening>, ChangeError> {
        Ok(vec![
            self.marry(directory)?,
            self.change_unit(directory)?,
            hire(directory)?,
            self.leave(directory)?,
            self.lock_out(directory)?,
            self.swap_mails(directory)?,
        ])
    }

    fn marry(&self, directory: &DemoDirectory) -> Result<Happening, ChangeError> {
        let Expected {
            dn,
            username,
            first_name,
            ..
        } = &self.marries;
        let (vendor, username) = (directory.vendor(), format!("{username}.m"));
        let rdn = vendor.rdn(&username);
        directory.set(dn, "sn", &["Rivera-Lund"])?;
        directory.set(dn, "displayName", &[&format!("{first_name} Rivera-Lund")])?;
        let dn = directory.rename(dn, &rdn)?;
        directory.set(&dn, vendor.attribute("uid"), &[&username])?;
        Ok(happening(
            "rename",
            &self.marries,
            format!("is Rivera-Lund now, and {rdn}"),
        ))
    }

    fn change_unit(&self, directory: &DemoDirectory) -> Result<Happening, ChangeError> {
        directory.move_to(
            &self.moves.dn,
            &directory
                .vendor()
                .dn(&format!("ou=Contractors,ou=People,{SUFFIX}")),
        )?;
        Ok(happening(
            "move",
            &self.moves,
            "went to ou=Contractors".to_owned(),
        ))
    }

    fn leave(&self, directory: &DemoDirectory) -> Result<Happening, ChangeError> {
        directory.delete(&self.leaves.dn)?;
        Ok(happening(
            "leaver",
            &self.leaves,
            "is gone from the directory".to_owned(),
        ))
    }

    fn lock_out(&self, directory: &DemoDirectory) -> Result<Happening, ChangeError> {
        directory.disable(&self.locked_out.dn)?;
        Ok(happening(
            "disable",
            &self.locked_out,
            "was locked for good".to_owned(),
        ))
    }

    fn swap_mails(&self, directory: &DemoDirectory) -> Result<Happening, ChangeError> {
        let [one, other] = &self.swaps;
        directory.swap(&one.dn, &other.dn, "mail")?;
        let how = format!("and {} have each other's mail now", name(other));
        Ok(happening("mail swap", one, how))
    }
}

fn hire(directory: &DemoDirectory) -> Result<Happening, ChangeError> {
    let entry = Entry::new(format!("uid=noor.haddad,ou=People,{SUFFIX}"))
        .with("objectClass", "top")
        .with("objectClass", "person")
        .with("objectClass", "organizationalPerson")
        .with("objectClass", "inetOrgPerson")
        .with("cn", "Noor Haddad")
        .with("sn", "Haddad")
        .with("givenName", "Noor")
        .with("displayName", "Noor Haddad")
        .with("uid", "noor.haddad")
        .with("mail", "noor.haddad@example.org")
        .with("title", "Graduate Engineer");
    directory.add(directory.vendor().entry(entry))?;
    Ok(Happening {
        what: "hire",
        who: "Noor Haddad".to_owned(),
        how: "joined as uid=noor.haddad".to_owned(),
    })
}

fn happening(what: &'static str, person: &Expected, how: String) -> Happening {
    Happening {
        what,
        who: name(person),
        how,
    }
}

fn name(person: &Expected) -> String {
    format!("{} {}", person.first_name, person.last_name)
}
