"""Members of the faults' table that need the command line: one of every kind; ``python -m tests.faults`` tries them all."""

from pathlib import Path

import pytest

from northroute.errors import FetchError
from northroute.sources.connection import check_address, onward, retry_after
from northroute.sources.wire import ExchangeError
from tests.faults import servers

KINDS = {
    *(
        "endless body",
        "endless interim answers",
        "endless trailers",
        "endless header line",
        "dripping body",
        "dripping head",
    ),
    *(
        "Content-Length: abc",
        "Content-Length: -5",
        "Content-Length: 100000000000000000",
        "two Content-Lengths",
        "short",
    ),
    *(
        "more than listed",
        "less than listed",
        "chunk cut off",
        "chunk size huge",
        "gzip bomb",
        "HTML page",
        "other content",
    ),
    *(
        "to another host",
        "to itself",
        "to a file",
        "to garbage",
        "part not asked for",
        "401",
        "503",
        "status with colours",
    ),
    *(
        "not HTTP",
        "silence",
        "encrypted",
        "several members",
        "no member",
        "member ../",
        "claims 4 GB",
        "wrong checksum",
    ),
    *("newlines", "a web page", "one endless line", "size of 5,000 digits", "one byte more", "another MD5"),
    *("md5sums: endless body", "md5sums: 403", "file:///etc/", "http://127.0.0.1:1/"),
}
TABLE = list(servers.faults())


def test_the_table_is_long_and_no_fault_is_in_it_twice() -> None:
    assert len(TABLE) >= 150 and len({(family, name) for family, name, _ in TABLE}) == len(TABLE)
    assert {name for _, name, _ in TABLE} >= KINDS


def _chosen(family: str, name: str) -> bool:
    if family == "servers: article counts":
        return name in (
            "endless body",
            "dripping head",
            "HTML page",
            "--from an endless device",
            "a pipe in a file's place",
        )
    return name in KINDS or family in ("servers: the rest", "servers: https")


@pytest.mark.parametrize(
    "fault", [pytest.param(f, id=f"{family}: {n}") for family, n, f in TABLE if _chosen(family, n)]
)
def test_survived(fault: servers.Fault, tmp_path: Path) -> None:
    assert fault(tmp_path) == servers.SURVIVED


def test_where_a_redirect_may_lead() -> None:
    here = "https://host.example/a/b.zip"
    assert onward(here, "/c.zip", other_hosts=False) == "https://host.example/c.zip"
    assert onward(here, "c d.zip", other_hosts=False) == "https://host.example/a/c%20d.zip"
    assert onward("http://host.example/a", here, other_hosts=False) == here, "from http to https is no other host"
    assert onward(here, "https://other.example/x", other_hosts=True) == "https://other.example/x"
    for location in ("http://host.example/a/b.zip", "http://other.example/"):
        with pytest.raises(ExchangeError, match="plain http"):
            onward(here, location, other_hosts=True)
    for location in (
        "https://other.example/",
        "https://host.example:8443/",
        "//other.example/x",
        "https://host.example.evil/",
    ):
        with pytest.raises(ExchangeError, match="another host"):
            onward(here, location, other_hosts=False)


def test_how_long_a_server_may_make_us_wait() -> None:
    from datetime import UTC, datetime

    now = datetime(2026, 1, 1, tzinfo=UTC)
    for value in (None, "", "soon", "-5", "1e9", "٣", "1" * 30, "Thu, 99 Jan 2026 00:00:00 GMT"):
        assert retry_after(value, now) == 0.0, value
    assert retry_after("7", now) == 7.0
    assert retry_after("Thu, 01 Jan 2026 00:00:30 GMT", now) == 30.0
    assert retry_after("Wed, 31 Dec 2025 00:00:00 GMT", now) == 0.0


def test_addresses_of_a_provider() -> None:
    for address in ("https://host/", "http://127.0.0.1:8000/a/b/", "http://[::1]:80/"):
        check_address(address)
    for address in (
        "https://host/?q",
        "https://host/#f",
        "https://a@host/",
        "https://hóst/",
        "https://host/a\\b",
        "https://:1/",
    ):
        with pytest.raises(FetchError, match="no HTTP address"):
            check_address(address)
