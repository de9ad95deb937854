"""Losses, one a file, and the objective that puts them together."""
