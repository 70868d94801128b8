//! The plugin that comes with the host.

/// The bundled component's bytes, as the build script made them.
pub const BUNDLED: &[u8] = include_bytes!(env!("ROLLCALL_BUNDLED_COMPONENT"));
