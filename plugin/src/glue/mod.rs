//! The contract's bindings, and the only code that knows them.
//!
//! - [`convert`]: types that cross the border both ways
//! - [`directory`], [`portal`], [`plan`], [`services`]: the ports over the contract's imports
//! - [`host`]: all the ports in one value
//! - [`lifecycle`], [`mapping`], [`sync`], [`schedule`], [`unsynced`], [`explain`], [`people`]: the contract's exports,
//!   each of which only forwards
//! - [`nodes`]: filters in prefix order

/// Generated. What goes out is borrowed, so that rows are not copied before they cross.
#[expect(unsafe_code, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "directory-sync",
        ownership: Borrowing { duplicate_if_necessary: false },
        generate_all,
    });

    export!(Component with_types_in self);

    use super::host::Component;
}

mod convert;
mod directory;
mod explain;
mod host;
mod lifecycle;
mod mapping;
mod nodes;
mod people;
mod plan;
mod portal;
mod schedule;
mod services;
mod sync;
mod unsynced;
