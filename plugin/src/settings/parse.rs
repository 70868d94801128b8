//! From a filled-in form to typed settings. Everything that is wrong is reported at once.

use std::collections::BTreeMap;

use crate::filter::Filter;
use crate::ports::directory::{Authentication, Connection, Scope, Security};
use crate::ports::portal::Role;
use crate::problem::Problem;

use super::adoption::Adoption;
use super::form::{self, FormField};
use super::places::{self, Places};
use super::role_rules::{self, RoleRule};
use super::{authentication, certificate, id_attribute, servers};

/// The longest value of any setting but the certificates, in bytes.
const LONGEST: usize = 8 * 1024;

/// How the directory's profile is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileChoice {
    /// By asking the server.
    Auto,
    /// As set.
    Named(String),
}

/// What becomes of synced people whom the directory no longer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaverPolicy {
    /// Nothing.
    Keep,
    /// Deactivated at once.
    Deactivate,
    /// Deactivated after so many days of absence.
    Grace {
        /// 1 to 3650.
        days: u32,
    },
    /// Listed for review.
    Review,
}

/// From where on a plan waits for an approval. The smaller of the two holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardLimits {
    /// People.
    pub count: u64,
    /// Percent of the active synced people.
    pub percent: u32,
}

/// The settings, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How to reach the directory.
    pub connection: Connection,
    /// Where the people are.
    pub places: Places,
    /// *Advance Search*; none: the profile's default.
    pub filter: Option<Filter>,
    /// Which directory profile.
    pub profile: ProfileChoice,
    /// The attribute by which people are known; empty: the profile's.
    pub id_attribute: String,
    /// The role of new people.
    pub role: String,
    /// The roles of members of groups, the first that fits; empty: the sync leaves roles alone.
    pub role_rules: Vec<RoleRule>,
    /// When an account is disabled; none: the profile's default.
    pub disabled_when: Option<Filter>,
    /// Whom new people take over.
    pub adoption: Adoption,
    /// Leavers.
    pub leavers: LeaverPolicy,
    /// Guards.
    pub guards: GuardLimits,
    /// Entries a page.
    pub page_size: u32,
    /// The largest photo, in KiB.
    pub photo_max_kb: u32,
}

/// Settings that are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// Typed.
    pub settings: Settings,
    /// As stored: every key of the form that has a value, the form's defaults filled in. What follows from other
    /// settings (security and port from the URL) is not, so that changing those later is no contradiction.
    pub texts: BTreeMap<String, String>,
    /// What is allowed but worth knowing.
    pub warnings: Vec<Problem>,
}

/// Reads a filled-in form. `roles` are the portal's.
///
/// # Errors
/// Everything that is wrong, each with its key: `unknown-setting`, `duplicate-setting`, `required`, `too-long`, `bad-url`,
/// `bad-port`, `contradiction`, `bad-certificate`, `password-missing`, `empty-password`, `key-missing`,
/// `client-certificate-missing`, `client-certificate-unprotected`, `bad-bind-name`, `bad-dn`, `bad-exclusion`, `bad-choice`,
/// `filter-syntax`, `unknown-role`, `bad-role-rule`, `duplicate-rule`, `bad-number`.
pub fn parse(given: &[(String, String)], roles: &[Role]) -> Result<Parsed, Vec<Problem>> {
    read(given, roles, true)
}

/// The same for a form without a base, so that a server can be asked what it offers. The base is then empty.
///
/// # Errors
/// As [`parse`], but for the missing base.
pub fn parse_without_base(
    given: &[(String, String)],
    roles: &[Role],
) -> Result<Parsed, Vec<Problem>> {
    read(given, roles, false)
}

pub(super) struct Reader {
    pub(super) texts: BTreeMap<String, String>,
    /// White space before the value, which positions are counted from.
    skipped: BTreeMap<&'static str, usize>,
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    /// The value, trimmed, or the field's default.
    pub(super) fn text(&mut self, key: &'static str) -> String {
        let default = form::field(key).map_or("", |field| field.default);
        let given = self.texts.get(key).map_or("", |value| {
            self.skipped
                .insert(key, value.len() - value.trim_start().len());
            value.trim()
        });
        let value = if given.is_empty() { default } else { given }.to_owned();
        if value.is_empty() {
            self.texts.remove(key);
        } else {
            self.texts.insert(key.to_owned(), value.clone());
        }
        value
    }

    fn required(&mut self, key: &'static str) -> String {
        let value = self.text(key);
        if value.is_empty() {
            let label = form::field(key).map_or(key, |field| field.label);
            self.problems.push(
                Problem::new("required", format!("{label} is empty"), "Fill it in.").of_field(key),
            );
        }
        value
    }

    fn filter(&mut self, key: &'static str) -> Option<Filter> {
        let text = self.text(key);
        if text.is_empty() {
            return None;
        }
        match Filter::parse(&text) {
            Ok(filter) => Some(filter),
            Err(problem) => {
                self.at_fault(key, problem);
                None
            }
        }
    }

    /// A problem of a trimmed value, at its place in the value as given.
    pub(super) fn at_fault(&mut self, key: &'static str, problem: Problem) {
        let skipped = self.skipped.get(key).copied().unwrap_or(0);
        let problem = match problem.position {
            Some(position) => problem.at(position as usize + skipped),
            None => problem,
        };
        self.problems.push(problem.of_field(key));
    }

    pub(super) fn choice(&mut self, key: &'static str) -> String {
        let value = self.text(key);
        let choices = form::field(key).map_or(&[][..], |field| field.choices);
        if !value.is_empty() && !choices.contains(&value.as_str()) {
            self.problems.push(
                Problem::new(
                    "bad-choice",
                    format!("`{}` is no choice here", shortened(&value)),
                    format!("Choose one of: {}.", choices.join(", ")),
                )
                .of_field(key),
            );
        }
        value
    }

    fn number(&mut self, key: &'static str, least: u32, most: u32) -> u32 {
        let value = self.text(key);
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| value.parse().ok()).flatten();
        if let Some(number) = number.filter(|number| (least..=most).contains(number)) {
            self.texts.insert(key.to_owned(), number.to_string());
            return number;
        }
        self.problems.push(
            Problem::new(
                "bad-number",
                format!(
                    "`{}` is no whole number from {least} to {most}",
                    shortened(&value)
                ),
                format!("Enter a whole number from {least} to {most}."),
            )
            .of_field(key),
        );
        least
    }
}

fn read(
    given: &[(String, String)],
    roles: &[Role],
    need_base: bool,
) -> Result<Parsed, Vec<Problem>> {
    let mut reader = gather(given);
    let url = reader.text("url");
    let port = reader.text("port");
    let security = reader.text("security");
    let servers = match servers::read(&url, &port, &security) {
        Ok(servers) => Some(servers),
        Err(problems) => {
            for problem in problems {
                let key =
                    form::field(problem.field.as_deref().unwrap_or("")).map_or("url", |f| f.key);
                reader.at_fault(key, problem);
            }
            None
        }
    };
    let authority = reader.text("certificate-authority");
    if !authority.is_empty()
        && let Err(problem) = certificate::check(&authority)
    {
        reader.at_fault("certificate-authority", problem);
    }
    let security = servers.as_ref().map(|servers| servers.security);
    let identity = authentication::read(&mut reader, security);
    let places = places(&mut reader, need_base);
    let filter = reader.filter("filter");
    let disabled_when = reader.filter("disabled-when");
    let profile = match reader.choice("profile").as_str() {
        "auto" => ProfileChoice::Auto,
        named => ProfileChoice::Named(named.to_owned()),
    };
    let chosen_id = id_attribute::read(&mut reader);
    let role = role(&mut reader, roles);
    let text = reader.text(role_rules::ROLE_RULES);
    let role_rules = role_rules::read(&text, roles).unwrap_or_else(|problems| {
        let key = role_rules::ROLE_RULES;
        problems
            .into_iter()
            .for_each(|problem| reader.at_fault(key, problem));
        Vec::new()
    });
    let days = reader.number("leaver-grace-days", 1, 3650);
    let leavers = match reader.choice("leavers").as_str() {
        "keep" => LeaverPolicy::Keep,
        "grace" => LeaverPolicy::Grace { days },
        "review" => LeaverPolicy::Review,
        _ => LeaverPolicy::Deactivate,
    };
    let adoption = Adoption::named(&reader.choice("adoption"));
    let guards = GuardLimits {
        count: reader.number("guard-count", 0, u32::MAX).into(),
        percent: reader.number("guard-percent", 1, 100),
    };
    let page_size = reader.number("page-size", 1, 1000);
    let photo_max_kb = reader.number("photo-max-kb", 1, 256);
    let (Some(servers), Some((places, overlaps)), true) =
        (servers, places, reader.problems.is_empty())
    else {
        return Err(reader.problems);
    };
    let connection = Connection {
        servers: servers.endpoints,
        security: servers.security,
        certificate_authority: (!authority.is_empty()).then_some(authority),
        client_certificate: identity.client_certificate,
        authentication: identity.authentication,
    };
    let mut warnings = warnings(&connection);
    warnings.extend(overlaps);
    warnings.extend(identity.warnings);
    warnings.extend(id_attribute::warning(&chosen_id));
    if let Some(filter) = &filter {
        warnings.extend(hiding(filter, disabled_when.as_ref()));
        warnings.extend(classless(filter));
    }
    Ok(Parsed {
        settings: Settings {
            connection,
            places,
            filter,
            profile,
            id_attribute: chosen_id,
            role,
            role_rules,
            disabled_when,
            adoption,
            leavers,
            guards,
            page_size,
            photo_max_kb,
        },
        texts: reader.texts,
        warnings,
    })
}

fn places(reader: &mut Reader, need_base: bool) -> Option<(Places, Vec<Problem>)> {
    let bases = if need_base {
        reader.required(places::BASES)
    } else {
        reader.text(places::BASES)
    };
    let excluded = reader.text(places::EXCLUDED);
    let scope = match reader.choice("scope").as_str() {
        "one" => Scope::One,
        _ => Scope::Subtree,
    };
    match Places::read(&bases, &excluded, scope) {
        Ok(read) => Some(read),
        Err(problems) => {
            for problem in problems {
                let key = match problem.field.as_deref() {
                    Some(places::EXCLUDED) => places::EXCLUDED,
                    _ => places::BASES,
                };
                reader.at_fault(key, problem);
            }
            None
        }
    }
}

/// Knows only keys of the form, each once, of a sane length.
fn gather(given: &[(String, String)]) -> Reader {
    let mut reader = Reader {
        texts: BTreeMap::new(),
        skipped: BTreeMap::new(),
        problems: Vec::new(),
    };
    for (key, value) in given {
        let longest = match key.as_str() {
            "certificate-authority" | "client-certificate" => usize::MAX,
            _ => LONGEST,
        };
        let problem = match form::field(key) {
            None => Problem::new(
                "unknown-setting",
                format!("there is no setting `{}`", shortened(key)),
                match nearest(key) {
                    Some(field) => format!("Did you mean `{}` ({})?", field.key, field.label),
                    None => {
                        let keys: Vec<_> = form::form().iter().map(|field| field.key).collect();
                        format!("Remove it. The settings are: {}.", keys.join(", "))
                    }
                },
            ),
            Some(_) if reader.texts.contains_key(key) => Problem::new(
                "duplicate-setting",
                format!("`{key}` is given twice"),
                "Give it once.",
            ),
            Some(_) if value.len() > longest => Problem::new(
                "too-long",
                format!(
                    "the value is {} bytes long, at most {LONGEST} are taken",
                    value.len()
                ),
                "Shorten it.",
            ),
            Some(_) => {
                reader.texts.insert(key.clone(), value.clone());
                continue;
            }
        };
        reader.problems.push(problem.of_field(key));
    }
    reader
}

fn role(reader: &mut Reader, roles: &[Role]) -> String {
    let role = reader.text("role");
    if !roles.iter().any(|known| known.id == role) {
        let known: Vec<_> = roles.iter().map(|role| role.id.as_str()).collect();
        reader.problems.push(
            Problem::new(
                "unknown-role",
                format!("the portal has no role `{}`", shortened(&role)),
                format!("Choose one of: {}.", known.join(", ")),
            )
            .of_field("role"),
        );
    }
    role
}

/// Warns of a filter that hides disabled accounts.
#[must_use]
pub fn hiding(filter: &Filter, disabled_when: Option<&Filter>) -> Option<Problem> {
    let attribute = filter.hides_disabled(disabled_when)?;
    Some(
        Problem::new(
            "filter-hides-disabled",
            format!("the filter lets no disabled accounts through (by {attribute}), so they look like leavers"),
            format!("Take {attribute} out of the filter: the sync reads disabled accounts and deactivates them."),
        )
        .of_field("filter"),
    )
}

/// Warns of an *Advance Search* that says nothing of the kind of entry: it stands instead of the profile's filter, not
/// beside it, so that devices and groups may come over as people.
#[must_use]
pub fn classless(filter: &Filter) -> Option<Problem> {
    // 2.5.4.0 is objectClass by its number (RFC 4512 section 3.3).
    let classes = [
        "objectClass",
        "structuralObjectClass",
        "objectCategory",
        "2.5.4.0",
    ];
    let named = filter
        .attributes()
        .iter()
        .any(|name| classes.iter().any(|class| name.eq_ignore_ascii_case(class)));
    (!named).then(|| {
        Problem::new(
            "filter-without-class",
            "Advance Search names no objectClass: it replaces the profile's filter, so entries that are no people may match",
            format!("Name the kind of entry too, for example (&(objectClass=inetOrgPerson){})", shown(filter)),
        )
        .of_field("filter")
    })
}

/// A filter as an operand; one that is too long to show stands as `(...)`.
fn shown(filter: &Filter) -> String {
    let text = filter.to_string();
    if text.len() > 200 {
        "(...)".to_owned()
    } else {
        text
    }
}

fn warnings(connection: &Connection) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let bound = matches!(connection.authentication, Authentication::Simple { .. });
    if connection.security == Security::Plain {
        warnings.push(
            Problem::new(
                "transport-unencrypted",
                if bound {
                    "nothing is encrypted: the password and everybody's data travel readably"
                } else {
                    "nothing is encrypted: everybody's data travels readably"
                },
                "Choose start-tls or ldaps.",
            )
            .of_field("security"),
        );
        if connection.certificate_authority.is_some() {
            warnings.push(
                Problem::new(
                    "certificate-unused",
                    "without encryption the certificate authority is not used",
                    "Choose start-tls or ldaps, or remove the certificates.",
                )
                .of_field("certificate-authority"),
            );
        }
    }
    for endpoint in &connection.servers {
        let unusual = match connection.security {
            Security::Ldaps => matches!(endpoint.port, 389 | 3268),
            Security::Plain | Security::StartTls => matches!(endpoint.port, 636 | 3269),
        };
        if unusual {
            warnings.push(
                Problem::new(
                    "unusual-port",
                    format!(
                        "port {} of {} is not the usual one for {}",
                        endpoint.port,
                        endpoint.host,
                        servers::name(connection.security)
                    ),
                    "Use 389 for start-tls and plain, 636 for ldaps, unless the server differs.",
                )
                .of_field("port"),
            );
        }
    }
    warnings
}

fn shortened(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(60)
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}

/// The setting that a key which is none was probably meant to be.
fn nearest(key: &str) -> Option<&'static FormField> {
    // Only what a person types is worth comparing.
    if key.len() > 60 {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    let wanted = plain(key);
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == wanted);
    if let Some((_, key)) = other {
        return form::field(key);
    }
    let same = |field: &&FormField| plain(field.key) == wanted || plain(field.label) == wanted;
    let part = |field: &&FormField| wanted.len() > 3 && plain(field.key).contains(&wanted);
    let form = form::form();
    form.iter()
        .find(same)
        .or_else(|| form.iter().find(part))
        .or_else(|| {
            let distances = form
                .iter()
                .map(|field| (distance(&wanted, &plain(field.key)), field));
            // Short names are near to everything.
            distances
                .filter(|(distance, field)| *distance <= 2 && field.key.len() > 2 * distance)
                .min_by_key(|(distance, _)| *distance)
                .map(|(_, field)| field)
        })
}

/// What other programs call our settings.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("ca", "certificate-authority"),
    ("cacert", "certificate-authority"),
    ("cacertificate", "certificate-authority"),
    ("cafile", "certificate-authority"),
    ("tlscacert", "certificate-authority"),
    ("clientcert", "client-certificate"),
    ("tlscert", "client-certificate"),
    ("tlskey", "client-key"),
    ("privatekey", "client-key"),
    ("auth", "authentication"),
    ("authmethod", "authentication"),
    ("binddn", "bind-name"),
    ("bindpw", "password"),
    ("bindpassword", "password"),
    ("basedn", "base-dn"),
    ("searchbase", "base-dn"),
    ("host", "url"),
    ("server", "url"),
    ("uri", "url"),
];

/// How many characters must be inserted, removed or replaced to make one text the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, character) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (place, known) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(character != *known);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests;
