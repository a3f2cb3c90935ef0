"""What the orchestrator asks of an ETL (default-etl/CONTRACT.md), for programs in Python: to be taken as it is."""

import json
import os
import re
import signal
import sys
import time
import traceback
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import pandas
from elasticsearch import ApiError, Elasticsearch, TransportError
from elasticsearch.helpers import streaming_bulk

NEVER, AWAY, CONFIG = 65, 75, 78
ROWS_AT_ONCE = 5_000
RESERVE_STEP = 100_000
BUSY, PAUSES = (429, 502, 503, 504), (1, 2, 4, 8, 15)  # 30 s
KNOWN = {"EXTRACT": {"encoding", "delimiter"}, "LOAD": {"target", "index", "date_suffix", "mappings"}}
SETTINGS = {"index.gc_deletes": "1d", "index.mapping.total_fields.limit": 20_000}
COUNTS = ("rows_read", "rows_loaded", "rows_rejected", "rows_filtered", "rows_deleted")


class Record(NamedTuple):
    line: int
    cells: dict
    raw: str = ""  # how it looks among the rejects, where it can't be told by its cells
    reason: str = ""


class Failure(Exception):
    """Ends the run with an exit code."""

    def __init__(self, code: int, message: str, changed: bool = False, counts: dict | None = None):
        super().__init__(message)
        self.code, self.takes_back, self.counts = code, code == NEVER or changed, counts


class FileRun:
    """One file of one attempt, as the environment describes it."""

    def __init__(self, env: dict, read, transform):
        self.env, self.read, self.transform = env, read, transform
        self.is_mend, self.work = env["ACTION"] == "mend", Path(env["WORK_DIR"])
        self.mend_replaces = self.is_mend and env.get("MEND_REPLACES") == "true"
        self.extract, self.options = (settings(env, key) for key in KNOWN)
        seen_at = datetime.fromisoformat(env["SEEN_AT"].replace("Z", "+00:00"))
        self.index = self.options.get("index", env["DATASET"]) + seen_at.strftime(self.options.get("date_suffix", ""))
        self.key, self.version, self.former_rows = env["FILE_KEY"], int(env["VERSION"]), int(env["FILE_ROWS"])
        self.client = connect(env)
        self.rows = self.rejected = self.filtered = self.deleted = self.sent_up_to = self.reserved = 0
        self.not_loaded: set[int] = set()  # rows that were read and are no documents: rejected or filtered
        self.mended: set[int] = set()
        self.next_progress = 0.0

    def run(self) -> dict:
        (self.work / "rejects.ndjson").unlink(missing_ok=True)
        if self.env["ACTION"] == "delete":
            self.delete(self.index, self.key, range(1, self.former_rows + 1))
        else:
            self.load()
        for replaced in json.loads(self.env["REPLACES"] or "[]") if self.loaded or not self.is_mend else []:
            self.delete(replaced["index"], replaced["FILE_KEY"], range(1, replaced["FILE_ROWS"] + 1))
        return self.counts()

    @property
    def loaded(self) -> int:
        return self.rows - self.rejected - self.filtered

    def counts(self) -> dict:
        return dict(zip(COUNTS, (self.rows, self.loaded, self.rejected, self.filtered, self.deleted)))

    def load(self) -> None:
        """Reads, transforms and sends the file; then deletes the rows that a former version had and this one has not."""
        with open_file(self.env["FILE"]) as file:
            try:
                self.assert_same(file)
                self.make_index()
                numbered = mended(file) if self.is_mend else enumerate(self.read(file, self.extract), 1)
                for some in chunks(numbered):
                    self.load_rows(dict(some))
                    self.tell_progress(file)
                self.assert_same(file)
                if self.rows > 0 and self.rejected == self.rows and not self.is_mend:
                    message = f"none of the {self.rows} rows could be loaded: see rejects.ndjson"
                    raise Failure(NEVER, message, counts=self.counts())
            except Failure as failure:
                if failure.takes_back and self.sent_up_to > 0 and not self.is_mend:
                    self.delete(self.index, self.key, range(1, max(self.sent_up_to, self.former_rows) + 1))
                raise
        self.delete(self.index, self.key, self.tail())
        self.retry(lambda: self.client.indices.refresh(index=self.index))

    def tail(self):
        """Rows of a former version that this one has not loaded. Mended rows replace one only where they are the first of their version."""
        if not self.is_mend:
            return chain(sorted(self.not_loaded), range(self.rows + 1, self.former_rows + 1))
        if not self.mend_replaces or self.loaded == 0:
            return ()
        return (row for row in range(1, self.former_rows + 1) if row in self.not_loaded or row not in self.mended)

    def load_rows(self, records: dict[int, Record]) -> None:
        self.rows += len(records)
        self.mended |= records.keys() if self.is_mend else set()
        for row, record in records.items():
            if record.reason:
                self.reject(row, record, record.reason)
        if not (good := {row: record for row, record in records.items() if not record.reason}):
            return
        frame = pandas.DataFrame([record.cells for record in good.values()], index=list(good), dtype=object)
        frame = self.transform(frame).astype(object)
        frame = frame.where(frame.notna(), None)  # NaN is no JSON
        filtered = good.keys() - set(frame.index)
        self.filtered += len(filtered)
        self.not_loaded |= filtered
        documents = {row: dict(zip(frame.columns, cells)) for row, *cells in frame.itertuples(name=None)}
        self.reserve(max(documents, default=0))
        for row, error in self.send(self.index, "index", self.key, documents):
            self.reject(row, records[row], f"{error['type']}: {error['reason']}")

    def reserve(self, row: int) -> None:
        """Before a row is sent a number of at least its own is on disk: a crash leaves no row that nobody knows of."""
        self.sent_up_to = max(self.sent_up_to, row)
        if row > self.reserved:
            self.reserved = -(-row // RESERVE_STEP) * RESERVE_STEP
            with open(self.work / "reserve", "wb", buffering=0) as file:
                file.write(b"%d\n" % self.reserved)
                os.fsync(file.fileno())

    def reject(self, row: int, record: Record, reason: str) -> None:
        self.rejected += 1
        self.not_loaded.add(row)
        with open(self.work / "rejects.ndjson", "a", encoding="utf-8") as file:
            raw = record.raw or json.dumps(record.cells, ensure_ascii=False)
            file.write(json.dumps({"row": row, "line": record.line, "reason": reason, "raw": raw}) + "\n")

    def delete(self, index: str, key: str, rows) -> None:
        """Deletes by computed ids. A bulk delete would make an index that is not there."""
        if self.retry(lambda: self.client.indices.exists(index=index)):
            for some in chunks(rows):
                self.send(index, "delete", key, dict.fromkeys(some))
            self.retry(lambda: self.client.indices.refresh(index=index))

    def send(self, index: str, operation: str, key: str, documents: dict) -> list:
        """Sends {row: document}; returns [(row, error)] of those refused for good. To send twice changes nothing."""
        fixed = {"_op_type": operation, "_index": index, "version": self.version, "version_type": "external_gte"}
        operations = [
            {**fixed, "_id": f"{key}-{row:010}", **({} if document is None else {"_source": document})}
            for row, document in documents.items()
        ]
        patience = {"retry_on_status": BUSY, "max_retries": len(PAUSES), "initial_backoff": PAUSES[0]}
        options = {"chunk_size": ROWS_AT_ONCE, "max_chunk_bytes": 8 << 20, "raise_on_error": False, **patience}
        answers = self.retry(lambda: list(streaming_bulk(self.client, operations, **options)))
        items = [answer[operation] for _, answer in answers]
        self.deleted += sum(item.get("result") == "deleted" for item in items)
        return [(int(item["_id"][-10:]), fault_of_row(item, self.env)) for item in items if "error" in item]

    def make_index(self) -> None:
        properties = self.options.get("mappings", {}).get("properties", {})
        mappings = {"subobjects": False, "date_detection": False, "properties": properties}
        if not self.retry(lambda: self.client.indices.exists(index=self.index)):
            client = self.client.options(ignore_status=400)  # another run was faster
            self.retry(lambda: client.indices.create(index=self.index, settings=SETTINGS, mappings=mappings))

    def retry(self, action):
        """Elasticsearch may be away for 30 s; then the orchestrator tries again later."""
        for pause in (*PAUSES, None):
            try:
                return action()
            except (ApiError, TransportError) as error:
                status = getattr(error, "status_code", 503)
                if status not in (401, 403, *BUSY):
                    raise
                if status not in BUSY or pause is None:
                    raise Failure(AWAY, f"Elasticsearch is away: {error}") from error
                time.sleep(pause)

    def assert_same(self, file) -> None:
        """What was read is what was meant: the open file's size, mtime and inode are those that the orchestrator saw."""
        stat = os.fstat(file.fileno())
        for name, found in [("FILE_SIZE", stat.st_size), ("FILE_MTIME_NS", stat.st_mtime_ns), ("FILE_INODE", stat.st_ino)]:
            if not self.is_mend and int(self.env[name]) != found:
                raise Failure(AWAY, f"{self.env['FILE']} changed: {name} {self.env[name]} became {found}", changed=True)

    def tell_progress(self, file) -> None:
        if time.monotonic() > self.next_progress:
            self.next_progress = time.monotonic() + 1
            say("progress", self.env, rows=self.rows, bytes=file.tell(), total_bytes=os.fstat(file.fileno()).st_size)


def settings(env: dict, key: str) -> dict:
    found = json.loads(env.get(key) or "{}")
    if unknown := ", ".join(sorted(found.keys() - KNOWN[key])):
        raise Failure(CONFIG, f"{key}: {unknown} is not for this ETL, which knows {', '.join(sorted(KNOWN[key]))}")
    return found


def connect(env: dict) -> Elasticsearch:
    options = {"api_key": env.get("ELASTICSEARCH_API_KEY"), "ca_certs": env.get("ELASTICSEARCH_CA")}
    if user := env.get("ELASTICSEARCH_USERNAME"):
        options["basic_auth"] = (user, env.get("ELASTICSEARCH_PASSWORD", ""))
    return Elasticsearch(env["ELASTICSEARCH_NODE"].split(","), request_timeout=120, **options)


def fault_of_row(item: dict, env: dict) -> dict:
    """The error where the row itself is refused. Everything else ends the run."""
    status, error = item["status"], item["error"]
    if status == 409:
        newer = int(re.search(r"current version \[(\d+)\]", error["reason"]).group(1))
        say("superseded", env, version=newer)
        raise Failure(AWAY, f"the index holds version {newer}, newer than {env['VERSION']}")
    if status not in (400, 413) or error["type"] == "index_closed_exception":
        raise Failure(AWAY, f"Elasticsearch refuses every row: {error['reason']}")
    return error


def open_file(path: str):
    try:
        return open(path, "rb", buffering=0)
    except OSError as error:
        raise Failure(AWAY, f"{path} can't be opened: {error.strerror}") from error


def text_of(file, encoding: str):
    """The open file from its beginning, as text with its line ends."""
    file.seek(0)
    return open(file.fileno(), encoding=encoding, newline="", closefd=False)


def mended(file):
    """ACTION mend: a JSON object a line, {"row": 12, "record": {"COLUMN": "value"}}; one with a reason is still no record."""
    for line, text in enumerate(text_of(file, "utf-8"), 1):
        try:
            mended_row = json.loads(text)
            cells = {} if "reason" in mended_row else dict(mended_row["record"])
            record = Record(line, cells, reason=mended_row.get("reason", ""), raw=mended_row.get("raw", ""))
            yield int(mended_row["row"]), record
        except (ValueError, KeyError, TypeError) as error:
            raise Failure(NEVER, f"line {line}: not a mended row ({error})") from error


def chunks(values):
    values = iter(values)
    while some := list(islice(values, ROWS_AT_ONCE)):
        yield some


def say(kind: str, env: dict, **members) -> None:
    """A message: one JSON object on a line of stdout, which in a run over a folder names its file."""
    members |= {"file": env["FILE_PATH"]} if "FILES" in env else {}
    print(json.dumps({"type": kind, **members}), flush=True)


def run_one(env: dict, read, transform) -> int:
    counts, code, is_counted = dict.fromkeys(COUNTS, 0), 0, True
    try:
        counts = FileRun(env, read, transform).run()
    except Exception as error:
        code = error.code if isinstance(error, Failure) else 1
        is_counted = "FILES" in env or getattr(error, "counts", None) is not None
        counts = getattr(error, "counts", None) or counts
        if code == 1:
            traceback.print_exc()
        say("error", env, message=f"{env['FILE']}: {error}")
    if is_counted:
        say("result", env, **counts, **({"code": code} if "FILES" in env else {}))
    return code


def main(read, transform) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    env = dict(os.environ)
    for name in ("ENVIRONMENT_FILE", "CONNECTIONS_FILE"):
        if path := env.get(name):
            env |= json.loads(Path(path).read_text(encoding="utf-8"))
    if "FILES" not in env:
        return run_one(env, read, transform)
    files = json.loads(Path(env["FILES"]).read_text(encoding="utf-8"))
    codes = [run_one(env | file, read, transform) for file in files]
    return next((code for code in (1, CONFIG, AWAY, NEVER) if code in codes), 0)
