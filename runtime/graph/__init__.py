"""Workflow documents to compiled graphs (`building`), their channels (`state`), and what their steps share (`frame`).

LangGraph is imported by `building`, `visit` and `nesting` only: it takes 30 MB, which the API can do without.
"""
