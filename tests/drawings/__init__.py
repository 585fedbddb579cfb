"""What others make of our drawings."""
