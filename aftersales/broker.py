"""The demo's file broker: kombu's, with messages that appear whole.

Kombu writes a message into the folder from which the worker reads; a reader that is quick finds
half of it, and the worker dies. Here a message is written beside and then moved in.
"""

import os
import uuid
from time import monotonic
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: Any, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        part = os.path.join(self.data_folder_out, f"{name}.part")
        with open(part, "wb") as file:
            file.write(dumps(payload).encode())
        os.replace(part, os.path.join(self.data_folder_out, name))


class Transport(filesystem.Transport):
    Channel = Channel
