"""Pictures: where they lie, how they are decoded, kept, and changed for training."""
