# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks endpoints again and again until a file is there, and counts what was lost.

    keep_asking.py CA FILE es1,es2     one client for each endpoint, on one kept, verified connection

Each waits a little between two requests, as an application does. A kept connection that the server closed before it got a byte of the
request is opened anew, as every HTTP client does for a GET (RFC 9110, section 9.2.2); any other error, and any status but 200, is lost.
Prints {"asked": N, "lost": [texts]} as JSON.
"""
import concurrent.futures
import http.client
import json
import ssl
import sys
import time
from pathlib import Path


def ask(connection):
    connection.request("GET", "/_cluster/health?local=true")
    answer = connection.getresponse()
    answer.read()
    return "" if answer.status == 200 else f"status {answer.status}"


def client(ca, file, endpoint):
    connection = http.client.HTTPSConnection(endpoint, timeout=20, context=ssl.create_default_context(cafile=ca))
    asked, lost = 0, []
    while not Path(file).exists():
        asked += 1
        try:
            try:
                wrong = ask(connection)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                connection.close()
                wrong = ask(connection)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            lost.append(f"{endpoint}: {wrong}")
        time.sleep(0.1)
    return asked, lost


def main():
    ca, file, endpoints = sys.argv[1:]
    endpoints = endpoints.split(",")
    with concurrent.futures.ThreadPoolExecutor(len(endpoints)) as pool:
        counted = list(pool.map(lambda endpoint: client(ca, file, endpoint), endpoints))
    print(json.dumps({"asked": sum(asked for asked, _lost in counted), "lost": [text for _asked, lost in counted for text in lost]}))


if __name__ == "__main__":
    main()
