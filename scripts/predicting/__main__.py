"""`scripts/predict`."""

import sys

from scripts.predicting.command import main

sys.exit(main())
