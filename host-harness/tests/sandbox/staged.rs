//! Stages that a plugin tells while it verifies: heard one by one, and no more of them than can be shown.

use std::sync::{Arc, Mutex};

use rollcall::contract::types::Stage;

use crate::support::{component_of, context, next_call_works, sandbox};

const STAGED: &str = r#"(import "marketplace:directory-sync/progress@0.1.0" "staged"
    (func $staged (param i32 i32 i32 i32 i32 i32 i32)))
    (data (i32.const 50000) "base")"#;

/// What was heard of a plugin whose `verify` does this, and the code with which it ended.
async fn heard(verify: &str) -> (Vec<Stage>, String) {
    let sandbox = sandbox();
    let component = component_of(STAGED, &[("verify", verify)]);
    let plugin = sandbox.load(&component).await.unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let mut context = context();
    let hears = Arc::clone(&heard);
    context.stages = Arc::new(move |stage| hears.lock().unwrap().push(stage));
    let ended = plugin.hooks(context).verify(Vec::new()).await;
    next_call_works(&sandbox).await;
    let code = ended.map_or_else(|problems| problems[0].code.clone(), |_| String::new());
    let heard = heard.lock().unwrap().clone();
    (heard, code)
}

#[tokio::test]
async fn stages_are_heard_in_the_order_told() {
    let tell = |length: u32, verdict: u32| {
        format!(
            "(call $staged (i32.const 50000) (i32.const {length}) (i32.const {verdict})
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))"
        )
    };
    // Memory of zeros is a report of nothing.
    let verify = format!("{} {} (i32.const 32768)", tell(4, 0), tell(2, 2));
    let (heard, code) = heard(&verify).await;
    assert_eq!(code, "");
    let names: Vec<_> = heard.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names, ["base", "ba"]);
    assert_ne!(heard[0].verdict, heard[1].verdict);
}

#[tokio::test]
async fn a_million_stages_are_cut_to_what_can_be_shown() {
    // Each with a name of 9,000 characters and 500 facts of nothing.
    let verify = "(local $left i32) (local.set $left (i32.const 1000000))
        (loop $again
            (call $staged (i32.const 0) (i32.const 9000) (i32.const 0)
                (i32.const 0) (i32.const 500) (i32.const 0) (i32.const 0))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (i32.const 32768)";
    let (heard, code) = heard(verify).await;
    // The calls to the host are counted as all others are.
    assert_eq!(code, "plugin-hostcalls");
    assert_eq!(heard.len(), 64);
    for stage in &heard {
        assert!(stage.name.len() < 1000, "{}", stage.name.len());
        assert_eq!(stage.evidence.len(), 64);
    }
}
