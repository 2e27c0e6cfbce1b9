"""What the page shows: verdicts, fits, sections with tables and figures, provenance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from northroute.bayes import BayesFit
from northroute.claims import Answer, Register, Verdict
from northroute.frequentist import FrequentistFit
from northroute.report.ladder import LadderRow


@dataclass(frozen=True)
class Picture:
    """A figure of a section, drawn only if it is not there already.

    Attributes
    ----------
    name : str
        Stem of its files; letters, digits, dots and underscores.
    draw : callable
        Draws it. Called only where no file of the same ``key`` is there.
    alt : str
        What the figure shows, with its numbers, for those who do not see it.
    key : str
        Changes when what is drawn changes, such as a hash of the numbers; the code of the drawing is added to it.
    caption : str
        Stands under the figure; none if empty.
    adapts : bool
        Whether its colours follow the reader's dark mode. True only for figures in the colours of ``report.style``;
        others keep their white ground.
    narrow : callable, optional
        Draws it anew for a narrow screen, about 5.5 inches wide; without it a phone scrolls the wide one.
    """

    name: str
    draw: Callable[[], Figure]
    alt: str
    key: str
    caption: str = ""
    adapts: bool = False
    narrow: Callable[[], Figure] | None = None


@dataclass(frozen=True)
class Section:
    """A part of the page: text, tables and figures, in this order.

    Attributes
    ----------
    id, title : str
        Anchor and heading.
    paragraphs : tuple of str
        Plain text.
    tables : tuple of (str, pandas.DataFrame)
        Caption and table. A table with a named index has that index as the headers of its rows; otherwise its first
        column heads them. Texts stand as they are, numbers with three digits.
    figures : tuple of Picture
    folded : tuple of (str, pandas.DataFrame)
        Longer tables, folded under their captions.
    """

    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[tuple[str, pd.DataFrame], ...] = ()
    figures: tuple[Picture, ...] = ()
    folded: tuple[tuple[str, pd.DataFrame], ...] = ()


@dataclass(frozen=True)
class DataSource:
    """A table that was read, for the page's list of sources and licences.

    Attributes
    ----------
    name : str
        What it holds, in words.
    publisher : str
    licence : str
    copy : str
        The copy that it was taken from.
    note : str
        What a reader has to know, such as figures recalled from memory.
    """

    name: str
    publisher: str
    licence: str
    copy: str = ""
    note: str = ""


@dataclass(frozen=True)
class Site:
    """Everything the page shows.

    Attributes
    ----------
    register : Register
    real, simulated : tuple of Verdict
        Kept apart: two pages, never one table.
    fits : tuple of BayesFit
        Fits behind the answers, failed ones too.
    fixed_effects : tuple of FrequentistFit
        Fixed-effects companions.
    region_rates : pandas.DataFrame
        Posterior rate of simulated drug incidents by region: ``median``, ``low``, ``high``; empty if the fit is refused.
    ladder : tuple of LadderRow
        Steps of the ladder on every data set.
    ladder_note : str
        What a quick run left out of it.
    inputs : mapping of str to str
        SHA-256 of every file that was read.
    stamp : mapping
        Data hash, register hash, versions, seed, command.
    notices : tuple of str
        Shown at the top: a changed register, data that are missing.
    quick : bool
        A quick look: the page says so.
    side_by_side, maps : Section, optional
        The brief's question by country and region, and its maps.
    sources : tuple of DataSource
    """

    register: Register
    real: tuple[Verdict, ...]
    simulated: tuple[Verdict, ...]
    fits: tuple[BayesFit, ...]
    fixed_effects: tuple[FrequentistFit, ...]
    region_rates: pd.DataFrame
    ladder: tuple[LadderRow, ...]
    ladder_note: str
    inputs: Mapping[str, str]
    stamp: Mapping[str, Any]
    notices: tuple[str, ...]
    quick: bool = False
    side_by_side: Section | None = None
    maps: Section | None = None
    sources: tuple[DataSource, ...] = ()

    def verdicts(self, *, simulated: bool) -> tuple[Verdict, ...]:
        """Verdicts on the world, or words on the simulated one."""
        return self.simulated if simulated else self.real

    def fits_of(self, *, simulated: bool) -> tuple[BayesFit, ...]:
        """Fits on real data, or on simulated data."""
        return tuple(f for f in self.fits if f.simulated == simulated)

    def companions(self, *, simulated: bool) -> tuple[FrequentistFit, ...]:
        """Fixed-effects companions on real data, or on simulated data."""
        return tuple(f for f in self.fixed_effects if f.simulated == simulated)

    def steps(self, *, simulated: bool) -> tuple[LadderRow, ...]:
        """Return steps of the ladder on real data, or on simulated data."""
        return tuple(r for r in self.ladder if r.simulated == simulated)


def estimated(verdicts: tuple[Verdict, ...]) -> tuple[Answer, ...]:
    """Every answer that has an estimate, in the order of the claims."""
    return tuple(a for v in verdicts for a in v.answers if a.estimate is not None)
