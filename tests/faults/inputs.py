"""Inputs out of any sense, for every reader: tables that the package bundles, files that a user brings, YAML and the lock.

A fault survives if the input is refused in one line that names the file, with a remedy, and in a second or two.
"""

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from northroute import documents
from northroute.bayes.statement import prior_sets
from northroute.claims import load as load_register
from northroute.errors import NorthrouteError
from northroute.report import phrases
from northroute.resources import resource
from northroute.sources import (
    annual_seizures,
    bundled,
    crime_index,
    governance,
    kg_regions,
    mlp,
    offences,
    placed_seizures,
    region_population,
    regions,
    shocks,
    unodc,
    uz_regions,
)
from northroute.sources.gdelt import codebook, places
from tests.sources.synthetic import mlp_folder, mlp_row, seizure, seizures

SURVIVED: Final = "survived"
Fault = Callable[[Path], str]
Read = Callable[[Path], object]
Edit = Callable[[str], str]

READERS: Final[dict[str, Read]] = {
    "adjacency.csv": lambda path: regions.adjacency(path=path),
    "annual_seizures.csv": annual_seizures.load,
    "article_counts.csv": mlp.bundled,
    "kg_regions.csv": kg_regions.load,
    "kz_offences_2022.csv": offences.load,
    "organised_crime_index.csv": crime_index.load,
    "placed_seizures.csv": placed_seizures.load,
    "region_population.csv": region_population.load,
    "regions.csv": lambda path: regions.load(path=path),
    "shocks.csv": shocks.load,
    "uz_regions.csv": uz_regions.load,
    **{f"{name}.csv": functools.partial(governance.load, name) for name in governance.NAMES},
}
"""Every bundled table and what reads it."""


def faults() -> Iterator[tuple[str, str, Fault]]:
    """Yield every fault: its family, its name, and what tries it in an empty folder."""
    for file in READERS:
        for what, edit in _ANY_TABLE.items():
            yield "inputs: any table", f"{file}, {what}", functools.partial(_table, file, edit)
        for what, make in _NO_FILES.items():
            yield "inputs: no file", f"{file}, {what}", functools.partial(_no_file, file, make)
    for file, cells in _CELLS.items():
        for old, new in cells:
            edit = functools.partial(_replaced, old, new)
            yield "inputs: values out of sense", f"{file}, {new}", functools.partial(_table, file, edit)
    for what, row in _ARTICLES.items():
        yield "inputs: article counts brought", what, functools.partial(_articles, row)
    for what, rows in _SEIZURES.items():
        yield "inputs: seizures brought", what, functools.partial(_seizures, rows)
    for name, read in _YAML.items():
        for what, text in _BAD_YAML.items():
            yield "inputs: YAML", f"{name}, {what}", functools.partial(_yaml, name, read, text)
    for what, place in _PLACES.items():
        yield "inputs: places", what, functools.partial(_places, place)
    for what, lock in _LOCKS.items():
        yield "inputs: lock", what, functools.partial(_lock, lock)


def _refused(call: Callable[[], object], *names: str) -> str:
    try:
        call()
    except NorthrouteError as refusal:
        told = str(refusal)
        assert "\n" not in told, f"more than one line: {told!r}"
        assert len(told) < 1500, f"{len(told)} characters"
        for name in names:
            assert name in told, f"does not name {name}: {told}"
        return SURVIVED
    raise AssertionError("read in silence")


def _replaced(old: str, new: str, text: str) -> str:
    assert old in text, f"the fault no longer fits: no {old!r}"
    return text.replace(old, new, 1)


def _doubled(text: str) -> str:
    return text + text.partition("\n")[2]


def _first_cell(new: str) -> Edit:
    def edit(text: str) -> str:
        header, first, rest = text.split("\n", 2)
        return "\n".join((header, ",".join((new, *first.split(",")[1:])), rest))

    return edit


_ANY_TABLE: Final[dict[str, Edit]] = {
    "doubled": _doubled,
    "a line twice": lambda text: text + text.split("\n")[1] + "\n",
    "cut in a line": lambda text: text[: text.rindex(",")],
    "no rows": lambda text: text.partition("\n")[0] + "\n",
    "empty": lambda _: "",
    "a column renamed": lambda text: "x" + text,
    "a column twice": lambda text: "\n".join(
        ",".join((line.split(",")[0], line)) if line else line for line in text.split("\n")
    ),
    "blanks in the first cell": lambda text: _first_cell(f" {text.split(chr(10))[1].split(',')[0]} ")(text),
    "a line end in the first cell": _first_cell('"a\nb"'),
    "a zero byte": _first_cell("KAZ\0"),
    "a formula": _first_cell("=1+1"),
    "an open quote": _first_cell('"KAZ'),
    "semicolons": lambda text: text.replace(",", ";"),
    "not UTF-8": lambda text: _first_cell("\udcff")(text),
}
_NO_FILES: Final[dict[str, Callable[[Path], object]]] = {
    "gone": lambda path: None,
    "a folder": lambda path: path.mkdir(),
    "a pipe": lambda path: os.mkfifo(path),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
}
_CELLS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "adjacency.csv": (
        ("KG-B,KG-O,0", "KG-B,KG-O,1"),
        ("KG-B,TJ-RA,1", "KG-B,TJ-RA,0"),
        ("KG-B,KG-O,0", "KG-B,KG-B,0"),
        ("KG-B,KG-O,0", "KG-B,KG-ZZ,0"),
        ("KG-B,TJ-RA,1", "KG-O,KG-B,0"),
        ("KG-B,KG-O,0", "KG-B,KG-O,2"),
    ),
    "regions.csv": (
        ("146082,736735", "146082,1e300"),
        ("146082,736735", "-146082,736735"),
        ("146082,736735", "0.001,736735"),
        ("146082,736735", "146082,nan"),
        ("KZ-AKT,Aktobe", "KZ-AKM,Aktobe"),
        ("KZ04,KZ-AKT", "KZ03,KZ-AKT"),
        ("KZ04,KZ-AKT", "UZ04,KZ-AKT"),
        ("KZ-AKT,Aktobe,KAZ", "KZ-AKT,Aktobe,UZB"),
        ("69.783,51.89", "51.89,69.783"),
        ("69.783,51.89", "69.783,38.0"),
        ("69.783,51.89", "400,51.89"),
        ("KZ-AKT,Aktobe,KAZ,KZ04,KZ-AKT", "KZ-AKT,Aktobe,KAZ,KZ04,UZ-AN"),
    ),
    "shocks.csv": (
        ("2020-03,2020-03-11", "2015-13,2020-03-11"),
        ("2020-03,2020-03-11", "2020-02,2020-02-31"),
        ("2020-03,2020-03-11", "2020-04,2020-03-11"),
        ("2020-03,2020-03-11", "0001-01,0001-01-01"),
        ("2020-03,2020-03-11", "2099-03,2099-03-11"),
        ("covid,KAZ", "covid,XXX"),
    ),
    "article_counts.csv": (
        ("KAZ,2012-01,1546,14", "KAZ,0001-01,1546,14"),
        ("KAZ,2012-01,1546,14", "KAZ,2099-01,1546,14"),
        ("KAZ,2012-01,1546,14", "KAZ,2012-13,1546,14"),
        ("KAZ,2012-01,1546,14", "KAZ,2012-01,1546,1547"),
        ("KAZ,2012-01,1546,14", "KAZ,2012-01,1000000000000000000,14"),
        ("KAZ,2012-01,1546,14", "KAZ,2012-01,1546,-14"),
        ("KAZ,2012-01,1546,14", "KAZ,2012-01,0,14"),
        ("KAZ,2012-01,1546,14", "KAZ,2012-01,0x60A,14"),
        ("KAZ,2012-01,1546,14", "KAZ,2012-01,1_546,14"),
        ("KAZ,2012-01,1546,14", "kaz,2012-01,1546,14"),
    ),
    "seizures.csv": (
        ("heroin,143,526.5", " Heroin ,143,526.5"),
        ("heroin,143,526.5", "heroin,143,1e12"),
        ("heroin,143,526.5", "heroin,143,-1"),
        ("heroin,143,526.5", "heroin,0,526.5"),
        ("KAZ,2011,heroin", "KAZ,2211,heroin"),
    ),
    "placed_seizures.csv": (
        ("KAZ,,2011,heroin,27,27,95.61638", "KAZ,UZ-AN,2011,heroin,27,27,95.61638"),
        ("KAZ,,2011,heroin,27,27,95.61638", "KAZ,,2011,heroin,27,28,95.61638"),
        ("KAZ,,2011,heroin,27,27,95.61638", "KAZ,,2011,heroin,27,27,1e12"),
        ("KAZ,,2011,heroin,27,27,95.61638", "KAZ,,2011, Heroin ,27,27,95.61638"),
        ("KAZ,,2011,heroin,27,27,95.61638", "KAZ,,2011,heroin,27,27,"),
    ),
    "annual_seizures.csv": (
        ("heroin,2021,464.0,13", "heroin,2021,1e12,13"),
        ("heroin,2021,464.0,13", "Heroin,2021,464.0,13"),
        ("heroin,2021,464.0,13", "heroin,2021,464.0,0"),
        ("heroin,2021,464.0,13", "heroin,2022,464.0,13"),
    ),
    "organised_crime_index.csv": (
        ("state_embedded_actors,6.0", "state_embedded_actors,6.1"),
        ("state_embedded_actors,6.0", "state_embedded_actors,11"),
        ("state_embedded_actors,6.0", "state-embedded actors,6.0"),
    ),
    "region_population.csv": (
        ("KG,2020,6580166", "KG,2020,6580167"),
        ("KG,2020,6580166", "KG,2020,1e300"),
        ("KG,2020,6580166,derived", "KG,2020,6580166,guessed"),
    ),
    "uz_regions.csv": (("UZ,2010,90050,62.4", "UZ,2010,90051,62.4"), ("UZ,2010,90050,62.4", "UZ,2010,90050,1e9")),
    "kg_regions.csv": (
        ("KG,2014,homicide_victims,320.0", "KG,2014,homicide_victims,1e18"),
        ("KG,2014,homicide_victims,320.0", "KG,2014,homicide_victims,319.5"),
    ),
    "kz_offences_2022.csv": (
        ("causing_death,deaths,51", "causing_death,deaths,-51"),
        ("causing_death,deaths,51", "causing_death,deaths,52"),
        ("causing_death,deaths,51", "causing_death,deaths,10000000000"),
    ),
    "population.csv": (("KAZ,2010,16836810", "KAZ,2010,16.8"), ("KAZ,2010,16836810", "KAZ,2010,1e300")),
    "cpi.csv": (("KAZ,2012,28,4.1,8", "KAZ,2012,280,4.1,8"), ("KAZ,2012,28,4.1,8", "KAZ,2012,28,0,8")),
    "wgi.csv": (("KAZ,2010,cc,-1.0011,0.1352", "KAZ,2010,cc,-10.011,0.1352"), ("KAZ,2010,cc", "KAZ,2010,CC")),
    "vdem.csv": (("KAZ,2010,0.848", "KAZ,2010,84.8"), ("KAZ,2010,0.848", "KAZ,2010,inf")),
    "homicide.csv": (("KAZ,2010,owid_unodc,8.238", "KAZ,2010,owid_unodc,8238"),),
    "opium.csv": (("2010,123000", "2010,123"), ("2010,123000,recalled", "2010,123000,guessed")),
    "gdelt_totals.csv": (("KAZ,2010,29310,true", "KAZ,2010,29310,maybe"), ("KAZ,2010,29310", "KAZ,2010,1e18")),
}
_ARTICLES: Final[dict[str, dict[str, object]]] = {
    "a month of the year 1": {"date": "0001-01-01"},
    "a month of 2099": {"date": "2099-01-01"},
    "month 13": {"date": "2015-13-01"},
    "the 31st of February": {"date": "2015-02-31"},
    "not the first of a month": {"date": "2015-01-02"},
    "another country": {"country": "Mongolia"},
    "a part above its total": {"arrest": 1001},
    "10^18 articles": {mlp.EXPOSURE: 10**18, "arrest": 10**17},
    "a negative count": {"arrest": -1},
    "half an article": {"arrest": 0.5},
    "a count and no articles": {mlp.EXPOSURE: 0},
    "a count and an empty total": {mlp.EXPOSURE: ""},
    "infinite": {mlp.EXPOSURE: "inf"},
    "yes": {"arrest": "yes"},
}
_RECORD: Final = seizure("2012-01-01")
_SEIZURES: Final[dict[str, list[dict[str, object]]]] = {
    "a file doubled": [_RECORD, seizure("2012-01-02"), _RECORD, seizure("2012-01-02")],
    "blanks around the drug": [seizure("2012-01-01", drug=" Heroin ")],
    "10^12 kg": [seizure("2012-01-01", kg=10**12)],
    "a negative weight": [seizure("2012-01-01", kg=-1)],
    "31 February": [seizure("2012-02-31")],
    "a day of 2099": [seizure("2099-01-01")],
    "an unknown region": [seizure("2012-01-01", region="UZ-ZZ")],
    "a region of another country": [seizure("2012-01-01", region="KZ-AKM")],
    "an unknown country": [seizure("2012-01-01", iso3="FRA")],
}
_YAML: Final[dict[str, Read]] = {
    "claims.yaml": load_register,
    "constructs.yaml": codebook.load,
    "priors.yaml": prior_sets.load,
    "phrases.yaml": phrases.load,
    "any.yaml": documents.read_yaml,
}
_BAD_YAML: Final[dict[str, bytes]] = {
    "not a number": b"a: .nan\n",
    "infinite": b"a: [-.inf]\n",
    "a name twice": b"a: 1\na: 2\n",
    "an alias in itself": b"a: &x [*x]\n",
    "a billion laughs": b"a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "deep": b"[" * 100_000,
    "code": b"a: !!python/object/apply:os.system [ls]\n",
    "not UTF-8": b"a: \xff\n",
    "a date for a text": b"a: 2015-13-45\n",
    "broken off": b"a: [1, 2\n",
    "a zero byte": b"a: \x00\n",
}
_PLACES: Final[dict[str, str]] = {
    "one code in two regions": "KG,KG05,,KG-O,\nKG,KG05,,KG-B,\n",
    "a current code of another region": "KZ,KZ03,,KZ-AKT,\n",
    "a region of another country": "KG,KG05,,KZ-AKT,\n",
    "a code of another country": "KG,KZ05,,KG-O,\n",
    "neither code nor city": "KG,,,KG-O,\n",
    "an unknown region": "KG,KG05,,KG-XX,\n",
    "one city in two regions": "KG,,osh,KG-O,\nKG,,osh,KG-GO,\n",
}
_LOCKS: Final[dict[str, str]] = {
    "cut": '{"file": {',
    "a list": "[]",
    "a text": '"lock"',
    "other parts": '{"sha256": "0"}',
    "deep": "[" * 100_000,
    "a name twice": '{"file": {}, "file": {}}',
    "not a number": '{"file": NaN}',
    "empty": "",
}


def _table(file: str, edit: Edit, folder: Path) -> str:
    text = edit(resource(f"data/reference/{file}").read_text(encoding="utf-8"))
    path = folder / file
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return _refused(lambda: READERS[file](path), file)


def _no_file(file: str, make: Callable[[Path], object], folder: Path) -> str:
    path = folder / file
    make(path)
    return _refused(lambda: READERS[file](path), file)


def _articles(changed: dict[str, object], folder: Path) -> str:
    data = mlp_folder(folder, [mlp_row("2015-01") | changed, mlp_row("2015-03")])
    return _refused(lambda: mlp.load(data), "Kazakhstan.csv", "line 2")


def _seizures(rows: list[dict[str, object]], folder: Path) -> str:
    data = seizures(folder, [seizure("2011-01-01"), *rows])
    return _refused(lambda: (unodc.load(data), bundled.build(data, folder / "to")), "seizures_2011_2016.csv", "line ")


def _yaml(name: str, read: Read, text: bytes, folder: Path) -> str:
    path = folder / name
    path.write_bytes(text)
    return _refused(lambda: read(path), name)


def _places(lines: str, folder: Path) -> str:
    path = folder / "gdelt_places.csv"
    path.write_text(f"fips_country,fips_adm1,city,region,note\n{lines}", encoding="utf-8")
    return _refused(lambda: places.load(path), path.name)


def _lock(text: str, folder: Path) -> str:
    path = folder / "claims.lock.json"
    path.write_text(text, encoding="utf-8")
    return _refused(lambda: load_register(lock=path), path.name)
