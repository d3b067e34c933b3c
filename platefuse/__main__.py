"""`python -m platefuse`: the command line."""

import sys

from platefuse.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
