//! The organisation as Active Directory holds it.

use rollcall::demo::Entry;
use rollcall::demo::dn::{Dn, escape, split_first};
use rollcall::demo::people::ldif::append_record;
use rollcall::demo::people::{Expected, Fate, Organisation, SUFFIX, Share, Troubles};
use rollcall_plugin::decode;

use crate::site::changes;

/// `userAccountControl` of an account in use: a normal one.
const ENABLED: &str = "512";
/// The same with the bit that disables it.
const OFF: &str = "514";
/// The year 2022 in steps of 100 nanoseconds since 1601: over.
const EXPIRED: &str = "132900000000000000";
/// The year 2076: to come.
const EXPIRES: &str = "150000000000000000";
/// The other *never* is the largest number.
const NEVER: &str = "0";
/// The longest `sAMAccountName` of a person that Active Directory takes.
const LONGEST_ACCOUNT: usize = 20;

/// Rules for the names that Active Directory gives to attributes.
pub(super) const MAPPING: &str = r#"[mapping]
username = "{sAMAccountName|first|trim}"
email = "{mail|first|trim|lower}"
first-name = "{givenName|first|trim}"
last-name = "{sn|first|trim}"
display-name = "{displayName,cn|first|trim}"
phone = "{telephoneNumber|first|trim}"
mobile = "{mobile|first|trim}"
employee-id = "{employeeNumber|first|trim}"
job-title = "{title|first|trim}"
manager = "{manager}"
department = "{department|first|trim}"
street = "{streetAddress|first|trim}"
city = "{l|first|trim}"
"#;

/// A person's attributes and their names here. All take one value.
const ATTRIBUTES: [(&str, &str); 18] = [
    ("sn", "sn"),
    ("givenName", "givenName"),
    ("displayName", "displayName"),
    ("mail", "mail"),
    ("telephoneNumber", "telephoneNumber"),
    ("mobile", "mobile"),
    ("employeeNumber", "employeeNumber"),
    ("title", "title"),
    ("departmentNumber", "department"),
    ("o", "company"),
    ("physicalDeliveryOfficeName", "physicalDeliveryOfficeName"),
    ("street", "streetAddress"),
    ("l", "l"),
    ("st", "st"),
    ("postalCode", "postalCode"),
    ("preferredLanguage", "preferredLanguage"),
    ("jpegPhoto", "thumbnailPhoto"),
    ("uid", "uid"),
];

/// The same organisation without what Active Directory refuses: values that are not UTF-8, people without an account
/// name, and managers who do not exist.
pub(super) fn fit(org: &Organisation) -> Organisation {
    let troubles = Troubles {
        bad_utf8: Share::NONE,
        missing_username: Share::NONE,
        dangling_manager: Share::NONE,
        ..org.troubles.clone()
    };
    org.clone().with_troubles(troubles)
}

/// What must become of a person.
pub(super) fn expected(org: &Organisation, index: u64) -> Expected {
    let who = org.expected(index);
    Expected {
        dn: dn(&who.dn),
        username: account(&who.username, index),
        ..who
    }
}

/// A DN as it is here: a person's RDN is one `CN`.
pub(super) fn dn(dn: &str) -> String {
    match common_name(dn) {
        Some(name) => {
            // Samba takes no equals sign in a value.
            let name = escape(&name).replace('=', "\\3D");
            format!("CN={name},{}", split_first(dn).1)
        }
        None => dn.to_owned(),
    }
}

/// Every entry as a record of LDIF, those above before those below, people before whom they lead and groups.
pub(super) fn records(org: &Organisation) -> Vec<Vec<u8>> {
    let mut people = 0..;
    let entries = org.entries().filter(|entry| entry.dn != SUFFIX);
    let record = |entry: Entry| {
        let mut record = Vec::new();
        append_record(&translated(org, &entry, &mut people), &mut record);
        record
    };
    entries.map(record).collect()
}

/// The change that adds a person.
pub(super) fn hire(name: &str, given: &str, family: &str, mail: &str) -> Entry {
    Entry::new(format!("CN={name},OU=People,{SUFFIX}"))
        .with("changetype", "add")
        .with("objectClass", "user")
        .with("sAMAccountName", name)
        // Nobody sets a password here.
        .with("userAccountControl", "544")
        .with("givenName", given)
        .with("sn", family)
        .with("mail", mail)
}

/// The changes that disable or enable an account, whether it was disabled or has expired.
pub(super) fn switch(dn: &str, enabled: bool) -> Vec<Entry> {
    let control = changes::replace(
        dn,
        "userAccountControl",
        &[if enabled { ENABLED } else { OFF }],
    );
    if enabled {
        vec![control, changes::replace(dn, "accountExpires", &[NEVER])]
    } else {
        vec![control]
    }
}

fn translated(org: &Organisation, entry: &Entry, people: &mut impl Iterator<Item = u64>) -> Entry {
    let classes = entry.values("objectClass");
    let is = |class: &str| classes.iter().any(|held| held == class.as_bytes());
    let mut to = Entry::new(dn(&entry.dn));
    if is("inetOrgPerson") {
        person(org, entry, people.next().unwrap_or_default(), &mut to);
    } else if is("groupOfNames") {
        to.push("objectClass", "group");
        copy(entry, "cn", "sAMAccountName", &mut to);
        for member in entry.values("member") {
            to.push("member", dn(&String::from_utf8_lossy(member)));
        }
    } else if is("simpleSecurityObject") {
        to.push("objectClass", "user");
        copy(entry, "cn", "sAMAccountName", &mut to);
        to.push("userAccountControl", ENABLED);
        to.push(
            "unicodePwd",
            quoted(entry.text("userPassword").unwrap_or_default()),
        );
    } else {
        to.push("objectClass", "organizationalUnit");
    }
    let id = entry.text("entryUUID").and_then(decode::guid_bytes);
    to.set("objectGUID", id.into_iter().collect());
    to
}

fn person(org: &Organisation, entry: &Entry, index: u64, to: &mut Entry) {
    to.push("objectClass", "user");
    for (from, name) in ATTRIBUTES {
        copy(entry, from, name, to);
    }
    let handle = entry.text("uid").unwrap_or_default();
    to.push("sAMAccountName", account(handle, index));
    to.push("userPrincipalName", format!("{handle}@example.org"));
    for mail in entry.values("mail").iter().skip(1) {
        to.push("otherMailbox", mail.clone());
    }
    if let Some(manager) = entry.text("manager") {
        to.push("manager", dn(manager));
    }
    let disabled = org.expected(index).fate == Fate::Disabled;
    let (control, expires) = match (disabled, index % 3) {
        (true, 0) => (ENABLED, Some(EXPIRED)),
        (true, _) => (OFF, None),
        (false, 0) => (ENABLED, Some(NEVER)),
        (false, 1) => (ENABLED, Some(EXPIRES)),
        // Samba then gives the other *never*.
        (false, _) => (ENABLED, None),
    };
    to.push("userAccountControl", control);
    if let Some(expires) = expires {
        to.push("accountExpires", expires);
    }
}

/// Copies the first value.
fn copy(from: &Entry, name: &str, to_name: &'static str, to: &mut Entry) {
    if let Some(value) = from.values(name).first() {
        to.push(to_name, value.clone());
    }
}

/// The common name of a person or a service: what the RDN says, all of it.
fn common_name(dn: &str) -> Option<String> {
    let parsed = Dn::parse(dn).ok()?;
    let rdn = parsed.rdns.first()?;
    let named = rdn.first()?;
    if !["uid", "cn"].contains(&named.attribute.to_lowercase().as_str()) {
        return None;
    }
    let values = rdn.iter().map(|ava| String::from_utf8_lossy(&ava.value));
    Some(values.collect::<Vec<_>>().join(" "))
}

/// An account's name: short, and still nobody else's.
fn account(handle: &str, index: u64) -> String {
    if handle.len() <= LONGEST_ACCOUNT {
        return handle.to_owned();
    }
    let number = (index + 1).to_string();
    let kept = handle.chars().take(LONGEST_ACCOUNT - 1 - number.len());
    format!("{}-{number}", kept.collect::<String>())
}

/// As `unicodePwd` takes it: in quotes, in UTF-16, little end first.
fn quoted(password: &str) -> Vec<u8> {
    let quoted = format!("\"{password}\"");
    quoted.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_person_is_named_by_one_common_name_and_a_container_as_before() {
        for (before, after) in [
            ("uid=a.b1,ou=People,dc=x", "CN=a.b1,ou=People,dc=x"),
            (
                "cn=A\\, B \\<1\\> a=b,dc=x",
                "CN=A\\, B \\<1\\> a\\3Db,dc=x",
            ),
            ("cn=A B+employeeNumber=E1,dc=x", "CN=A B E1,dc=x"),
            ("ou=People,dc=x", "ou=People,dc=x"),
        ] {
            assert_eq!(dn(before), after);
        }
    }

    #[test]
    fn account_names_are_short_and_unique() {
        let org = fit(&Organisation::new(3, 5_000));
        let names: HashSet<String> = (0..5_000)
            .map(|index| expected(&org, index).username)
            .collect();
        assert_eq!(names.len(), 5_000);
        assert!(
            names
                .iter()
                .all(|name| (1..=LONGEST_ACCOUNT).contains(&name.len()))
        );
    }

    #[test]
    fn a_password_is_quoted_utf_16() {
        assert_eq!(quoted("a"), b"\"\0a\0\"\0");
    }
}
