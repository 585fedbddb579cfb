"""What a cluster says: whether it is fit for what is rendered, and how it differs. Needs the extra `live`."""
