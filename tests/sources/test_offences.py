"""Registered offences of Kazakhstan: the sums of the form hold, and a digit that was altered is seen."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from northroute.errors import DataError
from northroute.resources import resource
from northroute.sources import form_1m, offences, regions
from tests.sources.synthetic import altered

FILE = offences.FILE


@pytest.fixture(scope="module")
def counts() -> pd.DataFrame:
    return offences.wide()


def _line(text: str) -> int:
    return resource(f"data/reference/{FILE}").read_text(encoding="utf-8").splitlines().index(text) + 1


def _count(region: str, article: str, measure: str) -> int:
    frame = offences.load().frame.set_index(["region", "article", "measure"])["count"]
    return int(frame[region, article, measure])


def test_the_country_has_its_published_counts(counts: pd.DataFrame) -> None:
    # the spot values of the plan, from the key counts of the provider
    assert counts["total"].sum() == 155_200
    assert counts["drug_total"].sum() == 6_293
    assert counts["99"].sum() == 517
    assert offences.wide("ended")["297"].sum() == 947
    assert offences.wide("ended_by_group")["297"].sum() == 294
    assert offences.wide("with_firearms")["drug_total"].sum() == 0
    assert offences.wide("deaths")["causing_death"].sum() == 782


def test_the_regions_are_the_17_of_before_june_2022(counts: pd.DataFrame) -> None:
    frame = regions.load("first-level").frame
    assert list(counts.index) == sorted(frame["region"][frame["iso3"] == "KAZ"])
    assert {"KZ-SHY", "KZ-AST", "KZ-ALA"} < set(counts.index)
    assert counts.dtypes.eq("int64").all()


def test_attempts_stand_beside_murders_not_inside_them(counts: pd.DataFrame) -> None:
    inside = counts["chapter_1"] - counts[["99", "99_attempt", "106", "125", "other_in_chapter_1"]].sum(axis=1)
    assert (inside == 0).all()
    assert counts["99_attempt"].sum() == 123


def test_articles_of_every_measure_are_there() -> None:
    for measure, sums in offences.PARTS.items():
        table = offences.wide(measure)
        assert list(table.columns) == list(offences.articles(measure))
        for whole, parts in sums.items():
            assert (table[whole] == table[list(parts)].sum(axis=1)).all(), (measure, whole)


@pytest.mark.parametrize("place", range(0, 1581, 97))
def test_a_count_that_is_one_off_is_seen_wherever_it_stands(place: int, tmp_path: Path) -> None:
    frame = offences.load().frame
    frame["count"] += frame.index == place
    path = tmp_path / FILE
    frame.to_csv(path, index=False)
    with pytest.raises(DataError, match="than its parts, which add up to") as caught:
        offences.load(path)
    named = frame.loc[int(str(caught.value.row)) - 2]  # the line of a sum that the count is part of
    sums = next(sums for measure, sums in offences.PARTS.items() if measure == named["measure"])
    assert named["region"] == frame["region"][place]
    assert frame["article"][place] in (named["article"], *sums[str(named["article"])])
    assert "One of these is altered" in caught.value.remedy


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "words", "remedy"),
    [
        # a digit altered: the sum of the form no longer holds
        (
            "KZ-AKM,297,registered,83",
            "KZ-AKM,297,registered,38",
            "KZ-AKM,drug_total,registered,257",
            "count",
            "'drug_total' (registered, KZ-AKM) is 257, larger than its parts, which add up to 212",
            "data build",
        ),
        # a total smaller than its parts
        (
            "KZ-AKM,total,registered,5317",
            "KZ-AKM,total,registered,317",
            "KZ-AKM,total,registered,5317",
            "count",
            "'total' (registered, KZ-AKM) is 317, smaller than its parts, which add up to 5317",
            "One of these is altered: total, chapter_1",
        ),
        (
            "KZ-AKM,297,registered,83",
            "KZ-AKM,297,registered,-83",
            "KZ-AKM,297,registered,83",
            "count",
            "'-83'",
            "Restore",
        ),
        (
            "KZ-AKM,297,registered,83",
            "KZ-AKM,297,registered,83.5",
            "KZ-AKM,297,registered,83",
            "count",
            "'83.5' is not a whole number",
            "Restore",
        ),
        (
            "KZ-AKM,297,registered,83",
            "KZ-AKM,297,registered,",
            "KZ-AKM,297,registered,83",
            "count",
            "the cell is empty",
            "Restore",
        ),
        # an article that the code does not have
        (
            "KZ-AKM,297,registered,83",
            "KZ-AKM,2970,registered,83",
            "KZ-AKM,297,registered,83",
            "article",
            "'2970' breaks the rule 'an article of the table, see offences.PARTS'",
            "Restore",
        ),
        # an article that the table has, with a measure that it does not have of it
        (
            "KZ-AKM,146,registered,3",
            "KZ-AKM,146,ended,3",
            "KZ-AKM,146,registered,3",
            "article",
            "there is no count 'ended' of article '146'",
            "or name one of: 296, 297, other, total",
        ),
        (
            "KZ-AKM,297,registered,83",
            "KZ-10,297,registered,83",
            "KZ-AKM,297,registered,83",
            "region",
            "'KZ-10' is not a region of Kazakhstan",
            "first-level codes",
        ),
        (
            "KZ-AKM,297,registered,83",
            "KZ-AKM,296,registered,83",
            "KZ-AKM,297,registered,83",
            "region, article, measure",
            "was already on line",
            "Keep one of the two lines.",
        ),
    ],
)
def test_an_altered_table_is_refused(
    tmp_path: Path, old: str, new: str, row: str, column: str, words: str, remedy: str
) -> None:
    if old == "KZ-AKM,146,registered,3":  # whatever the count is
        old = f"KZ-AKM,146,registered,{_count('KZ-AKM', '146', 'registered')}"
        row = old
    path = altered(tmp_path, FILE, f"{old}\n", f"{new}\n")
    with pytest.raises(DataError) as caught:
        offences.load(path)
    assert caught.value.file == str(path)
    assert (caught.value.row, caught.value.column) == (_line(row), column)
    assert words in caught.value.problem
    assert remedy in caught.value.remedy


def test_a_region_that_is_missing_is_named(tmp_path: Path) -> None:
    frame = offences.load().frame
    path = tmp_path / FILE
    frame[frame["region"] != "KZ-SHY"].to_csv(path, index=False)
    with pytest.raises(DataError, match="the region is missing") as caught:
        offences.load(path)
    assert (caught.value.row, caught.value.column) == ("KZ-SHY", "region")
    frame[(frame["region"] != "KZ-SHY") | (frame["article"] != "146")].to_csv(path, index=False)
    with pytest.raises(DataError, match="'registered' of article '146' is missing") as caught:
        offences.load(path)
    assert (caught.value.row, caught.value.column) == ("KZ-SHY", "article")


def _shifted(measure: str, from_: str, to: str, by: int) -> pd.DataFrame:
    """Akmola's counts with some moved from one article to another, so that the sums still hold."""
    frame = offences.load().frame
    for article, change in ((from_, -by), (to, by)):
        here = (frame["region"] == "KZ-AKM") & (frame["article"] == article) & (frame["measure"] == measure)
        frame.loc[here, "count"] += change
    return frame


def test_a_part_larger_than_what_contains_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / FILE
    _shifted("ended_by_group", "other", "297", 50).to_csv(path, index=False)
    with pytest.raises(DataError, match=r"'ended_by_group' \(297, KZ-AKM\) is 69, more than 'ended', 66") as caught:
        offences.load(path)
    assert (caught.value.row, caught.value.column) == (_line("KZ-AKM,297,ended_by_group,19"), "count")


def test_murders_agree_between_the_sections(tmp_path: Path) -> None:
    path = tmp_path / FILE
    _shifted("registered", "99", "106", 1).to_csv(path, index=False)
    with pytest.raises(DataError, match=r"murders \(KZ-AKM\) are 32 under article 99 and 33 among") as caught:
        offences.load(path)
    assert caught.value.column == "count"


@pytest.mark.data
def test_the_table_is_what_the_provider_s_files_give(data_dir: Path) -> None:
    pd.testing.assert_frame_equal(offences.trim(data_dir), offences.load().frame, check_dtype=False)


@pytest.mark.data
def test_sums_of_articles_are_those_of_the_key_counts(data_dir: Path, counts: pd.DataFrame) -> None:
    keys = pd.read_csv(data_dir / form_1m.PROVIDER / "kz_region_2022_key_counts.csv")
    keys = keys.groupby("region_before_2022").sum(numeric_only=True)
    named = {
        "total": "offences_total",
        "296": "drug_possession_296",
        "297": "drug_trafficking_sale_297",
        "298": "drug_theft_298",
        "299": "drug_inducement_299",
        "299-1": "drug_advert_299_1",
        "300": "drug_cultivation_300",
        "302": "drug_dens_302",
        "303": "drug_rules_303",
        "drug_total": "drug_total",
        "286": "smuggling_prohibited_goods_286",
        "287-291": "arms_287_291",
        "99": "murder_99",
        "99_attempt": "murder_attempt",
        "106": "grievous_harm_106",
        "194": "extortion_194",
        "125": "kidnapping_125",
        "262-265": "organised_groups_262_265",
        "268": "banditry_268",
        "272": "mass_riot_272",
        "293": "hooliganism_293",
        "255-261": "terrorism_255_261",
        "146": "torture_146",
        "361": "abuse_of_power_361",
        "362": "exceeding_power_362",
        "415": "coerced_testimony_415",
        "414": "unlawful_detention_414",
        "451": "military_exceeding_power_451",
        "corruption": "corruption_chapter15",
        "366": "bribe_taking_366",
        "367": "bribe_giving_367",
        "368": "bribe_brokering_368",
        "380": "violence_against_officials_380",
        "causing_death": "offences_causing_death",
    }
    for article, key in named.items():
        assert (counts[article] == keys[key]).all(), article
    assert (counts["191"] + counts["192"] == keys["robbery_191_192"]).all()
    for article in ("296", "297"):
        assert (offences.wide("ended")[article] == keys[f"drug{article}_ended"]).all()
        assert (offences.wide("ended_by_group")[article] == keys[f"drug{article}_ended_by_group"]).all()
    assert (offences.wide("deaths")["causing_death"] == keys["deaths_in_offences"]).all()
    assert (offences.wide("with_firearms")["total"] == keys["offences_with_firearms"]).all()


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("r1_offences_by_region.csv", "KZ-10,240,", "KZ-99,240,", "'KZ-99' is not a region of the form"),
        ("other_sections_nonzero_long.csv", "KZ-10,R2,297,ended,11", "KZ-10,R2,297,ended,12", "'297' differ between"),
        (
            "other_sections_nonzero_long.csv",
            "KZ-10,R2,297,ended,11",
            "KZ-10,R2,2970,ended,11",
            "not an article of",
        ),
    ],
)
def test_a_damaged_file_of_the_provider_is_refused(
    data_dir: Path, tmp_path: Path, name: str, old: str, new: str, words: str
) -> None:
    folder = tmp_path / form_1m.PROVIDER
    shutil.copytree(data_dir / form_1m.PROVIDER, folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=words) as caught:
        offences.trim(tmp_path)
    assert form_1m.PROVIDER in caught.value.file
