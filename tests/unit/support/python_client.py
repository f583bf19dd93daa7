# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Run apart from the tests, with one of the real Python clients on its path and a file of CAs that its world trusts.

Reads from standard input cases as JSON, each with a client's keyword arguments; writes what each came to.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import certifi

# public CAs are at hand of every client, as the system's and as certifi's: whether they count is what is asked
os.environ["SSL_CERT_FILE"] = sys.argv[1]
certifi.where = lambda: sys.argv[1]
sys.path.insert(0, str(Path(__file__).parents[3] / "docs/examples/python"))

import elasticsearch  # noqa: E402
from sealed_context import sealed_context  # type: ignore[import-not-found] # noqa: E402


def told(case: dict[str, Any]) -> dict[str, Any]:
    """The arguments as the filter's documentation tells programs to use them."""
    kwargs = {"max_retries": 0, **case["kwargs"]}
    if "ssl_context" in kwargs:
        kwargs["ssl_context"] = sealed_context(**kwargs["ssl_context"])
    return kwargs


async def ask(client: elasticsearch.AsyncElasticsearch) -> Any:
    try:
        return await client.info()
    finally:
        await client.close()


async def asked(case: dict[str, Any]) -> Any:
    return await ask(elasticsearch.AsyncElasticsearch(**told(case)))


def outcome(case: dict[str, Any]) -> str:
    try:
        answer = elasticsearch.Elasticsearch(**told(case)).info() if case["sync"] else asyncio.run(asked(case))
    except Exception as error:  # whether it is the right one is for the test to say
        # without retries, the transport of 8 and 9 keeps the cause in the message only
        return f"{type(error).__name__}: {getattr(error, 'message', error)}"
    return str(answer["cluster_name"])


json.dump([outcome(case) for case in json.load(sys.stdin)], sys.stdout)
