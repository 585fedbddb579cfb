"""Workflows as graphs: what follows what, what is read and written, drawings, test cases."""
