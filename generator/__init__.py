"""spec files -> documents -> declared specs -> project -> resources -> files. Read `pipeline.py` first."""
