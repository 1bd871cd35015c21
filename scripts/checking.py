"""The command `scripts/check`: the checks that are not tests. All are run, and each failure is shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BIN = Path(sys.executable).parent
CHECKS: dict[str, list[str | Path]] = {
    "ruff check": [_BIN / "ruff", "check", "--output-format", "concise"],
    "ruff format": [_BIN / "ruff", "format", "--check"],
    "mypy --strict": [_BIN / "mypy"],
    "import-linter": [_BIN / "lint-imports"],
    "generated files": [sys.executable, "-m", "scripts.generated", "--check"],
}


def main() -> int:
    """Exit status 1 when a check fails."""
    os.chdir(ROOT)
    failed = []
    for name, command in CHECKS.items():
        result = subprocess.run(command, check=False, capture_output=True, text=True)
        print(f"{'failed' if result.returncode else 'passed'}  {name}")
        if result.returncode:
            failed.append(name)
            print(result.stdout + result.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
