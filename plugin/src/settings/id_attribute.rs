//! The attribute by which people are known.

use crate::problem::Problem;
use crate::profile::Ids;

use super::parse::Reader;

const KEY: &str = "id-attribute";

/// Attributes that hold passwords, keys or their hashes: the usual ones of people's entries.
const SECRETS: [&str; 32] = [
    // RFC 4519 section 2.41, RFC 3112, RFC 2798, and OpenLDAP's overlays.
    "userPassword",
    "authPassword",
    "userPKCS12",
    "pwdHistory",
    "oathSecret",
    // Active Directory, whose local administrators' passwords are beside its own.
    "unicodePwd",
    "dBCSPwd",
    "ntPwdHistory",
    "lmPwdHistory",
    "supplementalCredentials",
    "unixUserPassword",
    "msSFU30Password",
    "ms-Mcs-AdmPwd",
    "ms-Mcs-AdmPwdHistory",
    "msLAPS-Password",
    "msLAPS-EncryptedPassword",
    "msLAPS-EncryptedPasswordHistory",
    "msDS-ManagedPassword",
    // Samba with a directory of another kind.
    "sambaNTPassword",
    "sambaLMPassword",
    "sambaPasswordHistory",
    "ntPassword",
    "lmPassword",
    // Kerberos, 389-DS and FreeIPA.
    "krbPrincipalKey",
    "krbPwdHistory",
    "krb5Key",
    "passwordHistory",
    "ipaNTHash",
    "ipatokenOTPkey",
    // eDirectory and Oracle.
    "nspmPassword",
    "nspmDistributionPassword",
    "orclPassword",
];

/// The setting; empty where the profile says it. Adds `bad-attribute` where it is no name of an attribute, or one of
/// [`SECRETS`]: ids are in plans, reports and logs.
pub(super) fn read(reader: &mut Reader) -> String {
    let name = reader.text(KEY);
    let word = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // RFC 4512 section 1.4: a descr begins with a letter.
    let described = name.starts_with(|first: char| first.is_ascii_alphabetic()) && word(&name);
    if !name.is_empty() && !described {
        reader.problems.push(
            Problem::new(
                "bad-attribute",
                "the id attribute is no name of an attribute",
                "Enter one name, for example entryUUID or employeeNumber, without options.",
            )
            .of_field(KEY),
        );
    }
    if SECRETS.iter().any(|one| one.eq_ignore_ascii_case(&name)) {
        reader.problems.push(
            Problem::new(
                "bad-attribute",
                format!("{name} holds a secret, and an id is shown in plans, reports and logs"),
                "Enter an attribute that everybody may know, for example entryUUID or employeeNumber.",
            )
            .of_field(KEY),
        );
    }
    name
}

/// An attribute that people fill in may be given to somebody else.
pub(crate) fn warning(name: &str) -> Option<Problem> {
    (!name.is_empty() && !Ids::keeps(name)).then(|| {
        Problem::new(
            "id-reusable",
            format!("nothing keeps {name} from changing or from being given to somebody else"),
            "Choose it only if every value belongs to one person for ever: whoever gets it later gets that person's \
             place in the portal.",
        )
        .of_field(KEY)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::parse::parse;
    use super::*;
    use crate::ports::portal::Role;

    /// What is wrong with an id attribute, or warned of.
    fn codes(name: &str) -> (Vec<&'static str>, Vec<&'static str>) {
        let settings = [("url", "h"), ("base-dn", "dc=x"), (KEY, name)];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let codes = |problems: Vec<Problem>| problems.into_iter().map(|one| one.code).collect();
        let role = Role {
            id: "requester".into(),
            label: String::new(),
        };
        match parse(&settings, &[role]) {
            Ok(parsed) => {
                assert_eq!(parsed.settings.id_attribute, name.trim());
                (Vec::new(), codes(parsed.warnings))
            }
            Err(problems) => (codes(problems), Vec::new()),
        }
    }

    #[test]
    fn an_attribute_that_keeps_its_values_by_itself_is_taken_without_a_warning() {
        for name in ["", "entryUUID", "OBJECTGUID", " nsUniqueId ", "ipaUniqueID"] {
            let told = codes(name);
            assert!(!told.1.contains(&"id-reusable"), "{name}");
            assert!(!told.0.contains(&"bad-attribute"), "{name}");
        }
    }

    #[test]
    fn an_attribute_that_somebody_fills_in_is_warned_of() {
        for name in ["employeeNumber", "uid", "x-number2"] {
            assert!(codes(name).1.contains(&"id-reusable"), "{name}");
        }
    }

    #[test]
    fn what_is_no_name_of_one_attribute_is_refused() {
        for name in ["employee number", "uid,mail", "2name", "cn;lang-de", "ü"] {
            assert!(codes(name).0.contains(&"bad-attribute"), "{name}");
        }
    }

    #[test]
    fn an_attribute_that_holds_a_secret_is_refused_however_it_is_written_and_one_that_is_named_like_it_is_not()
     {
        let secrets = [
            "userPassword",
            "unicodePwd",
            "userPKCS12",
            "krbPrincipalKey",
            "sambaNTPassword",
            "sambaLMPassword",
            "ipaNTHash",
            "ntPwdHistory",
            "ms-Mcs-AdmPwd",
        ];
        for name in secrets {
            for name in [name.to_owned(), name.to_uppercase(), name.to_lowercase()] {
                assert_eq!(codes(&name).0, ["bad-attribute"], "{name}");
            }
        }
        for name in ["userPasswordNumber", "pwdLastSet", "userPrincipalName"] {
            assert_eq!(codes(name).0, [""; 0], "{name}");
        }
    }

    #[test]
    fn a_warning_is_of_the_setting() {
        assert_eq!(warning("uid").unwrap().field.as_deref(), Some(KEY));
    }
}
