"""`scripts/verify_audit`."""

import sys

from scripts.auditing.command import run

sys.exit(run())
