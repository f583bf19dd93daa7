# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks an endpoint each question of a table, each over a new verified connection, and says what came otherwise than expected.

    ask.py TABLE.json    {"ca": FILE, "endpoint": NAME, "people": {NAME: {...}}, "questions": [{...}, ...]}

People and questions have       user ("name:password"), certificate (file with certificate and key)
and questions what is asked:    as (one of the people), method (default GET), path (default /), headers, body (text), bulk (size of a body of
                                one document for _bulk), chunked, slowly (seconds that the body takes), times (default 1), plain (port of http), tries (it
                                is asked until the answer is as expected, at most so often: a rate lets one through now and then)
and what is expected:           status (or a list), header ({name: part of its text, or null where it must be absent}), has (part of the body),
                                error (Elasticsearch's error.type), failure (part of the error where no answer is expected)
Exit status 0 only if all came as expected.
"""
import base64
import http.client
import json
import ssl
import sys
import time
from pathlib import Path


def connect(endpoint, ca, question):
    if "plain" in question:
        return http.client.HTTPConnection(endpoint, question["plain"], timeout=30)
    context = ssl.create_default_context(cafile=ca)
    if "certificate" in question:
        context.load_cert_chain(question["certificate"])
    return http.client.HTTPSConnection(endpoint, timeout=30, context=context)


def body_of(question):
    if "bulk" in question:
        line = '{"index":{}}\n{"a":"'
        return f'{line}{"x" * (question["bulk"] - len(line) - 3)}"}}\n'.encode()
    return question["body"].encode() if "body" in question else None


def halves(body, pause):
    yield body[: len(body) // 2]
    time.sleep(pause)
    yield body[len(body) // 2 :]


def ask(endpoint, ca, question):
    headers = dict(question.get("headers", {}))
    if "user" in question:
        headers["Authorization"] = "Basic " + base64.b64encode(question["user"].encode()).decode()
    body = body_of(question)
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
        if "chunked" not in question and "Transfer-Encoding" not in headers:
            headers["Content-Length"] = str(len(body))
        if "chunked" in question or "slowly" in question:
            body = halves(body, question.get("slowly", 0))
    connection = connect(endpoint, ca, question)
    connection.request(question.get("method", "GET"), question.get("path", "/"), body, headers, encode_chunked="chunked" in question)
    answer = connection.getresponse()
    text = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer, text


def differences(question, answer, text):
    wanted = question["status"] if isinstance(question["status"], list) else [question["status"]]
    if answer.status not in wanted:
        yield f"status {answer.status}, not {question['status']}: {text:.300}"
    for name, part in question.get("header", {}).items():
        found = answer.getheader(name)
        if (found is None) != (part is None) or (part or "") not in (found or ""):
            yield f"header {name} is {found!r}, not {part!r}"
    if question.get("has", "") not in text:
        yield f"the body has no {question['has']!r}: {text:.300}"
    if "error" in question:
        try:
            told = json.loads(text)
            found = {told["error"]["type"], told["error"]["root_cause"][0]["type"], told["status"]}
        except (ValueError, KeyError, TypeError):
            found = set()
        if found != {question["error"], answer.status}:
            yield f"no error {question['error']!r} of Elasticsearch's form: {text:.300}"


def outcome(endpoint, ca, question):
    try:
        answer, text = ask(endpoint, ca, question)
    except (OSError, http.client.HTTPException) as error:
        expected = "failure" in question and question["failure"] in str(error)
        return [] if expected else [f"{type(error).__name__}: {error}"]
    if "failure" in question:
        return [f"it was answered with {answer.status}: {text:.300}"]
    return list(differences(question, answer, text))


def main():
    table = json.loads(Path(sys.argv[1]).read_text())
    asked = 0
    found = []
    for question in table["questions"]:
        whole = {**table.get("people", {}).get(question.get("as"), {}), **question}
        for _time in range(whole.get("times", 1)):
            asked += 1
            for _try in range(whole.get("tries", 1)):
                wrong = outcome(table["endpoint"], table["ca"], whole)
                if not wrong:
                    break
            found += [f"{table['endpoint']}: {whole['name']}: {line}" for line in wrong]
    print("\n".join(found) or f"{table['endpoint']}: {asked} questions, each answered as expected")
    return 1 if found or not asked else 0


if __name__ == "__main__":
    sys.exit(main())
