//! The bundled plugin in the sandbox.

use std::time::Instant;

use rollcall::sandbox::{BUNDLED, Sandbox, SandboxConfig};

#[tokio::test]
async fn the_bundled_plugin_loads_and_describes_itself() {
    let sandbox = Sandbox::new(SandboxConfig::default()).unwrap();
    let plugin = sandbox.load(BUNDLED).await.unwrap();
    assert_eq!(plugin.digest().len(), 64);
    println!(
        "{} bytes\n{:#?}\n{:#?}",
        plugin.size(),
        plugin.imports(),
        plugin.exports()
    );
    let since = Instant::now();
    let description = plugin.describe().await.unwrap();
    println!("{:?} {}", since.elapsed(), description.name);
    assert!(!description.form.is_empty());
}
