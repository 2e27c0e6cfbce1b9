"""Damage to ships by waves, and what Stata prints of it.

Data: McCullagh and Nelder (1989), Generalized Linear Models, section 6.3.2, the 34 rows that were at sea. Numbers: Stata's
``poisson`` and ``nbreg`` as statsmodels keeps them (statsmodels/discrete/tests/results/results_count_robust_cluster.py,
commit 82c59e378bdfb5ae324006c477954879ad3e24be, BSD-3). ``nbreg`` is NB2, ``alpha`` its dispersion.
"""

from typing import NamedTuple

import pandas as pd


class Printed(NamedTuple):
    """The log likelihood of a command, and estimate and standard error by parameter."""

    loglik: float
    rows: dict[str, tuple[float, float]]

    def table(self) -> pd.DataFrame:
        """Columns ``estimate`` and ``se`` by parameter."""
        return pd.DataFrame.from_dict(self.rows, orient="index", columns=["estimate", "se"])


# ship, year of construction, operated 1975 to 1979, months of service, accidents
_ROWS = (
    (1, 1, 0, 127, 0),
    (1, 1, 1, 63, 0),
    (1, 2, 0, 1095, 3),
    (1, 2, 1, 1095, 4),
    (1, 3, 0, 1512, 6),
    (1, 3, 1, 3353, 18),
    (1, 4, 1, 2244, 11),
    (2, 1, 0, 44882, 39),
    (2, 1, 1, 17176, 29),
    (2, 2, 0, 28609, 58),
    (2, 2, 1, 20370, 53),
    (2, 3, 0, 7064, 12),
    (2, 3, 1, 13099, 44),
    (2, 4, 1, 7117, 18),
    (3, 1, 0, 1179, 1),
    (3, 1, 1, 552, 1),
    (3, 2, 0, 781, 0),
    (3, 2, 1, 676, 1),
    (3, 3, 0, 783, 6),
    (3, 3, 1, 1948, 2),
    (3, 4, 1, 274, 1),
    (4, 1, 0, 251, 0),
    (4, 1, 1, 105, 0),
    (4, 2, 0, 288, 0),
    (4, 2, 1, 192, 0),
    (4, 3, 0, 349, 2),
    (4, 3, 1, 1208, 11),
    (4, 4, 1, 2051, 4),
    (5, 1, 0, 45, 0),
    (5, 2, 0, 789, 7),
    (5, 2, 1, 437, 7),
    (5, 3, 0, 1157, 5),
    (5, 3, 1, 2161, 12),
    (5, 4, 1, 542, 1),
)

STATA: dict[str, Printed] = {
    "poisson accident yr_con op_75_79, vce(cluster ship)": Printed(
        -354.2436413025559,
        {
            "yr_con": (-0.02172061893549, 0.19933709357097),
            "op_75_79": (0.22148585072024, 0.11093628220713),
            "_cons": (2.2697077143215, 1.1048569901548),
        },
    ),
    "poisson accident yr_con op_75_79, vce(robust)": Printed(
        -354.2436413025559,
        {
            "yr_con": (-0.02172061893549, 0.19233713248134),
            "op_75_79": (0.22148585072024, 0.55301404772037),
            "_cons": (2.2697077143215, 0.66532523368388),
        },
    ),
    "poisson accident yr_con op_75_79, exposure(service)": Printed(
        -91.28727940081573,
        {
            "yr_con": (0.30633819450439, 0.05790831365493),
            "op_75_79": (0.35592229608495, 0.12151759298719),
            "_cons": (-6.974712802772, 0.13252425018256),
        },
    ),
    "poisson accident yr_con op_75_79, exposure(service) vce(robust)": Printed(
        -91.28727940081573,
        {
            "yr_con": (0.30633819450439, 0.09144457613957),
            "op_75_79": (0.35592229608495, 0.16103531267836),
            "_cons": (-6.974712802772, 0.2558675415017),
        },
    ),
    "poisson accident yr_con op_75_79, exposure(service) vce(cluster ship)": Printed(
        -91.28727940081573,
        {
            "yr_con": (0.30633819450439, 0.03817694295902),
            "op_75_79": (0.35592229608495, 0.09213163536669),
            "_cons": (-6.974712802772, 0.0968656626603),
        },
    ),
    "nbreg accident yr_con op_75_79, vce(cluster ship)": Printed(
        -109.0877965183258,
        {
            "yr_con": (-0.03536709401845, 0.27216090050938),
            "op_75_79": (0.23211570238882, 0.09972456245386),
            "_cons": (2.2952623989519, 1.2335785495143),
            "lnalpha": (0.84599628895555, 0.22483100011931),
            "alpha": (2.3302983089051, 0.52392329936749),
        },
    ),
    "nbreg accident yr_con op_75_79, vce(robust)": Printed(
        -109.0877965183258,
        {
            "yr_con": (-0.03536709401845, 0.26106873337039),
            "op_75_79": (0.23211570238882, 0.56245325203342),
            "_cons": (2.2952623989519, 0.76040210713867),
            "lnalpha": (0.84599628895555, 0.24005700345444),
            "alpha": (2.3302983089051, 0.55940442919073),
        },
    ),
    "nbreg accident yr_con op_75_79, exposure(service)": Printed(
        -82.49115612464288,
        {
            "yr_con": (0.28503762550355, 0.14983643534827),
            "op_75_79": (0.17127003537767, 0.27580549562862),
            "_cons": (-6.5908639033905, 0.40391814231008),
            "lnalpha": (-1.4034722260565, 0.51305874839271),
            "alpha": (0.24574220834903, 0.12608018984282),
        },
    ),
    "nbreg accident yr_con op_75_79, exposure(service) vce(cluster ship)": Printed(
        -82.49115612464288,
        {
            "yr_con": (0.28503762550355, 0.14270989695062),
            "op_75_79": (0.17127003537767, 0.17997186802799),
            "_cons": (-6.5908639033905, 0.62542746996715),
            "lnalpha": (-1.4034722260565, 0.86579403765571),
            "alpha": (0.24574220834903, 0.21276213878894),
        },
    ),
}


def frame() -> pd.DataFrame:
    """The 34 rows: ``ship`` (five), ``yr_con``, ``op_75_79``, ``service``, ``accident``."""
    return pd.DataFrame(_ROWS, columns=["ship", "yr_con", "op_75_79", "service", "accident"])
