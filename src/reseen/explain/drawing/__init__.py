"""Figures and pictures: drawn from numbers and images, whatever model they come from."""
