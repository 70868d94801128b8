#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::field::{Field, FieldKind};
use crate::ports::directory::HostProblem;
use crate::ports::plan::{Absence, Link, Party, Proof, Rejection, Row, Summary};
use crate::ports::portal::{Holder, Licence, PeopleIndex, Person, Role};
use crate::problem::Problem;

struct Rows(Vec<UnsyncedRow>);

impl Plan for Rows {
    fn record(&self, _: &[Row<'_>]) -> Result<(), HostProblem> {
        Ok(())
    }
    fn reject(&self, _: Vec<Rejection>) -> Result<(), HostProblem> {
        Ok(())
    }
    fn link(&self, _: &[Link]) -> Result<(), HostProblem> {
        Ok(())
    }
    fn note_absent(&self, _: Vec<Absence>) -> Result<(), HostProblem> {
        Ok(())
    }
    fn finish(&self, _: &Summary, _: &Proof, _: &[u8]) -> Result<String, HostProblem> {
        Ok(String::new())
    }
    fn unsynced(&self, after: u64, limit: u32) -> Vec<UnsyncedRow> {
        assert!(
            limit <= 100,
            "a guest has no room for as many rows with long values"
        );
        self.0
            .iter()
            .filter(|row| row.sequence > after)
            .take(limit as usize)
            .cloned()
            .collect()
    }
}

struct Schema;

impl Portal for Schema {
    fn fields(&self) -> Vec<Field> {
        [("email", true), ("title", false), ("phone", false)]
            .map(|(id, required)| Field {
                required,
                ..Field::plain(id, FieldKind::Text)
            })
            .into()
    }
    fn roles(&self) -> Vec<Role> {
        Vec::new()
    }
    fn licence(&self) -> Licence {
        Licence::default()
    }
    fn count(&self) -> u64 {
        0
    }
    fn index(&self, _: &str, _: u32) -> PeopleIndex {
        PeopleIndex::default()
    }
    fn index_of(&self, _: &[String]) -> PeopleIndex {
        unreachable!()
    }
    fn pending(&self, _: &str, _: u32) -> Vec<String> {
        unreachable!()
    }
    fn naming(&self, _: &str, _: &[String]) -> Vec<String> {
        unreachable!()
    }
    fn people(&self, _: &[String]) -> Vec<Person> {
        Vec::new()
    }
    fn people_with_ids(&self, _: &[String]) -> Vec<Person> {
        Vec::new()
    }
    fn holders(&self, _: &str, _: &[String]) -> Vec<Holder> {
        Vec::new()
    }
}

fn row(sequence: u64, dn: &str, values: &[(&str, &str)]) -> UnsyncedRow {
    UnsyncedRow {
        sequence,
        external_id: format!("id-{sequence}"),
        dn: dn.into(),
        values: values
            .iter()
            .map(|(f, v)| ((*f).to_owned(), (*v).to_owned()))
            .collect(),
        problem: Problem::new("duplicate", "two, \"at least\"", "change\none").into(),
        other: Some(Party {
            external_id: "id-9".into(),
            dn: "cn=other".into(),
            id: String::new(),
        }),
    }
}

fn whole(rows: &Rows, safe: bool, max_bytes: u32) -> (String, usize) {
    let mut document = Document::open(rows, &Schema, [], safe);
    let (mut text, mut pieces) = (Vec::new(), 0);
    loop {
        let piece = document.read(rows, max_bytes);
        if piece.is_empty() {
            return (String::from_utf8(text).unwrap(), pieces);
        }
        assert!(piece.ends_with(b"\r\n"));
        text.extend(piece);
        pieces += 1;
    }
}

#[test]
fn values_are_exact_by_default_and_columns_are_those_with_values_or_required() {
    let rows = Rows(vec![row(
        3,
        "cn=a\\, b,dc=x",
        &[("phone", "+49"), ("gone", " x ")],
    )]);
    assert_eq!(
        whole(&rows, false, 1 << 20).0,
        "dn,external-id,email,phone,gone,code,reason,remedy,other-dn,other-external-id,other-portal-id\r\n\
         \"cn=a\\, b,dc=x\",id-3,,+49, x ,duplicate,\"two, \"\"at least\"\"\",\"change\none\",cn=other,id-9,\r\n"
    );
}

#[test]
fn the_other_party_is_named_by_the_portals_id_where_no_sync_brought_it() {
    let mut taken = row(1, "cn=a", &[]);
    taken.other = Some(Party {
        external_id: String::new(),
        dn: String::new(),
        id: "4711".into(),
    });
    let mut alone = row(2, "cn=b", &[]);
    alone.other = None;
    let text = whole(&Rows(vec![taken, alone]), false, 1 << 20).0;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let others: Vec<Vec<String>> = reader
        .records()
        .map(|record| record.unwrap().iter().skip(6).map(str::to_owned).collect())
        .collect();
    assert_eq!(others, [["", "", "4711"], ["", "", ""]]);
}

#[test]
fn spreadsheet_safe_changes_formulas_and_nothing_else() {
    let rows = Rows(vec![row(
        1,
        "=cmd|' /C calc'!A0",
        &[("phone", "+49"), ("email", "a@b")],
    )]);
    let (exact, safe) = (whole(&rows, false, 1).0, whole(&rows, true, 1).0);
    assert_eq!(safe, exact.replace("=cmd", "'=cmd").replace("+49", "'+49"));
}

#[test]
fn nobody_unsynced_gives_the_header_alone() {
    assert_eq!(whole(&Rows(Vec::new()), false, 10).0.lines().count(), 1);
}

#[test]
fn many_rows_come_in_pieces_that_make_up_the_same_document() {
    let rows = Rows(
        (1..=2500)
            .map(|n| row(n, &format!("cn={n}"), &[("email", "e")]))
            .collect(),
    );
    let (all, _) = whole(&rows, false, u32::MAX);
    let (pieced, pieces) = whole(&rows, false, 4096);
    assert_eq!(all, pieced);
    assert!(pieces > 10);
    assert_eq!(
        csv::Reader::from_reader(all.as_bytes()).records().count(),
        2500
    );
}

proptest! {
    #[test]
    fn any_value_is_read_back_exactly(dn in any::<String>(), mail in any::<String>()) {
        let rows = Rows(vec![row(1, &dn, &[("email", &mail)])]);
        let (text, _) = whole(&rows, false, 64);
        let record = csv::Reader::from_reader(text.as_bytes()).records().next().unwrap().unwrap();
        prop_assert_eq!((&record[0], &record[2]), (dn.as_str(), mail.as_str()));
    }
}
