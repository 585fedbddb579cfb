"""Rules between specs: one module each, which declares `CHECK = Check(...)`; its docstring is the page of the code."""
