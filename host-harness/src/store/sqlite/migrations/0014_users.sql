-- Whoever may log in. password: Argon2id in PHC form. reach: JSON.
CREATE TABLE console_user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    rank TEXT NOT NULL,
    reach TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- Whoever has logged in: of the secret only its SHA-256 is kept.
CREATE TABLE console_session (
    hash BLOB PRIMARY KEY,
    holder INTEGER NOT NULL REFERENCES console_user (id),
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    idle_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    origin TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX console_session_by_holder ON console_session (holder);

-- The one secret with which the first user is made; at most one row.
CREATE TABLE setup_secret (
    hash BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who tries: a name at an address, or an address, as SHA-256. A row goes a day after the last try, or once nobody is known.
CREATE TABLE login_try (
    hash BLOB PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    known_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_try_last ON login_try (last_at);
