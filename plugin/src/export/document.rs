//! The CSV document, made while it is read.

use std::collections::{BTreeSet, VecDeque};

use csv::{Terminator, WriterBuilder};

use crate::ports::plan::{Plan, UnsyncedRow};
use crate::ports::portal::Portal;

use super::neutral::neutral;

/// Rows fetched at a time: each may hold a photo, or many long values that the portal would not take.
const BATCH: u32 = 100;

/// A document under way. It holds at most one batch of rows.
#[derive(Debug)]
pub struct Document {
    spreadsheet_safe: bool,
    columns: Vec<String>,
    header: bool,
    after: u64,
    rows: VecDeque<UnsyncedRow>,
    more: bool,
}

impl Document {
    /// Begins a document. Its columns are fixed now: `dn`, `external-id`, one for each field that is `mapped`, required
    /// or has a value in some row, in the portal's order, then `code`, `reason`, `remedy`, `other-dn`,
    /// `other-external-id` and `other-portal-id`: who of a duplicate was made by hand in the portal has the last alone.
    pub fn open<'a>(
        plan: &dyn Plan,
        portal: &dyn Portal,
        mapped: impl IntoIterator<Item = &'a str>,
        spreadsheet_safe: bool,
    ) -> Self {
        let fields = portal.fields();
        let mut used: BTreeSet<String> = mapped.into_iter().map(str::to_owned).collect();
        used.extend(
            fields
                .iter()
                .filter(|field| field.required)
                .map(|field| field.id.clone()),
        );
        let mut after = 0;
        loop {
            let rows = plan.unsynced(after, BATCH);
            let Some(last) = rows
                .last()
                .map(|row| row.sequence)
                .filter(|last| *last > after)
            else {
                break;
            };
            after = last;
            for (field, _) in rows.iter().flat_map(|row| &row.values) {
                if !used.contains(field) {
                    used.insert(field.clone());
                }
            }
        }
        // Fields that the portal no longer has come last.
        let mut columns: Vec<_> = fields
            .into_iter()
            .map(|field| field.id)
            .filter(|id| used.remove(id))
            .collect();
        columns.extend(used);
        Self {
            spreadsheet_safe,
            columns,
            header: true,
            after: 0,
            rows: VecDeque::new(),
            more: true,
        }
    }

    /// The next piece: whole lines, ended when it is `max_bytes` long or longer; empty at the end.
    pub fn read(&mut self, plan: &dyn Plan, max_bytes: u32) -> Vec<u8> {
        let mut writer = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            .flexible(true)
            .from_writer(Vec::new());
        let mut length = 0;
        while length < max_bytes.max(1) as usize {
            let cells = if std::mem::take(&mut self.header) {
                self.header_cells()
            } else {
                match self.next_row(plan) {
                    Some(row) => self.cells(row),
                    None => break,
                }
            };
            length += cells.iter().map(|cell| cell.len() + 1).sum::<usize>();
            // Writing to memory doesn't fail, and lines may differ in length.
            if writer.write_record(&cells).is_err() {
                break;
            }
        }
        writer.into_inner().unwrap_or_default()
    }

    fn next_row(&mut self, plan: &dyn Plan) -> Option<UnsyncedRow> {
        if self.rows.is_empty() && self.more {
            self.rows = plan.unsynced(self.after, BATCH).into();
            // A host that gave the same rows for ever would make the document endless.
            match self
                .rows
                .back()
                .map(|row| row.sequence)
                .filter(|last| *last > self.after)
            {
                Some(last) => self.after = last,
                None => {
                    self.more = false;
                    self.rows.clear();
                }
            }
        }
        self.rows.pop_front()
    }

    fn header_cells(&self) -> Vec<String> {
        ["dn", "external-id"]
            .into_iter()
            .chain(self.columns.iter().map(String::as_str))
            .chain([
                "code",
                "reason",
                "remedy",
                "other-dn",
                "other-external-id",
                "other-portal-id",
            ])
            .map(|cell| self.cell(cell))
            .collect()
    }

    fn cells(&self, row: UnsyncedRow) -> Vec<String> {
        let value = |column: &String| {
            row.values
                .iter()
                .find(|(field, _)| field == column)
                .map_or("", |(_, value)| value)
        };
        let other = row.other.as_ref().map_or(["", "", ""], |other| {
            [&other.dn, &other.external_id, &other.id]
        });
        [row.dn.as_str(), &row.external_id]
            .into_iter()
            .chain(self.columns.iter().map(value))
            .chain([
                row.problem.code.as_str(),
                &row.problem.message,
                &row.problem.remedy,
            ])
            .chain(other)
            .map(|cell| self.cell(cell))
            .collect()
    }

    fn cell(&self, text: &str) -> String {
        if self.spreadsheet_safe {
            neutral(text).into_owned()
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests;
