"""商家后台: one file a kind of work."""
