"""What a fit must pass before anything is summarised: the prior, the chains, the rows."""
