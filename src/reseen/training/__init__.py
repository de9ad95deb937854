"""Training: a recipe, its phases as Lightning modules, and the run folder they fill."""
