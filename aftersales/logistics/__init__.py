"""物流: what carriers report, and what it does to cases."""
