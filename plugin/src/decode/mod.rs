//! Decoders from raw attribute values. Values are bytes until one of these reads them; nothing is
//! replaced or guessed.
//!
//! - [`error`](DecodeError): what can be wrong with a value
//! - `text`: strict UTF-8, and printable forms for people
//! - `uuid`: UUIDs from text and from bytes, with `objectGUID`'s mixed byte order
//! - `time`: generalized time and Windows file time
//! - `scalar`: booleans and integers
//! - `base64`: bytes as text

mod base64;
mod error;
mod scalar;
mod text;
mod time;
mod uuid;

pub use base64::base64;
pub use error::DecodeError;
pub use scalar::{boolean, integer};
pub use text::{exact, is_blank, printable, utf8};
pub use time::{file_time, file_time_of, generalized_time, rfc3339};
pub use uuid::{guid, guid_bytes, uuid, uuid_from_bytes, uuid_to_bytes};
