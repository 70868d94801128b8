//! The contract's types and traits, generated from `wit/`.
//!
//! The records are plain Rust structures; the rest of the host uses them as its vocabulary (a page,
//! a row, a problem), so that there is one definition of each. Only [`crate::sandbox`] uses the
//! generated traits and linker functions.

/// The generated bindings.
#[expect(missing_docs, reason = "generated from documented WIT")]
mod generated {
    wasmtime::component::bindgen!({
        path: "../wit",
        // Without what came later: a plugin of an earlier version lacks that.
        inline: "
            package rollcall:host;
            world directory-sync { include marketplace:directory-sync/required@0.1.0; }
        ",
        world: "rollcall:host/directory-sync",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "marketplace:directory-sync/ldap.session": crate::ports::OpenSession,
            "marketplace:directory-sync/ldap.cursor": crate::ports::OpenCursor,
            "marketplace:directory-sync/ldap.changes": crate::ports::OpenChanges,
        },
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    });
}

pub mod people;

pub use generated::exports::marketplace::directory_sync as hooks;
pub use generated::marketplace::directory_sync::{ldap, log, plan, portal, progress, state, types};
pub use generated::wasi::clocks::wall_clock;
pub use generated::{DirectorySync, DirectorySyncPre};
