"""What can be checked of a page without a browser."""

import itertools
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "source", "br", "hr", "input", "link", "line", "rect", "circle", "path"}


@dataclass
class Page(HTMLParser):
    """The facts of a page that its tests ask for."""

    text: str
    ids: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    alts: list[str | None] = field(default_factory=list)
    tables: list[list[str]] = field(default_factory=list)
    headers: list[str | None] = field(default_factory=list)
    landmarks: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    language: str = ""
    open_tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in VOID:
            self.open_tags.append(tag)
        if found.get("id"):
            self.ids.append(found["id"] or "")
        self.links += [(tag, found[k] or "") for k in ("src", "href", "srcset") if k in found]
        self.references += [i for k in ("aria-labelledby", "aria-describedby") for i in (found.get(k) or "").split()]
        if tag == "html":
            self.language = found.get("lang") or ""
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append((int(tag[1]), ""))
        if tag == "img":
            self.alts.append(found.get("alt"))
        if tag == "table":
            self.tables.append([])
        elif self.tables and tag in ("caption", "th"):
            self.tables[-1].append(tag)
        if tag == "th":
            self.headers.append(found.get("scope"))
        if tag in ("header", "main", "footer", "nav"):
            self.landmarks.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open_tags and self.open_tags[-1] == tag, f"</{tag}> closes {self.open_tags[-3:]}"
        self.open_tags.pop()

    def handle_data(self, data: str) -> None:
        if self.headings and self.open_tags and self.open_tags[-1] == f"h{self.headings[-1][0]}":
            level, words = self.headings[-1]
            self.headings[-1] = (level, words + data)


def faults(text: str, *, beside: tuple[str, ...] = ()) -> list[str]:
    """What is wrong with a page; ``beside`` names the pages that it may link to."""
    page = Page(text)
    wrong = [f"never closed: {t}" for t in page.open_tags]
    wrong += [f"id twice: {i}" for i, n in Counter(page.ids).items() if n > 1]
    wrong += [f"refers to no id: {i}" for i in page.references if i not in page.ids]
    for tag, to in page.links:
        if to.startswith("#"):
            if to[1:] not in page.ids:
                wrong.append(f"leads nowhere: {to}")
        elif not (tag in ("img", "source") and to.startswith("data:image/")) and not (tag == "a" and to in beside):
            wrong.append(f"not in the page: <{tag}> {to[:60]}")
    wrong += ["image without a text" for alt in page.alts if not alt or len(alt) < 20]
    wrong += ["table without a caption" for own in page.tables if own[:1] != ["caption"]]
    wrong += ["table without headers" for own in page.tables if "th" not in own]
    wrong += [f"header cell with scope {s}" for s in page.headers if s not in ("col", "row")]
    levels = [level for level, _ in page.headings]
    if levels.count(1) != 1 or levels[:1] != [1]:
        wrong.append(f"level 1 headings: {levels.count(1)}")
    wrong += [f"heading {b} after {a}" for a, b in itertools.pairwise(levels) if b > a + 1]
    if page.landmarks.count("main") != 1:
        wrong.append("not one main")
    if not page.language:
        wrong.append("no language")
    return wrong
