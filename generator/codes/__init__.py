"""What every code of a finding means: the pages of `apm explain CODE`.

The page of a check is the docstring of its module; the pages of everything else that refuses specs are here, by stage.
A test reads all codes that the sources raise and fails where one has no page.
"""

from collections.abc import Mapping

from generator.codes import fields, importing, kinds, loading, rendering


def pages(checks: Mapping[str, str]) -> dict[str, str]:
    """Return the page of every code; `checks` are the docstrings of the checks, by code."""
    found = {**loading.PAGES, **fields.PAGES, **kinds.PAGES, **rendering.PAGES, **importing.PAGES}
    return {code: text.strip() + "\n" for code, text in sorted({**found, **checks}.items())}


def page(code: str, checks: Mapping[str, str]) -> str | None:
    """Return the page of one code, or None where there is no such code."""
    return pages(checks).get(code)
