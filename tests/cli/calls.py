"""Commands called by tests: inside this process, or as a user calls them."""

from __future__ import annotations

import subprocess
import sys

from typer.testing import CliRunner, Result

from reseen import cli


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "120", "TERM": "dumb"}).invoke(cli.app, [str(word) for word in arguments])


def run_whole(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs the program itself: only `main` turns errors into lines."""
    command = [sys.executable, "-m", "reseen.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
