-- A part of a path is found among a million runs by its trigrams: https://www.sqlite.org/fts5.html#the_trigram_tokenizer. The text of a run is its path in lower case, two slashes,
-- so that the last two letters begin a trigram as well, and three letters of the private use area that stand for its dataset. It is written some time after the run
-- (name-index.ts), 250 at a time: `upto` is the last run whose text is there.
ALTER TABLE datasets ADD COLUMN number INTEGER;
UPDATE datasets SET number = (SELECT count(*) FROM datasets AS other WHERE other.name < datasets.name);

CREATE TRIGGER datasets_numbered AFTER INSERT ON datasets BEGIN
  UPDATE datasets SET number = (SELECT coalesce(max(number), -1) + 1 FROM datasets) WHERE name = NEW.name;
END;

CREATE VIRTUAL TABLE names USING fts5(text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1');
-- Its parts are merged a little with each write, never many at once: that took 80 ms.
INSERT INTO names (names, rank) VALUES ('automerge', 0);
INSERT INTO names (names, rank) VALUES ('crisismerge', 1000);
CREATE VIRTUAL TABLE name_terms USING fts5vocab(names, row);

CREATE TABLE named (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  upto INTEGER NOT NULL
) STRICT;
INSERT INTO named VALUES (1, 0);

CREATE TRIGGER runs_unnamed AFTER DELETE ON runs WHEN OLD.seq <= (SELECT upto FROM named) BEGIN
  INSERT INTO names (names, rowid, text)
  SELECT 'delete', OLD.seq, OLD.file_folded || '//' || char(57344 + number / 4096, 57344 + number / 64 % 64, 57344 + number % 64)
  FROM datasets WHERE name = OLD.dataset;
END;
