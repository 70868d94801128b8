//! API tokens: made here, shown once.

use std::fmt::Write as _;

use chrono::Utc;
use sha2::{Digest as _, Sha256};

use crate::Problem;
use crate::ports::Outcome;
use crate::ports::access::{Access, Rank, Reach, Token};

/// What every secret begins with, so that it is known for one where it lies about.
const MARK: &str = "rollcall_";
/// The longest time for which one is good.
const LONGEST_DAYS: u32 = 366;
const LONGEST_NAME: usize = 100;

/// Makes a token, and gives it with its secret, of which only a hash is kept.
///
/// # Errors
/// `bad-token` where it has no name or is good for no time or for more than a year.
pub async fn make(
    access: &dyn Access,
    name: &str,
    rank: Rank,
    reach: Reach,
    days: u32,
) -> Outcome<(Token, String)> {
    let name = name.trim();
    if name.is_empty() || name.len() > LONGEST_NAME || !(1..=LONGEST_DAYS).contains(&days) {
        return Err(Problem::new(
            "bad-token",
            "A token needs a name of at most 100 bytes, and is good for 1 to 366 days",
            "Say who uses it, and for how long.",
        ));
    }
    let now = Utc::now().timestamp_millis();
    let mut token = Token {
        id: 0,
        name: name.to_owned(),
        rank,
        reach,
        created_at: now,
        expires_at: now + i64::from(days) * 24 * 60 * 60 * 1000,
    };
    let secret = secret(MARK);
    token.id = access.add_token(&token, &hash(&secret)).await?;
    Ok((token, secret))
}

/// What is kept of a secret. It has 244 random bits: there is nothing to guess, so a fast hash will do.
#[must_use]
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Two random UUIDs behind a mark: 244 bits of the system's generator.
pub(crate) fn secret(mark: &str) -> String {
    let mut secret = String::from(mark);
    for _ in 0..2 {
        // Writing into a text cannot fail.
        let _ = write!(secret, "{}", uuid::Uuid::new_v4().simple());
    }
    secret
}
