"""What runs a trained system: PyTorch, or another engine on an exported graph."""
