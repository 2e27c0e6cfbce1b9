"""The page's words of art, each in a sentence."""

from dataclasses import dataclass
from typing import Final

from northroute.claims.register import GRADES
from northroute.conventions import AGREEMENT_AT, CONTRADICTED_AT, INTERVAL_PROB, SUPPORTED_AT, interval_label
from northroute.report.formats import share


@dataclass(frozen=True)
class Term:
    """A word of art.

    Attributes
    ----------
    id : str
        Its anchor.
    word, meaning : str
    """

    id: str
    word: str
    meaning: str


TERMS: Final[dict[str, Term]] = {
    t.id: t
    for t in (
        Term(
            "P",
            "P",
            "Probability, given the data and the model, that the claim's inequality holds: 1 is certain, 0 is certain that "
            f"it does not. From {SUPPORTED_AT:g} a claim is supported, up to {CONTRADICTED_AT:g} contradicted. It is an "
            "association, never a cause.",
        ),
        Term("prior", "prior P", "The same probability before the data were seen: where the model started from."),
        Term(
            "posterior",
            "posterior",
            "What the model holds possible after it has seen the data, as many draws: the hill in each figure.",
        ),
        Term(
            "interval",
            interval_label(),
            f"Equal-tailed interval: {share(INTERVAL_PROB)} of the posterior lies in it, the rest on either side.",
        ),
        Term("mcse", "MCSE", "Monte Carlo standard error: by how much P would change if the computer drew again."),
        Term(
            "agreement",
            "equivalent specifications",
            "Other models and measures that one could as well have taken, fixed beforehand. Agreement is the share of them "
            f"with P on the same side of one half; a word needs {share(AGREEMENT_AT)}.",
        ),
        Term("grade", "grade", "How near the measure is to what the claim speaks of: A, B or C."),
        Term("grade-A", "grade A", f"It {GRADES['A']}."),
        Term("grade-B", "grade B", f"It {GRADES['B']}."),
        Term("grade-C", "grade C", f"It is {GRADES['C']}."),
        Term("proxy", "proxy", "Something counted in place of what is meant, because what is meant was not counted."),
        Term(
            "gate",
            "gate",
            "Checks that a fit must pass before its numbers are shown. One that fails leaves its claim without a number.",
        ),
        Term(
            "rhat",
            "R-hat and ESS",
            "Checks of the sampling. R-hat near 1: independent runs of the sampler agree. ESS: how many independent draws "
            "the draws are worth.",
        ),
    )
}
"""By anchor, in the order of the page."""
