//! What is no plugin is refused when it is loaded, and says why.

use rollcall::Problem;

use crate::support::{next_call_works, sandbox};

async fn refusal(bytes: &[u8]) -> Problem {
    let sandbox = sandbox();
    let problem = sandbox.load(bytes).await.unwrap_err();
    next_call_works(&sandbox).await;
    problem
}

#[tokio::test]
async fn files_sockets_http_and_other_clocks_are_refused_by_name() {
    for interface in [
        "wasi:filesystem/types@0.2.6",
        "wasi:sockets/tcp@0.2.6",
        "wasi:http/outgoing-handler@0.2.6",
        "wasi:random/random@0.2.6",
        "wasi:clocks/monotonic-clock@0.2.6",
    ] {
        let text = format!("(component (import \"{interface}\" (instance)))");
        let problem = refusal(&wat::parse_str(text).unwrap()).await;
        assert_eq!(problem.code, "import-refused");
        assert!(problem.message.contains(interface), "{}", problem.message);
    }
}

#[tokio::test]
async fn another_major_version_of_the_contract_is_refused_by_name() {
    let text = r#"(component
        (import "marketplace:directory-sync/portal@7.0.0" (instance (export "count" (func (result u64))))))"#;
    let problem = refusal(&wat::parse_str(text).unwrap()).await;
    assert_eq!(problem.code, "import-refused");
    assert!(
        problem.message.contains("portal@7.0.0"),
        "{}",
        problem.message
    );
}

#[tokio::test]
async fn a_component_without_hooks_is_refused() {
    let problem = refusal(&wat::parse_str("(component)").unwrap()).await;
    assert_eq!(problem.code, "export-missing");
    assert!(
        problem
            .message
            .contains("marketplace:directory-sync/lifecycle"),
        "{}",
        problem.message
    );
}

#[tokio::test]
async fn a_core_module_is_refused() {
    let problem = refusal(&wat::parse_str("(module)").unwrap()).await;
    assert_eq!(problem.code, "not-a-component");
    assert!(
        problem.message.contains("core WebAssembly module"),
        "{}",
        problem.message
    );
}

#[tokio::test]
async fn other_bytes_and_broken_components_are_refused() {
    let component = wat::parse_str("(component (import \"a\" (func)))").unwrap();
    for bytes in [
        &b"PK\x03\x04"[..],
        b"",
        &component[..component.len() - 1],
        b"\0asm\x0d\0\x01\0\xff\xff",
    ] {
        assert_eq!(refusal(bytes).await.code, "not-a-component");
    }
}

#[tokio::test]
async fn a_component_that_is_too_large_is_refused_unread() {
    assert_eq!(
        refusal(&vec![0; (32 << 20) + 1]).await.code,
        "component-too-large"
    );
}
