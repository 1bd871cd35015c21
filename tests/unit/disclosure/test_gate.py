from __future__ import annotations

import itertools

import pytest

from shared.domain.disclosure import MOST_CHARACTERS, Marking, disclosed, may_leave
from shared.domain.errors import KeptBackError
from shared.domain.sensitive import Wanted
from shared.domain.taxonomy import Pap, Tlp

OPEN = Marking(Tlp.GREEN, Pap.GREEN)


def leaving(ceiling):
    return {
        (tlp.value, pap.value, confidential)
        for tlp, pap, confidential in itertools.product(Tlp, Pap, [False, True])
        if may_leave(Marking(tlp, pap, confidential), ceiling)
    }


def test_by_default_only_clear_and_green_leave():
    expected = set(itertools.product(["CLEAR", "GREEN"], ["CLEAR", "GREEN"], [False]))
    assert leaving(Tlp.GREEN) == expected
    assert {one for one in itertools.product(Tlp, Pap) if may_leave(Marking(*one))} == {one[:2] for one in expected}


@pytest.mark.parametrize("ceiling", list(Tlp))
def test_no_setting_lets_out_what_is_for_named_people(ceiling):
    tlps = {tlp for tlp, _, _ in leaving(ceiling)}
    assert tlps <= {"CLEAR", "GREEN", "AMBER"}
    assert all(pap in {"CLEAR", "GREEN"} and not confidential for _, pap, confidential in leaving(ceiling))


def test_a_lower_ceiling_lets_out_less():
    assert {tlp for tlp, _, _ in leaving(Tlp.CLEAR)} == {"CLEAR"}
    assert leaving(Tlp.CLEAR) < leaving(Tlp.GREEN) < leaving(Tlp.AMBER)


def test_what_is_not_marked_stays():
    assert not may_leave(Marking())


def test_the_error_says_why_but_not_what():
    with pytest.raises(KeptBackError, match="TLP:RED") as caught:
        disclosed("the secret plan", Marking(Tlp.RED, Pap.GREEN), Tlp.GREEN, Wanted())
    assert "plan" not in str(caught.value)
    with pytest.raises(KeptBackError, match="confidential"):
        disclosed("x", Marking(Tlp.CLEAR, Pap.CLEAR, confidential=True), Tlp.GREEN, Wanted())


def test_too_long_stays():
    assert disclosed("x" * MOST_CHARACTERS, OPEN, Tlp.GREEN, Wanted()).text
    with pytest.raises(KeptBackError):
        disclosed("x" * (MOST_CHARACTERS + 1), OPEN, Tlp.GREEN, Wanted())


def test_what_leaves_is_redacted():
    assert disclosed("bob@example.com", OPEN, Tlp.GREEN, Wanted()).text == "<EMAIL_1>"
