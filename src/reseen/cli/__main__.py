"""``python -m reseen.cli``."""

from reseen.cli import main

main()
