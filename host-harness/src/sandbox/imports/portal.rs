//! `portal`: the tenant's people as they stand.

use std::collections::BTreeSet;

use super::super::guest::{Guest, or_end};
use super::bounds::{at_most, within};
use crate::contract::portal::{Field, Holder, Host, LicenceState, PeopleIndex, Person, Role};

const INDEX: u32 = 10_000;
const PEOPLE: usize = 1000;
/// People that the port is asked for at a time, and the most bytes of an answer.
const PORTION: usize = 100;
const PEOPLE_BYTES: usize = 64 << 20;
const VALUES: usize = 1000;

impl Host for Guest {
    async fn fields(&mut self) -> wasmtime::Result<Vec<Field>> {
        let (_call, context) = self.enter()?;
        or_end(context.portal.fields(&context.tenant).await)
    }

    async fn roles(&mut self) -> wasmtime::Result<Vec<Role>> {
        let (_call, context) = self.enter()?;
        or_end(context.portal.roles(&context.tenant).await)
    }

    async fn licence(&mut self) -> wasmtime::Result<LicenceState> {
        let (_call, context) = self.enter()?;
        or_end(context.portal.licence(&context.tenant).await)
    }

    async fn count(&mut self) -> wasmtime::Result<u64> {
        let (_call, context) = self.enter()?;
        or_end(context.portal.count(&context.tenant).await)
    }

    async fn index(&mut self, after: String, limit: u32) -> wasmtime::Result<PeopleIndex> {
        let (_call, context) = self.enter()?;
        or_end(within("limit", limit, INDEX))?;
        or_end(context.portal.index(&context.tenant, &after, limit).await)
    }

    async fn index_of(&mut self, external_ids: Vec<String>) -> wasmtime::Result<PeopleIndex> {
        let (_call, context) = self.enter()?;
        or_end(at_most("people", external_ids.len(), PEOPLE))?;
        or_end(
            context
                .portal
                .index_of(&context.tenant, &external_ids)
                .await,
        )
    }

    async fn pending(&mut self, after: String, limit: u32) -> wasmtime::Result<Vec<String>> {
        let (_call, context) = self.enter()?;
        or_end(within("limit", limit, 10_000))?;
        or_end(context.portal.pending(&context.tenant, &after, limit).await)
    }

    async fn naming(
        &mut self,
        field: String,
        external_ids: Vec<String>,
    ) -> wasmtime::Result<Vec<String>> {
        let (_call, context) = self.enter()?;
        or_end(at_most("people", external_ids.len(), PEOPLE))?;
        or_end(
            context
                .portal
                .naming(&context.tenant, &field, &external_ids)
                .await,
        )
    }

    async fn people(&mut self, external_ids: Vec<String>) -> wasmtime::Result<Vec<Person>> {
        let (_call, context) = self.enter()?;
        or_end(at_most("people", external_ids.len(), PEOPLE))?;
        let ids: BTreeSet<String> = external_ids.into_iter().collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let (mut people, mut bytes) = (Vec::with_capacity(ids.len()), 0);
        for ids in ids.chunks(PORTION) {
            let found = context.portal.people(&context.tenant, ids).await;
            take(&mut people, &mut bytes, or_end(found)?)?;
        }
        Ok(people)
    }

    async fn people_with_ids(&mut self, ids: Vec<String>) -> wasmtime::Result<Vec<Person>> {
        let (_call, context) = self.enter()?;
        or_end(at_most("people", ids.len(), PEOPLE))?;
        let ids: BTreeSet<String> = ids.into_iter().collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let (mut people, mut bytes) = (Vec::with_capacity(ids.len()), 0);
        for ids in ids.chunks(PORTION) {
            let found = context.portal.people_with_ids(&context.tenant, ids).await;
            take(&mut people, &mut bytes, or_end(found)?)?;
        }
        Ok(people)
    }

    async fn holders(
        &mut self,
        field: String,
        values: Vec<String>,
    ) -> wasmtime::Result<Vec<Holder>> {
        let (_call, context) = self.enter()?;
        or_end(at_most("values", values.len(), VALUES))?;
        or_end(
            context
                .portal
                .holders(&context.tenant, &field, &values)
                .await,
        )
    }
}

/// Adds a portion of people, as long as all of them fit.
fn take(people: &mut Vec<Person>, bytes: &mut usize, portion: Vec<Person>) -> wasmtime::Result<()> {
    *bytes += portion.iter().map(size).sum::<usize>();
    or_end(at_most("bytes of people", *bytes, PEOPLE_BYTES))?;
    people.extend(portion);
    Ok(())
}

fn size(person: &Person) -> usize {
    let values = person.values.iter();
    person.external_id.len()
        + person.dn.len()
        + values.map(|v| v.field.len() + v.value.len()).sum::<usize>()
}
