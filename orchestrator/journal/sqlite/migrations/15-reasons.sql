-- What the runs of each dataset wait for: those of a busy one are not walked for it.
CREATE INDEX runs_reason_of ON runs (dataset, seq) WHERE state = 'queued' AND error IS NOT NULL;
