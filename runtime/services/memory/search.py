"""Hybrid search: keywords by BM25, meaning by vectors, joined by the ranks of both (reciprocal rank fusion)."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.services.memory.vectors import similarity

_WORD = re.compile(r"\w+")
_K1, _B = 1.2, 0.75
"""Saturation of repeated words and weight of the length of a text, as usual for BM25."""
_RANKS = 60
"""Dampens the first ranks, as in the paper on reciprocal rank fusion (Cormack, Clarke, Buettcher 2009)."""
_NEAR = 0.25
"""Cosine below which two texts have nothing to do with each other."""


@dataclass(frozen=True)
class Entry:
    """One entry of a memory."""

    section: str
    name: str
    text: str
    at: int
    vector: list[float] | None = None
    space: str = ""
    """What made the vector: only vectors of one space can be compared."""


@dataclass(frozen=True)
class Query:
    """What is looked for."""

    text: str
    vector: list[float] | None = None
    space: str = ""


def best(query: Query, entries: Sequence[Entry], limit: int) -> list[tuple[Entry, float]]:
    """Return the entries that fit best, with a score from 0 to 1; none that fit in no way."""
    ranked = [_ranked(_keywords(query.text, entries))]
    if query.vector is not None:
        ranked.append(_ranked(_meaning(query, entries)))
    scores: Counter[int] = Counter()
    for ranks in ranked:
        for rank, position in enumerate(ranks):
            scores[position] += (_RANKS + 1) / (_RANKS + 1 + rank) / len(ranked)  # pyright: ignore[reportArgumentType]
    order = sorted(scores, key=lambda position: (-scores[position], -entries[position].at, entries[position].name))
    return [(entries[position], round(scores[position], 4)) for position in order[:limit]]


def _ranked(scores: Sequence[float]) -> list[int]:
    return [n for n in sorted(range(len(scores)), key=lambda n: (-scores[n], n)) if scores[n] > 0]


def _keywords(text: str, entries: Sequence[Entry]) -> list[float]:
    """Return the BM25 of each entry."""
    texts = [Counter(words(f"{entry.name} {entry.text}")) for entry in entries]
    lengths = [sum(counts.values()) for counts in texts]
    mean = sum(lengths) / len(lengths) if lengths else 1.0
    scores = [0.0] * len(texts)
    for word in set(words(text)):
        having = sum(word in counts for counts in texts)
        weight = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
        for n, counts in enumerate(texts):
            count = counts[word]
            scores[n] += weight * count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * lengths[n] / max(mean, 1.0)))
    return scores


def _meaning(query: Query, entries: Sequence[Entry]) -> list[float]:
    assert query.vector is not None
    return [_near(query, entry) for entry in entries]


def _near(query: Query, entry: Entry) -> float:
    if query.vector is None or entry.vector is None or entry.space != query.space:
        return 0.0
    found = similarity(query.vector, entry.vector)
    return found if found >= _NEAR else 0.0


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return _WORD.findall(text.lower())
