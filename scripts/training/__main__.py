"""`scripts/train_categorizer`."""

import sys

from scripts.training.command import main

sys.exit(main())
