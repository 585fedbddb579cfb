"""Runs rendered workflow documents: file -> document -> graph -> runs. Read `app.py` first."""
