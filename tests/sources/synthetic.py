"""Tiny files in the providers' formats, made to be damaged."""

import csv
from collections.abc import Sequence
from pathlib import Path

from northroute.resources import resource
from northroute.sources import mlp, unodc

Row = dict[str, object]


def mlp_row(month: str, country: str = "Kazakhstan", *, total: object = 1000, **counts: object) -> Row:
    """One month of article counts: every count 1 but those named; ``None`` leaves a cell empty."""
    return {"date": f"{month}-01", "country": country, **dict.fromkeys(mlp.COUNTS, 1), mlp.EXPOSURE: total} | counts


def mlp_folder(data: Path, rows: Sequence[Row], country: str = "Kazakhstan") -> Path:
    """Four files of article counts: ``rows`` for one country, two sound months for each of the others."""
    folder = data / mlp.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name in (mlp.FILES[c] for c in mlp.COMMON):
        sound = [mlp_row("2015-01", name), mlp_row("2015-02", name)]
        write(folder / f"{name}.csv", rows if name == country else sound)
    return data


def mlp_whole(data: Path, iso3: str = "KAZ") -> Path:
    """One country's file, with all that the bundle has of it."""
    frame = mlp.load(None, (iso3,)).frame.dropna(subset=[mlp.EXPOSURE])
    frame = frame.assign(date=frame["month"].dt.strftime("%Y-%m-%d"), country=mlp.FILES[iso3])
    folder = data / mlp.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    columns = ["date", "country", *mlp.COUNTS, mlp.EXPOSURE]
    frame[columns].to_csv(folder / f"{mlp.FILES[iso3]}.csv", index=False, lineterminator="\n")
    return data


def seizure(date: str, drug: str = "Heroin", kg: object = 1.5, *, iso3: str = "UZB", region: str = "UZ-SU") -> Row:
    """One record of the individual seizures."""
    blank = dict.fromkeys(("place", "transport", "routing"), "")
    return {"iso3": iso3, "region_iso": region, "date": date, "drug_name": drug, "amount_kg": kg} | blank


def seizures(data: Path, rows: Sequence[Row]) -> Path:
    """A file of individual seizures."""
    path = data / unodc.FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, rows)
    return data


def write(path: Path, rows: Sequence[Row]) -> Path:
    """Write rows as CSV; ``None`` becomes an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def altered(to: Path, name: str, old: str, new: str) -> Path:
    """A bundled table with the first ``old`` in it replaced."""
    text = resource(f"data/reference/{name}").read_text(encoding="utf-8")
    assert old in text
    path = to / name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path
