"""The choices that a statement makes and the compiled program carries as numbers."""

from enum import IntEnum


class Family(IntEnum):
    """Distribution of a segment of rows; ``analysis/docs/engine.md`` lists where a new one is written down."""

    POISSON = 0
    NEGATIVE_BINOMIAL = 1
    GENERALISED_POISSON = 2
    NORMAL = 3
    MULTINOMIAL = 4
    DIRICHLET_MULTINOMIAL = 5
    MULTIVARIATE_NORMAL = 6
    NORMAL_ERRORS = 7
    STUDENT_T = 8


class Part(IntEnum):
    """What the second linear predictor of a segment stands for."""

    NONE = 0
    ZERO_INFLATED = 1
    HURDLE = 2
    DETECTION = 3


class Rows(IntEnum):
    """Which directions of a batch's groups the raw coordinates are: groups; deviations; deviations and the mean.

    The mean's coordinate is scaled so that independent coordinates give independent groups. The mean is also swept into
    its targets: what the data know is intercept plus mean, so that sum is a coordinate, and not the intercept.
    """

    GROUPS = 0
    ZERO_SUM = 1
    WITH_MEAN = 2


class Spectrum(IntEnum):
    """Spectral density that scales the effects of a basis (Hilbert-space Gaussian process)."""

    NONE = 0
    SQUARED_EXPONENTIAL = 1
    MATERN52 = 2
    MATERN32 = 3


class Transform(IntEnum):
    """From the unconstrained coordinate to a scalar's value."""

    IDENTITY = 0
    EXP = 1
    INTERVAL = 2
    TANH = 3
