//! Components of a few lines of WebAssembly text, to be installed where they do not belong.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, WorldItem};

use crate::tenancy::Trouble;

/// A component of nothing but an import of an interface, from which it wants one function.
///
/// # Errors
/// Where the name is none.
pub fn importing(interface: &str) -> Result<Vec<u8>, Trouble> {
    let text = format!(
        "(component (import \"{interface}\" (instance (export \"ask\" (func (result u64))))))"
    );
    Ok(wat::parse_str(text)?)
}

/// A component that is nothing.
///
/// # Errors
/// None that could be.
pub fn empty() -> Result<Vec<u8>, Trouble> {
    Ok(wat::parse_str("(component)")?)
}

/// A core module, which is no component.
///
/// # Errors
/// None that could be.
pub fn core_module() -> Result<Vec<u8>, Trouble> {
    Ok(wat::parse_str("(module)")?)
}

/// A plugin with every hook of the contract. All trap but `describe`, which does this.
///
/// # Errors
/// Where this is no WebAssembly.
pub fn describing(body: &str) -> Result<Vec<u8>, Trouble> {
    doing(&[("describe", body)])
}

/// A plugin that can be installed and uninstalled, and takes any settings for good ones. Everything else traps.
///
/// # Errors
/// None that could be.
pub fn lenient() -> Result<Vec<u8>, Trouble> {
    // Memory of zeros is a result without an error, empty texts and empty lists.
    let nothing = "(i32.const 32768)";
    // A description whose form has one field: `password`, a secret (the sixth kind).
    let described = "(i32.store (i32.const 39016) (i32.const 40000)) (i32.store (i32.const 39020) (i32.const 1))
        (i32.store (i32.const 40000) (i32.const 41000)) (i32.store (i32.const 40004) (i32.const 8))
        (i32.store8 (i32.const 40008) (i32.const 5))
        (i64.store (i32.const 41000) (i64.const 0x64726f7773736170))
        (i32.const 39000)";
    doing(&[
        ("describe", described),
        ("install", nothing),
        ("configuration", nothing),
        ("configure", nothing),
        ("uninstall", nothing),
    ])
}

/// A plugin that reads nothing of what another one keeps: it has no rules and no settings.
///
/// # Errors
/// None that could be.
pub fn forgetful() -> Result<Vec<u8>, Trouble> {
    let nothing = "(i32.const 32768)";
    doing(&[
        ("describe", nothing),
        ("configuration", nothing),
        ("current", nothing),
    ])
}

/// A plugin that can be installed, and logs a text as a warning whenever it is asked for the timetable.
///
/// # Errors
/// None that could be: the text has no quotes or backslashes.
pub fn talkative(text: &str) -> Result<Vec<u8>, Trouble> {
    let nothing = "(i32.const 32768)";
    let length = text.len();
    let parts = format!(
        "(import \"marketplace:directory-sync/log@0.1.0\" \"write\" (func $log (param i32 i32 i32)))
        (data (i32.const 45000) \"{text}\")"
    );
    let logging =
        format!("(call $log (i32.const 2) (i32.const 45000) (i32.const {length})) {nothing}");
    let bodies = [
        ("describe", nothing),
        ("install", nothing),
        ("current", &logging),
    ];
    doing_with(&parts, &bodies)
}

/// A plugin with every hook of the contract, of which some do this and all others trap.
fn doing(bodies: &[(&str, &str)]) -> Result<Vec<u8>, Trouble> {
    doing_with("", bodies)
}

/// The same, with imports and data.
fn doing_with(parts: &str, bodies: &[(&str, &str)]) -> Result<Vec<u8>, Trouble> {
    let mut resolve = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (package, _) = resolve.push_dir(wit)?;
    let world = resolve.select_world(&[package], Some("directory-sync"))?;
    let mut text = format!(
        "(module {parts} (memory (export \"memory\") 1)
        (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 1024))"
    );
    for (key, item) in &resolve.worlds[world].exports {
        let WorldItem::Interface { id, .. } = item else {
            continue;
        };
        let interface = resolve.name_world_key(key);
        for function in resolve.interfaces[*id].functions.values() {
            let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
            let body = bodies.iter().find(|(hook, _)| *hook == function.name);
            let does = body.map_or("unreachable", |(_, body)| body);
            text.push_str(&format!(
                "(func (export \"{interface}#{}\") {} {} {does})\n",
                function.name,
                declared("param", &signature.params),
                declared("result", &signature.results),
            ));
        }
    }
    text.push(')');
    let mut module = wat::parse_str(&text)?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)?;
    Ok(ComponentEncoder::default()
        .module(&module)?
        .validate(true)
        .encode()?)
}

fn declared(kind: &str, types: &[WasmType]) -> String {
    let name = |of: &WasmType| match of {
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
        _ => "i32",
    };
    types
        .iter()
        .map(|of| format!("({kind} {})", name(of)))
        .collect()
}
