# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sends so many requests, verified, and counts those that failed: count.py CA NAME REQUESTS

Six clients keep their connection, two open one for each request. Where a kept connection was closed before it gave a
byte of an answer, the request is sent again, once, on a new one, as HTTP clients do for a GET (RFC 9110, 9.2.2);
how often is counted, too. Any other error, and any answer but a whole one with status 200, is a request that failed.
Prints {"asked": N, "sent_again": N, "failed": [texts]} as JSON.
"""
import concurrent.futures
import http.client
import itertools
import json
import ssl
import sys

KEEPING, OPENING = 6, 2
# before an answer: it may be sent again
CLOSED = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError)


class Client:
    def __init__(self, context, name, keeps):
        self.connection = http.client.HTTPSConnection(name, timeout=20, context=context)
        self.keeps = keeps
        self.sent_again = 0
        self.failed = []

    def begin(self):
        self.connection.request("GET", "/")
        return self.connection.getresponse()

    def answer(self):
        kept = self.connection.sock is not None
        try:
            return self.begin()
        except CLOSED:
            if not kept:
                raise
            self.sent_again += 1
            self.connection.close()
            return self.begin()

    def ask(self):
        try:
            answer = self.answer()
            answer.read()
            if answer.status != 200:
                self.failed.append(f"status {answer.status}")
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(f"{type(error).__name__}: {error}")
            self.connection.close()
        if not self.keeps:
            self.connection.close()


def main():
    ca, name, requests = sys.argv[1:]
    context = ssl.create_default_context(cafile=ca)
    clients = [Client(context, name, number < KEEPING) for number in range(KEEPING + OPENING)]
    tickets = itertools.count(1)

    def work(client):
        while next(tickets) <= int(requests):
            client.ask()

    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(work, clients))
    failed = [text for client in clients for text in client.failed]
    sent_again = sum(client.sent_again for client in clients)
    print(json.dumps({"asked": int(requests), "sent_again": sent_again, "failed": failed}))


if __name__ == "__main__":
    main()
