"""What imported expressions have in common."""

import re

from generator.kinds.metrics import own
from generator.rules.promql import NAMESPACE, parse, series


def confined(expr: str) -> str:
    """Return an expression in which metrics of the runtime are those of the environment's own namespace."""
    known = series(own())
    for read in parse(expr).reads:
        if read.metric in known and not any(m.label == "namespace" for m in read.matchers):
            name = rf"(?<![\w:]){re.escape(read.metric)}(?![\w:])"
            expr = re.sub(rf"{name}\s*\{{(?!namespace)", f'{read.metric}{{namespace="{NAMESPACE}",', expr)
            expr = re.sub(rf"{name}(?!\s*[{{(])", f'{read.metric}{{namespace="{NAMESPACE}"}}', expr)
    return expr
