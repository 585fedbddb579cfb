"""What a text looks like on a terminal, and how many columns it takes there."""

import unicodedata

_PRESENTATION = "\ufe0e\ufe0f"
"""Ask for a picture or a letter; whether the picture is wider than the letter is up to the terminal."""
_INVISIBLE = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")
_COMBINING = ("Mn", "Me")
_ON_TOP = frozenset([*range(0x1160, 0x1200), *range(0xD7B0, 0xD800), *range(0x1F3FB, 0x1F400)])
"""Vowels and finals of Hangul that join the letter in front, and colours of skin."""


def visible(char: str) -> str:
    """Return what stands for a character: as wide on all terminals, and doing nothing else to them."""
    if char in _PRESENTATION:
        return ""
    return " " if char == "\t" else "�" if unicodedata.category(char) in _INVISIBLE else char


def width(text: str) -> int:
    """Return how many columns a text takes, shown as `visible` does."""
    return sum(_columns(shown) for char in text if (shown := visible(char)))


def _columns(char: str) -> int:
    if unicodedata.category(char) in _COMBINING or ord(char) in _ON_TOP:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
