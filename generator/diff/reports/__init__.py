"""A diff as text, Markdown, JSON and SARIF."""
