//! Components made of a few lines of WebAssembly text, and ports that answer nothing.

use std::sync::Arc;

use async_trait::async_trait;
use rollcall::Problem;
use rollcall::contract::ldap::{
    ChangeRequest, Connection, OpenFailure, SearchRequest, ServerIdentity,
};
use rollcall::contract::plan::{Absence, Link, Proof, Rejection, Row, Summary, UnsyncedRow};
use rollcall::contract::portal::{Field, Holder, LicenceState, PeopleIndex, Person, Role, Status};
use rollcall::contract::state::{Operation, Versioned};
use rollcall::contract::types::{FieldValue, Stage};
use rollcall::ports::history::{self, History};
use rollcall::ports::plan::{
    Applied, Begin, Figures, Plans, RowQuery, Run, RunId, RunQuery, RunStatus, StoredRow,
};
use rollcall::ports::{
    Brought, Directory, OpenChanges, OpenCursor, OpenSession, Outcome, Portal, Session, State,
    TenantId,
};
use rollcall::sandbox::{HostContext, Plugin, Sandbox, SandboxConfig};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, WorldItem};

/// As much of WASI as a panic needs to be heard, and a plugin to look around.
const STREAMS: &str = "package wasi:io@0.2.6;
    interface error { resource error; }
    interface streams {
        use error.{error};
        variant stream-error { last-operation-failed(error), closed }
        resource output-stream {
            blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
        }
        resource input-stream {
            blocking-read: func(len: u64) -> result<list<u8>, stream-error>;
        }
    }";
const CLI: &str = "package wasi:cli@0.2.6;
    interface environment {
        get-environment: func() -> list<tuple<string, string>>;
        get-arguments: func() -> list<string>;
    }
    interface stdin {
        use wasi:io/streams@0.2.6.{input-stream};
        get-stdin: func() -> input-stream;
    }
    interface stderr {
        use wasi:io/streams@0.2.6.{output-stream};
        get-stderr: func() -> output-stream;
    }";
const WORLD: &str = "package test:plugin;
    world plugin {
        include marketplace:directory-sync/WHOLE@0.1.0;
        import wasi:cli/environment@0.2.6;
        import wasi:cli/stdin@0.2.6;
        import wasi:cli/stderr@0.2.6;
    }";

/// A plugin with every hook of the contract, of which each traps, but for `describe`, which runs `describe`.
/// `parts` may import and define what that needs; the memory is there.
pub(crate) fn component(parts: &str, describe: &str) -> Vec<u8> {
    component_of(parts, &[("describe", describe)])
}

/// The same, with the bodies of some hooks.
pub(crate) fn component_of(parts: &str, bodies: &[(&str, &str)]) -> Vec<u8> {
    component_with("directory-sync", parts, bodies)
}

/// The same of a plugin that has nothing that came later.
pub(crate) fn older_component_of(parts: &str, bodies: &[(&str, &str)]) -> Vec<u8> {
    component_with("required", parts, bodies)
}

fn component_with(whole: &str, parts: &str, bodies: &[(&str, &str)]) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_dir("../wit").unwrap();
    resolve.push_str("streams.wit", STREAMS).unwrap();
    resolve.push_str("cli.wit", CLI).unwrap();
    let package = resolve
        .push_str("world.wit", &WORLD.replace("WHOLE", whole))
        .unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    let mut text = format!("(module\n{parts}\n(global $top (mut i32) (i32.const 1024))\n");
    if !parts.contains("(memory") {
        text.push_str("(memory (export \"memory\") 2)\n");
    }
    text.push_str(
        "(func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 1024))\n",
    );
    for (key, item) in &resolve.worlds[world].exports {
        let WorldItem::Interface { id, .. } = item else {
            continue;
        };
        let interface = resolve.name_world_key(key);
        for function in resolve.interfaces[*id].functions.values() {
            let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
            let body = bodies.iter().find(|(name, _)| *name == function.name);
            let body = body.map_or("unreachable", |(_, body)| body);
            text.push_str(&format!(
                "(func (export \"{interface}#{}\") {} {} {body})\n",
                function.name,
                types("param", &signature.params),
                types("result", &signature.results),
            ));
        }
    }
    text.push_str(")\n");
    let mut module = wat::parse_str(&text).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    ComponentEncoder::default()
        .module(&module)
        .unwrap()
        .validate(true)
        .encode()
        .unwrap()
}

fn types(kind: &str, types: &[WasmType]) -> String {
    let names: Vec<&str> = types
        .iter()
        .map(|of| match of {
            WasmType::I64 | WasmType::PointerOrI64 => "i64",
            WasmType::F32 => "f32",
            WasmType::F64 => "f64",
            _ => "i32",
        })
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("({kind} {})", names.join(" "))
    }
}

/// One call at a time; what was compiled is kept between tests.
pub(crate) fn sandbox() -> Sandbox {
    let cache = Some(std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiled"));
    Sandbox::new(SandboxConfig {
        cache,
        concurrent_calls: 1,
        ..SandboxConfig::default()
    })
    .unwrap()
}

pub(crate) async fn load(sandbox: &Sandbox, parts: &str, describe: &str) -> Plugin {
    sandbox.load(&component(parts, describe)).await.unwrap()
}

/// A context whose ports refuse everything.
pub(crate) fn context() -> HostContext {
    let nothing = Arc::new(Nothing);
    let tenant = TenantId::new("acme").unwrap();
    HostContext::new(
        tenant,
        nothing.clone(),
        nothing.clone(),
        nothing.clone(),
        nothing,
    )
}

/// A loaded plugin of the same sandbox works.
pub(crate) async fn next_call_works(sandbox: &Sandbox) {
    let good = sandbox.load(rollcall::sandbox::BUNDLED).await.unwrap();
    good.hooks(context()).describe().await.unwrap();
}

pub(crate) struct Nothing;

fn refused<T>() -> Outcome<T> {
    Err(Problem::new("port-refused", "the port refused", "nothing"))
}

#[async_trait]
impl Directory for Nothing {
    async fn open(&self, _: &TenantId, _: Connection) -> Result<OpenSession, OpenFailure> {
        Ok(Box::new(Self))
    }
}

#[async_trait]
impl Session for Nothing {
    fn stages(&self) -> Vec<Stage> {
        Vec::new()
    }
    fn server(&self) -> ServerIdentity {
        unreachable!("no test asks")
    }
    async fn search(&mut self, _: SearchRequest) -> Outcome<OpenCursor> {
        refused()
    }
    async fn changes(&mut self, _: ChangeRequest) -> Outcome<OpenChanges> {
        refused()
    }
}

#[async_trait]
impl State for Nothing {
    /// Keys of one byte are waited for without end.
    async fn get(&self, _: &TenantId, key: &str) -> Outcome<Versioned> {
        if key.len() == 1 {
            std::future::pending().await
        } else {
            refused()
        }
    }
    async fn keys(&self, _: &TenantId, _: &str) -> Outcome<Vec<String>> {
        refused()
    }
    async fn commit(&self, _: &TenantId, _: &[Operation]) -> Outcome<()> {
        refused()
    }
    async fn clear(&self, _: &TenantId) -> Outcome<u64> {
        refused()
    }
}

#[async_trait]
impl Portal for Nothing {
    async fn fields(&self, _: &TenantId) -> Outcome<Vec<Field>> {
        refused()
    }
    async fn roles(&self, _: &TenantId) -> Outcome<Vec<Role>> {
        refused()
    }
    async fn licence(&self, _: &TenantId) -> Outcome<LicenceState> {
        refused()
    }
    async fn count(&self, _: &TenantId) -> Outcome<u64> {
        refused()
    }
    async fn brought(&self, _: &TenantId) -> Outcome<Brought> {
        refused()
    }
    async fn index(&self, _: &TenantId, _: &str, _: u32) -> Outcome<PeopleIndex> {
        refused()
    }
    /// Whoever has an id of one byte is there, and whoever has one of two has more values than a plugin may be given.
    async fn index_of(&self, _: &TenantId, _: &[String]) -> Outcome<PeopleIndex> {
        refused()
    }
    async fn naming(&self, _: &TenantId, _: &str, _: &[String]) -> Outcome<Vec<String>> {
        refused()
    }
    async fn pending(&self, _: &TenantId, _: &str, _: u32) -> Outcome<Vec<String>> {
        refused()
    }
    async fn people(&self, _: &TenantId, ids: &[String]) -> Outcome<Vec<Person>> {
        let id = ids.first().cloned().unwrap_or_default();
        let value = match id.len() {
            1 => "a value".to_owned(),
            2 => "x".repeat(65 << 20),
            _ => {
                let message = format!("the port refused {} people", ids.len());
                return Err(Problem::new("port-refused", message, "nothing"));
            }
        };
        Ok(vec![Person {
            external_id: id,
            id: String::new(),
            dn: String::new(),
            status: Status::Active,
            deactivated_by_sync: false,
            role: String::new(),
            source_hash: Vec::new(),
            changed_in_portal: Vec::new(),
            values: vec![FieldValue {
                field: "photo".to_owned(),
                value,
            }],
        }])
    }
    async fn people_with_ids(&self, tenant: &TenantId, ids: &[String]) -> Outcome<Vec<Person>> {
        self.people(tenant, ids).await
    }
    async fn holders(&self, _: &TenantId, _: &str, _: &[String]) -> Outcome<Vec<Holder>> {
        refused()
    }
}

#[async_trait]
impl History for Nothing {
    async fn failures(
        &self,
        _: &TenantId,
        _: Option<&str>,
        _: u64,
        _: u32,
    ) -> Outcome<Vec<history::Failure>> {
        refused()
    }
    async fn count_failures(&self, _: &TenantId, _: Option<&str>) -> Outcome<u64> {
        refused()
    }
    async fn open_causes(&self, _: &TenantId) -> Outcome<Vec<history::Cause>> {
        refused()
    }
    async fn causes(&self, _: &TenantId, _: RunId) -> Outcome<Vec<history::Cause>> {
        refused()
    }
    async fn open_unsynced(&self, _: &TenantId, _: u64, _: u32) -> Outcome<Vec<UnsyncedRow>> {
        refused()
    }
    async fn days(&self, _: &TenantId) -> Outcome<u32> {
        refused()
    }
    async fn keep_days(&self, _: &TenantId, _: u32) -> Outcome<()> {
        refused()
    }
    async fn prunable(&self, _: i64) -> Outcome<Vec<TenantId>> {
        refused()
    }
    async fn prune(&self, _: &TenantId, _: i64, _: u32) -> Outcome<history::Pruned> {
        refused()
    }
}

#[async_trait]
impl Plans for Nothing {
    async fn begin(&self, _: &TenantId, _: Begin) -> Outcome<RunId> {
        refused()
    }
    async fn record(&self, _: &TenantId, _: RunId, _: Vec<Row>) -> Outcome<()> {
        refused()
    }
    async fn reject(&self, _: &TenantId, _: RunId, _: Vec<Rejection>) -> Outcome<()> {
        refused()
    }
    async fn link(&self, _: &TenantId, _: RunId, _: Vec<Link>) -> Outcome<()> {
        refused()
    }
    async fn note_absent(&self, _: &TenantId, _: RunId, _: Vec<Absence>) -> Outcome<()> {
        refused()
    }
    async fn finish(
        &self,
        _: &TenantId,
        _: RunId,
        _: Summary,
        _: Proof,
        _: Vec<u8>,
    ) -> Outcome<String> {
        refused()
    }
    async fn end(&self, _: &TenantId, _: RunId, _: RunStatus, _: Option<Problem>) -> Outcome<()> {
        refused()
    }
    async fn approve(&self, _: &TenantId, _: RunId, _: &str) -> Outcome<()> {
        refused()
    }
    async fn apply(&self, _: &TenantId, _: RunId, _: u32) -> Outcome<Applied> {
        refused()
    }
    async fn changed_status_since(
        &self,
        _: &TenantId,
        _: RunId,
        _: &[String],
    ) -> Outcome<Vec<String>> {
        Ok(Vec::new())
    }

    async fn unfinished(&self, _: &TenantId) -> Outcome<Option<RunId>> {
        refused()
    }
    async fn run(&self, _: &TenantId, _: RunId) -> Outcome<Run> {
        refused()
    }
    async fn runs(&self, _: &TenantId, _: &RunQuery, _: u32) -> Outcome<Vec<Run>> {
        refused()
    }
    async fn figures(&self, _: &TenantId, _: i64, _: u32) -> Outcome<Vec<Figures>> {
        refused()
    }
    async fn reasons(&self, _: &TenantId, _: RunId) -> Outcome<Vec<String>> {
        refused()
    }
    async fn rows(
        &self,
        _: &TenantId,
        _: RunId,
        _: &RowQuery,
        _: u64,
        _: u32,
    ) -> Outcome<Vec<StoredRow>> {
        refused()
    }
    async fn unsynced(&self, _: &TenantId, _: RunId, _: u64, _: u32) -> Outcome<Vec<UnsyncedRow>> {
        refused()
    }
    async fn checkpoint(&self, _: &TenantId) -> Outcome<Vec<u8>> {
        refused()
    }
}
