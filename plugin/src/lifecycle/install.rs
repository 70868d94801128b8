//! The `install` hook.

use serde::{Deserialize, Serialize};

use crate::ports::Host;
use crate::ports::services::Operation;
use crate::problem::Problem;

use super::answer::{Answer, one};

/// The key of `state` that says that the plugin is installed, and which version did it.
pub const KEY: &str = "installation";

#[derive(Serialize, Deserialize)]
struct Installation {
    version: String,
    /// Unix seconds.
    at: u64,
}

/// Prepares the tenant's state. A second call changes nothing.
///
/// # Errors
/// What the host says about `state`.
pub fn install(host: &impl Host) -> Answer<()> {
    if host.state().get(KEY).version != 0 {
        return Ok(());
    }
    let installation = Installation {
        version: env!("CARGO_PKG_VERSION").into(),
        at: host.clock().now(),
    };
    let value = serde_json::to_vec(&installation).map_err(|error| {
        one(Problem::new(
            "state-damaged",
            format!("the state can't be written: {error}"),
            "Report this.",
        ))
    })?;
    let operation = Operation {
        key: KEY.into(),
        expected: Some(0),
        value: Some(value),
    };
    host.state().commit(vec![operation]).map_err(one)
}
