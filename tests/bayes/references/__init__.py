"""Published results that the engine has to reproduce."""
