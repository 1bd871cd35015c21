"""`scripts/train_categorizer`: read, learn, measure, write."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.training.records import DataError, Record, fingerprint, read_incidents, read_own_reports, read_voices

ROOT = Path(__file__).parents[2]
DEFAULT_DATA = ROOT.parent / "shared" / "data" / "incidents_train.jsonl"
DEFAULT_OUT = ROOT / "shared" / "ai" / "models"
VERSION = "2026.11.2"
WANTED_WHEN_ANSWERED = 0.80
"""Below the confidence that gives this accuracy the categorizer says "not sure"."""


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="train_categorizer", description="Train the categorizer and write its model file."
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=DEFAULT_DATA,
        metavar="FILE",
        help="coded incidents as JSON lines: text, category, group (default: %(default)s)",
    )
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, metavar="DIR", help="where the model goes (default: %(default)s)"
    )
    parser.add_argument("--report", action="store_true", help="measure only, write nothing")
    parser.add_argument("--no-own", action="store_true", help="leave out our own reports in employees' words")
    parser.add_argument("--force", action="store_true", help="overwrite even a model that measured better")
    parser.add_argument("--model-version", default=VERSION, help="written into the model (default: %(default)s)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns its exit status: 0 done, 1 not better than what is there, 2 bad input."""
    options = _arguments(argv)
    try:
        return _train(options)
    except (DataError, ImportError, OSError) as error:
        print(f"train_categorizer: {error}", file=sys.stderr)
        return 2


def _train(options: argparse.Namespace) -> int:
    started = time.monotonic()

    def tell(line: str) -> None:
        print(f"[{time.monotonic() - started:6.1f} s] {line}", file=sys.stderr, flush=True)

    incidents = read_incidents(options.data)
    records = incidents + ([] if options.no_own else [*read_own_reports(), *read_voices()])
    if not options.report:
        options.out.mkdir(parents=True, exist_ok=True)
    tell(f"read {len(incidents):,} incidents and {len(records) - len(incidents):,} reports of our own")
    model, description = _learn(records, options.model_version, tell)
    description["data"] = {
        "incidents": len(incidents),
        "own_reports": len(records) - len(incidents),
        "fingerprint": fingerprint(records),
    }
    print(description.pop("table"))
    if options.report:
        return 0
    before, after = _measured(options.out), description["validation"]["incidents"]["accuracy"]
    if before is not None and after < before - 0.0005 and not options.force:
        print(
            f"train_categorizer: not written: accuracy {after:.4f}, the present model has {before:.4f} (see --force)",
            file=sys.stderr,
        )
        return 1
    path = options.out / "categorizer.npz"
    model.save(path)
    description["sha256"] = model.fingerprint()
    (options.out / "categorizer.json").write_text(
        json.dumps(description, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )
    tell(f"wrote {path} ({path.stat().st_size / 1e6:.2f} MB, {description['sha256'][:8]})")
    return 0


def _learn(records: list[Record], version: str, tell: Any) -> tuple[Any, dict[str, Any]]:
    """Validate, then fit on everything. The imports are late so that bad arguments answer at once."""
    import numpy as np
    import sklearn

    from scripts.training import evaluation
    from scripts.training.fitting import Recipe, finished, fit
    from scripts.training.personal_names import NameFilter

    recipe = Recipe()
    names = NameFilter(record.text for record in records)
    judged = evaluation.cross_validate(records, names, recipe, tell)
    degrees = evaluation.temperatures(judged)
    least_known = float(round(np.quantile(judged.known, 0.01), 3))
    chances = evaluation.probabilities(judged, degrees, least_known)
    limit = evaluation.threshold(chances, judged, WANTED_WHEN_ANSWERED)
    parts = {"incidents": ~judged.own, "own reports": judged.own}
    columns = {
        name: evaluation.figures(chances[part], judged.labels[part], limit)
        for name, part in parts.items()
        if part.any()
    }
    tell("learning from all texts")
    meta = {"version": version, "threshold": limit, "least_known_words": least_known}
    model = finished(fit(records, names, recipe), degrees, meta)
    return model, {
        "name": "secura-categorizer",
        **meta,
        "temperatures": [round(degree, 4) for degree in degrees],
        "recipe": asdict(recipe),
        "classes": model.meta["classes"],
        "terms": len(model.vocabulary),
        "words": model.words_in_vocabulary,
        "scikit_learn": sklearn.__version__,
        "numpy": np.__version__,
        "validation": {name: column.rounded() for name, column in columns.items()},
        "table": evaluation.table(columns),
    }


def _measured(out: Path) -> float | None:
    """The accuracy of the model already in `out`, None when there is none."""
    path = out / "categorizer.json"
    if not path.exists():
        return None
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["validation"]["incidents"]["accuracy"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: not the description of a model ({error}); remove it or use another --out") from error
