"""Values -> YAML texts, each part in any of the forms that YAML has for it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any, cast

NOISE = (
    "word", "two words", "日本語", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "e\u0301le\u0300ve", "กำลัง",
    "नीला", "שלום", "مرحبا", "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "❤\ufe0f", "한국", "\u1112\u1161\u11ab",
    "zero\u200bwidth", "Ä", "\U00020000", "\u00ad",
)  # fmt: skip
"""Texts of no, one and two columns a character, in all directions; all terminals agree about them, as far as any do."""


_QUOTED, _QUOTED_IN_FLOW = r": |:$| #|\s$|\n", r": |:$| #|\s$|\n|[\[\]{},]"
"""What no plain scalar has."""


_PAIRED = "\U0001f1e9\U0001f1ea\U0001f44d\U0001f3fd"
"""What makes a flag together, or a hand; terminals differ about a single one."""


class Token(str):
    """A text that stands on one line as it is, in quotes at most."""

    __slots__ = ()


@dataclass
class Writer:
    """Writes one document, in forms that chance decides."""

    random: Random
    anchors: int = 0

    def chance(self, of: int = 4) -> bool:
        """Return True once in so many times."""
        return self.random.randrange(of) == 0

    def one(self, *options: Any) -> Any:
        """Return one of some options."""
        return self.random.choice(options)

    # --- collections --------------------------------------------------------------------------------------------------

    def document(self, value: Mapping[str, Any]) -> str:
        """Return a document, which starts at the first column."""
        if self.chance(5):
            return self.flow(value, 0) + "\n"
        return self.block(value, 0).lstrip("\n")

    def node(self, value: Any, around: int, *gaps: str) -> str:
        """Return what follows a key or a dash in a block, with the space in front and the end of the line."""
        indent = around + self.one(1, 2, 4)
        gap = self.one(*gaps)
        mark = self.anchor(gap)
        if isinstance(value, Mapping | list) and value and not self.chance(3):
            return f"{mark}{self.comment()}{self.block(value, indent)}"
        if isinstance(value, Mapping | list):
            return f"{mark}{gap}{self.flow(value, indent)}{self.comment()}\n"
        return f"{mark}{gap}{self.scalar(value, around)}"

    def anchor(self, gap: str) -> str:
        """Return an anchor at times."""
        if not self.chance(6):
            return ""
        self.anchors += 1
        return f"{gap}&a{self.anchors}"

    def comment(self) -> str:
        """Return a comment at times, in front of the end of a line."""
        return f" # {self.one(*NOISE)}: [{{'\u2028" if self.chance(6) else ""

    def block(self, value: Any, indent: int) -> str:
        """Return the lines of a mapping or a list, behind the end of the line in front of them."""
        lines = ["\n"]
        for key in value:
            if self.chance(6):
                lines.append(f"\n{' ' * self.one(0, indent)}# {self.one(*NOISE)}\n")
            if isinstance(value, list):
                lines.append(f"{' ' * indent}-{self.node(key, indent, ' ', '  ')}")
            else:
                item = self.node(value[key], indent, " ", "\t", " \t ")
                lines.append(f"{' ' * indent}{self.key(key)}{self.one('', ' ')}:{item}")
        return "".join(lines)

    def flow(self, value: Any, indent: int) -> str:
        """Return a value in brackets, on one line or several."""
        if isinstance(value, Mapping):
            pairs = cast("Mapping[str, Any]", value).items()
            parts = [f"{self.key(key)}: {self.flow(item, indent)}" for key, item in pairs]
            return "{" + self.joined(parts, indent) + "}"
        if isinstance(value, list):
            return "[" + self.joined([self.flow(item, indent) for item in cast("list[Any]", value)], indent) + "]"
        return self.inline(value, indent, flow=True)

    def joined(self, parts: list[str], indent: int) -> str:
        """Return parts with commas, and breaks and comments at times."""
        break_ = f"{self.comment()}\n{' ' * (indent + 1)}"
        between = [self.one("", " ", break_) if self.chance() else "" for _ in range(len(parts) + 1)]
        return between[0] + ", ".join(f"{part}{gap}" for part, gap in zip(parts, between[1:], strict=True))

    def key(self, key: str) -> str:
        """Return a key."""
        return self.one(key, key, f'"{key}"', f"'{key}'")

    # --- scalars ------------------------------------------------------------------------------------------------------

    def scalar(self, value: Any, around: int) -> str:
        """Return a scalar in a block, with the end of its line; `around` is where the block is indented."""
        several = isinstance(value, str) and not isinstance(value, Token) and re.search(r"[^!-~]", value)
        if several and self.chance(2):
            return self.written_block(value, around)
        return f"{self.inline(value, around, flow=False)}{self.comment()}\n"

    def inline(self, value: Any, indent: int, *, flow: bool) -> str:
        """Return a plain or quoted scalar."""
        if not isinstance(value, str):
            return json.dumps(value)
        forms: list[Callable[[], str]] = [lambda: self.double(value, indent), lambda: self.single(value, indent)]
        if re.match(r"[^\W\d_]|\$", value) and not re.search(_QUOTED_IN_FLOW if flow else _QUOTED, value):
            forms.append(lambda: self.folded(value, indent))
        return self.one(*forms)()

    def folded(self, text: str, indent: int) -> str:
        """Return a text with breaks where it has spaces, at times."""
        if isinstance(text, Token):
            return text
        words = text.split(" ")
        gaps = [f"{self.one('', ' ')}\n{' ' * (indent + 1)}" if _splits(*pair) and self.chance(5) else " "
                for pair in pairwise(words)]  # fmt: skip
        return words[0] + "".join(gap + word for gap, word in zip(gaps, words[1:], strict=True))

    def single(self, text: str, indent: int) -> str:
        """Return a text in single quotes; breaks of the text are empty lines."""
        lines = [self.folded(line, indent) for line in text.replace("'", "''").split("\n")]
        return f"'{self.lines(lines, indent)}'"

    def lines(self, lines: list[str], indent: int) -> str:
        """Return lines of a quoted text that have breaks between them."""
        return f"\n\n{' ' * (indent + 1)}".join(lines)

    def double(self, text: str, indent: int) -> str:
        """Return a text in double quotes, with escapes at times."""
        if isinstance(text, Token):
            return f'"{text}"'
        chars = re.sub(r"\\\|(?=[ \"]|$)", "", "".join(map(self.char, text)))
        return '"' + chars.replace("\\|", f"\\\n{' ' * (indent + 1)}") + '"'

    def char(self, char: str) -> str:
        """Return a character of a text in double quotes; those of tokens stay as they are."""
        if char in '"\\\n\t' or (not char.isascii() and char not in _PAIRED and self.chance(3)):
            named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}.get(char)
            return self.one(named or f"\\U{ord(char):08x}", f"\\U{ord(char):08x}")
        return f"{char}\\|" if char.isalpha() and not char.isascii() and self.chance(9) else char

    def written_block(self, text: str, around: int) -> str:
        """Return a literal or folded block."""
        style, chomp, width = self.one("|", ">"), self.one("", "-", "+"), self.one(1, 2, 5)
        number, pad = str(width) if self.chance(2) else "", " " * (around + width)
        if style == ">":
            lines = [self.words(line).replace("\n", f"\n{pad}") for line in text.split("\n")]
            body = f"\n\n{pad}".join(lines)
        else:
            body = f"\n{pad}".join(text.split("\n"))
        sign = self.one(f"{style}{number}{chomp}", f"{style}{chomp}{number}")
        return f"{sign}{self.comment()}\n{pad}{body}\n"

    def words(self, line: str) -> str:
        """Return a line of a folded block, on several lines at times."""
        words = line.split(" ")
        gaps = ["\n" if all(pair) and self.chance(5) else " " for pair in pairwise(words)]
        return words[0] + "".join(gap + word for gap, word in zip(gaps, words[1:], strict=True))


def _splits(before: str, after: str) -> bool:
    """Whether a line may begin between two words, of plain texts too."""
    return bool(before and after) and not re.match(r"[-?:#&*!|>'\"%@`,\[\]{}.]", after)
