"""Descriptors of many images, and how far apart they are."""
