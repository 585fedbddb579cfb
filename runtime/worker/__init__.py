"""Execute runs: `starting` queues them, `executor` runs one, `loop` claims many, `scheduler` wakes and triggers."""
