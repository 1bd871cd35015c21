from __future__ import annotations

import pytest
from openpyxl import Workbook

from scripts.importing.reading import Row, UnreadableFileError, read_rows


def rows(tmp_path, name, content, **options):
    path = tmp_path / name
    path.write_bytes(content)
    return list(read_rows(path, **options))


def test_json_lines_keep_their_numbers_and_a_bad_one_is_an_error_of_its_own(tmp_path):
    found = rows(tmp_path, "a.jsonl", b'{"text": "one"}\n\nnot json\n[1]\n{"text": "two"}\n')
    assert [row.line for row in found] == [1, 3, 4, 5]
    assert [row.error is None for row in found] == [True, False, False, True]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_whatever_separates_its_columns(tmp_path, separator):
    text = f'title{separator}text\nA{separator}"one\ntwo"\nB{separator}three\n'
    found = rows(tmp_path, "a.csv", b"\xef\xbb\xbf" + text.encode())
    assert found == [Row(3, {"title": "A", "text": "one\ntwo"}), Row(4, {"title": "B", "text": "three"})]


def test_a_csv_row_with_too_many_values_is_an_error_of_its_own(tmp_path):
    found = rows(tmp_path, "a.csv", b"title,text\nA,one,stray\nB,two\n")
    assert found[0].error is not None
    assert found[1] == Row(3, {"title": "B", "text": "two"})


def test_an_encoding_can_be_said_and_is_asked_for(tmp_path):
    content = "title,text\nCafé,one\n".encode("cp1252")
    assert rows(tmp_path, "a.csv", content, encoding="cp1252") == [Row(2, {"title": "Café", "text": "one"})]
    with pytest.raises(UnreadableFileError, match="--encoding"):
        rows(tmp_path, "a.csv", content)


def test_the_first_sheet_of_a_workbook_is_read(tmp_path):
    book = Workbook()
    for cells in (["Title", "Text"], ["A", "one"], [None, None], ["B", "two"]):
        book.active.append(cells)
    book.save(tmp_path / "a.xlsx")
    found = list(read_rows(tmp_path / "a.xlsx"))
    assert found == [Row(2, {"Title": "A", "Text": "one"}), Row(4, {"Title": "B", "Text": "two"})]


@pytest.mark.parametrize(("name", "content"), [("a.pdf", b"%PDF"), ("a.xlsx", b"no zip")])
def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path, name, content):
    with pytest.raises(UnreadableFileError) as refused:
        rows(tmp_path, name, content)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "xlsx"])
def test_a_missing_file_is_said_in_one_line(tmp_path, ending):
    with pytest.raises(UnreadableFileError, match="No such file"):
        list(read_rows(tmp_path / f"none.{ending}"))
