"""What editors get from `apm lsp`, as a client sees it over stdin and stdout."""
