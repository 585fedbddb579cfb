"""What must not be overlooked in a diff, one file a risk; `discover()` finds them."""
