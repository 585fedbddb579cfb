"""Whatever stands in specs/, `apm validate` answers with findings."""
