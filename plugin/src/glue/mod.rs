//! The contract's bindings and the only code that knows them.

/// Generated.
#[expect(
    unsafe_code,
    unreachable_pub,
    reason = "generated"
)]
mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "directory-sync",
        ownership: Borrowing { duplicate_if_necessary: false },
        generate_all,
    });
}
