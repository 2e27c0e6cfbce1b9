"""Places: codes, withdrawn codes, cities, centres of countries, and codes of another country."""

from pathlib import Path

import pandas as pd
import pytest

from northroute.errors import DataError
from northroute.sources import regions
from northroute.sources.gdelt import places

GAZETTEER = places.load()


def resolve(kind: int, place: str, fips: str, adm1: str) -> tuple[object, object, object]:
    frame = pd.DataFrame({"geo_type": [kind], "place": [place], "fips": [fips], "adm1": [adm1]})
    row = places.resolve(frame, GAZETTEER).iloc[0]
    return row["region"], row["country"], row["status"]


@pytest.mark.parametrize(
    ("kind", "place", "fips", "adm1", "expected"),
    [
        (4, "Almaty, Almaty Qalasy, Kazakhstan", "KZ", "KZ02", ("KZ-ALA", "KAZ", "region")),
        (5, "Sughd, Tajikistan", "TI", "TI03", ("TJ-SU", "TJK", "region")),
        (1, "Turkmenistan", "TX", "TX", (None, "TKM", "country")),
        (1, "Turkmenistan", "TX", "TX05", (None, "TKM", "country")),
        (4, "Somewhere, Uzbekistan", "UZ", "UZ", (None, "UZB", "country")),
        (4, "Somewhere, Uzbekistan", "UZ", "", (None, "UZB", "country")),
        (0, "", "", "", (None, None, "country")),
        (4, "Osh, Osh, Kyrgyzstan", "KG", "KG08", ("KG-GO", "KGZ", "region")),
        (5, "Osh, Kyrgyzstan", "KG", "KG08", ("KG-O", "KGZ", "region")),
        (4, "Uzgen, Osh, Kyrgyzstan", "KG", "KG05", ("KG-O", "KGZ", "region")),
        (4, "Dushanbe, Dushanbe, Tajikistan", "TI", "TI00", ("TJ-DU", "TJK", "region")),
        (4, "Hisor, Tajikistan (general), Tajikistan", "TI", "TI00", ("TJ-RA", "TJK", "region")),
        (4, "Nowhere, Tajikistan (general), Tajikistan", "TI", "TI00", (None, "TJK", "unknown")),
        (4, "Aşgabat, Ahal, Turkmenistan", "TX", "TX01", ("TM-S", "TKM", "region")),
        (4, "Shymkent, Ongtustik Qazaqstan, Kazakhstan", "KZ", "KZ10", ("KZ-YUZ", "KAZ", "region")),
        (4, "Jizzax, Jizzakh, Uzbekistan", "UZ", "UZ04", ("UZ-JI", "UZB", "region")),
        (4, "Budapest, Budapest, Hungary", "KG", "HU05", (None, "KGZ", "mismatch")),
        (2, "Texas, United States", "TX", "USTX", (None, "TKM", "mismatch")),
        (4, "Bogotá, Colombia", "CO", "CO34", (None, "COL", "unknown")),
    ],
)
def test_a_place(kind: int, place: str, fips: str, adm1: str, expected: tuple[object, ...]) -> None:
    assert resolve(kind, place, fips, adm1) == expected


def test_every_region_can_be_reached() -> None:
    reached = {*GAZETTEER.codes.values(), *GAZETTEER.cities.values()}
    assert reached == set(regions.load("constant").frame["region"])


@pytest.mark.data
def test_every_published_code_has_a_region(data_dir: Path) -> None:
    codes = pd.read_csv(data_dir / "fips_adm1" / "fips_adm1.csv", keep_default_na=False)
    assert len(codes) == 50
    assert set(codes["adm1_code"]) <= set(GAZETTEER.codes)


def test_an_unknown_region_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text("fips_country,fips_adm1,city,region,note\nKZ,KZ99,,KZ-NO,\n", encoding="utf-8")
    with pytest.raises(DataError, match="'KZ-NO' is no such region"):
        places.load(path)
