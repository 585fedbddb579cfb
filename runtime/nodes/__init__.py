"""Node types: one module per workflow verb, which declares `NODE = NodeType(...)`."""
