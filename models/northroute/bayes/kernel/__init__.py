"""Log densities of models and their gradients, compiled once for all models."""
