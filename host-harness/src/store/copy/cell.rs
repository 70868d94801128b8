//! Values on their way from one database into another.

use sha2::{Digest, Sha256};
use sqlx::{Postgres, Transaction};

use crate::store::error::StoreResult;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Bool,
    Bytes,
    Text,
    /// Text with escapes of JSON.
    Json,
    /// A unique value, as the key that it is.
    Unique,
}

/// A value, as PostgreSQL keeps it.
#[derive(Debug)]
pub(super) enum Cell {
    Int(Option<i64>),
    Bool(Option<bool>),
    Bytes(Option<Vec<u8>>),
    Text(Option<String>),
}

impl Cell {
    /// Adds the value to a digest, so that different rows have different digests.
    pub(super) fn digest(&self, digest: &mut Sha256) {
        let (mark, bytes): (u8, &[u8]) = match self {
            Self::Int(Some(number)) => {
                digest.update([1]);
                digest.update(number.to_le_bytes());
                return;
            }
            Self::Bool(Some(is)) => {
                digest.update([2, u8::from(*is)]);
                return;
            }
            Self::Bytes(Some(bytes)) => (3, bytes),
            Self::Text(Some(text)) => (4, text.as_bytes()),
            Self::Int(None) | Self::Bool(None) | Self::Bytes(None) | Self::Text(None) => {
                digest.update([0]);
                return;
            }
        };
        digest.update([mark]);
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    }
}

/// Rows by column, until they are written.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
}

#[derive(Debug)]
enum Column {
    Int(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Text(Vec<Option<String>>),
}

impl Columns {
    pub(super) fn new(kinds: &[Kind]) -> Self {
        let column = |kind: &Kind| match kind {
            Kind::Int => Column::Int(Vec::new()),
            Kind::Bool => Column::Bool(Vec::new()),
            Kind::Bytes => Column::Bytes(Vec::new()),
            Kind::Text | Kind::Json | Kind::Unique => Column::Text(Vec::new()),
        };
        Self {
            columns: kinds.iter().map(column).collect(),
            rows: 0,
            bytes: 0,
        }
    }

    /// Adds the value of a column; the first column begins a row.
    pub(super) fn push(&mut self, at: usize, cell: Cell) {
        self.rows += usize::from(at == 0);
        match (&mut self.columns[at], cell) {
            (Column::Int(column), Cell::Int(value)) => column.push(value),
            (Column::Bool(column), Cell::Bool(value)) => column.push(value),
            (Column::Bytes(column), Cell::Bytes(value)) => {
                self.bytes += value.as_ref().map_or(0, Vec::len);
                column.push(value);
            }
            (Column::Text(column), Cell::Text(value)) => {
                self.bytes += value.as_ref().map_or(0, String::len);
                column.push(value);
            }
            // A column takes what its kind reads.
            _ => {}
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes the rows that there are, and begins anew.
    pub(super) async fn write(
        &mut self,
        statement: &'static str,
        tx: &mut Transaction<'_, Postgres>,
    ) -> StoreResult<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut query = sqlx::query(statement);
        for column in &mut self.columns {
            query = match column {
                Column::Int(values) => query.bind(std::mem::take(values)),
                Column::Bool(values) => query.bind(std::mem::take(values)),
                Column::Bytes(values) => query.bind(std::mem::take(values)),
                Column::Text(values) => query.bind(std::mem::take(values)),
            };
        }
        query.execute(&mut **tx).await?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}
