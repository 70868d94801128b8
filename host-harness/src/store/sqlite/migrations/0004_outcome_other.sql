-- Who has the value that a row failed over; the shape is that of plan_row.other.
ALTER TABLE row_outcome ADD COLUMN other TEXT;
