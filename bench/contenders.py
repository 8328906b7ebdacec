"""Who is measured, each as a server in a process of its own."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

from bench.data import Filled
from bench.issuing import issuing

_TICKS = os.sysconf("SC_CLK_TCK")


class Contender(StrEnum):
    """A way to answer the questions."""

    BANGFU = "bangfu"
    GUARDED = "guarded"
    """The same, but asked with a token, by somebody who may read the question's district and nothing else."""

    PLAIN = "plain"
    LIMIT = "limit"
    IDIOMATIC = "idiomatic"

    @property
    def speaks_graphql(self) -> bool:
        """Whether it is sent documents; the limit has an address for each question."""
        return self is not Contender.LIMIT


class Server:
    """A contender's running process."""

    def __init__(
        self, contender: Contender, process: asyncio.subprocess.Process, address: str, authorization: str | None
    ) -> None:
        self.contender = contender
        self.authorization = authorization
        """The header that each request has to have, where the server asks for a token."""
        self.port = int(address.rpartition(":")[2])
        self._process = process
        self._proc = Path(f"/proc/{process.pid}")

    def cpu(self) -> float:
        """Seconds of processor time it has used."""
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> int:
        """Bytes of memory it holds now."""
        return self._status("VmRSS")

    def peak(self) -> int:
        """The most bytes it has held since `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        """Begins a new peak."""
        (self._proc / "clear_refs").write_text("5")

    def _status(self, name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+) kB", (self._proc / "status").read_text(), re.MULTILINE)
        assert found is not None, "Linux tells this of every process"
        return int(found[1]) * 1024


@asynccontextmanager
async def serving(contender: Contender, data: Filled) -> AsyncIterator[Server]:
    """A contender's server over a data set, while it is needed."""
    command = (sys.executable, "-m", "bench.serve", contender.value, data.url)
    with issuing() as issuer:
        is_guarded = contender is Contender.GUARDED
        settings = {
            "BANGFU_SEAL_KEYS": str(data.keys),
            "BANGFU_SEAL_KEY": "",
            **(issuer.settings if is_guarded else {}),
        }
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, env=os.environ | settings
        )
        try:
            assert process.stdout is not None, "it was asked for"
            address = (await process.stdout.readline()).decode().strip()
            if not address:
                raise RuntimeError(f"{contender} does not start.")
            await _listening(int(address.rpartition(":")[2]))
            yield Server(contender, process, address, issuer.authorization(data.district) if is_guarded else None)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _listening(port: int) -> None:
    """Waits until a server that has its port also listens on it."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
