"""How fast and how small the categorizer is, beside scikit-learn serving the same terms and weights.

Run it as ``.venv/bin/python -m scripts.bench.categorizer``. Each cold start is a fresh process; the median of five
counts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.training.records import read_own_reports
from shared.ai.categorizer import DEFAULT_MODEL, Categorizer

_COLD_STARTS = 5
_ROUNDS = 10
_ROOT = Path(__file__).resolve().parents[2]

_COLD = """
import resource, sys, time
start = time.perf_counter()
{work}
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
_OURS = (
    "from shared.ai.categorizer import Categorizer\nCategorizer.load().categorize('I left my work laptop on the train')"
)
_THEIRS = (
    "import joblib\npipeline = joblib.load({path!r})\npipeline.predict_proba(['I left my work laptop on the train'])"
)


def _cold(work: str) -> tuple[float, float]:
    """Median seconds to import, load and answer once, and the process's peak resident megabytes."""
    runs = []
    for _ in range(_COLD_STARTS):
        done = subprocess.run(
            [sys.executable, "-c", _COLD.format(work=work)], cwd=_ROOT, capture_output=True, text=True, check=True
        )
        seconds, megabytes = done.stdout.split()
        runs.append((float(seconds), float(megabytes)))
    return statistics.median(run[0] for run in runs), statistics.median(run[1] for run in runs)


def _warm(texts: list[str]) -> tuple[float, float]:
    """Median and 95th percentile of the milliseconds an answer takes."""
    categorizer = Categorizer.load()
    times = []
    for _ in range(_ROUNDS):
        for text in texts:
            start = time.perf_counter()
            categorizer.categorize(text)
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def _scikit_learn(folder: Path) -> tuple[float, float, float]:
    """The same terms served by scikit-learn through joblib: seconds, megabytes in memory, megabytes on disk."""
    import joblib
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    from scripts.training.fitting import Recipe, vectorizers
    from shared.ai.linear_model import LinearTextModel

    model = LinearTextModel.load(DEFAULT_MODEL)
    count = model.words_in_vocabulary
    pair = vectorizers(Recipe(), (list(model.vocabulary[:count]), list(model.vocabulary[count:])))
    for vectorizer, idf in zip(pair, (model.idf[:count], model.idf[count:]), strict=True):
        vectorizer.idf_ = idf.astype(np.float64)
    regression = LogisticRegression()
    regression.classes_ = np.array(model.meta["classes"])
    regression.coef_ = model.weights.T.astype(np.float64)
    regression.intercept_ = model.intercept.astype(np.float64)
    path = folder / "pipeline.joblib"
    joblib.dump(make_pipeline(make_union(*pair), regression), path)
    seconds, memory = _cold(_THEIRS.format(path=str(path)))
    return seconds, memory, path.stat().st_size / 1e6


def main() -> None:
    """Print the figures, and as the last line the same as JSON."""
    texts = [report.text for report in read_own_reports()]
    long_texts = [" ".join(texts[start : start + 5]) for start in range(0, len(texts), 5)]
    seconds, memory = _cold(_OURS)
    bare_seconds, bare_memory = _cold("import numpy")
    with tempfile.TemporaryDirectory() as folder:
        their_seconds, their_memory, their_size = _scikit_learn(Path(folder))
    short, long = _warm(texts), _warm(long_texts)
    size = DEFAULT_MODEL.stat().st_size / 1e6
    figures = {
        "import + load + first answer, s": seconds,
        "  of which importing numpy, s": bare_seconds,
        "median answer, one sentence, ms": short[0],
        "p95 answer, one sentence, ms": short[1],
        "median answer, five sentences, ms": long[0],
        "p95 answer, five sentences, ms": long[1],
        "peak memory, MB": memory,
        "  of which Python and numpy, MB": bare_memory,
        "model file, MB": size,
        "scikit-learn: first answer, times slower": their_seconds / seconds,
        "scikit-learn: memory, times more": their_memory / memory,
        "scikit-learn: file, times larger": their_size / size,
    }
    for name, value in figures.items():
        print(f"{name:44}{value:10.3f}")
    print(json.dumps({name.strip(): round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
