//! What is copied: every table with its columns, in an order in which what is referred to comes first.
//!
//! A table is read from both databases in the order of its key: bytes compare as bytes, and kept texts as the texts.

use super::cell::Kind::{self, Bool, Bytes, Int, Json, Text, Unique};

/// A table, with its statements.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// What its columns hold.
    pub(super) columns: &'static [Kind],
    /// Reads it from SQLite.
    pub(super) read: &'static str,
    /// Writes rows, given by column, to PostgreSQL.
    pub(super) write: &'static str,
    /// Reads it from PostgreSQL.
    pub(super) check: &'static str,
}

/// All tables.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "component",
        columns: &[Text, Bytes],
        read: "SELECT digest, bytes
            FROM component ORDER BY digest",
        write: "INSERT INTO component (digest, bytes)
            SELECT * FROM unnest($1::text[], $2::bytea[])",
        check: "SELECT digest, bytes
            FROM component ORDER BY digest COLLATE \"C\"",
    },
    Table {
        name: "tenant",
        columns: &[Int, Text, Text, Int, Text, Json, Json, Int, Int, Bytes, Text, Text, Json],
        read: "SELECT id, name, plugin, installed_at, configuration, settings, intended, seats, state_version,
            checkpoint, policy, plugin_before, receipt
            FROM tenant ORDER BY id",
        write: "INSERT INTO tenant (id, name, plugin, installed_at, configuration, settings, intended, seats, state_version,
            checkpoint, policy, plugin_before, receipt)
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
            $8::bigint[], $9::bigint[], $10::bytea[], $11::text[], $12::text[],
            $13::text[])",
        check: "SELECT id, name, plugin, installed_at, configuration, settings, intended, seats, state_version,
            checkpoint, policy, plugin_before, receipt
            FROM tenant ORDER BY id",
    },
    Table {
        name: "state",
        columns: &[Int, Text, Bytes, Int],
        read: "SELECT tenant, key, value, version
            FROM state ORDER BY tenant, key",
        write: "INSERT INTO state (tenant, key, value, version)
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bigint[])",
        check: "SELECT tenant, key, value, version
            FROM state ORDER BY tenant, key",
    },
    Table {
        name: "secret",
        columns: &[Int, Int, Text, Text, Bytes, Bytes],
        read: "SELECT id, tenant, name, handle, nonce, sealed
            FROM secret ORDER BY id",
        write: "INSERT INTO secret (id, tenant, name, handle, nonce, sealed)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::bytea[])",
        check: "SELECT id, tenant, name, handle, nonce, sealed
            FROM secret ORDER BY id",
    },
    Table {
        name: "field",
        columns: &[Int, Int, Text, Text, Text, Text, Bool, Bool, Int],
        read: "SELECT tenant, position, id, tab, label, kind, required, is_unique, max_length
            FROM field ORDER BY tenant, position",
        write: "INSERT INTO field (tenant, position, id, tab, label, kind, required, is_unique, max_length)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[],
            $8::bool[], $9::bigint[])",
        check: "SELECT tenant, position, id, tab, label, kind, required, is_unique, max_length
            FROM field ORDER BY tenant, position",
    },
    Table {
        name: "role",
        columns: &[Int, Int, Text, Text],
        read: "SELECT tenant, position, id, label
            FROM role ORDER BY tenant, position",
        write: "INSERT INTO role (tenant, position, id, label)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])",
        check: "SELECT tenant, position, id, label
            FROM role ORDER BY tenant, position",
    },
    Table {
        name: "person",
        columns: &[Int, Int, Text, Int, Int, Text, Bytes, Int, Int],
        read: "SELECT tenant, origin, key, id, marks, role, source_hash, absent_since, review
            FROM person ORDER BY tenant, origin, key",
        write: "INSERT INTO person (tenant, origin, key, id, marks, role, source_hash, absent_since, review)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bytea[],
            $8::bigint[], $9::bigint[])",
        check: "SELECT tenant, origin, key, id, marks, role, source_hash, absent_since, review
            FROM person ORDER BY tenant, origin, key",
    },
    Table {
        name: "person_values",
        columns: &[Int, Int, Int, Text, Text, Json, Json, Int],
        read: "SELECT id, tenant, origin, key, dn, changed, data, edited_in
            FROM person_values ORDER BY id",
        write: "INSERT INTO person_values (id, tenant, origin, key, dn, changed, data, edited_in)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::bigint[])",
        check: "SELECT id, tenant, origin, key, dn, changed, data, edited_in
            FROM person_values ORDER BY id",
    },
    Table {
        name: "unique_value",
        columns: &[Int, Text, Unique, Int],
        read: "SELECT tenant, field, value, person
            FROM unique_value ORDER BY tenant, field, person, value",
        write: "INSERT INTO unique_value (tenant, field, value, person)
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[])",
        check: "SELECT tenant, field, value, person
            FROM unique_value ORDER BY tenant, field, person, value",
    },
    Table {
        name: "run",
        columns: &[Int, Int, Text, Text, Text, Text, Int, Int, Int, Text, Text, Json, Json, Json, Json, Bytes, Int, Int, Int, Text, Int, Int, Bool, Bool, Json],
        read: "SELECT id, tenant, mode, status, plugin, configuration, started_at, planned_at, ended_at, digest,
            approved, summary, proof, guards, problem, checkpoint, sequence, cursor, pending,
            asked_by, not_before, attempt, stop, released, counts
            FROM run ORDER BY id",
        write: "INSERT INTO run (id, tenant, mode, status, plugin, configuration, started_at, planned_at, ended_at, digest,
            approved, summary, proof, guards, problem, checkpoint, sequence, cursor, pending,
            asked_by, not_before, attempt, stop, released, counts)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
            $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
            $15::text[], $16::bytea[], $17::bigint[], $18::bigint[], $19::bigint[],
            $20::text[], $21::bigint[], $22::bigint[], $23::boolean[], $24::boolean[], $25::text[])",
        check: "SELECT id, tenant, mode, status, plugin, configuration, started_at, planned_at, ended_at, digest,
            approved, summary, proof, guards, problem, checkpoint, sequence, cursor, pending,
            asked_by, not_before, attempt, stop, released, counts
            FROM run ORDER BY id",
    },
    Table {
        name: "plan_row",
        columns: &[Int, Int, Int, Text, Text, Text, Text, Bytes, Json, Json, Json, Text, Json, Int, Int, Json, Json, Int],
        read: "SELECT id, run, kind, external_id, dn, display, reason, source_hash, before, after, pseudo, role,
            claims, claimed, flags, problem, other, adopts
            FROM plan_row ORDER BY id",
        write: "INSERT INTO plan_row (id, run, kind, external_id, dn, display, reason, source_hash, before, after, pseudo, role,
            claims, claimed, flags, problem, other, adopts)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::bytea[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[],
            $15::bigint[], $16::text[], $17::text[], $18::bigint[])",
        check: "SELECT id, run, kind, external_id, dn, display, reason, source_hash, before, after, pseudo, role,
            claims, claimed, flags, problem, other, adopts
            FROM plan_row ORDER BY id",
    },
    Table {
        name: "plan_person",
        columns: &[Int, Text, Int],
        read: "SELECT run, external_id, id
            FROM plan_person ORDER BY run, external_id",
        write: "INSERT INTO plan_person (run, external_id, id)
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])",
        check: "SELECT run, external_id, id
            FROM plan_person ORDER BY run, external_id",
    },
    Table {
        name: "row_outcome",
        columns: &[Int, Int, Text, Json, Json],
        read: "SELECT id, run, outcome, problem, other
            FROM row_outcome ORDER BY id",
        write: "INSERT INTO row_outcome (id, run, outcome, problem, other)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[])",
        check: "SELECT id, run, outcome, problem, other
            FROM row_outcome ORDER BY id",
    },
    Table {
        name: "plan_absence",
        columns: &[Int, Text, Int],
        read: "SELECT run, external_id, review
            FROM plan_absence ORDER BY run, external_id",
        write: "INSERT INTO plan_absence (run, external_id, review)
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])",
        check: "SELECT run, external_id, review
            FROM plan_absence ORDER BY run, external_id",
    },
    Table {
        name: "token",
        columns: &[Int, Text, Bytes, Text, Json, Int, Int, Bool],
        read: "SELECT id, name, hash, rank, reach, created_at, expires_at, revoked
            FROM token ORDER BY id",
        write: "INSERT INTO token (id, name, hash, rank, reach, created_at, expires_at, revoked)
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
            $8::boolean[])",
        check: "SELECT id, name, hash, rank, reach, created_at, expires_at, revoked
            FROM token ORDER BY id",
    },
    Table {
        name: "deed",
        columns: &[Int, Int, Text, Text, Text, Text, Text, Text],
        read: "SELECT id, at, who, origin, tenant, what, which, refused
            FROM deed ORDER BY id",
        write: "INSERT INTO deed (id, at, who, origin, tenant, what, which, refused)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::text[])",
        check: "SELECT id, at, who, origin, tenant, what, which, refused
            FROM deed ORDER BY id",
    },
    // Not who has logged in: everybody logs in anew.
    Table {
        name: "console_user",
        columns: &[Int, Text, Text, Text, Json, Bool, Int, Int],
        read: "SELECT id, name, password, rank, reach, disabled, created_at, changed_at
            FROM console_user ORDER BY id",
        write: "INSERT INTO console_user (id, name, password, rank, reach, disabled, created_at, changed_at)
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::bigint[],
            $8::bigint[])",
        check: "SELECT id, name, password, rank, reach, disabled, created_at, changed_at
            FROM console_user ORDER BY id",
    },
    Table {
        name: "failure",
        columns: &[Int, Int, Text, Text, Text, Text, Text, Json, Json, Int, Int, Int, Int, Int, Int],
        read: "SELECT id, tenant, external_id, entry, dn, display, code, problem, other, first_at, first_run, last_at, last_run, attempts, said_by
            FROM failure ORDER BY id",
        write: "INSERT INTO failure (id, tenant, external_id, entry, dn, display, code, problem, other, first_at, first_run, last_at, last_run, attempts, said_by)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[])",
        check: "SELECT id, tenant, external_id, entry, dn, display, code, problem, other, first_at, first_run, last_at, last_run, attempts, said_by
            FROM failure ORDER BY id",
    },
    Table {
        name: "retention",
        columns: &[Int, Int],
        read: "SELECT tenant, days
            FROM retention ORDER BY tenant",
        write: "INSERT INTO retention (tenant, days)
            SELECT * FROM unnest($1::bigint[], $2::bigint[])",
        check: "SELECT tenant, days
            FROM retention ORDER BY tenant",
    },
    Table {
        name: "pruned",
        columns: &[Int, Int, Int],
        read: "SELECT run, at, done
            FROM pruned ORDER BY run",
        write: "INSERT INTO pruned (run, at, done)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])",
        check: "SELECT run, at, done
            FROM pruned ORDER BY run",
    },
    Table {
        name: "due",
        columns: &[Int, Int],
        read: "SELECT tenant, at
            FROM due ORDER BY tenant",
        write: "INSERT INTO due (tenant, at)
            SELECT * FROM unnest($1::bigint[], $2::bigint[])",
        check: "SELECT tenant, at
            FROM due ORDER BY tenant",
    },
    Table {
        name: "ask",
        columns: &[Int, Text, Text, Int],
        read: "SELECT tenant, key, mode, run
            FROM ask ORDER BY tenant, key",
        write: "INSERT INTO ask (tenant, key, mode, run)
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[])",
        check: "SELECT tenant, key, mode, run
            FROM ask ORDER BY tenant, key",
    },
    Table {
        name: "receipt_reader",
        columns: &[Int, Text],
        read: "SELECT tenant, holder
            FROM receipt_reader ORDER BY tenant, holder",
        write: "INSERT INTO receipt_reader (tenant, holder)
            SELECT * FROM unnest($1::bigint[], $2::text[])",
        check: "SELECT tenant, holder
            FROM receipt_reader ORDER BY tenant, holder",
    },
];
