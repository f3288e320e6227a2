"""Django's own engine for PostgreSQL, with moments read by the driver's compiled loader."""
