//! The password policy's control (draft-behera-ldap-password-policy-11 section 6), which OpenLDAP and 389-DS answer: why
//! an account may not bind, where the result code alone says that name or password is wrong.

use ldap3::controls::RawControl;
use ldap3::result::LdapResult;

use super::ber::{Reader, SEQUENCE};

const OID: &str = "1.3.6.1.4.1.42.2.27.8.5.1";
/// `error [1] ENUMERATED`.
const ERROR: u8 = 0x81;
/// `warning [0] CHOICE`.
const WARNING: u8 = 0xa0;

/// What stands against an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Violation {
    PasswordExpired,
    AccountLocked,
    /// The bind may have succeeded, and allows nothing but a new password.
    ChangeAfterReset,
}

/// The request; servers that do not know it ignore it.
pub(super) fn request() -> RawControl {
    RawControl {
        ctype: OID.to_owned(),
        crit: false,
        val: None,
    }
}

/// What the server answered, if it says that something stands against the account. Errors that only a change of the
/// password can bring are none, and so is what cannot be read.
pub(super) fn violation(result: &LdapResult) -> Option<Violation> {
    let control = result.ctrls.iter().find(|control| control.1.ctype == OID)?;
    let mut outer = Reader::new(control.1.val.as_deref()?);
    let mut value = Reader::new(outer.expect(SEQUENCE).ok()?);
    value.optional(WARNING).ok()?;
    match value.optional(ERROR).ok()?? {
        [0] => Some(Violation::PasswordExpired),
        [1] => Some(Violation::AccountLocked),
        [2] => Some(Violation::ChangeAfterReset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ldap3::controls::Control;

    use super::*;

    fn answered(oid: &str, value: Option<&[u8]>) -> Option<Violation> {
        let control = RawControl {
            ctype: oid.to_owned(),
            crit: false,
            val: value.map(<[u8]>::to_vec),
        };
        violation(&LdapResult {
            rc: 49,
            matched: String::new(),
            text: String::new(),
            refs: Vec::new(),
            ctrls: vec![Control(None, control)],
        })
    }

    #[test]
    fn what_stands_against_an_account_is_read() {
        assert_eq!(
            answered(OID, Some(&[0x30, 3, 0x81, 1, 0])),
            Some(Violation::PasswordExpired)
        );
        assert_eq!(
            answered(OID, Some(&[0x30, 3, 0x81, 1, 1])),
            Some(Violation::AccountLocked)
        );
        // Behind a warning.
        let both = [0x30, 8, 0xa0, 3, 0x80, 1, 9, 0x81, 1, 2];
        assert_eq!(
            answered(OID, Some(&both)),
            Some(Violation::ChangeAfterReset)
        );
    }

    #[test]
    fn an_empty_foreign_or_damaged_answer_says_nothing() {
        for value in [
            &[][..],
            &[0x30, 0],
            &[0x30, 5, 0xa0, 3, 0x80, 1, 9],
            &[0x30, 3, 0x81, 1, 6],
            &[0x30, 9, 0x81, 1, 1],
            &[0x81, 1, 1],
        ] {
            assert_eq!(answered(OID, Some(value)), None, "{value:?}");
        }
        assert_eq!(answered(OID, None), None);
        assert_eq!(
            answered("1.3.6.1.4.1.42.2.27.8.5.2", Some(&[0x30, 3, 0x81, 1, 1])),
            None
        );
    }
}
