"""What a person does before the grid of refused rows."""

from typing import Any

from visitor import Visitor

QTY, AMOUNT, DATE, CHANNEL = 12, 15, 2, 10


class Fixer:
    """A person before the grid of one upload."""

    def __init__(self, who: Visitor, batch: str) -> None:
        self.who, self.batch, self.version = who, batch, 0
        self.token = who.token()

    def get(self, part: str, **args: Any) -> Any:
        answer = self.who.get(f"/uploads/{self.batch}/fix/{part}", query_string=args)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def post(self, part: str, **data: Any) -> Any:
        answer = self.who.client.post(
            f"/uploads/{self.batch}/fix/{part}",
            json={"version": self.version, **data},
            headers={"X-CSRFToken": self.token, "Accept": "application/json"},
        )
        response = answer.get_json()
        if answer.status_code < 300:
            self.version = response.get("version", self.version)
        return response | {"status": answer.status_code}

    def step(self, do: str, **step: Any) -> Any:
        return self.post("steps", step={"do": do, **step}, shown=[21, 22, 23, 24])

    def rows(self, **args: Any) -> dict[int, Any]:
        return {row["row"]: row for row in self.get("rows", **args)["rows"]}
