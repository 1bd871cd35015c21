"""`scripts/import_incidents`."""

import sys

from scripts.importing.command import run

sys.exit(run())
