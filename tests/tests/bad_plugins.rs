//! Components that are none, want too much, or misbehave, through the command line: refused at install with their own code, message
//! and remedy, with nothing left of the attempt, and the next call works.
#![expect(clippy::unwrap_used, reason = "tests")]

use rollcall_tests::component;
use rollcall_tests::refusal::refusal;
use rollcall_tests::tenancy::{Tenancy, sound};

/// The exit code of `rollcall --help`.
const PLUGIN: i32 = 7;
const REFUSED: i32 = 3;

/// Refused at install by code and what the message names; nothing is left of it, and the next install works.
fn not_installed(cases: &[(&str, Vec<u8>, &str, &str)]) {
    let tenancy = Tenancy::synced(sound(12)).unwrap();
    let on = &tenancy.rollcall;
    for (name, bytes, code, named) in cases {
        let path = on.data().join(format!("{name}.wasm"));
        std::fs::write(&path, bytes).unwrap();
        let argument = format!("--plugin={}", path.display());
        let arguments = ["install", "globex", &argument, "--allow-loopback"];
        let answer = refusal(on, &arguments, code, PLUGIN).unwrap();
        let message = answer.document["problems"][0]["message"].as_str().unwrap();
        assert!(message.contains(named), "{name}: {message}");
        refusal(on, &["runs", "globex"], "not-installed", REFUSED).unwrap();
        // The other tenant is none the worse.
        tenancy.sync(0).unwrap();
    }
    on.expect(0, &["install", "globex"]).unwrap();
}

#[test]
fn what_is_no_plugin_is_not_installed() {
    let cut = component::describing("unreachable").unwrap();
    not_installed(&[
        ("text", b"hello".to_vec(), "not-a-component", ""),
        ("empty", Vec::new(), "not-a-component", ""),
        (
            "core",
            component::core_module().unwrap(),
            "not-a-component",
            "core WebAssembly module",
        ),
        ("cut", cut[..cut.len() - 1].to_vec(), "not-a-component", ""),
        ("large", vec![0; (32 << 20) + 1], "component-too-large", ""),
    ]);
}

#[test]
fn a_component_that_asks_for_more_than_the_contract_is_not_installed() {
    let cases = [
        ("files", "wasi:filesystem/types@0.2.6"),
        ("sockets", "wasi:sockets/tcp@0.2.6"),
        ("http", "wasi:http/outgoing-handler@0.2.6"),
        ("unknown", "acme:secrets/vault@1.0.0"),
        ("newer", "marketplace:directory-sync/ldap@7.0.0"),
    ]
    .map(|(name, interface)| {
        let bytes = component::importing(interface).unwrap();
        (name, bytes, "import-refused", interface)
    });
    not_installed(&cases);
}

#[test]
fn an_endless_loop_ends_the_call_and_nothing_else() {
    let bytes = component::describing("(loop $again (br $again)) unreachable").unwrap();
    not_installed(&[("loop", bytes, "plugin-deadline", "")]);
}

#[test]
fn a_plugin_that_traps_or_wants_all_memory_ends_the_call_and_nothing_else() {
    let grow = "(loop $again (drop (memory.grow (i32.const 256))) (br $again)) unreachable";
    not_installed(&[
        (
            "trap",
            component::describing("unreachable").unwrap(),
            "plugin-trap",
            "unreachable",
        ),
        (
            "outside",
            component::describing("(i32.const -4)").unwrap(),
            "plugin-trap",
            "",
        ),
        (
            "memory",
            component::describing(grow).unwrap(),
            "plugin-memory",
            "",
        ),
    ]);
}
