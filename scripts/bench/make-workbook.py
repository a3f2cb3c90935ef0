"""Writes an xlsx of many rows in little memory: `python3 make-workbook.py FILE ROWS`. Eight columns: numbers, dates and inline texts."""

import sys
import zipfile

PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Rows" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>'
    "</Relationships>",
    "xl/styles.xml": '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
}


def row(number: int) -> str:
    texts = (f"name {number}", f"town {number % 997}", "été & hiver" if number % 2 else "a &lt; b")
    inline = "".join(f'<c t="inlineStr"><is><t>{text.replace(" & ", " &amp; ")}</t></is></c>' for text in texts)
    numbers = f"<c><v>{number}</v></c><c><v>{number / 4}</v></c><c><v>{number % 100}</v></c>"
    return f'<row r="{number + 1}">{numbers}<c s="1"><v>{40000 + number % 5000}</v></c><c t="b"><v>{number % 2}</v></c>{inline}</row>'


file, rows = sys.argv[1], int(sys.argv[2])
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as box:
    for name, text in PARTS.items():
        box.writestr(name, text)
    with box.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
        sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">')
        for name in ("NUMBER", "QUARTER", "REST", "DAY", "IS_ODD", "NAME", "TOWN", "SEASON"):
            sheet.write(f'<c t="inlineStr"><is><t>{name}</t></is></c>'.encode())
        sheet.write(b"</row>")
        for start in range(1, rows + 1, 1000):
            sheet.write("".join(map(row, range(start, min(start + 1000, rows + 1)))).encode())
        sheet.write(b"</sheetData></worksheet>")
