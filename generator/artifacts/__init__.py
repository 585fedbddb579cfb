"""What is rendered: one module each, which declares `ARTIFACT = Artifact(...)`."""
