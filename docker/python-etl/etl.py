"""Loads CSV files into Elasticsearch with pandas. To copy: `transform` and `read` are yours, contract.py does the rest."""

import codecs
import csv
import sys
from itertools import chain

import pandas

from contract import NEVER, Failure, Record, main, text_of

csv.field_size_limit(2**31 - 1)


def transform(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Every cell is text. The frame's index is the row's number in the file: keep it; a row that you drop counts as filtered."""
    frame.columns = frame.columns.str.strip().str.upper()
    return frame.where(frame != "", None)


def read(file, extract: dict):
    """Yields each row of an open file. One that has a `reason` is a reject; its number stays its own."""
    text = text_of(file, extract.get("encoding") or guess_encoding(file))
    line = 1
    try:
        first = text.readline()
        delimiter = extract.get("delimiter") or max(",;\t|", key=first.count)
        rows = csv.reader(chain([first], text), delimiter=delimiter, strict=True)
        header = next(rows, None)
        if not header:
            raise Failure(NEVER, "the file is empty: its first line is no header")
        line = rows.line_num + 1
        for cells in rows:
            missing = len(header) - len(cells)
            if missing < 0:
                yield Record(line, {}, raw=delimiter.join(cells), reason=f"{len(cells)} cells, the header has {len(header)}")
            elif cells:  # a blank line is no row
                yield Record(line, dict(zip(header, cells + [""] * missing)))
            line = rows.line_num + 1
    except (csv.Error, UnicodeError) as error:
        raise Failure(NEVER, f"from line {line}: {error}; EXTRACT.encoding and EXTRACT.delimiter may help") from error


def guess_encoding(file) -> str:
    """UTF-8 where the whole file is, else Windows-1252."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(1 << 20):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
        return "utf-8-sig"
    except UnicodeDecodeError:
        return "windows-1252"


if __name__ == "__main__":
    sys.exit(main(read, transform))
