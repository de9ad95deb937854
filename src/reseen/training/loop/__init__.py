"""The steps of a phase, and what happens around them: progress, figures, interruption, saving."""
