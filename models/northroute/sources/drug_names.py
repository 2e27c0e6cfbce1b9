"""Names that UNODC's tables give to drugs, and the group of each: one explicit list a table; an unknown name is refused.

Names are compared in lower case and up to the first opening bracket, so ``Poppy straw (seed heads, pods or capsules)`` is
``poppy straw``. Totals that a table gives beside their parts are marked ``TOTAL:`` and the group that takes what exceeds
the parts.
"""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from northroute.sources.rows import Rows

TOTAL: Final = "total: "
"""Mark of a total; the group of what it exceeds its parts by follows."""


def _groups(listed: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {name: group for group, names in listed.items() for name in names}


INDIVIDUAL: Final[Mapping[str, str]] = _groups(
    {
        "heroin": ("heroin",),
        "opium": ("opium",),
        "other_opiates": ("morphine", "opium poppy", "poppy straw"),
        "synthetics": ("amphetamine", "ecstasy", "ab-fubinaca", "jwh-018"),
        # THC, the active substance of cannabis; precursors of heroin and of stimulants
        "other": ("cocaine", "thc", "ephedrine", "non-specified precursors", "sulphuric acid"),
    }
)
"""Individual seizures 2011-2016."""

LATER_EDITIONS: Final[Mapping[str, str]] = _groups(
    {
        "heroin": ("heroin",),
        "opium": ("opium",),
        "morphine": ("illicit morphine",),
        "poppy_straw": ("poppy straw",),
        "other_opioids": (
            *("acetylated opium", "other illicit opiates", "3-methylfentanyl", "desomorphine", "other illicit opioids"),
            *("carfentanil", "codeine", "fentanyl", "methadone", "oxycodone", "tramadol"),
        ),
        "cannabis_herb": ("cannabis herb",),
        "cannabis_resin": ("cannabis resin",),
        "cannabis_plants": ("cannabis plants",),
        "cannabis_other": ("cannabis oil", "other types of cannabis", "cannabis-type"),
        "cocaine": (
            *('"crack" cocaine', "coca paste/refined cocaine base", "cocaine hydrochloride"),
            "other smokable forms of cocaine",
        ),
        f"{TOTAL}cocaine": ("cocaine",),
        "methamphetamine": ("methamphetamine",),
        "amphetamine": ("amphetamine",),
        "ecstasy": ("3,4-methylenedioxymethamphetamine",),
        f"{TOTAL}ecstasy": ('total "ecstasy"-type substances',),
        "other_synthetics": (
            *("non-specified amphetamine-type stimulants", "cathinone", "mephedrone", "methcathinone"),
            *(
                "other stimulants",
                "jwh-018",
                "synthetic cannabinoids",
                "synthetic cathinones",
                "non-specified nps",
                "2c",
            ),
            *("lysergic acid diethylamide", "4-bromo-2,5-dimethoxyphenethylamine"),
        ),
        f"{TOTAL}other_synthetics": ("total amphetamine-type stimulants",),
        "other": (
            *("methylphenidate", "prescription stimulants", "psychotropic substances", "non-specified hallucinogens"),
            *("dimethyltryptamine", "psilocybine", "barbiturates", "methaqualone", "benzodiazepines", "diazepam"),
            *("alprazolam", "gbl", "gamma-butyrolactone", "gamma-hydroxybutyric acid"),
            *("non-specified sedatives and tranquillizers", "other sedatives and tranquillizers"),
        ),
        f"{TOTAL}other": ("total sedatives and tranquillizers",),
        "plants_and_seeds": ("poppy plants", "poppy seed", "coca leaf", "cannabis seed"),
        "precursors": (
            *("non-specified precursors", "other precursors", "acetic anhydride", "acetone", "ephedrine"),
            *("hydrochloric acid", "phenylacetone", "potassium permanganate", "sulphuric acid"),
        ),
        "not_drugs": ("anabolic steroids", "other drugs/substances"),
    }
)
"""Annual seizures, annexes of the World Drug Reports 2024 and 2025."""

EDITION_2021: Final[Mapping[str, str]] = _groups(
    {
        "heroin": ("heroin",),
        "opium": ("opium", "opium/latex", "opium/raw and prepared"),
        "morphine": ("illicit morphine", "illicit morphine/morphine hcl"),
        "poppy_straw": ("poppy plants/poppy straw", "poppy plants/kuknar"),
        "other_opioids": (
            *("other illicit opiates/acetylised opium", "other illicit opioids/3-methylfentanyl"),
            *("other illicit opioids/desomorphine", "pharmaceutical opioids", "pharmaceutical opioids/fentanyl"),
            *("pharmaceutical opioids/methadone", "pharmaceutical opioids/oxycocet", "pharmaceutical opioids/promedol"),
            "pharmaceutical opioids/tramadol",
        ),
        "cannabis_herb": ("marijuana",),
        "cannabis_resin": ("hashish",),
        "cannabis_plants": ("cannabis plants", "cannabis plants/vegetal fragments"),
        "cannabis_other": ("cannabis oil", "cannabis-type", "other types of cannabis/dronabinol"),
        "cocaine": ("coca paste/cocaine base", "coca paste/cocaine base/basuco", "cocaine salts", "crack"),
        "methamphetamine": ("methamphetamine", "methamphetamine/liquid methamphetamine"),
        "amphetamine": ("amphetamine",),
        "ecstasy": ("ecstasy-type substances", "ecstasy-type substances/mdma"),
        "other_synthetics": (
            *("non-specified ats", "other stimulants/mephedrone", "other stimulants/mephedrone and its derivatives"),
            *("other stimulants/methcathinone", "other stimulants/n-methylephedrine"),
            *("synthetic cannabinoids under international control/jwh - 018", "synthetic cannabinoids"),
            *("synthetic cannabinoids/ab-fubinaca", "synthetic cannabinoids/ab-pinaca"),
            *("synthetic cannabinoids/adb-chminaca", "synthetic cannabinoids/amb-fub"),
            *("synthetic cannabinoids/mdmb", "synthetic cannabinoids/non-specified synthetic cannabinoid"),
            *("synthetic cathinones/4-methylephedrone", "synthetic cathinones/metamfepramone"),
            *("synthetic cathinones/alpha-pyrrolidinovalerophenone", "other nps/new psychoactive substances"),
            *("lsd", "other hallucinogens/25i-nbome", "other hallucinogens/2c-b"),
        ),
        "other": (
            *("prescription stimulants", "prescription stimulants/methylphenidate", "non-specified hallucinogens"),
            *("non-specified/narcotic drugs", "non-specified/pharmaceuticals", "psychotropic substances"),
            *("barbiturates", "benzodiazepines", "non-specified sedatives and tranquillizers"),
            *("other sedatives and tranquillizers", "other sedatives and tranquillizers/sodium oxybate", "gbl"),
            *("plant-based nps/salvinorin a", "other substances not under int. control"),
        ),
        "plants_and_seeds": ("poppy plants", "coca leaf", "cannabis seed", "non-specified/poppy/cannabis seeds"),
        "precursors": (
            *("other stimulants/ephedrine", "acetic anhydride", "non-specified precursors"),
            *("other precursors/1-phenyl-2-propanol", "other precursors/acids", "other precursors/phenylacetone"),
        ),
        "not_drugs": (
            *("alcohol", "other miscellaneous", "other miscellaneous/arinac", "other miscellaneous/fermented raisins"),
            *("other miscellaneous/panadol", "other miscellaneous/taren"),
        ),
    }
)
"""Annual seizures, annex of the World Drug Report 2021: name, and after a stroke what is specified."""


def plain(names: "pd.Series[str]") -> "pd.Series[str]":
    """Return names in lower case, up to the first bracket."""
    return names.str.split(" (", regex=False).str[0].str.split("(", regex=False).str[0].str.strip().str.lower()


def grouped(rows: Rows, names: "pd.Series[str]", listed: Mapping[str, str], column: str) -> "pd.Series[str]":
    """Return the group of each name.

    Parameters
    ----------
    rows : Rows
        The file.
    names : pandas.Series
        A name a row.
    listed : mapping of str to str
        Plain name to group: :data:`INDIVIDUAL` or a list of an annual table.
    column : str
        Named in the error.

    Raises
    ------
    DataError
        For a name that the list does not hold.
    """
    key = plain(names)
    remedy = "Give the name a group in northroute.sources.drug_names, or mend its spelling."
    rows.refuse(~key.isin(list(listed)), column, "'{name}' is not a known drug", remedy, {"name": names})
    return key.map(dict(listed))
