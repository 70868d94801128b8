-- The portal's own id of the person to whom a row gives its external id; the row's other says whose it was before.
-- Nobody is taken over twice in one plan.
ALTER TABLE plan_row ADD COLUMN adopts INTEGER;
CREATE UNIQUE INDEX plan_row_adopts ON plan_row (run, adopts) WHERE adopts IS NOT NULL;
