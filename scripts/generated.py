"""Writes what is generated from the code: `python -m scripts.generated [--check]`.

- `functions.yaml`, which spares the Firebase CLI its discovery: it would import all of main.py to find them, and a
  manifest in the source wins over that;
- `shared/entry/openapi.json`, which spares `api_docs` the import of every other function;
- `emulator/COVERAGE.md`: see `scripts.coverage_map`;
- `docs/permissions.md`: see `scripts.permission_table`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from importlib import import_module
from pathlib import Path

from scripts import coverage_map, permission_table

ROOT = Path(__file__).parents[1]
_HEADER = (
    "# Written by `python -m scripts.generated` from the functions' declarations; a test checks that it is current.\n"
)


def manifest() -> str:
    """The manifest of every function, as the SDK itself writes it."""
    from firebase_functions.private.serving import functions_as_yaml

    import main

    functions = {name: getattr(main, name) for name in main.FUNCTIONS}
    return _HEADER + str(functions_as_yaml(functions))


def openapi() -> str:
    """The OpenAPI document of every HTTP function."""
    import main
    from shared.entry.contract import document

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    modules = [import_module(path) for path in main.FUNCTIONS.values() if path.startswith("functions.http.")]
    contract = document([module.ENDPOINT for module in modules], version)
    return json.dumps(contract, indent=1, ensure_ascii=False) + "\n"


FILES = {
    ROOT / "functions.yaml": manifest,
    ROOT / "shared" / "entry" / "openapi.json": openapi,
    coverage_map.TARGET: coverage_map.make,
    permission_table.TARGET: permission_table.make,
}


def run(arguments: list[str] | None = None) -> int:
    """Write the files, or with --check name those that are out of date (exit status 1 when there are any)."""
    parser = argparse.ArgumentParser(prog="python -m scripts.generated", description="Write the generated files.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is out of date")
    options = parser.parse_args(arguments)
    # The SDK reads the project's name when a trigger is declared; the manifest does not depend on which it is.
    os.environ.setdefault("GOOGLE_CLOUD_PROJECT", "demo-secura")
    stale = [path for path, make in FILES.items() if not path.is_file() or path.read_text() != make()]
    for path in stale:
        if options.check:
            print(f"{path.relative_to(ROOT)} is out of date: run python -m scripts.generated", file=sys.stderr)
        else:
            path.write_text(FILES[path]())
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(run())
