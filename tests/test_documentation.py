"""README.md and the other pages: links have targets, rows of tables have all cells, and Python blocks run in order."""

import re
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted(p for folder in ("examples", "sknet", "tests") for p in (ROOT / folder).rglob("*.md")),
]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
# Before a block, `<!-- not run: why -->` skips it; `<!-- needs: matplotlib -->` skips it if a module is missing.
MARKER = re.compile(r"<!-- (not run|needs): (.+?) -->\s*\Z")
LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)")
MOST_NOT_RUN = 6


class Block(NamedTuple):
    """A Python block of a page: its first line, its source, the modules that it needs, and why it is not run."""

    line: int
    source: str
    needs: tuple[str, ...]
    not_run: str | None


def python_blocks(text):
    found = []
    for match in BLOCK.finditer(text):
        if match[1] != "python":
            continue
        marker = MARKER.search(text[: match.start()])
        kind, said = marker.groups() if marker else (None, "")
        needs = tuple(re.split(r",\s*", said)) if kind == "needs" else ()
        line = text.count("\n", 0, match.start()) + 2
        found.append(Block(line, match[2], needs, said if kind == "not run" else None))
    return found


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", BLOCK.sub("", text))


def anchors(text):
    """Return the names that GitHub gives to the headings of a page."""
    found = set()
    for heading in re.findall(r"^#{1,6} (.+?)\s*$", BLOCK.sub("", text), re.M):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(next(n for i in range(99) if (n := name if i == 0 else f"{name}-{i}") not in found))
    return found


def has_anchor(target, anchor):
    """Whether a file has a heading with this name; an empty name means the file itself."""
    return not anchor or (target.suffix == ".md" and anchor in anchors(target.read_text(encoding="utf-8")))


def dead_links(page, text):
    """Return the relative links of a page whose file or heading does not exist."""
    dead = []
    for link in LINK.findall(without_code(text)):
        if re.match(r"\w+:", link):
            continue  # a link to the web or to a mail address
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_relative_to(ROOT) or not target.exists() or not has_anchor(target, anchor):
            dead.append(link)
    return dead


def uneven_rows(text):
    """Return the rows of tables that do not have as many cells as the row above them."""
    rows = {i: line for i, line in enumerate(without_code(text).split("\n")) if line.startswith("|")}
    return [row for i, row in rows.items() if row.count("|") != rows.get(i - 1, row).count("|")]


def run_in_order(page, blocks):
    """Run the blocks of a page in one namespace, except marked blocks and those whose modules are not installed."""
    namespace = {"__name__": "__main__"}
    for block in blocks:
        if block.not_run is None and all(map(find_spec, block.needs)):
            # So an error shows the line numbers of the page.
            code = compile("\n" * (block.line - 1) + block.source, str(page), "exec")
            exec(code, namespace)


@every_page
def test_the_targets_of_links_exist(page):
    assert dead_links(page, page.read_text(encoding="utf-8")) == []


@every_page
def test_rows_of_tables_have_as_many_cells_as_the_heading(page):
    assert uneven_rows(page.read_text(encoding="utf-8")) == []


@every_page
def test_python_blocks_run_in_order(page, tmp_path, monkeypatch):
    blocks = python_blocks(page.read_text(encoding="utf-8"))
    if not blocks:
        pytest.skip("this page has no Python block")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # small examples do not have to converge
        run_in_order(page, blocks)


def test_only_few_blocks_are_not_run():
    unrun = [b.not_run for page in PAGES for b in python_blocks(page.read_text(encoding="utf-8")) if b.not_run]
    assert len(unrun) <= MOST_NOT_RUN, unrun


@every_page
def test_a_page_begins_with_a_title_and_a_paragraph(page):
    title, empty, opening = page.read_text(encoding="utf-8").split("\n")[:3]
    assert title.startswith("# ")
    assert empty == ""
    assert re.match(r"[\w`\[]", opening)


# The checks above can fail.


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ("[a](tests/README.md), [b](no/such/page.md)", ["no/such/page.md"]),
        ("![a picture](examples/images/none.png)", ["examples/images/none.png"]),
        ("[web](https://example.org/x.md)", []),
        ("[outside](../../elsewhere.md)", ["../../elsewhere.md"]),
        ("`[code](none.md)`\n\n```python\nx[0](none.md)\n```\n", []),
        ("[wrong heading](tests/README.md#no-such-heading)", ["tests/README.md#no-such-heading"]),
        ("[folder](sknet/core)", []),
    ],
)
def test_a_dead_link_is_found(text, dead):
    assert dead_links(ROOT / "page.md", text) == dead


def test_a_row_with_other_cells_than_the_heading_is_found():
    table = "| a | b |\n|---|---|\n| 1 | `x | y` |\n"
    assert uneven_rows(table + "\n| a |\n|---|\n") == []
    assert uneven_rows(table + "| 1 | 2 | 3 |\n") == ["| 1 | 2 | 3 |"]


def test_headings_have_the_anchors_of_github():
    text = "# One: two, `three`\n\n## Same\n## Same\n```sh\n# no heading\n```\n"
    assert anchors(text) == {"one-two-three", "same", "same-1"}


def test_a_block_can_use_names_of_earlier_blocks_and_marked_blocks_are_not_run():
    text = (
        "```python\na = 1\n```\n\n<!-- not run: it is wrong -->\n```python\na = b\n```\n"
        "<!-- needs: no_such_module -->\n\n```python\na = c\n```\n```sh\nexit 1\n```\n```python\nassert a == 1\n```\n"
    )
    blocks = python_blocks(text)
    assert [block.line for block in blocks] == [2, 7, 12, 18]
    run_in_order("page.md", blocks)
    with pytest.raises(NameError, match="'b'"):
        run_in_order("page.md", [block._replace(not_run=None) for block in blocks])
