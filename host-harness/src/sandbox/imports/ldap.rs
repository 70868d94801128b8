//! `ldap`: the tenant's directory, read-only.

use wasmtime::component::Resource;

use super::super::guest::Guest;
use super::bounds;
use crate::Problem;
use crate::contract::ldap::{
    ChangeRequest, ChangeTurn, Connection, Host, HostChanges, HostCursor, HostSession, OpenFailure,
    SearchRequest, ServerIdentity, Turn,
};
use crate::contract::types::Stage;
use crate::ports::{OpenChanges, OpenCursor, OpenSession};
use crate::telemetry::metrics::metrics;

/// Servers that one connection may name.
const SERVERS: usize = 32;

impl Host for Guest {
    async fn open(
        &mut self,
        connection: Connection,
    ) -> wasmtime::Result<Result<Resource<OpenSession>, OpenFailure>> {
        let (_call, context) = self.enter()?;
        if let Err(problem) = bounds::at_most("servers", connection.servers.len(), SERVERS) {
            return Ok(Err(OpenFailure {
                stages: Vec::new(),
                problem,
            }));
        }
        match context.directory.open(&context.tenant, connection).await {
            Ok(session) => Ok(Ok(self.table.push(session)?)),
            Err(failure) => {
                metrics().directory_error(&failure.problem.code);
                Ok(Err(failure))
            }
        }
    }
}

impl HostSession for Guest {
    async fn stages(&mut self, session: Resource<OpenSession>) -> wasmtime::Result<Vec<Stage>> {
        let _call = self.enter()?;
        Ok(self.table.get(&session)?.stages())
    }

    async fn server(&mut self, session: Resource<OpenSession>) -> wasmtime::Result<ServerIdentity> {
        let _call = self.enter()?;
        Ok(self.table.get(&session)?.server())
    }

    async fn search(
        &mut self,
        session: Resource<OpenSession>,
        request: SearchRequest,
    ) -> wasmtime::Result<Result<Resource<OpenCursor>, Problem>> {
        let _call = self.enter()?;
        if let Err(problem) = bounds::search(&request) {
            return Ok(Err(problem));
        }
        let found = self.table.get_mut(&session)?.search(request.clone()).await;
        match found {
            Ok(cursor) => {
                let watched = self.witness.watch(&request, cursor);
                Ok(Ok(self.table.push(watched)?))
            }
            Err(problem) => {
                metrics().directory_error(&problem.code);
                Ok(Err(problem))
            }
        }
    }

    async fn changes(
        &mut self,
        session: Resource<OpenSession>,
        request: ChangeRequest,
    ) -> wasmtime::Result<Result<Resource<OpenChanges>, Problem>> {
        let _call = self.enter()?;
        match self.table.get_mut(&session)?.changes(request).await {
            Ok(changes) => Ok(Ok(self.table.push(changes)?)),
            Err(problem) => {
                metrics().directory_error(&problem.code);
                Ok(Err(problem))
            }
        }
    }

    async fn drop(&mut self, session: Resource<OpenSession>) -> wasmtime::Result<()> {
        self.table.delete(session)?;
        Ok(())
    }
}

impl HostCursor for Guest {
    async fn next(&mut self, cursor: Resource<OpenCursor>) -> wasmtime::Result<Turn> {
        let _call = self.enter()?;
        let turn = self.table.get_mut(&cursor)?.next().await;
        match &turn {
            Turn::Entries(page) => metrics().entries(page.entries),
            Turn::Finished(end) => {
                if let Some(problem) = &end.problem {
                    metrics().directory_error(&problem.code);
                }
            }
        }
        Ok(turn)
    }

    async fn drop(&mut self, cursor: Resource<OpenCursor>) -> wasmtime::Result<()> {
        self.table.delete(cursor)?;
        Ok(())
    }
}

impl HostChanges for Guest {
    async fn next(&mut self, changes: Resource<OpenChanges>) -> wasmtime::Result<ChangeTurn> {
        let _call = self.enter()?;
        Ok(self.table.get_mut(&changes)?.next().await)
    }

    async fn drop(&mut self, changes: Resource<OpenChanges>) -> wasmtime::Result<()> {
        self.table.delete(changes)?;
        Ok(())
    }
}
