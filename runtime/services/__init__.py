"""What runs need from outside: clock, state store, models, tools, effects, budgets. Each behind a small protocol."""
