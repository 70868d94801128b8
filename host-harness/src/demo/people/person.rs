//! One person: who they are, and their entry.

use super::dice::Dice;
use super::names::{CULTURES, Culture};
use super::{Expected, Fate, Organisation, Troubles};
use crate::demo::Entry;
use crate::demo::dn::escape;

const FATE: u64 = 1;
const PAIR: u64 = 2;
const NAME: u64 = 3;
const WORK: u64 = 4;
const ODDITIES: u64 = 5;
const ID: u64 = 6;
const PHOTO: u64 = 7;

const PEOPLE_CLASSES: [&str; 4] = ["top", "person", "organizationalPerson", "inetOrgPerson"];
const LEVELS: [&str; 6] = [
    "Junior",
    "Senior",
    "Principal",
    "Associate",
    "Lead",
    "Deputy",
];
const WORKS: [&str; 8] = [
    "Analyst",
    "Engineer",
    "Buyer",
    "Clerk",
    "Planner",
    "Technician",
    "Consultant",
    "Designer",
];

/// The departments people work in.
pub(super) const DEPARTMENTS: [&str; 12] = [
    "Accounting",
    "Customer Care",
    "Engineering",
    "Facilities",
    "Human Resources",
    "Information Technology",
    "Legal",
    "Logistics",
    "Marketing",
    "Procurement",
    "Research & Development",
    "Sales",
];

struct Site {
    office: &'static str,
    street: &'static str,
    city: &'static str,
    state: &'static str,
    postal_code: &'static str,
    prefix: &'static str,
}

const fn site(
    office: &'static str,
    street: &'static str,
    city: &'static str,
    state: &'static str,
    postal_code: &'static str,
    prefix: &'static str,
) -> Site {
    Site {
        office,
        street,
        city,
        state,
        postal_code,
        prefix,
    }
}

const SITES: [Site; 8] = [
    site(
        "Berlin HQ",
        "Torstra\u{df}e 49",
        "Berlin",
        "Berlin",
        "10119",
        "+49 30 5550",
    ),
    site(
        "Krak\u{f3}w",
        "ul. D\u{142}uga 12",
        "Krak\u{f3}w",
        "Ma\u{142}opolskie",
        "31-147",
        "+48 12 555",
    ),
    site(
        "Pune",
        "Senapati Bapat Road 7",
        "Pune",
        "Maharashtra",
        "411016",
        "+91 20 5550",
    ),
    site(
        "Z\u{fc}rich",
        "Limmatquai 80",
        "Z\u{fc}rich",
        "ZH",
        "8001",
        "+41 44 555",
    ),
    site(
        "Austin",
        "1100 Congress Ave, Suite 300",
        "Austin",
        "TX",
        "78701",
        "+1 512 555",
    ),
    site(
        "S\u{e3}o Paulo",
        "Avenida Paulista 1578",
        "S\u{e3}o Paulo",
        "SP",
        "01310-200",
        "+55 11 5550",
    ),
    site(
        "Lagos",
        "14 Awolowo Road",
        "Lagos",
        "Lagos",
        "101233",
        "+234 1 555",
    ),
    site(
        "\u{5927}\u{962a}",
        "Umeda 3-1-3",
        "\u{5927}\u{962a}\u{5e02}",
        "\u{5927}\u{962a}\u{5e9c}",
        "530-0001",
        "+81 6 5550",
    ),
];

/// Who somebody is: what other people's entries need to name them, and no more.
pub(super) struct Identity {
    index: u64,
    culture: &'static Culture,
    given: &'static str,
    family: &'static str,
    handle: String,
    display: String,
    rdn: String,
    /// The values that the RDN puts into the entry beside those it has anyway.
    rdn_cn: Option<String>,
    nested: bool,
    fate: Fate,
}

impl Identity {
    pub(super) fn of(org: &Organisation, index: u64) -> Self {
        let mut dice = Dice::of(org.seed, index, NAME);
        let culture = dice.pick(CULTURES);
        let given = dice.pick(culture.given);
        let family = dice.pick(culture.family);
        let native = dice.chance(org.troubles.non_ascii);
        let awkward = dice.chance(org.troubles.awkward_dn);
        let nested = dice.chance(org.troubles.nested);
        let style = dice.below(8);
        let number = index + 1;
        let handle = format!("{}.{}{number}", plain(given.1), plain(family.1));
        let (given, family) = if native {
            (given.0, family.0)
        } else {
            (given.1, family.1)
        };
        let family_first = native && matches!(culture.language, "zh" | "ja" | "ko" | "vi");
        let display = if family_first {
            format!("{family} {given}")
        } else {
            format!("{given} {family}")
        };
        let fate = fate(org, index);
        let no_uid = matches!(
            fate,
            Fate::Unsynced {
                field: "username",
                ..
            }
        );
        let (rdn, rdn_cn) = if awkward || no_uid {
            awkward_rdn(style, given, family, number)
        } else {
            (format!("uid={handle}"), None)
        };
        Self {
            index,
            culture,
            given,
            family,
            handle,
            display,
            rdn,
            rdn_cn,
            nested,
            fate,
        }
    }

    pub(super) fn dn(&self) -> String {
        let nested = if self.nested { "ou=Contractors," } else { "" };
        format!("{},{nested}ou=People,{}", self.rdn, super::SUFFIX)
    }

    /// Which department, as an index into [`DEPARTMENTS`].
    pub(super) fn department(&self, org: &Organisation) -> usize {
        let at = Dice::of(org.seed, self.index, WORK).below(DEPARTMENTS.len() as u64);
        usize::try_from(at).unwrap_or(0)
    }

    fn mail(&self) -> String {
        format!("{}@example.org", self.handle)
    }
}

/// What must become of the person at an index.
pub(super) fn expected(org: &Organisation, index: u64) -> Expected {
    let identity = Identity::of(org, index);
    let email = match &identity.fate {
        Fate::Unsynced {
            code: "duplicate", ..
        } => shared_mail(index),
        Fate::Unsynced {
            code: "bad-value", ..
        } => malformed_mail(&identity),
        Fate::Unsynced { field: "email", .. } => String::new(),
        _ => identity.mail(),
    };
    let username = match &identity.fate {
        Fate::Unsynced {
            field: "username", ..
        } => String::new(),
        _ => identity.handle.clone(),
    };
    Expected {
        index,
        dn: identity.dn(),
        external_id: uuid(org, index),
        first_name: identity.given.to_owned(),
        last_name: identity.family.to_owned(),
        username,
        email,
        fate: identity.fate,
    }
}

/// The entry of the person at an index.
pub(super) fn entry(org: &Organisation, index: u64) -> Entry {
    let identity = Identity::of(org, index);
    let troubles = &org.troubles;
    let mut odd = Dice::of(org.seed, index, ODDITIES);
    let padded = odd.chance(troubles.spaces);
    let pad = |text: &str| {
        if padded {
            format!("  {text} ")
        } else {
            text.to_owned()
        }
    };

    let mut entry = Entry::new(identity.dn());
    for class in PEOPLE_CLASSES {
        entry.push("objectClass", class);
    }
    entry.push("cn", identity.display.as_str());
    if let Some(cn) = identity
        .rdn_cn
        .as_deref()
        .filter(|cn| *cn != identity.display)
    {
        entry.push("cn", cn);
    }
    entry.push("sn", pad(identity.family));
    entry.push("givenName", pad(identity.given));
    entry.push("displayName", identity.display.as_str());
    if !matches!(
        identity.fate,
        Fate::Unsynced {
            field: "username",
            ..
        }
    ) {
        entry.push("uid", identity.handle.as_str());
    }
    mails(&mut entry, &identity, &mut odd, troubles, padded);
    work(&mut entry, org, &identity, &mut odd);
    if odd.chance(troubles.photos) {
        entry.push("jpegPhoto", photo(org, index));
    }

    let locked = odd.chance(troubles.passing_lock);
    match identity.fate {
        Fate::Disabled => entry.push("pwdAccountLockedTime", "000001010000Z"),
        _ if locked => entry.push("pwdAccountLockedTime", "20260105091500Z"),
        _ => {}
    }
    entry.push("memberOf", org.everyone_dn(index));
    entry.push(
        "memberOf",
        org.department_dn(index, identity.department(org)),
    );
    entry.push("entryUUID", uuid(org, index));
    entry.push("createTimestamp", org.created(index));
    entry.push("modifyTimestamp", org.created(index));
    entry
}

fn uuid(org: &Organisation, index: u64) -> String {
    Dice::of(org.seed, index, ID).uuid()
}

fn fate(org: &Organisation, index: u64) -> Fate {
    let troubles = &org.troubles;
    let partner = index ^ 1;
    if partner < org.people && Dice::of(org.seed, index / 2, PAIR).chance(troubles.duplicate_mail) {
        return Fate::Unsynced {
            code: "duplicate",
            field: "email",
            other: Some(partner),
        };
    }
    let mut dice = Dice::of(org.seed, index, FATE);
    let mut rolled = dice.below(u64::from(super::Share::WHOLE));
    let mut falls = |share: super::Share| {
        let hit = rolled < u64::from(share.parts());
        rolled = rolled.wrapping_sub(u64::from(share.parts()));
        hit
    };
    let unsynced = |code, field| Fate::Unsynced {
        code,
        field,
        other: None,
    };
    if falls(troubles.disabled) {
        Fate::Disabled
    } else if falls(troubles.missing_mail) {
        unsynced("missing-value", "email")
    } else if falls(troubles.malformed_mail) {
        unsynced("bad-value", "email")
    } else if falls(troubles.bad_utf8) {
        unsynced(
            "bad-utf8",
            if dice.below(2) == 0 { "email" } else { "phone" },
        )
    } else if falls(troubles.missing_username) {
        unsynced("missing-value", "username")
    } else {
        Fate::Valid
    }
}

/// An RDN that has to be escaped, with the common name it stands for. The number keeps it unique.
fn awkward_rdn(style: u64, given: &str, family: &str, number: u64) -> (String, Option<String>) {
    let cn = match style {
        0 => format!("{family}, {given} ({number})"),
        1 => format!("{given} {family} + Team {number}"),
        2 => format!("{given} \"{number}\" {family}"),
        3 => format!("#{number} {given} {family}"),
        4 => format!("EXAMPLE\\{family}{number}"),
        5 => format!("{given} {family} <{number}>; a=b"),
        6 => format!(" {given} {family} {number} "),
        _ => {
            let cn = format!("{given} {family}");
            return (
                format!("cn={}+employeeNumber=E{number:07}", escape(&cn)),
                Some(cn),
            );
        }
    };
    (format!("cn={}", escape(&cn)), Some(cn))
}

fn mails(
    entry: &mut Entry,
    identity: &Identity,
    odd: &mut Dice,
    troubles: &Troubles,
    padded: bool,
) {
    let several = odd.chance(troubles.several_mails);
    let variant = odd.below(4);
    let usual = |padded: bool| {
        let mail = if variant == 0 {
            capitalised(&identity.mail())
        } else {
            identity.mail()
        };
        if padded { format!(" {mail} ") } else { mail }
    };
    match &identity.fate {
        Fate::Unsynced {
            code: "missing-value",
            field: "email",
            ..
        } => {
            if variant == 0 {
                entry.push("mail", " ");
            }
            return;
        }
        Fate::Unsynced {
            code: "bad-value", ..
        } => entry.push("mail", malformed_mail(identity)),
        Fate::Unsynced {
            code: "bad-utf8",
            field: "email",
            ..
        } => {
            let mut latin1 = b"j\xfcrgen.".to_vec();
            latin1.extend_from_slice(identity.mail().as_bytes());
            entry.push("mail", latin1);
        }
        Fate::Unsynced {
            code: "duplicate", ..
        } => {
            let shared = shared_mail(identity.index);
            entry.push(
                "mail",
                match variant {
                    0 => shared.to_uppercase(),
                    1 => format!(" {shared} "),
                    _ => shared,
                },
            );
        }
        _ => entry.push("mail", usual(padded)),
    }
    if several {
        entry.push("mail", format!("{}@mail.example.org", identity.handle));
        if variant > 1 {
            entry.push("mail", format!("{}@legacy.example.com", identity.index));
        }
    }
}

fn work(entry: &mut Entry, org: &Organisation, identity: &Identity, odd: &mut Dice) {
    let mut dice = Dice::of(org.seed, identity.index, WORK);
    // The first throw is the department's.
    let _ = dice.next();
    let department = identity.department(org);
    let site = dice.pick(&SITES);
    let number = identity.index + 1;
    let phone = format!("{} {:05}", site.prefix, number % 100_000);
    if matches!(
        identity.fate,
        Fate::Unsynced {
            code: "bad-utf8",
            field: "phone",
            ..
        }
    ) {
        let mut bad = phone.into_bytes();
        bad.extend_from_slice(b" \xe4\xff");
        entry.push("telephoneNumber", bad);
    } else {
        entry.push("telephoneNumber", phone);
    }
    if dice.below(3) > 0 {
        entry.push("mobile", format!("+49 171 {:07}", dice.below(10_000_000)));
    }
    entry.push("employeeNumber", format!("E{number:07}"));
    entry.push(
        "title",
        format!("{} {}", dice.pick(&LEVELS), dice.pick(&WORKS)),
    );
    entry.push("departmentNumber", DEPARTMENTS[department]);
    entry.push("o", "Example Organisation");
    entry.push("physicalDeliveryOfficeName", site.office);
    entry.push("street", site.street);
    entry.push("l", site.city);
    entry.push("st", site.state);
    entry.push("postalCode", site.postal_code);
    entry.push("preferredLanguage", identity.culture.language);
    if odd.chance(org.troubles.dangling_manager) {
        entry.push(
            "manager",
            format!("uid=gone{number},ou=People,{}", super::SUFFIX),
        );
    } else if let Some(manager) = manager(identity.index) {
        entry.push("manager", Identity::of(org, manager).dn());
    }
}

/// Everybody leads at most eight; the first leads all.
fn manager(index: u64) -> Option<u64> {
    index.checked_sub(1).map(|below| below / 8)
}

fn shared_mail(index: u64) -> String {
    format!("team.{}@example.org", index / 2 + 1)
}

fn malformed_mail(identity: &Identity) -> String {
    format!("{} at example dot org", identity.handle)
}

fn photo(org: &Organisation, index: u64) -> Vec<u8> {
    let mut dice = Dice::of(org.seed, index, PHOTO);
    let words = 256 + dice.below(768);
    // A JFIF header, so that viewers take it for what it claims to be.
    let mut bytes =
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00".to_vec();
    bytes.extend((0..words).flat_map(|_| dice.next().to_le_bytes()));
    bytes.extend_from_slice(b"\xff\xd9");
    bytes
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn capitalised(text: &str) -> String {
    let mut out = text.to_owned();
    if let Some(first) = out.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    out
}
