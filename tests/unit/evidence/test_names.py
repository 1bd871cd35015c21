"""Names as they are shown and saved under."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.evidence import ids_in, kept_text, object_name, safe_name


@pytest.mark.parametrize(
    ("original", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/absolute/", "absolute"),
        ("C:\\x\\y.exe", "y.exe"),
        ("...hidden..", "hidden"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("\0\r\n", "unnamed"),
        ("a\r\nSet-Cookie: b.txt", "aSet-Cookie_ b.txt"),
        ("nul", "_nul"),
        ("COM1.txt", "_COM1.txt"),
        ("console.txt", "console.txt"),
        ("exe\u202egpj.txt", "exegpj.txt"),
        ("a\ud800b", "a\ufffdb"),
        ('a"<b>|?*.txt', "a__b____.txt"),
        ("Übersicht.txt", "Übersicht.txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("é" * 300, "é" * 100),
    ],
)
def test_names(original, safe):
    assert safe_name(original) == safe


@given(st.text(alphabet=st.characters(), max_size=400))
def test_no_name_harms(original):
    name = safe_name(original)
    assert name
    assert len(name.encode()) <= 200
    assert not name.startswith((".", " "))
    assert not set(name) & set('/\\<>:"|?*')
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in name)
    assert safe_name(name) == name
    assert kept_text(kept_text(original)) == kept_text(original)


def test_ids_are_found_in_the_names_of_objects():
    assert ids_in(object_name("i", "e")) == ("i", "e")
    assert ids_in("incidents/i") is None
    assert ids_in("incidents//e") is None
    assert ids_in("other/i/e") is None
