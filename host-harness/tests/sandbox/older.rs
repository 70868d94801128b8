//! Plugins that were made before there were all hooks of today: they load and work, and what they lack is refused by name.

use crate::support::{component_of, context, older_component_of, sandbox};

const PEOPLE: &str = "marketplace:directory-sync/people";
/// Memory of zeros is a result without an error, of nothing.
const NOTHING: &str = "(i32.const 32768)";

#[tokio::test]
async fn what_an_older_plugin_lacks_is_refused_and_the_rest_works() {
    let bytes = older_component_of("", &[("describe", NOTHING)]);
    let plugin = sandbox().load(&bytes).await.unwrap();
    assert!(!plugin.exports().iter().any(|name| name.starts_with(PEOPLE)));
    let hooks = plugin.hooks(context());
    hooks.describe().await.unwrap();
    let found = hooks.find("anybody".into(), 20).await.unwrap_err();
    let counted = hooks.coverage(Vec::new()).await.unwrap_err();
    for problems in [found, counted] {
        assert_eq!(problems[0].code, "plugin-older");
        assert!(
            problems[0].message.contains(PEOPLE),
            "{}",
            problems[0].message
        );
    }
}

#[tokio::test]
async fn a_plugin_that_has_the_hooks_is_called_under_the_same_limits() {
    let again = "(loop $again (br $again)) unreachable";
    let bytes = component_of("", &[("find", NOTHING), ("cover", again)]);
    let plugin = sandbox().load(&bytes).await.unwrap();
    let mut context = context();
    context.limits.compute = std::time::Duration::from_millis(50);
    let hooks = plugin.hooks(context);
    assert_eq!(hooks.find("anybody".into(), 20).await.unwrap(), []);
    let endless = hooks.coverage(Vec::new()).await.unwrap_err();
    assert_eq!(endless[0].code, "plugin-deadline");
}
