from __future__ import annotations

import gzip
import json

import pytest

from scripts.auditing.command import run
from shared.services.audit.exporting import export_lines
from tests.unit.audit.trails import SIGNER, trail_of

KEY = SIGNER.public_key.text
TRAIL = trail_of(3, 3, tail=1)
TEXT = "".join(export_lines(TRAIL.log, None, None, TRAIL.clock.now()))


@pytest.fixture
def verify_audit(tmp_path, capsys):
    """Runs the command on a text; its status and what it printed."""

    def verified(text, *more, key=KEY):
        file = tmp_path / "audit.jsonl"
        file.write_text(text)
        status = run([str(file), "--public-key", key, *more])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return verified


def test_a_good_export_is_proven_in_words_and_for_programs(verify_audit):
    status, words = verify_audit(TEXT)
    assert status == 0
    assert words.startswith("PROVEN: 9 entries in 3 seals, signed by key ")
    assert "1 entries cannot be proven" in words
    status, told = verify_audit(TEXT, "--json")
    verdict = json.loads(told)
    assert (status, verdict["finding"], verdict["sealed"], verdict["unsealed"]) == (0, None, 9, 1)


def test_a_compressed_export_and_a_key_in_a_file_are_read(tmp_path, capsys):
    (tmp_path / "key").write_text(KEY + "\n")
    with gzip.open(tmp_path / "audit.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(TEXT)
    assert run([str(tmp_path / "audit.jsonl.gz"), "--public-key", str(tmp_path / "key")]) == 0
    whole = (tmp_path / "audit.jsonl.gz").read_bytes()
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    assert run([str(tmp_path / "cut.gz"), "--public-key", KEY]) == 2
    assert capsys.readouterr().err.startswith("verify_audit: ")


def test_what_is_broken_is_named(verify_audit):
    status, words = verify_audit(TEXT.replace('"id":"kim"', '"id":"eve"', 1))
    assert (status, words.splitlines()[0]) == (1, "BROKEN: entry e0000 was changed.")
    lines = TEXT.splitlines(keepends=True)
    status, words = verify_audit("".join([lines[0], *lines[5:]]))
    assert status == 1
    assert "seal 000000000001 was removed" in words
    status, words = verify_audit(TEXT, "--head", "AB" * 32)
    assert status == 1
    assert "its end was cut off" in words


def test_a_part_that_was_asked_for_is_proven_and_said_to_be_one(verify_audit):
    _, second, _ = TRAIL.log.kept.values()
    part = "".join(export_lines(TRAIL.log, second.until, None, TRAIL.clock.now()))
    status, words = verify_audit(part)
    assert status == 0
    assert "It begins with seal 2" in words


def test_a_name_in_the_file_cannot_steer_the_terminal(verify_audit):
    status, words = verify_audit(TEXT.replace('"id":"e0000"', '"id":"\\u001b[2J"'))
    assert status == 1
    assert "\x1b" not in words
    assert "\\x1b[2J" in words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing of ours\n",
        "{}\n",
        TEXT.replace('"version":1', '"version":2'),
        "".join(TEXT.splitlines(keepends=True)[:-1]),  # cut off at a line
        TEXT[:-40],  # cut off in a line
        TEXT + '{"entry":{}}\n',
        TEXT.replace('{"lines":13}', '{"lines":12}'),
    ],
)
def test_a_file_that_is_no_whole_export_is_unusable(verify_audit, text):
    status, words = verify_audit(text)
    assert status == 2
    assert words.startswith("verify_audit: ")


def test_a_name_told_twice_in_an_object_is_unusable(verify_audit):
    status, words = verify_audit(TEXT.replace('"action":"user:x"', '"action":"user:y","action":"user:x"', 1))
    assert status == 2
    assert "line 2" in words


def test_a_missing_file_or_key_is_told(tmp_path, capsys):
    assert run([str(tmp_path / "none"), "--public-key", KEY]) == 2
    assert run([str(tmp_path / "none"), "--public-key", str(tmp_path / "no-key")]) == 2
    assert run([str(tmp_path / "none"), "--data", str(tmp_path)]) == 2
    assert "--public-key" in capsys.readouterr().err
