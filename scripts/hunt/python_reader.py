"""Reads each file that a line of JSON on stdin names, with Python's own modules, and answers with a line of JSON: header and rows, or the error."""

import csv
import json
import sys
import xml.etree.ElementTree as ElementTree

csv.field_size_limit(1 << 30)


def read_csv(path, form):
    encoding = {"utf8": "utf-8", "utf8 with mark": "utf-8-sig", "utf16le with mark": "utf-16", "windows-1252": "cp1252"}[form["encoding"]]
    with open(path, encoding=encoding, newline="") as file:
        rows = [row for row in csv.reader(file, delimiter=form["delimiter"]) if row]
    return rows[0], rows[1:]


def records_of(document):
    header = list(dict.fromkeys(key for record in document for key in record))
    return header, [[record.get(key) for key in header] for record in document]


def read_json(path, form):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    layout = form["layout"]
    if layout in ("lines", "arrayLines", "bulk"):
        values = [json.loads(line) for line in text.split("\n") if line]
        if layout == "lines":
            return records_of(values)
        if layout == "bulk":
            return records_of(values[1::2])
        return values[0], values[1:]
    document = json.loads(text)
    if layout == "records":
        return records_of(document)
    if layout == "envelope":
        return records_of(document["data"])
    if layout == "columns":
        header = list(document)
        return header, [list(row) for row in zip(*(document[name].values() for name in header))]
    if layout == "lists":
        header = list(document)
        return header, [list(row) for row in zip(*(document[name] for name in header))]
    if layout == "index":
        return records_of(list(document.values()))
    if layout == "split":
        return document["columns"], document["data"]
    if layout == "names":
        return [column["name"] for column in document["columns"]], document["rows"]
    return document[0], document[1:]


def read_xml(path, form):
    # The bytes are UTF-8 whatever the first line declares.
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.startswith("<?xml"):
        text = text[text.index("?>") + 2 :]
    root = ElementTree.fromstring(text)
    if form["cells"] == "attributes":
        return records_of([dict(row.attrib) for row in root])
    return records_of([{cell.tag: cell.text for cell in row} for row in root])


def text_of(value):
    if value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value)


READERS = {"csv": read_csv, "json": read_json, "xml": read_xml}

for line in sys.stdin:
    asked = json.loads(line)
    try:
        header, rows = READERS[asked["kind"]](asked["path"], asked["form"])
        answer = {"header": header, "rows": [[text_of(cell) for cell in row] for row in rows]}
    except Exception as error:  # whatever it is, it is what this reader makes of the file
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
