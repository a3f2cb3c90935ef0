"""Loads CSV files into Elasticsearch with pandas. To copy: `transform` and `read` are yours, contract.py does the rest."""

import codecs
import csv
import sys

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
    taken, line = [], 1
    try:
        first = text.readline()
        delimiter = extract.get("delimiter") or max(",;\t|", key=first.count)
        rows = csv.reader(lines_of(first, text, taken), delimiter=delimiter, strict=True)
        header = next(rows, None)
        if not header:
            raise Failure(NEVER, "the file is empty: its first line is no header")
        taken.clear()
        line = rows.line_num + 1
        for cells in rows:
            raw, surplus = "".join(taken).rstrip("\r\n"), len(cells) - len(header)
            if cells:  # a blank line is no row
                cells += [""] * -surplus
                yield Record(line, raw, dict(zip(header, cells)), "more cells than the header has" if surplus > 0 else "")
            taken.clear()
            line = rows.line_num + 1
    except (csv.Error, UnicodeError) as error:
        raise Failure(NEVER, f"from line {line}: {error}; EXTRACT.encoding and EXTRACT.delimiter may help") from error


def lines_of(first: str, text, taken: list):
    """The lines as they stand in the file; `taken` gets those of the record that is being read."""
    taken.append(first)
    yield first
    for line in text:
        taken.append(line)
        yield line


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
