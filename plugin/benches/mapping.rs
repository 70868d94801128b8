//! How long the mapping takes for one entry: `cargo bench -p rollcall-plugin --bench mapping`.
//! Prints the median of several rounds; asserts nothing.

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Instant;

use rollcall_plugin::attribute::AttributeSet;
use rollcall_plugin::entry::Page;
use rollcall_plugin::field::{Field, FieldKind};
use rollcall_plugin::mapping::{Mapping, Value};
use rollcall_plugin::profile;

const ENTRIES: u32 = 1_000;
const ROUNDS: usize = 101;

fn main() -> Result<(), Vec<rollcall_plugin::Problem>> {
    let fields = fields();
    let openldap = profile::by_id("openldap").unwrap_or(profile::registry()[0]);
    let mut attributes = AttributeSet::new();
    let identity = openldap.ids("").identity(&mut attributes);
    let mapping = Mapping::compile(&openldap.rules_for(&fields), &fields, &mut attributes)?;
    let disabled = openldap.disabled_when(0).map_err(|problem| vec![problem])?;
    disabled
        .iter()
        .for_each(|filter| filter.intern(&mut attributes));
    let page = page(&attributes).map_err(|problem| vec![problem])?;

    measure("identity", &page, |entry| {
        black_box(identity.read(entry).ok());
    });
    measure("disabled", &page, |entry| {
        black_box(
            disabled
                .as_ref()
                .map(|filter| filter.matches(entry, &attributes)),
        );
    });
    measure("evaluate", &page, |entry| {
        black_box(mapping.evaluate(entry));
    });
    measure("evaluate and own", &page, |entry| {
        for mapped in mapping.evaluate(entry) {
            if let Value::Set(value) = mapped.value {
                black_box(Cow::into_owned(value));
            }
        }
    });
    measure("trace", &page, |entry| {
        black_box(mapping.trace(entry));
    });
    Ok(())
}

fn measure(name: &str, page: &Page, work: impl Fn(&rollcall_plugin::entry::Entry<'_>)) {
    let mut rounds: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            page.iter().for_each(|entry| work(&entry));
            begin.elapsed().as_nanos() / u128::from(ENTRIES)
        })
        .collect();
    rounds.sort_unstable();
    println!(
        "{name}: {} ns an entry (median of {ROUNDS} rounds)",
        rounds[ROUNDS / 2]
    );
}

/// The fields of 12 attributes.
fn fields() -> Vec<Field> {
    let field = |id: &str, kind, max_length| Field {
        id: id.to_owned(),
        tab: "requester".to_owned(),
        label: id.to_owned(),
        kind,
        required: false,
        unique: false,
        max_length,
    };
    vec![
        field("username", FieldKind::Text, 128),
        field("email", FieldKind::Email, 254),
        field("first-name", FieldKind::Text, 128),
        field("last-name", FieldKind::Text, 128),
        field("display-name", FieldKind::Text, 256),
        field("phone", FieldKind::Phone, 64),
        field("mobile", FieldKind::Phone, 64),
        field("employee-id", FieldKind::Text, 64),
        field("job-title", FieldKind::Text, 128),
        field("department", FieldKind::Text, 128),
        field("manager", FieldKind::Person, 0),
        field("city", FieldKind::Text, 128),
    ]
}

fn page(attributes: &AttributeSet) -> Result<Page, rollcall_plugin::Problem> {
    let (mut counts, mut ends, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    let mut put = |value: &str| {
        bytes.extend_from_slice(value.as_bytes());
        ends.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    };
    for number in 0..ENTRIES {
        put(&format!("uid=person{number},ou=people,dc=example,dc=org"));
        for name in attributes.names() {
            let values = match name.as_str() {
                "entryUUID" => vec![format!("0d9a5c6e-5f5c-103d-8a5b-7b3b{number:08x}")],
                "uid" => vec![format!("person{number}")],
                "mail" => vec![
                    format!("Jane.Person{number}@Example.org"),
                    format!("person{number}@example.org"),
                ],
                "telephoneNumber" | "mobile" => vec![format!("+41 44 123 {number:04}")],
                "manager" => vec![format!(
                    "uid=person{},ou=people,dc=example,dc=org",
                    number / 10
                )],
                "cn" | "displayName" => vec![format!("Jane Zoë Person{number}")],
                "departmentNumber" | "pwdAccountLockedTime" => Vec::new(),
                _ => vec![format!("Some value of {name} {number}")],
            };
            counts.push(u32::try_from(values.len()).unwrap_or(u32::MAX));
            values.iter().for_each(|value| put(value));
        }
    }
    Page::new(attributes.len(), ENTRIES, counts, ends, bytes)
}
