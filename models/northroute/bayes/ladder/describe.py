"""The page of the ladder, ``analysis/docs/ladder.md``, with PyMC's graph of each step, made from the steps themselves.

Run ``python -m northroute.bayes.ladder.describe analysis/docs`` after a change to a step; a test compares.
"""

import re
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pymc as pm

from northroute.bayes.ladder.examples import MODULES, Example, example
from northroute.bayes.program import priors
from northroute.bayes.samplers.plain import of_assembled
from northroute.errors import ModelError

PAGE: Final = "ladder.md"
COMMAND: Final = "python -m northroute.bayes.ladder.describe analysis/docs"
MEANING: Final = {
    "bias_effect": "what a further measure says of a country beyond its anchor",
    "category_level": "log odds of a category against the mean over categories",
    "concentration": "concentration of shares around their predictor",
    "corr_course": "correlations of the latents' yearly steps",
    "corr_level": "correlations of the latents' levels",
    "corr_shock": "correlations over outcomes of the shocks of a country and month",
    "corr_unit": "correlations over outcomes of the units' effects",
    "corruption": "the latents, in standard deviations of their anchors",
    "country_effect": "a country's departure from the mean",
    "course_effect": "a country's course of a latent over years, around its level",
    "detection_intercept": "logit of the share reported, covariates at their means",
    "detection_slope": "change of that logit per unit of the covariate",
    "dispersion": "Var = mu + dispersion mu^2",
    "dispersion_counts": "Var = mu + dispersion mu^2",
    "focus_difference": "difference of that share between two countries",
    "focus_share": "a country's share of the category in focus",
    "intercept": "log rate per unit of exposure (composition: log share, up to a constant)",
    "inverse_root_concentration": "1 / sqrt(concentration), which has the prior",
    "level_effect": "a country's level of a latent",
    "loading": "what a further measure moves when its latent moves by one",
    "measure_intercept": "mean of a measure",
    "month_effect": "the common course over months",
    "region_effect": "a region's departure from its country",
    "rho_unit": "structured share of the regions' variance",
    "root_dispersion": "sqrt(dispersion), which has the prior",
    "root_dispersion_counts": "sqrt(dispersion), which has the prior",
    "sd_course": "standard deviation of a year's step of course_effect",
    "sd_level": "standard deviation of level_effect",
    "sd_month": "standard deviation of a month's step of month_effect",
    "sd_unit": "standard deviation of unit_effect (BYM2: of both of its parts together)",
    "season_effect": "a month of the year's departure from the mean",
    "share": "a country's shares, covariates at their means",
    "shock_effect": "a country's departure in one month (in one year, with latent corruption)",
    "slope": "log rate ratio per unit of the covariate (composition: log share, up to a constant)",
    "slope_contrast": "change of category_level per unit of the covariate",
    "slope_country": "a country's own slope: slope plus slope_effect",
    "slope_effect": "a country's departure from the mean slope",
    "slope_executive": "log rate ratio per unit of executive corruption",
    "slope_public": "log rate ratio per unit of public-sector corruption",
    "unit_effect": "a unit's departure from its country",
    "unit_level": "a unit's log rate: intercept, effects and unit covariates",
    "unit_slope": "log rate ratio per unit of a covariate that is constant in a unit",
    **{
        f"sd_{of}": f"standard deviation of {of}_effect"
        for of in ("bias", "country", "region", "season", "shock", "slope")
    },
    **{f"sd_residual_{of}": "error of the measure beyond its published one" for of in ("cpi", "vdem_public", "wgi")},
}
"""What each reported quantity is."""
_HEADINGS: Final = ("When to use it", "What it cannot tell")
_INTRODUCTION: Final = f"""# The ladder of models

Written by `{COMMAND}` from the models themselves; change those, not this page.

Each step adds one idea to the last. Graphs and tables are of small examples with the default priors, which
`CountSpec(priors=...)` replaces. Graphs are PyMC's own of what `spec.pymc_model(panel)` returns: a frame is repeated over
what is written in it, `z_country` are the standard normal numbers that `country_effect` is made of, and an outcome is
shaded. Intervals are 89 % ETI unless a call says otherwise. A log rate ratio is an association, not an effect.

Which specification each step has on simulated regions, article counts and seizures, or why it has none there, stands in
`northroute.workflow.rungs`; `northroute ladder STEP` fits one, `northroute reproduce` all, with a table on the page.
"""


def write(folder: Path) -> Path:
    """Write the page, and return its path.

    Parameters
    ----------
    folder : Path
        The file ``ladder.md`` in it is replaced.
    """
    page = folder / PAGE
    page.write_text("\n".join([_INTRODUCTION, *(section(example(step)) for step in MODULES)]), encoding="utf-8")
    return page


def mermaid(built: Example) -> str:
    """Return PyMC's graph of a step in Mermaid, which GitHub draws; its frames in the order of their names."""
    model = of_assembled(built.assembled, np.arange(built.assembled.rows))
    text: str = pm.model_to_mermaid(model, include_dim_lengths=False)
    graph, head, plates = text.partition("%% Plates:\n")
    frames = re.findall(r"(subgraph .*?\n)(.*?)end\n?", plates, flags=re.DOTALL)
    own = (f"{title}{''.join(sorted(inside.splitlines(keepends=True)))}end\n" for title, inside in sorted(frames))
    return f"{graph}{head}{''.join(own)}"


def section(built: Example) -> str:
    """Return the part of the page on one step, in Markdown."""
    title, body, parts = _split(MODULES[built.step].__doc__ or "")
    blocks = [f"## {title}", body, f"```mermaid\n{mermaid(built).strip()}\n```"]
    for heading in _HEADINGS:
        if heading not in parts:
            raise ModelError(f"The docstring of step '{built.step}' lacks '*{heading}.*'. Write it.")
        blocks += [f"### {heading}", parts[heading]]
    blocks += ["### Priors", _priors(built), "### What is reported", _reported(built)]
    return "\n\n".join(blocks) + "\n"


def markdown(text: str) -> str:
    """Turn the docstrings' markup into Markdown: mathematics, roles, literals."""
    out = re.sub(r"\.\. math::(.*?)(?=\n\S|\Z)", lambda m: f"```math\n{_aligned(m[1])}\n```\n", text, flags=re.DOTALL)
    out = re.sub(r":math:`([^`]*)`", r"$`\1`$", out)
    out = re.sub(r":(?:mod|func|class|data|meth):`~?([^`]*)`", r"`\1`", out)
    return re.sub(r"(?<!`)``([^`]+)``(?!`)", r"`\1`", out)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(f"| {' | '.join(r)} |" for r in (head, ("---",) * len(head), *rows))


def _aligned(formula: str) -> str:
    lines = textwrap.dedent(formula).strip("\n")
    lines = "\n".join(line.strip() for line in lines.splitlines() if line.strip())
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}" if "&" in lines else lines


def _split(text: str) -> tuple[str, str, dict[str, str]]:
    """Title, body and the parts that begin with a heading in italics."""
    first, rest = text.strip().split("\n", 1)
    pieces = re.split(rf"^\*({'|'.join(_HEADINGS)})\.\*\s*", rest, flags=re.MULTILINE)
    parts = {h: markdown(t).strip() for h, t in zip(pieces[1::2], pieces[2::2], strict=True)}
    return first.strip().rstrip("."), markdown(pieces[0]).strip(), parts


def _priors(built: Example) -> str:
    rows = [(f"`{p['parameter']}`", p["prior"], p["reason"]) for p in priors.used(built.assembled)]
    return table(("parameter", "prior", "reason"), rows)


def _reported(built: Example) -> str:
    reported = built.reported()
    unknown = sorted(set(reported) - set(MEANING))
    if unknown:
        raise ModelError(f"Step '{built.step}' reports {unknown}. Say what they are in MEANING.")
    rows = [(f"`{k}`", ", ".join(dims) or "one number", MEANING[k]) for k, dims in reported.items()]
    return table(("quantity", "dimensions", "what it is"), rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {COMMAND}")
    print(write(Path(sys.argv[1])))  # noqa: T201
