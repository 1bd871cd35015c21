"""Let a tool run with the project's own packages, whichever Python started it. Standard library only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def ensure_venv() -> None:
    """Start this program again with the project's `.venv`, if there is one and it is not already in use.

    Also puts the repository's root first on `sys.path`, in place of `scripts/`, so that its packages
    import from any working directory.
    """
    environment = ROOT / ".venv"
    python = environment / "bin" / "python"
    if python.exists() and Path(sys.prefix).resolve() != environment.resolve():
        os.execv(python, [str(python), *sys.argv])  # noqa: S606 (our own interpreter, our own arguments, no shell)
    if sys.path and Path(sys.path[0] or ".").resolve() == ROOT / "scripts":
        del sys.path[0]
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
