def test_the_database_is_private_and_empty(db):
    from django.db import connection

    assert connection.vendor == "postgresql"
