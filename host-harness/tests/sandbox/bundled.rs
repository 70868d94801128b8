//! The bundled plugin in the sandbox.

use std::path::Path;

use rollcall::sandbox::{BUNDLED, Sandbox, SandboxConfig};

fn with_cache(cache: &Path) -> Sandbox {
    Sandbox::new(SandboxConfig {
        cache: Some(cache.to_owned()),
        ..SandboxConfig::default()
    })
    .unwrap()
}

fn files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { files(&path) } else { 1 })
        .sum()
}

#[tokio::test]
async fn the_bundled_plugin_loads_and_describes_itself() {
    let sandbox = Sandbox::new(SandboxConfig::default()).unwrap();
    let plugin = sandbox.load(BUNDLED).await.unwrap();
    assert_eq!(plugin.digest().len(), 64);
    assert_eq!(plugin.size(), BUNDLED.len());
    let description = plugin.describe().await.unwrap();
    assert!(description.form.iter().any(|field| field.key == "base-dn"));
}

#[tokio::test]
async fn what_was_compiled_is_kept_and_used_again() {
    let directory = tempfile::tempdir().unwrap();
    with_cache(directory.path()).load(BUNDLED).await.unwrap();
    let kept = files(directory.path());
    assert!(kept > 0);
    with_cache(directory.path())
        .load(BUNDLED)
        .await
        .unwrap()
        .describe()
        .await
        .unwrap();
    assert_eq!(files(directory.path()), kept);
}

#[tokio::test]
async fn a_cache_directory_that_cannot_be_used_is_done_without() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let sandbox = with_cache(&file.path().join("below-a-file"));
    sandbox
        .load(BUNDLED)
        .await
        .unwrap()
        .describe()
        .await
        .unwrap();
}
