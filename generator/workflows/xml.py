"""What XML 1.0 can hold."""

import re

_UNHELD = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def held(text: str) -> str:
    """Return a text with a replacement character for each character that XML can't hold, not even escaped."""
    return _UNHELD.sub("\ufffd", text)
