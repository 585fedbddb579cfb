"""What lifts objects into specs, one file each: `IMPORTER`."""
