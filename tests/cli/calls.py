"""Commands called by tests: inside this process, or as a user calls them."""

from __future__ import annotations

import functools
import subprocess
import sys

from typer import testing
from typer.testing import CliRunner, Result

from reseen import cli

# Typer puts the whole command line together for each call, which takes longer than most calls do.
testing._get_command = functools.cache(testing._get_command)


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "120", "TERM": "dumb"}).invoke(cli.app, [str(word) for word in arguments])


def run_whole(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs the program itself: only `main` turns errors into lines."""
    command = [sys.executable, "-m", "reseen.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
