//! A loaded plugin, and what its component says of itself.

use std::fmt;
use std::sync::Arc;

use wasmtime::component::Component;

use super::engine::Shared;
use super::guest::{Guest, Purpose};
use super::hooks::{Answer, Hooks};
use super::people::People;
use super::{CallLimits, HostContext, call, interfaces};
use crate::Problem;
use crate::contract::{DirectorySyncPre, hooks::lifecycle::Description};

/// A component that was checked, compiled and linked. Clones share it.
#[derive(Clone)]
pub struct Plugin(Arc<Loaded>);

/// What a plugin's clones share.
pub(super) struct Loaded {
    pub(super) digest: String,
    pub(super) shared: Arc<Shared>,
    pub(super) ready: DirectorySyncPre<Guest>,
    /// None: the component was made before there was such a hook.
    pub(super) people: Option<People>,
    size: usize,
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Plugin {
    pub(super) fn new(loaded: Arc<Loaded>) -> Self {
        Self(loaded)
    }

    /// Lower-case hexadecimal SHA-256 of the component.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The component's bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// The interfaces that it imports, with versions, in its own order.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        &self.0.imports
    }

    /// The interfaces that it exports, with versions, in its own order.
    #[must_use]
    pub fn exports(&self) -> &[String] {
        &self.0.exports
    }

    /// What the plugin says of itself: name, version, settings form. No tenant is needed: a plugin that calls an import
    /// here is stopped.
    ///
    /// # Errors
    /// The sandbox's own codes (see [`super`]).
    pub async fn describe(&self) -> Answer<Description> {
        call::once(
            &self.0,
            None,
            CallLimits::default(),
            Purpose::Other,
            async |plugin, store| {
                plugin
                    .marketplace_directory_sync_lifecycle()
                    .call_describe(store)
                    .await
            },
        )
        .await
        .map_err(|failure| vec![failure.into()])
    }

    /// The plugin's hooks for one tenant.
    #[must_use]
    pub fn hooks(&self, mut context: HostContext) -> Hooks {
        self.digest().clone_into(&mut context.plugin);
        Hooks::new(Arc::clone(&self.0), context)
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("digest", &self.0.digest)
            .field("size", &self.0.size)
            .finish_non_exhaustive()
    }
}

impl Loaded {
    /// Checks, compiles and links. Takes its time.
    pub(super) fn new(shared: Arc<Shared>, digest: String, bytes: &[u8]) -> Result<Self, Problem> {
        check_header(bytes)?;
        let component = Component::from_binary(&shared.engine, bytes)
            .map_err(|error| not_a_component(&format!("it does not validate: {:#}", error)))?;
        let (imports, exports) = names(&component, &shared);
        interfaces::check_imports(&imports)?;
        let linked = shared
            .linker
            .instantiate_pre(&component)
            .map_err(|error| interfaces::import_refused(&format!("{error:#}")))?;
        interfaces::check_exports(&exports)?;
        let people = People::of(&component, &exports)?;
        let ready = DirectorySyncPre::new(linked)
            .map_err(|error| interfaces::export_missing(&format!("{error:#}")))?;
        Ok(Self {
            digest,
            ready,
            people,
            size: bytes.len(),
            imports,
            exports,
            shared,
        })
    }
}

fn names(component: &Component, shared: &Shared) -> (Vec<String>, Vec<String>) {
    let component = component.component_type();
    let imports = component
        .imports(&shared.engine)
        .map(|(name, _)| name.to_owned())
        .collect();
    let exports = component
        .exports(&shared.engine)
        .map(|(name, _)| name.to_owned())
        .collect();
    (imports, exports)
}

/// Tells apart what people are likely to hand over by mistake, before the compiler sees it.
fn check_header(bytes: &[u8]) -> Result<(), Problem> {
    match bytes {
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', _, _, 0, 0, ..] => Err(not_a_component(
            "it is a core WebAssembly module, which has no interfaces",
        )),
        [] => Err(not_a_component("it is empty")),
        _ => Err(not_a_component("it is no WebAssembly at all")),
    }
}

fn not_a_component(why: &str) -> Problem {
    Problem::new(
        "not-a-component",
        format!("the file is no WebAssembly component: {why}"),
        "Give the .wasm file that the target wasm32-wasip2 produces.",
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_components_header_is_accepted() {
        check_header(b"\0asm\x0d\0\x01\0rest").unwrap();
    }

    #[test]
    fn modules_text_and_nothing_are_told_apart() {
        let of = |bytes| check_header(bytes).unwrap_err().message;
        assert!(of(b"\0asm\x01\0\0\0").contains("core WebAssembly module"));
        assert!(of(b"(component)").contains("no WebAssembly at all"));
        assert!(of(b"").contains("empty"));
    }
}
