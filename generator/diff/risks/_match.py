"""Whether a matcher of Alertmanager holds for an alert."""

import re
from collections.abc import Mapping
from typing import Any


def matches(matcher: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether the labels of an alert meet one matcher; a label that is not there is an empty text."""
    value, wanted = labels.get(str(matcher.get("name")), ""), str(matcher.get("value") or "")
    kind = matcher.get("matchType") or ("=~" if matcher.get("regex") else "=")
    if kind in ("=~", "!~"):
        try:
            hit = re.fullmatch(wanted, value) is not None
        except re.error:
            return True
    else:
        hit = value == wanted
    return hit if kind in ("=", "=~") else not hit
