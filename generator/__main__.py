"""`python -m generator` is `apm`."""

from generator.cli import main

main()
