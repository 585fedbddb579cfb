"""Where a rendered line comes from, and what a line of a spec causes.

probe.py     tries other values and renders     causes.py    rendered line -> spec lines
effects.py   spec line -> rendered objects      target.py    a line of a rendered file -> object and field
"""
