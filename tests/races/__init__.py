"""R2, ``make races``: the races of the field (F47 to F64), round after round on real connections."""

import pytest

pytest.register_assert_rewrite("tests.races.desk", "tests.races.house", "tests.races.world")
