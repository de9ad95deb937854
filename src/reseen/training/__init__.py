"""Training: a recipe, the phases it is trained in, and the run folder they fill."""
