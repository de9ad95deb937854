"""How rows are found: by picture, by attributes, looked over, and always inside the filters."""
