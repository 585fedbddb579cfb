"""Alert templates: one module each, which declares `TEMPLATE = AlertTemplate(...)`.

A template is a condition that people get wrong when they write it by hand, under a name, with typed parameters. It also
says how it is proven: cases with series for which the alert has to fire, and for which it must not.

The field of an alert that chooses a template has the template's name; `generator.kinds.alerts` finds all modules here,
so a new template is a new file. Modules with a leading `_` are no templates.
"""
