"""What deploy/ sets up: who may ask whom, by what account, and where secrets stand."""

import configparser
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest
from kombu import Connection

from aftersales.cached import Cache
from tests import services
from tests.test_house import ROOT, SAFE, read_settings

DEPLOY = ROOT / "deploy"
SERVICES = ["beat", "web", "worker"]


@pytest.fixture
def redis_socket(tmp_path: Path) -> Iterator[Path]:
    """A Redis with our configuration, but for where its socket is."""
    place = Path(services.start()) / f"{tmp_path.name[-20:]}.sock"  # a socket's path is short
    program = [services.find_redis(), DEPLOY / "redis.conf", "--unixsocket", place]
    server = subprocess.Popen([*map(str, program), "--save", ""], stdout=subprocess.DEVNULL)
    end = monotonic() + 20
    while monotonic() < end:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as door:
            door.connect(str(place))
            break
        sleep(0.05)
    yield place
    server.terminate()
    server.wait(10)


def test_redis_is_reached_by_its_group_alone(redis_socket: Path) -> None:
    """ASVS 13.2.1: no password that everybody shares, and no port: the socket asks who it is."""
    assert redis_socket.stat().st_mode & 0o777 == 0o770
    cache = Cache(f"unix://{redis_socket}", {"OPTIONS": {"socket_connect_timeout": 0.5}})
    cache.set("deploy", "stands", 5)
    assert cache.get("deploy") == "stands"
    told = read_settings(
        **SAFE | {"REDIS_URL": f"unix://{redis_socket}"}, code="print(s.CELERY_BROKER_URL)"
    )
    with Connection(told.stdout.strip()) as broker:
        broker.ensure_connection(max_retries=1)
        assert broker.default_channel.client.config_get("port") == {"port": "0"}


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    """ASVS 13.3.1: as systemd hands over what it keeps sealed."""
    (tmp_path / "secret_key").write_text(SAFE["SECRET_KEY"])
    named = {name: value for name, value in SAFE.items() if name != "SECRET_KEY"}
    named["SECRET_KEY_FILE"] = str(tmp_path / "secret_key")
    assert read_settings(**named).stdout == "False True\n"
    assert "SECRET_KEY_FILE=%d/secret_key" in (DEPLOY / "systemd" / "sealed.conf").read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_the_services_ask_this_machine_alone(name: str) -> None:
    """ASVS 13.2.4, 13.2.5: a list of whom they may ask, and of where they may write."""
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read(DEPLOY / "systemd" / f"aftersales-{name}.service")
    service = unit["Service"]
    assert (service["IPAddressDeny"], service["IPAddressAllow"]) == ("any", "localhost")
    assert (service["ProtectSystem"], service["ReadWritePaths"]) == (
        "strict",
        "/var/lib/aftersales",
    )


def test_the_environment_that_is_shipped_is_read() -> None:
    """As it stands, but for the key that is made on the machine."""
    lines = (DEPLOY / "environment.example").read_text().splitlines()
    said = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
    told = read_settings(
        **said | {"SECRET_KEY": SAFE["SECRET_KEY"]}, code="print(s.CELERY_BROKER_URL)"
    )
    assert told.stdout == "redis+socket:///run/redis/redis-server.sock\n"
