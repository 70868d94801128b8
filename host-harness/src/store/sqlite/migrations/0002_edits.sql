-- The tenant's newest run when somebody last edited the person by hand: a run that began no later than that
-- was planned without the edit, or beside it.
ALTER TABLE person_values ADD COLUMN edited_in INTEGER NOT NULL DEFAULT 0;
