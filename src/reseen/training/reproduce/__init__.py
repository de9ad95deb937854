"""The papers' tables: which rows there are, which have been run, and running those that are missing."""
