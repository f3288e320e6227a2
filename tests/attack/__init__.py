"""Attacks on a running copy: sqlmap and wapiti, signed in as everybody (make scan)."""
