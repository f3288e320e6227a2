"""R7, ``make load``: many people at many cases for a while, on production's programs."""
