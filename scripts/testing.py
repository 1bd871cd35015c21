"""The command `scripts/test`: every test, with what cannot run here listed by name.

scripts/test [pytest arguments]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_JS = ROOT / "tests" / "js"


def install_javascript() -> None:
    """Fetch the JavaScript packages of the tests where Node.js is present; without them those tests are skipped."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None or _installed():
        return
    print("Fetching the JavaScript packages of the tests …", file=sys.stderr)
    command = [npm, "ci", "--prefix", str(_JS), "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode:
        shutil.rmtree(_JS / "node_modules", ignore_errors=True)
        print("They could not be fetched: the tests that need them are skipped.", file=sys.stderr)


def _installed() -> bool:
    """Whether what is installed is what the lock file asks for: npm leaves a note of what it installed, and when."""
    note = _JS / "node_modules" / ".package-lock.json"
    return note.exists() and note.stat().st_mtime >= (_JS / "package-lock.json").stat().st_mtime


def main() -> int:
    """Run pytest on the arguments; on everything, with a worker for each processor, when there are none."""
    arguments = sys.argv[1:]
    os.chdir(ROOT)
    install_javascript()
    workers = (
        [] if any(argument.startswith(("-n", "--numprocesses", "--pdb")) for argument in arguments) else ["-n", "auto"]
    )
    return subprocess.run([sys.executable, "-m", "pytest", *workers, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
