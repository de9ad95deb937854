"""How rows are deleted, so that nothing of them is left, and what proves it."""
