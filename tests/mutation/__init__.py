"""Specs with one mistake each, and whether `apm validate` refuses them: a measure of the validator itself."""
