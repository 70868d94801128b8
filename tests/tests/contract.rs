//! The built component against the contract: it imports and exports what is listed, and nothing beyond the world.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;

use rollcall::sandbox::BUNDLED;
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldId};

/// What a component or a world imports and exports, a line each, sorted. WASI's versions are the tool chain's and
/// are left out.
fn interfaces(resolve: &Resolve, world: WorldId) -> BTreeSet<String> {
    let world = &resolve.worlds[world];
    let imports = world.imports.keys().map(|key| ("import", key));
    let exports = world.exports.keys().map(|key| ("export", key));
    imports
        .chain(exports)
        .map(|(way, key)| {
            let name = resolve.name_world_key(key);
            let name = if name.starts_with("wasi:") {
                name.split('@').next().unwrap()
            } else {
                &name
            };
            format!("{way} {name}")
        })
        .collect()
}

fn component() -> BTreeSet<String> {
    match wit_component::decode(BUNDLED).unwrap() {
        DecodedWasm::Component(resolve, world) => interfaces(&resolve, world),
        DecodedWasm::WitPackage(..) => {
            panic!("the bundled plugin is a WIT package, not a component")
        }
    }
}

fn world() -> BTreeSet<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir("../wit").unwrap();
    let world = resolve
        .select_world(&[package], Some("directory-sync"))
        .unwrap();
    interfaces(&resolve, world)
}

#[test]
fn the_component_has_exactly_the_interfaces_that_are_listed() {
    let listed: BTreeSet<String> = include_str!("component-interfaces.txt")
        .lines()
        .map(str::to_owned)
        .collect();
    let built = component();
    let more: Vec<_> = built.difference(&listed).collect();
    let fewer: Vec<_> = listed.difference(&built).collect();
    assert!(
        more.is_empty() && fewer.is_empty(),
        "not listed in tests/tests/component-interfaces.txt: {more:#?}; listed and not in the component: {fewer:#?}"
    );
}

#[test]
fn beyond_the_world_the_component_imports_only_what_the_standard_library_brings() {
    for interface in component().difference(&world()) {
        let standard = ["import wasi:cli/", "import wasi:io/"]
            .iter()
            .any(|of| interface.starts_with(of));
        assert!(
            standard,
            "{interface} is neither in the world nor the standard library's"
        );
    }
}

#[test]
fn the_component_exports_every_hook_of_the_world() {
    let component = component();
    for export in world().iter().filter(|line| line.starts_with("export ")) {
        assert!(component.contains(export), "{export} is missing");
    }
}
