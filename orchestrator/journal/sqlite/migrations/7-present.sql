-- What is there, without meeting what is not: of a million files that were moved to a backup none may be left.
CREATE INDEX files_present ON files (dataset, path) WHERE present = 1;
-- By folder, of a million files that are doubted because of it.
CREATE INDEX doubts_folder ON doubts (dataset, folder);
