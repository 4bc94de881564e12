"""Events as the JSON that reaches a function."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient


def attributes(type_: str, source: str, hours: float = 0) -> dict[str, str]:
    return {
        "specversion": "1.0",
        "id": "1096434104173400",
        "type": type_,
        "source": source,
        "time": (datetime.now(UTC) - timedelta(hours=hours)).isoformat(),
    }


def binary(client: FlaskClient, type_: str, data: dict[str, Any], hours: float = 0) -> int:
    headers = {f"ce-{name}": value for name, value in attributes(type_, "//storage.googleapis.com/x", hours).items()}
    return client.post("/", json=data, headers=headers).status_code


def structured(client: FlaskClient, type_: str, data: dict[str, Any]) -> int:
    event = attributes(type_, "//pubsub.googleapis.com/x") | {"datacontenttype": "application/json", "data": data}
    return client.post("/", data=json.dumps(event), content_type="application/cloudevents+json").status_code


def notification(resource: dict[str, Any], event_type: str = "OBJECT_FINALIZE") -> dict[str, Any]:
    """The data of a messagePublished event for a notification of Cloud Storage."""
    event = message("", resource)
    event["message"]["attributes"] = {
        "notificationConfig": f"projects/_/buckets/{resource['bucket']}/notificationConfigs/1",
        "eventType": event_type,
        "payloadFormat": "JSON_API_V1",
        "bucketId": resource["bucket"],
        "objectId": resource["name"],
        "objectGeneration": resource["generation"],
        "eventTime": "2026-11-20T10:00:00.000000Z",
    }
    return event


def message(type_: str, body: dict[str, Any]) -> dict[str, Any]:
    """The data of a messagePublished event."""
    encoded = base64.b64encode(json.dumps(body).encode()).decode()
    return {
        "message": {
            "data": encoded,
            "attributes": {"type": type_},
            "messageId": "2070443601311540",
            "publishTime": "2026-11-20T10:00:00.000Z",
        },
        "subscription": "projects/demo/subscriptions/batches",
    }
