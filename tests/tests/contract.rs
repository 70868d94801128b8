//! The built component against the contract: it imports and exports what is listed, and nothing beyond the world.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;

use rollcall::sandbox::BUNDLED;
use wit_component::DecodedWasm;
use wit_parser::{Docs, PackageId, Resolve, TypeDefKind, WorldId};

/// A type whose cases are told by their names alone.
const SELF_EVIDENT: [&str; 1] = ["weekday"];

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

fn contract() -> (Resolve, PackageId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir("../wit").unwrap();
    (resolve, package)
}

fn world() -> BTreeSet<String> {
    let (resolve, package) = contract();
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

/// What a package declares without a comment of its own: worlds, interfaces, functions, types, fields and cases.
fn without_comment(resolve: &Resolve, package: PackageId) -> Vec<String> {
    let mut bare = Vec::new();
    let mut see = |name: String, docs: &Docs| {
        let told = docs
            .contents
            .as_deref()
            .is_some_and(|text| !text.trim().is_empty());
        if !told {
            bare.push(name);
        }
    };
    let package = &resolve.packages[package];
    for (name, world) in &package.worlds {
        see(name.clone(), &resolve.worlds[*world].docs);
    }
    for (name, interface) in &package.interfaces {
        let interface = &resolve.interfaces[*interface];
        see(name.clone(), &interface.docs);
        for (function, declared) in &interface.functions {
            see(format!("{name}.{function}"), &declared.docs);
        }
        for (type_name, declared) in &interface.types {
            let declared = &resolve.types[*declared];
            // A `use` gives a name to what is documented where it stands.
            if matches!(declared.kind, TypeDefKind::Type(_)) {
                continue;
            }
            let path = format!("{name}.{type_name}");
            see(path.clone(), &declared.docs);
            let parts: Vec<(&str, &Docs)> = match &declared.kind {
                TypeDefKind::Record(of) => of.fields.iter().map(|f| (&*f.name, &f.docs)).collect(),
                TypeDefKind::Variant(of) => of.cases.iter().map(|c| (&*c.name, &c.docs)).collect(),
                TypeDefKind::Enum(of) => of.cases.iter().map(|c| (&*c.name, &c.docs)).collect(),
                TypeDefKind::Flags(of) => of.flags.iter().map(|f| (&*f.name, &f.docs)).collect(),
                _ => Vec::new(),
            };
            if !SELF_EVIDENT.contains(&type_name.as_str()) {
                for (part, docs) in parts {
                    see(format!("{path}.{part}"), docs);
                }
            }
        }
    }
    bare
}

#[test]
fn everything_in_the_contract_is_documented_in_place() {
    let (resolve, package) = contract();
    assert_eq!(without_comment(&resolve, package), [""; 0]);
}

#[test]
fn what_has_no_comment_is_found() {
    let mut resolve = Resolve::default();
    let text = "package a:b;\n/// Told.\ninterface i {\n
        record r {\n/// Told.\none: u8,\ntwo: u8 }\n
        /// Told.\nvariant v { case }\n/// Told.\nresource s { act: func(); }\nf: func();\n}\nworld w {}";
    let package = resolve.push_str("a.wit", text).unwrap();
    assert_eq!(
        without_comment(&resolve, package),
        ["w", "i.[method]s.act", "i.f", "i.r", "i.r.two", "i.v.case"]
    );
}
