"""The questions of `apm doctor`, one file each: `EXAMINATION`."""
