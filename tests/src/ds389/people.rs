//! The organisation as 389 Directory Server holds it.

use std::io::{self, BufWriter, Write};

use rollcall::demo::Entry;
use rollcall::demo::people::ldif::append_record;
use rollcall::demo::people::{Organisation, SUFFIX, ServiceAccount};

/// Everybody who is bound may read everything but passwords.
const READ: &str = "(targetattr != \"userPassword\")(version 3.0; acl \"read\"; \
                    allow (read, search, compare) userdn = \"ldap:///all\";)";
/// As the password policy of the OpenLDAP server has it.
const LOCKED_FOR_EVER: &[u8] = b"000001010000Z";

/// Writes a whole organisation as LDIF for an import offline, which runs no plugin: ids and memberships are written as
/// the server would.
pub(super) fn write(org: &Organisation, to: impl Write) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    let mut record = Vec::new();
    for entry in org.entries() {
        record.clear();
        append_record(&translated(entry), &mut record);
        to.write_all(&record)?;
    }
    to.flush()
}

/// The same entry with the attributes that this server has.
fn translated(mut entry: Entry) -> Entry {
    let id = entry.text("entryUUID").map(in_four);
    entry.set("entryUUID", Vec::new());
    entry.set(
        "nsUniqueId",
        id.into_iter().map(String::into_bytes).collect(),
    );
    let lock = entry.values("pwdAccountLockedTime").to_vec();
    entry.set("pwdAccountLockedTime", Vec::new());
    for time in lock {
        if time == LOCKED_FOR_EVER {
            entry.push("nsAccountLock", "TRUE");
        } else {
            entry.push("accountUnlockTime", time);
        }
    }
    if !entry.values("memberOf").is_empty() {
        entry.push("objectClass", "nsMemberOf");
    }
    if entry.dn == SUFFIX {
        entry.push("aci", READ);
    }
    for (name, limit) in limits(&entry.dn) {
        entry.push(*name, *limit);
    }
    entry
}

/// What an account may read beyond the server's limits: all, or only page by page.
fn limits(dn: &str) -> &'static [(&'static str, &'static str)] {
    if dn == ServiceAccount::Full.dn() {
        &[
            ("nsSizeLimit", "-1"),
            ("nsLookThroughLimit", "-1"),
            ("nsIDListScanLimit", "-1"),
        ]
    } else if dn == ServiceAccount::Sync.dn() {
        &[
            ("nsPagedSizeLimit", "-1"),
            ("nsPagedLookThroughLimit", "-1"),
            ("nsPagedIDListScanLimit", "-1"),
        ]
    } else {
        &[]
    }
}

/// A UUID as this server writes its ids: four groups of eight digits.
fn in_four(uuid: &str) -> String {
    let digits: Vec<char> = uuid.chars().filter(|c| *c != '-').collect();
    let groups: Vec<String> = digits
        .chunks(8)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}
