"""A living market: for the demo, and for tests that want a case brought somewhere by real steps."""
