"""Terms: what adds up in a linear predictor. A new one is a module here, and calls what :class:`Writer` offers."""
