//! API tokens: made here, shown once.

use std::fmt::Write as _;

use chrono::Utc;
use sha2::{Digest as _, Sha256};

use super::console::Actor;
use crate::Problem;
use crate::ports::Outcome;
use crate::ports::access::{Access, Deed, Rank, Reach, Token};

/// What every secret begins with, so that it is known for one where it lies about.
const MARK: &str = "rollcall_";
/// The longest time for which one is good.
const LONGEST_DAYS: u32 = 366;
const LONGEST_NAME: usize = 100;

/// A token as somebody wants it.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// Who uses it.
    pub name: &'a str,
    /// What it may do.
    pub rank: Rank,
    /// Whose data it reaches.
    pub reach: Reach,
    /// For how many days it is good.
    pub days: u32,
}

/// Makes a token, and gives it with its secret, of which only a hash is kept. That is noted, done or refused.
///
/// # Errors
/// `bad-token` where it has no name or is good for no time or for more than a year.
pub async fn make(
    access: &dyn Access,
    actor: Actor<'_>,
    wish: Wish<'_>,
) -> Outcome<(Token, String)> {
    make_with(access, actor, wish, secret(MARK)).await
}

/// The same, once for each seed, which nobody can guess: the secret is made of it, so that asking again is known for what it is.
///
/// # Errors
/// `token-made` where it was made; those of [`make`].
pub async fn make_once(
    access: &dyn Access,
    actor: Actor<'_>,
    wish: Wish<'_>,
    seed: &[u8; 32],
) -> Outcome<(Token, String)> {
    let mut secret = String::from(MARK);
    for byte in seed {
        // Writing into a text cannot fail.
        let _ = write!(secret, "{byte:02x}");
    }
    make_with(access, actor, wish, secret).await
}

async fn make_with(
    access: &dyn Access,
    actor: Actor<'_>,
    wish: Wish<'_>,
    secret: String,
) -> Outcome<(Token, String)> {
    let about = format!("{}, {}, {}", wish.name, wish.rank.name(), wish.reach);
    let made = add(access, wish, secret).await;
    let which = match &made {
        Ok((token, _)) => format!("{} {about}", token.id),
        Err(_) => about,
    };
    noted(access, actor, "token.create", &which, made).await
}

async fn add(access: &dyn Access, wish: Wish<'_>, secret: String) -> Outcome<(Token, String)> {
    let name = wish.name.trim();
    let nameless = name.is_empty() || name.len() > LONGEST_NAME;
    if nameless || !(1..=LONGEST_DAYS).contains(&wish.days) {
        return Err(Problem::new(
            "bad-token",
            "A token needs a name of at most 100 bytes, and is good for 1 to 366 days",
            "Say who uses it, and for how long.",
        )
        .of_field(if nameless { "name" } else { "days" }));
    }
    let kept = hash(&secret);
    if access.token(&kept).await?.is_some() {
        return Err(Problem::new(
            "token-made",
            "This token was made already, and its secret is shown once",
            "Whoever has not copied the secret revokes the token, and makes another one.",
        ));
    }
    let now = Utc::now().timestamp_millis();
    let mut token = Token {
        id: 0,
        name: name.to_owned(),
        rank: wish.rank,
        reach: wish.reach,
        created_at: now,
        expires_at: now + i64::from(wish.days) * 24 * 60 * 60 * 1000,
    };
    token.id = access.add_token(&token, &kept).await?;
    Ok((token, secret))
}

/// Refuses a token from now on. That is noted.
///
/// # Errors
/// `unknown-token`.
pub async fn revoke(access: &dyn Access, actor: Actor<'_>, id: i64) -> Outcome<()> {
    let tokens = access.tokens().await?;
    let name = tokens.iter().find(|token| token.id == id);
    let name = name.map_or("", |token| token.name.as_str());
    let which = format!("{id} {name}");
    let revoked = access.revoke_token(id).await;
    noted(access, actor, "token.revoke", which.trim_end(), revoked).await
}

async fn noted<T>(
    access: &dyn Access,
    actor: Actor<'_>,
    what: &str,
    which: &str,
    done: Outcome<T>,
) -> Outcome<T> {
    let refused = done.as_ref().err().map_or("", |problem| &problem.code);
    let deed = Deed::now((actor.who, actor.from), None, what, which, refused);
    access.note(&deed).await?;
    done
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
