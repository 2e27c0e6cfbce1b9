"""When two reports are one incident: named rules, each a key; reports with the same key are one.

An address with nothing in it, as in the files before April 2013, names no article: such reports fall back on their own id.
"""

from collections.abc import Mapping
from typing import Final, Literal

Rule = Literal["id", "address_day", "address_day_place", "actors_place_day", "story_slot"]
RULES: Final[Mapping[Rule, str]] = {
    "id": "report",
    "address_day": "story || '|' || day",
    "address_day_place": "story || '|' || day || '|' || where_",
    "actors_place_day": "actors || '|' || code || '|' || where_ || '|' || day",
    "story_slot": "actors || '|' || code || '|' || fips || '|' || slot",
}
"""Keys as SQL over the reports.

``id``: every event or record once. ``address_day``: one incident an article and day, at its best place.
``address_day_place``: one an article, day and place. ``actors_place_day``: one for the same actors and action at a place and
day, whoever tells of it. ``story_slot``: one for the same actors and action in a country and file slot (a quarter of an
hour, or a day): a story that many papers print at once, with whatever places they give it. GKG records and counts have no
actors: for them the last two join all reports of a construct at the same place and day, or in the same country and slot.
"""
DEFAULT: Final[Rule] = "actors_place_day"
MEANING: Final[Mapping[Rule, str]] = {
    "id": "the same event or record",
    "address_day": "the same article and day",
    "address_day_place": "the same article, day and place",
    "actors_place_day": "the same actors, action, place and day",
    "story_slot": "the same actors, action, country and file slot",
}
