"""经营数据: counted per day from the history, read over 30 whole days, the same for any past day."""
