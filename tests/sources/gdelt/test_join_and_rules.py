"""Joins and rules on rows put together by hand, where every outcome can be told by reading them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from northroute.sources.gdelt import Incidents, Options, build_incidents, extract
from northroute.sources.gdelt.dedupe import Rule
from northroute.sources.gdelt.formats import COUNTS_1, EVENTS_1, GKG_1
from tests.sources.gdelt.examples import event_row, zipped

BEATING = {"EventCode": "182", "EventBaseCode": "182", "EventRootCode": "18", "Actor1Code": "KAZCOP"}
BEATING |= {"Actor1Type1Code": "COP", "Actor2Code": "KAZ"}
ALMATY = "4#Almaty, Almaty Qalasy, Kazakhstan#KZ#KZ02#43.25#76.95#-2327379"


def gkg(address: str, themes: str, *, events: str = "", places: str = ALMATY, counts: str = "") -> bytes:
    values = dict.fromkeys(GKG_1.columns, "") | {"DATE": "20150102", "NUMARTS": "2", "COUNTS": counts, "THEMES": themes}
    values |= {"LOCATIONS": places, "CAMEOEVENTIDS": events, "SOURCEURLS": address}
    return "\t".join(values.values()).encode()


def count(kind: str, what: str, address: str, events: str = "") -> bytes:
    values = dict.fromkeys(COUNTS_1.columns, "") | {"DATE": "20150102", "NUMARTS": "1", "COUNTTYPE": kind}
    values |= {"NUMBER": "081097300169928285810", "OBJECTTYPE": what, "GEO_TYPE": "4", "GEO_FULLNAME": "Almaty, x, y"}
    values |= {"GEO_COUNTRYCODE": "KZ", "GEO_ADM1CODE": "KZ02", "CAMEOEVENTIDS": events, "SOURCEURLS": address}
    return "\t".join(values.values()).encode()


def build(
    folder: Path,
    events: Sequence[bytes],
    records: Sequence[bytes] = (),
    counts: Sequence[bytes] = (),
    options: Options | None = None,
) -> Incidents:
    files = [zipped(folder / "20150102.export.CSV.zip", b"".join(r + b"\n" for r in events))]
    if records:
        head = "\t".join(GKG_1.columns).encode()
        files.append(zipped(folder / "20150102.gkg.csv.zip", b"\n".join([head, *records, b""])))
    if counts:
        head = "\t".join(COUNTS_1.columns).encode()
        files.append(zipped(folder / "20150102.gkgcounts.csv.zip", b"\n".join([head, *counts, b""])))
    return build_incidents(extract(files, folder / "extract"), options or Options({"state_violence": "cameo"}))


def beating(number: int, address: str = "http://a.kz/x", **changes: str) -> bytes:
    return event_row(EVENTS_1, **{**BEATING, "GLOBALEVENTID": str(number), "SOURCEURL": address, **changes})


def test_flags_come_by_address_and_by_event_id(tmp_path: Path) -> None:
    events = [beating(i, f"http://a.kz/{i}", ActionGeo_FullName=f"Town {i}, x, Kazakhstan") for i in range(1, 6)]
    records = [
        gkg("http://a.kz/1", "DRUG_TRADE;TAX_WEAPONS_FIREARMS"),
        gkg("http://b.kz/other<UDIV>http://a.kz/2", "TERROR"),
        gkg("http://c.kz/elsewhere", "KILL", events="77,3"),
        gkg("http://a.kz/9", "DRUG_TRADE;KILL;TERROR", events="99"),
    ]
    counts = [count("ARREST", "drug dealers with heroin", "http://d.kz/", events="4")]
    frame = build(tmp_path, events, records, counts).frame.set_index("incident")
    told = {i: [f for f in ("lethal", "arms", "terror", "drug") if frame.at[f"e{i}", f]] for i in range(1, 6)}
    assert told == {1: ["arms", "drug"], 2: ["terror"], 3: ["lethal"], 4: ["drug"], 5: []}
    assert frame["drug_type"].to_dict() == {"e1": "other", "e2": "", "e3": "", "e4": "heroin", "e5": ""}


def test_a_lethal_event_makes_the_others_of_its_article_lethal(tmp_path: Path) -> None:
    events = [beating(1), beating(2, EventCode="1823"), beating(3, "http://b.kz/y", Actor1Code="KAZCOP2")]
    frame = build(tmp_path, events, options=Options({"state_violence": "cameo"}, rule="id")).frame
    assert frame.set_index("incident")["lethal"].to_dict() == {"e1": True, "e2": True, "e3": False}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("id", [["e1"], ["e2"], ["e3"], ["e4"], ["e5"], ["e6"]]),
        ("address_day", [["e1", "e2", "e6"], ["e3", "e5"], ["e4"]]),
        ("address_day_place", [["e1", "e6"], ["e2"], ["e3"], ["e4"], ["e5"]]),
        ("actors_place_day", [["e1", "e3"], ["e2", "e5"], ["e4"], ["e6"]]),
        ("story_slot", [["e1", "e2", "e3", "e5"], ["e4"], ["e6"]]),
    ],
)
def test_each_rule(tmp_path: Path, rule: Rule, expected: list[list[str]]) -> None:
    other = {"ActionGeo_FullName": "Astana, x, Kazakhstan", "ActionGeo_ADM1Code": "KZ05"}
    events = [
        beating(1, "http://a.kz/x"),
        beating(2, "http://a.kz/x", **other),
        beating(3, "http://b.kz/y"),
        beating(4, "http://c.kz/z", SQLDATE="20150101", ActionGeo_CountryCode="UZ", ActionGeo_ADM1Code="UZ13"),
        beating(5, "http://b.kz/y", **other),
        beating(6, "http://a.kz/x", EventCode="181"),
        beating(6, "http://a.kz/x", EventCode="181"),
    ]
    built = build(tmp_path, events, options=Options({"state_violence": "cameo"}, rule, dated="added"))
    groups = sorted(ids.split() for ids in built.frame["source_ids"])
    assert groups == sorted(expected)
    flow = built.flow.set_index("step")["count"]
    assert flow["selected by the rule"] == 7 and flow["each event or record once"] == 6
    assert [n for step, n in flow.items() if f"'{rule}'" in str(step)] == [len(expected)]


def test_weights_are_summed_over_articles(tmp_path: Path) -> None:
    events = [
        beating(1, "http://a.kz/x", NumArticles="4", NumSources="2"),
        beating(2, "http://a.kz/x", NumArticles="3", NumSources="3"),
        beating(3, "http://b.kz/y", NumArticles="5", NumSources=""),
    ]
    row = build(tmp_path, events).frame.iloc[0]
    assert (row["incidents"], row["articles"], row["sources"], row["reports"]) == (1, 9, 4, 3)


def test_the_best_place_represents_an_incident(tmp_path: Path) -> None:
    country = {"ActionGeo_Type": "1", "ActionGeo_ADM1Code": "KZ", "ActionGeo_FullName": "Kazakhstan"}
    events = [
        beating(1, NumMentions="90", **country),
        beating(2, NumMentions="5"),
        beating(3, NumMentions="9", ActionGeo_ADM1Code="KZ05"),
        beating(4, NumMentions="99", ActionGeo_ADM1Code="RS12"),
    ]
    built = build(tmp_path, events, options=Options({"state_violence": "cameo"}, rule="address_day"))
    assert built.frame[["incident", "region"]].to_numpy().tolist() == [["e3", "KZ-AST"]]
    flow = built.flow.set_index("step")["count"]
    assert flow["dated within 31 days of their file"] - flow["code and country agree"] == 1


def test_a_record_is_put_at_its_first_place_that_is_more_than_a_country(tmp_path: Path) -> None:
    centre, texas = "1#Uzbekistan#UZ#UZ#41#64#UZ", "2#Texas, United States#US#USTX#31#-97#TX"
    records = [
        gkg("http://a.kz/1", "DRUG_TRADE;SEIZE", places=f"{centre};{texas};{ALMATY}"),
        gkg("http://a.kz/2", "DRUG_TRADE;ARREST", places=f"{texas};{centre}"),
        gkg("http://a.kz/3", "DRUG_TRADE;ARREST", places=texas),
        gkg("http://a.kz/4", "DRUG_TRADE;SEIZE", places="4#Broken#KZ#KZ02"),
    ]
    options = Options({"drug_incident": "themes"}, rule="id")
    frame = build(tmp_path, [event_row()], records, options=options).frame.set_index("address")
    found = {str(a): (c, k) for a, c, k in zip(frame.index, frame["country"], frame["kind"], strict=True)}
    assert found == {
        "http://a.kz/1": ("KAZ", "interdiction"),
        "http://a.kz/2": ("UZB", "arrest"),
        "http://a.kz/4": ("KAZ", "interdiction"),
    }
    assert frame["region"].dropna().to_dict() == {"http://a.kz/1": "KZ-ALA", "http://a.kz/4": "KZ-ALA"}
