-- Rows by kind and outcome of a run that is over. They change no more, and lists of runs need not count rows.
ALTER TABLE run ADD COLUMN counts TEXT;
UPDATE run SET counts = (SELECT p.counts FROM pruned p WHERE p.run = run.id);
ALTER TABLE pruned DROP COLUMN counts;
