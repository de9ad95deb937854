"""``python -m reseen.cli``."""

from reseen.cli import main

if __name__ == "__main__":
    main()
