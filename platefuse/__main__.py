"""`python -m platefuse`: the command line."""

import sys

from platefuse.cli.main import main

sys.exit(main())
