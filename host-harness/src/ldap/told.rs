//! What a server tells a change request (RFC 4533): entryUUIDs, by what became of the entries.

use super::ber::{BOOLEAN, ENUMERATED, OCTETS, Reader, SEQUENCE, SET};
use super::error::Malformed;
use super::frame;

/// Sync State Control (RFC 4533 section 2.3).
const STATE: &[u8] = b"1.3.6.1.4.1.4203.1.9.1.2";
/// Sync Done Control (RFC 4533 section 2.4).
pub(super) const DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
/// Sync Info Message (RFC 4533 section 2.5).
const INFORMATION: &[u8] = b"1.3.6.1.4.1.4203.1.9.1.4";
/// Octets of an entryUUID.
const UUID: usize = 16;

/// Three lists of entryUUIDs, one after another, and the newest cookie.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) changed: Vec<u8>,
    pub(super) present: Vec<u8>,
    pub(super) deleted: Vec<u8>,
    pub(super) cookie: Option<Vec<u8>>,
}

/// The value of a Sync Done Control.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) cookie: Option<Vec<u8>>,
    /// `refreshDeletes`.
    pub(super) deletes: bool,
}

impl Told {
    /// How many entries.
    pub(super) fn len(&self) -> usize {
        (self.changed.len() + self.present.len() + self.deleted.len()) / UUID
    }

    /// Takes an entry's Sync State Control, without which an entry is none of this request's.
    pub(super) fn entry(&mut self, controls: &[u8]) -> Result<(), Malformed> {
        let value = frame::control(controls, STATE)?.ok_or(Malformed::Unexpected)?;
        let mut value = Reader::new(Reader::new(value).expect(SEQUENCE)?);
        let list = match value.number(ENUMERATED)? {
            0 => &mut self.present,
            1 | 2 => &mut self.changed,
            3 => &mut self.deleted,
            _ => return Err(Malformed::Number),
        };
        list.extend_from_slice(uuid(value.expect(OCTETS)?)?);
        if let Some(cookie) = value.optional(OCTETS)? {
            self.cookie = Some(cookie.to_vec());
        }
        Ok(())
    }

    /// Takes the contents of an IntermediateResponse (RFC 4511 section 4.13).
    pub(super) fn information(&mut self, content: &[u8]) -> Result<(), Malformed> {
        let mut response = Reader::new(content);
        if response.optional(0x80)? != Some(INFORMATION) {
            return Err(Malformed::Unexpected);
        }
        let value = response.expect(0x81)?;
        let (tag, content) = Reader::new(value).any()?;
        match tag {
            // newcookie
            0x80 => self.cookie = Some(content.to_vec()),
            // refreshDelete, refreshPresent: the end of a phase
            0xa1 | 0xa2 => {
                if let Some(cookie) = Reader::new(content).optional(OCTETS)? {
                    self.cookie = Some(cookie.to_vec());
                }
            }
            // syncIdSet
            0xa3 => self.ids(content)?,
            _ => return Err(Malformed::Unexpected),
        }
        Ok(())
    }

    fn ids(&mut self, content: &[u8]) -> Result<(), Malformed> {
        let mut set = Reader::new(content);
        if let Some(cookie) = set.optional(OCTETS)? {
            self.cookie = Some(cookie.to_vec());
        }
        let list = if truth(&mut set)? {
            &mut self.deleted
        } else {
            &mut self.present
        };
        let mut ids = Reader::new(set.expect(SET)?);
        while !ids.is_empty() {
            list.extend_from_slice(uuid(ids.expect(OCTETS)?)?);
        }
        Ok(())
    }
}

impl Done {
    /// Reads the control's value.
    pub(super) fn read(value: &[u8]) -> Result<Self, Malformed> {
        let mut value = Reader::new(Reader::new(value).expect(SEQUENCE)?);
        let cookie = value.optional(OCTETS)?.map(<[u8]>::to_vec);
        let deletes = truth(&mut value)?;
        Ok(Self { cookie, deletes })
    }
}

/// An optional BOOLEAN, false by default.
fn truth(reader: &mut Reader<'_>) -> Result<bool, Malformed> {
    match reader.optional(BOOLEAN)? {
        None => Ok(false),
        Some([octet]) => Ok(*octet != 0),
        Some(_) => Err(Malformed::Number),
    }
}

fn uuid(octets: &[u8]) -> Result<&[u8], Malformed> {
    if octets.len() == UUID {
        Ok(octets)
    } else {
        Err(Malformed::Length)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![tag, u8::try_from(content.len()).unwrap()];
        out.extend_from_slice(content);
        out
    }

    fn state(state: u8, uuid: u8) -> Vec<u8> {
        let value = [tagged(ENUMERATED, &[state]), tagged(OCTETS, &[uuid; UUID])].concat();
        let control = [
            tagged(OCTETS, STATE),
            tagged(OCTETS, &tagged(SEQUENCE, &value)),
        ];
        tagged(SEQUENCE, &control.concat())
    }

    fn information(value: &[u8]) -> Vec<u8> {
        [tagged(0x80, INFORMATION), tagged(0x81, value)].concat()
    }

    #[test]
    fn each_entry_goes_where_its_state_says() {
        let mut told = Told::default();
        for (number, uuid) in [(0, 9), (1, 1), (2, 2), (3, 3)] {
            told.entry(&state(number, uuid)).unwrap();
        }
        assert_eq!(told.changed, [[1; UUID], [2; UUID]].concat());
        assert_eq!((told.present, told.deleted), (vec![9; UUID], vec![3; UUID]));
    }

    #[test]
    fn sets_of_ids_are_present_or_deleted_and_cookies_are_kept() {
        let mut told = Told::default();
        let ids = tagged(SET, &tagged(OCTETS, &[7; UUID]));
        told.information(&information(&tagged(0xa3, &ids))).unwrap();
        let gone = [tagged(OCTETS, b"c"), tagged(BOOLEAN, &[0xff]), ids].concat();
        told.information(&information(&tagged(0xa3, &gone)))
            .unwrap();
        assert_eq!(
            (told.present.clone(), told.deleted.clone()),
            (vec![7; UUID], vec![7; UUID])
        );
        assert_eq!(told.cookie.as_deref(), Some(&b"c"[..]));
        told.information(&information(&tagged(0x80, b"d"))).unwrap();
        assert_eq!(told.cookie.as_deref(), Some(&b"d"[..]));
        let done = tagged(
            SEQUENCE,
            &[tagged(OCTETS, b"e"), tagged(BOOLEAN, &[1])].concat(),
        );
        let (cookie, deletes) = (Some(b"e".to_vec()), true);
        assert_eq!(Done::read(&done), Ok(Done { cookie, deletes }));
        assert_eq!(Done::read(&tagged(SEQUENCE, &[])), Ok(Done::default()));
    }

    #[test]
    fn what_is_not_said_as_it_must_be_is_refused() {
        let mut told = Told::default();
        assert_eq!(told.entry(&[]), Err(Malformed::Unexpected));
        assert_eq!(told.entry(&state(4, 1)), Err(Malformed::Number));
        let short = tagged(SET, &tagged(OCTETS, &[7; 15]));
        assert_eq!(
            told.information(&information(&tagged(0xa3, &short))),
            Err(Malformed::Length)
        );
        assert_eq!(
            told.information(&tagged(0x80, b"1.2")),
            Err(Malformed::Unexpected)
        );
        assert_eq!(told, Told::default());
    }
}
