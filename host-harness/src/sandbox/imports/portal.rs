//! `portal`: the tenant's people as they stand.

use super::super::guest::{Guest, or_end};
use super::bounds::{at_most, within};
use crate::contract::portal::{Field, Holder, Host, LicenceState, PeopleIndex, Person, Role};

const INDEX: u32 = 10_000;
const PEOPLE: usize = 1000;
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

    async fn people(&mut self, external_ids: Vec<String>) -> wasmtime::Result<Vec<Person>> {
        let (_call, context) = self.enter()?;
        or_end(at_most("people", external_ids.len(), PEOPLE))?;
        or_end(context.portal.people(&context.tenant, &external_ids).await)
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
