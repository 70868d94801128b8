//! A portal in memory.

use std::cell::RefCell;
use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use crate::field::{Field, FieldKind};
use crate::ports::portal::{Holder, Licence, PEOPLE, PeopleIndex, Person, Portal, Role, Status};

/// Fields, roles and people.
#[derive(Debug)]
pub(crate) struct MemoryPortal {
    pub(crate) fields: RefCell<Vec<Field>>,
    pub(crate) roles: RefCell<Vec<Role>>,
    pub(crate) people: RefCell<Vec<Person>>,
    pub(crate) seats: RefCell<u64>,
    /// External ids of those whom the last sync did not find; since the first second.
    pub(crate) absent: RefCell<BTreeSet<String>>,
}

impl Default for MemoryPortal {
    fn default() -> Self {
        let field = |id: &str, kind, required, unique| Field {
            required,
            unique,
            max_length: 64,
            ..Field::plain(id, kind)
        };
        Self {
            fields: RefCell::new(vec![
                field("username", FieldKind::Text, true, true),
                field("email", FieldKind::Email, true, true),
                field("first-name", FieldKind::Text, false, false),
                field("last-name", FieldKind::Text, true, false),
                field("display-name", FieldKind::Text, false, false),
                field("phone", FieldKind::Phone, false, false),
            ]),
            roles: RefCell::new(vec![
                Role {
                    id: "requester".into(),
                    label: "Requester".into(),
                },
                Role {
                    id: "approver".into(),
                    label: "Approver".into(),
                },
            ]),
            people: RefCell::default(),
            seats: RefCell::default(),
            absent: RefCell::default(),
        }
    }
}

impl MemoryPortal {
    /// Synced people whose id is wanted, ascending.
    fn synced(&self, wanted: impl Fn(&str) -> bool) -> Vec<Person> {
        let people = self.people.borrow();
        let synced = people
            .iter()
            .filter(|person| !person.external_id.is_empty());
        let mut synced: Vec<Person> = synced
            .filter(|person| wanted(&person.external_id))
            .cloned()
            .collect();
        synced.sort_by(|a, b| a.external_id.cmp(&b.external_id));
        synced
    }

    /// A person that a sync brought.
    pub(crate) fn add(&self, external_id: &str, dn: &str, values: &[(&str, &str)]) {
        let mut people = self.people.borrow_mut();
        let id = format!("p{}", people.len() + 1);
        people.push(Person {
            external_id: external_id.into(),
            id,
            dn: dn.into(),
            status: Status::Active,
            deactivated_by_sync: false,
            role: "requester".into(),
            source_hash: vec![0; 16],
            changed_in_portal: Vec::new(),
            values: values
                .iter()
                .map(|(f, v)| ((*f).to_owned(), (*v).to_owned()))
                .collect(),
        });
    }
}

fn indexed(people: &[Person], absent: &BTreeSet<String>, more: bool) -> PeopleIndex {
    let mut index = PeopleIndex {
        more,
        ..PeopleIndex::default()
    };
    for person in people {
        index.external_ids.push(person.external_id.clone());
        let mut hash = person.source_hash.clone();
        hash.resize(16, 0);
        for half in hash.chunks(8) {
            index
                .source_hashes
                .push(u64::from_le_bytes(half.try_into().unwrap()));
        }
        index.marks.push(
            u32::from(person.status == Status::Inactive)
                | u32::from(person.deactivated_by_sync) << 1
                | u32::from(!person.changed_in_portal.is_empty()) << 2,
        );
        let since = absent.contains(&person.external_id);
        index.absent_since.push(since.into());
    }
    index
}

/// As the portal compares unique values.
pub(crate) fn compared(value: &str) -> String {
    value.trim().nfkc().collect::<String>().to_lowercase()
}

impl Portal for MemoryPortal {
    fn fields(&self) -> Vec<Field> {
        self.fields.borrow().clone()
    }

    fn roles(&self) -> Vec<Role> {
        self.roles.borrow().clone()
    }

    fn licence(&self) -> Licence {
        let people = self.people.borrow();
        let active = people
            .iter()
            .filter(|person| person.status == Status::Active);
        let synced = active.clone().filter(|one| !one.external_id.is_empty());
        Licence {
            seats: *self.seats.borrow(),
            used: active.count() as u64,
            synced: synced.count() as u64,
        }
    }

    fn count(&self) -> u64 {
        self.people.borrow().len() as u64
    }

    fn index(&self, after: &str, limit: u32) -> PeopleIndex {
        let mut synced = self.synced(|id| id > after);
        let more = synced.len() > limit as usize;
        synced.truncate(limit as usize);
        indexed(&synced, &self.absent.borrow(), more)
    }
    fn index_of(&self, external_ids: &[String]) -> PeopleIndex {
        indexed(
            &self.synced(|id| external_ids.iter().any(|one| one == id)),
            &self.absent.borrow(),
            false,
        )
    }
    fn pending(&self, after: &str, limit: u32) -> Vec<String> {
        let mut synced = self.synced(|id| id > after);
        let absent = self.absent.borrow();
        synced.retain(|person| {
            absent.contains(&person.external_id) || !person.changed_in_portal.is_empty()
        });
        synced.truncate(limit as usize);
        synced
            .into_iter()
            .map(|person| person.external_id)
            .collect()
    }
    fn people(&self, external_ids: &[String]) -> Vec<Person> {
        assert!(
            external_ids.len() <= PEOPLE as usize,
            "a guest has no room for as many people with photos"
        );
        self.people
            .borrow()
            .iter()
            .filter(|person| external_ids.contains(&person.external_id))
            .cloned()
            .collect()
    }

    fn naming(&self, field: &str, external_ids: &[String]) -> Vec<String> {
        let names = |person: &Person| {
            let mut values = person.values.iter();
            values.any(|(id, value)| id == field && external_ids.contains(value))
        };
        let synced = self.synced(|_| true).into_iter();
        synced
            .filter(names)
            .map(|person| person.external_id)
            .collect()
    }
    fn people_with_ids(&self, ids: &[String]) -> Vec<Person> {
        assert!(ids.len() <= PEOPLE as usize, "as for external ids");
        let people = self.people.borrow();
        let asked = people.iter().filter(|person| ids.contains(&person.id));
        asked.cloned().collect()
    }

    fn holders(&self, field: &str, values: &[String]) -> Vec<Holder> {
        let people = self.people.borrow();
        let mut holders = Vec::new();
        for (position, value) in values.iter().enumerate() {
            let wanted = compared(value);
            for person in people.iter() {
                let holds = |(id, held): &(String, String)| id == field && compared(held) == wanted;
                if person.values.iter().any(holds) {
                    holders.push(Holder {
                        position: u32::try_from(position).unwrap(),
                        external_id: person.external_id.clone(),
                        id: person.id.clone(),
                        dn: person.dn.clone(),
                        status: person.status,
                    });
                }
            }
        }
        holders
    }
}
