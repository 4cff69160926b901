"""Where the command ``boxwright`` begins.

An optimizer calls ``boxwright algo`` thousands of times: the words are looked at before anything heavy is imported.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:2] == ["algo"]:
        from boxwright.algo.main import main as algo

        sys.exit(algo(sys.argv[2:]))
    from boxwright.cli import main as cli

    cli()
