"""A stand-in for the REST APIs that gcloud and bq call: it remembers what is made, and records every changing call.

It is the proxy of gcloud, so that each service keeps a host name of its own (`pubsub.test`). What it answers has the
shape of the real answers as far as gcloud reads them; a path it does not know is answered with 404.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from fake_shapes import COLLECTIONS, LIST_KEYS, LONG_RUNNING, NUMBER, PROJECT, as_created, discovery

Answer = tuple[int, Any]


class Memory:
    """What the project holds: path → resource. `changes` are the calls that changed it, in order."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        self.changes: list[str] = []
        self.unknown: list[str] = []
        self.dies_after: int | None = None
        """The number of changes to accept; every later request is answered with an error."""
        self.lock = threading.RLock()

    def answer(self, method: str, address: str, body: bytes) -> Answer:
        url = urlsplit(address)
        api, path = (url.hostname or "").partition(".")[0], unquote(url.path).strip("/")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        with self.lock:
            if self.dies_after is not None and len(self.changes) >= self.dies_after:
                return 400, {"error": {"code": 400, "message": "the power went out"}}
            changes = len(self.changes)
            status, answer = self._route(method, api.rpartition("-")[2], path, query, body)
            if status >= 400 and status != 404:
                del self.changes[changes:]
            return status, answer

    def _route(self, method: str, api: str, path: str, query: dict[str, str], body: bytes) -> Answer:
        payload = json.loads(body) if body.startswith(b"{") else {}
        if api == "storage":
            return self._storage(method, path, query, body)
        if api == "bigquery":
            return self._bigquery(method, path, payload)
        resource, _, verb = path.partition(":")
        resource = f"{api}/{_plain(resource)}"
        if "operations/" in path:
            return 200, {"name": _plain(path), "done": True, "response": {}, "metadata": {"stages": []}}
        if verb:
            return self._verb(verb, api, resource, payload)
        if method == "GET":
            return self._read(resource)
        if method == "DELETE":
            return self._delete(resource)
        return self._write(method, api, resource, query, payload)

    # ---- plain resources ----------------------------------------------------------------------------------------

    def _read(self, path: str) -> Answer:
        if path in self.held:
            return 200, self.held[path]
        last = path.rpartition("/")[2]
        if last not in COLLECTIONS:
            return self._absent(path)
        below = re.compile(re.escape(path).replace(r"/\-/", "/[^/]+/") + "/[^/]+")
        of_api = f"{path.partition('/')[0]}/{last}"
        key = LIST_KEYS.get(of_api) or LIST_KEYS.get(last, last)
        return 200, {key: [item for name, item in self.held.items() if below.fullmatch(name)]}

    def _write(self, method: str, api: str, path: str, query: dict[str, str], payload: dict[str, Any]) -> Answer:
        """POST to a collection makes; PUT makes or replaces; PATCH changes."""
        last = path.rpartition("/")[2]
        single = last.rstrip("s")
        if api == "artifactregistry":  # stores durations of whole seconds without a fraction
            payload = json.loads(json.dumps(payload).replace('.0s"', 's"'))
        wrapped = next(
            (payload[name] for name in (single, "serviceAccount") if isinstance(payload.get(name), dict)), payload
        )
        if method == "POST":
            path = f"{path}/{self._name(api, last, query, payload)}"
            if path in self.held:
                return 409, {"error": {"code": 409, "status": "ALREADY_EXISTS", "message": f"{path} already exists"}}
        elif method == "PATCH" and path not in self.held and "/fields/" not in path:
            return self._absent(path)
        if method == "PATCH":
            inner = next((value for name, value in payload.items() if name in {"topic", "subscription"}), payload)
            stored = _merged(self.held.get(path, {"name": path.partition("/")[2]}), inner)
        else:
            stored = as_created(api, path, wrapped)
        self.held[path] = stored
        self.changes.append(f"{method} {path}")
        if api in LONG_RUNNING:
            return 200, self._done(stored, api)
        return 200, stored

    def _done(self, stored: dict[str, Any], api: str = "") -> dict[str, Any]:
        where = "databases/(default)" if api == "firestore" else "locations/europe-west1"
        name = f"projects/{PROJECT}/{where}/operations/{len(self.changes)}"
        return {"name": name, "done": True, "response": stored, "metadata": {"stages": []}}

    def _name(self, api: str, collection: str, query: dict[str, str], payload: dict[str, Any]) -> str:
        ids = [value for name, value in query.items() if name.lower().endswith("id") and name != "requestId"]
        body = (
            payload.get("accountId")
            or payload.get("roleId")
            or payload.get("name")
            or (payload.get("metadata") or {}).get("name")
        )
        name = str((ids or [body or f"{len(self.held) + 1}"])[0])
        return name.rpartition("/")[2]

    def _delete(self, path: str) -> Answer:
        if path not in self.held:
            return self._absent(path)
        self.changes.append(f"DELETE {path}")
        del self.held[path]
        return 200, self._done({})

    def _absent(self, path: str) -> Answer:
        self.unknown.append(path)
        message = f"Not found: {path}"
        reasons = [{"reason": "notFound", "message": message, "domain": "global"}]
        return 404, {"error": {"code": 404, "status": "NOT_FOUND", "message": message, "errors": reasons}}

    # ---- verbs --------------------------------------------------------------------------------------------------

    def _verb(self, verb: str, api: str, path: str, payload: dict[str, Any]) -> Answer:
        if verb == "getIamPolicy":
            return 200, self.policies.get(path, {"etag": "AA==", "version": 3})
        self.changes.append(f"{verb} {path}")
        if verb == "setIamPolicy":
            self.policies[path] = payload["policy"]
            return 200, payload["policy"]
        if verb == "batchEnable":
            for name in payload["serviceIds"]:
                self.held[f"{path}/{name}"] = {"config": {"name": name}, "state": "ENABLED"}
        elif verb == "enable":
            name = path.rpartition("/")[2]
            self.held[path] = {"config": {"name": name}, "state": "ENABLED"}
        elif verb == "addVersion":
            name = f"{path.partition('/')[2]}/versions/1"
            version = {"name": name, "state": "ENABLED", "clientSpecifiedPayloadChecksum": True}
            self.held[f"{path}/versions/1"] = version
            return 200, version
        elif verb == "detachFunction":
            del self.held[path]
        elif verb == "generateServiceIdentity":
            return 200, self._done({"email": "agent@google.test"})
        return 200, self._done({})

    # ---- two with ways of their own -----------------------------------------------------------------------------

    def _storage(self, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
        path = path.removeprefix("storage/v1/").removeprefix("upload/storage/v1/")
        resource = f"storage/{path.removesuffix('/iam')}"
        if path.endswith("serviceAccount"):
            return 200, {"email_address": f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"}
        if path.endswith("/iam"):
            if method == "GET":
                return 200, self.policies.get(resource, {"etag": "AA==", "version": 3})
            self.changes.append(f"setIamPolicy {resource}")
            self.policies[resource] = json.loads(body)
            return 200, self.policies[resource]
        if path.endswith("/o") and method == "POST":
            name = json.loads(body[body.index(b"{") : body.index(b"}") + 1]).get("name") or query["name"]
            bucket = path.split("/")[1]
            second = body.split(body.partition(b"\n")[0].strip())[2]  # of two parts between lines of one text
            sent = re.sub(rb"\r?\n$", b"", re.split(rb"\r?\n\r?\n", second, maxsplit=1)[1])
            md5 = base64.b64encode(hashlib.md5(sent).digest()).decode()
            metadata = {"name": name, "bucket": bucket, "generation": "1", "metageneration": "1", "md5Hash": md5}
            self.held[f"{resource}/{name}"] = metadata | {"size": str(len(sent))}
            self.changes.append(f"POST {resource}/{name}")
            return 200, self.held[f"{resource}/{name}"]
        if method == "GET":
            return self._read(resource)
        if method == "DELETE":
            return self._delete(resource)
        return self._write(method, "storage", resource, {}, json.loads(body))

    def _bigquery(self, method: str, path: str, payload: dict[str, Any]) -> Answer:
        if path.endswith("discovery/rest"):
            return 200, discovery()
        resource = f"bigquery/{path.removeprefix('bigquery/v2/')}"
        sql = str(((payload.get("configuration") or {}).get("query") or payload).get("query", ""))
        if grant := re.fullmatch(
            r'(GRANT|REVOKE) `(\S+)` ON SCHEMA `\w+\.(\w+)` (?:TO|FROM) "serviceAccount:(.+)"', sql
        ):
            verb, role, name, email = grant.groups()
            dataset = self.held[f"bigquery/projects/{PROJECT}/datasets/{name}"]
            entry = {"role": role, "userByEmail": email}
            dataset["access"] = [each for each in dataset["access"] if each != entry] + [entry] * (verb == "GRANT")
            self.changes.append(f"{verb} {role} on {name}: {email}")
            return 200, JOB
        if (method == "GET" and "/jobs/" in path) or "/queries/" in path:
            return 200, JOB
        if method == "GET":
            return self._read(resource)
        if method == "POST" and path.endswith("datasets"):
            name = payload["datasetReference"]["datasetId"]
            self.held[f"{resource}/{name}"] = payload | {
                "access": [],
                "id": f"{PROJECT}:{name}",
                "kind": "bigquery#dataset",
            }
            self.changes.append(f"POST {resource}/{name}")
            return 200, self.held[f"{resource}/{name}"]
        if method == "POST" and path.endswith("tables"):
            resource = f"{resource}/{payload['tableReference']['tableId']}"
            self.held[resource] = payload | {"kind": "bigquery#table", "id": "demo:t", "type": "VIEW"}
            self.changes.append(f"POST {resource}")
            return 200, self.held[resource]
        if method == "DELETE":
            return self._delete(resource)
        return self._write("PATCH", "bigquery", resource, {}, payload)


GRANT = re.compile(r'(GRANT|REVOKE) `(\S+)` ON SCHEMA `\w+\.(\w+)` (?:TO|FROM) "serviceAccount:(.+)"')
JOB: dict[str, Any] = {
    "kind": "bigquery#job",
    "jobReference": {"projectId": PROJECT, "jobId": "1", "location": "europe-west1"},
    "status": {"state": "DONE"},
    "configuration": {"query": {}},
    "statistics": {"query": {"statementType": "GRANT"}},
    "jobComplete": True,
}


def _plain(path: str) -> str:
    """The path without the version, and with one form for both of Cloud Run's."""
    path = re.sub(r"^(v\d\w*|apis/\S+?/v1)/", "", path)
    path = path.replace("projects/-/", f"projects/{PROJECT}/")
    return re.sub(r"^namespaces/([^/]+)/", r"projects/\1/locations/europe-west1/", path)


def _merged(held: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    """Maps are merged one level deep; fields set to null are removed."""
    both = {
        name: held[name] | value if isinstance(value, dict) and isinstance(held.get(name), dict) else value
        for name, value in payload.items()
    }
    return {name: value for name, value in (held | both).items() if value is not None}


@contextmanager
def serving(memory: Memory) -> Iterator[int]:
    """The port on which it answers, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            """The same server is at the end of every tunnel."""
            self.send_response(200)
            self.end_headers()

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path if "://" in self.path else f"http://{self.headers['Host']}{self.path}"
            status, answer = memory.answer(self.command, path, body)
            raw = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815 - names that http.server calls

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
