"""Speed and memory, printed as tables; no test asserts a time."""
