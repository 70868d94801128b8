//! The sandbox, from outside: plugins good and hostile, each call ending as documented and nothing else.

#![expect(clippy::unwrap_used, reason = "tests")]

mod bundled;
mod cancelled;
mod hostile;
mod older;
mod ports;
mod refused;
mod staged;
mod steps;
mod support;
mod surroundings;
