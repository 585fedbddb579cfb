"""Kill and pause real workers at random moments under load, and count what it did to the runs."""
