"""Writes docs/results.md and README's table of results from the files in results/.

Run from the repository: ``.venv/bin/python docs/results.py``
"""

from __future__ import annotations

from pathlib import Path

from reseen.training.reproduce.pages import readme_table, results_page, with_table
from reseen.training.reproduce.rows import ROWS


def main() -> None:
    readme = Path("README.md")
    text = with_table(readme.read_text(), readme_table(ROWS))
    Path("docs/results.md").write_text(results_page(ROWS))
    readme.write_text(text)


if __name__ == "__main__":
    main()
