"""R3, ``make oracle``: the life of a case against a small model of it."""

import pytest

pytest.register_assert_rewrite("tests.oracle.walk")
