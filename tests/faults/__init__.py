"""The product under faults: real programs, broken on purpose by a seed, and what must hold after it.

``make faults`` runs it (docs/reliability.md); ``tests/faults/test_campaign.py`` is its small form.
"""
