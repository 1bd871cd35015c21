"""`python -m scripts.bench.observables [--texts N] [--file TEXTS.jsonl]`: how well and how fast traces are found.

Plants random traces among ordinary English and German sentences and prints recall and precision for each type, the time
of the most hostile texts of 20,000 characters, and, with --file, what is found in the field `text` of each line.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from pathlib import Path

from scripts.bench.planting import planted, sentences, text_with
from shared.ai.observables import extract
from shared.domain.observables import ObservableType

_LENGTH = 20_000
_TRACES = 12  # of one text
HOSTILE = {
    "one letter": "a",
    "dots": ".",
    "letter and dot": "a.",
    "digit and dot": "1.",
    "at signs": "@",
    "letter and at": "a@",
    "domain and at": "a.de@",
    "schemes": "http://",
    "defanged schemes": "hxxp[:]//",
    "one URL, brackets": "http://a.de/)",
    "colons": ":",
    "hexadecimal and colon": "a:",
    "opening brackets": "[",
    "defanged dots": "[.]",
    "almost defanged": "[ . ",
    "quotes": "'",
    "quoted letters": "'a",
    "backslashes": "HKLM\\",
    "registry words": "HKLM\\A A A A A",
    "hyphens": "a-",
    "base 58": "1111111111111111111111111",
    "ether": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe1 ",
    "IDN": "ü.de ",
    "long IDN": "üüüüüüüüüüüüüüüüüüüü.",
    "wide dots": "\uff0e",
    "years": "CVE-2021-",
    "brackets in names": "a(1)",
    "spaces": " \t",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How well and how fast observables are found")
    parser.add_argument("--texts", type=int, default=500, help="texts to plant traces in")
    parser.add_argument("--seed", type=int, default=1, help="of the random generator")
    parser.add_argument("--file", type=Path, help="JSON lines with a field text: what is found there is counted")
    options = parser.parse_args()
    _planted(options.texts, options.seed)
    _hostile()
    if options.file is not None:
        _file(options.file)


def _planted(texts: int, seed: int) -> None:
    rng, ordinary = random.Random(seed), sentences()  # noqa: S311  # a test's generator, seeded
    there: Counter[ObservableType] = Counter()
    found: Counter[ObservableType] = Counter()
    right: Counter[ObservableType] = Counter()
    for _ in range(texts):
        traces = [planted(rng) for _ in range(_TRACES)]
        expected = {key for _, keys in traces for key in keys}
        got = {one.key for one in extract(text_with(rng, ordinary, traces))}
        there.update(kind for kind, _ in expected)
        found.update(kind for kind, _ in got)
        right.update(kind for kind, _ in expected & got)
    print(f"{texts} texts with {_TRACES} traces each, seed {seed}")
    for kind in (kind for kind in ObservableType if there[kind] or found[kind]):
        print(
            f"  {kind.value:9} planted {there[kind]:6}  recall {right[kind] / max(1, there[kind]):.4f}"
            f"  precision {right[kind] / max(1, found[kind]):.4f}"
        )
    print(f"  together  recall {right.total() / there.total():.4f}  precision {right.total() / found.total():.4f}")


def _hostile() -> None:
    print(f"hostile texts of {_LENGTH} characters, milliseconds (and of half the length)")
    extract("warm up: ü.de 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
    for name, unit in HOSTILE.items():
        whole, half = (_milliseconds((unit * length)[:length]) for length in (_LENGTH, _LENGTH // 2))
        print(f"  {name:22} {whole:8.1f} ({half:.1f})")


def _milliseconds(text: str) -> float:
    started = time.perf_counter()
    extract(text)
    return (time.perf_counter() - started) * 1000


def _file(path: Path) -> None:
    found: Counter[str] = Counter()
    texts = characters = 0
    started = time.perf_counter()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line)["text"]
            texts, characters = texts + 1, characters + len(text)
            found.update(one.type.value for one in extract(text))
    seconds = time.perf_counter() - started
    print(f"{path.name}: {texts} texts, {characters} characters in {seconds:.2f} s: {dict(found)}")


if __name__ == "__main__":
    main()
