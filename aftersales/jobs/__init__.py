"""批量任务: what merchants do to many cases at once, in the background and one case at a time."""
