"""Commands of `apm`: one module each with a click command of the same name; loaded when it is called."""
