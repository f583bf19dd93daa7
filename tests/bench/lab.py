# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Many TLS servers in one process, each with its own certificate below an intermediate: ``lab.py DIRECTORY COUNT``.

Prints the ports as JSON once all of them listen, and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / ".ansible" / "collections"))

from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki  # noqa: E402
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import ROOT, response  # noqa: E402

ANSWER = response(ROOT)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
    writer.close()


async def serve(directory: Path, count: int) -> None:
    root = pki.root("Bench Root")
    intermediate = pki.intermediate("Bench Intermediate", root)
    (directory / "ca.pem").write_bytes(root.pem)
    servers = []
    for _number in range(count):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki.issue("es1", intermediate).write(directory))
        servers.append(await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=256))
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
