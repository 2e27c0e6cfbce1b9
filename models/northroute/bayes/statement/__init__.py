"""What is said: a model, its terms, distributions and priors. Nothing here knows how it is computed."""
