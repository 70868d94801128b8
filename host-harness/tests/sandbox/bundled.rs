//! The bundled plugin in the sandbox.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rollcall::sandbox::{BUNDLED, Sandbox, SandboxConfig};

fn with_cache(cache: &Path) -> Sandbox {
    Sandbox::new(SandboxConfig {
        cache: Some(cache.to_owned()),
        ..SandboxConfig::default()
    })
    .unwrap()
}

/// The compiled components in a cache, and when each was written. The cache writes its statistics beside them
/// (`.stats`, `.wip-…`) whenever it finds time.
fn compiled(directory: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut compiled(&path));
        } else if path.extension().is_none() {
            let written = path.metadata().unwrap().modified().unwrap();
            found.insert(path, written);
        }
    }
    found
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
    let kept = compiled(directory.path());
    assert_eq!(kept.len(), 1);
    with_cache(directory.path())
        .load(BUNDLED)
        .await
        .unwrap()
        .describe()
        .await
        .unwrap();
    assert_eq!(compiled(directory.path()), kept);
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
