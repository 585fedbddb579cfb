"""What linters of others say of the rendered artifacts: each finding is mended, or explained in exceptions.yaml."""
