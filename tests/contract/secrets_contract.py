"""What every store of secrets does. A suite sets `prefix`, the start of the names that can be read."""

from collections.abc import Callable

import pytest

from tillstream.model.errors import Rejected
from tillstream.ports.machine import Secrets

Put = Callable[[str, str], None]
"""Stores a value under a name."""


class SecretsContract:
    """Fixtures of a suite: `secrets`, and `put`."""

    prefix = ""

    def test_a_value_is_read_by_its_name(self, secrets: Secrets, put: Put) -> None:
        put(f"{self.prefix}erp", "correct horse")
        assert secrets.get(f"{self.prefix}erp") == "correct horse"

    def test_a_value_is_read_again_each_time(self, secrets: Secrets, put: Put) -> None:
        put(f"{self.prefix}erp", "first")
        secrets.get(f"{self.prefix}erp")
        put(f"{self.prefix}erp", "second")
        assert secrets.get(f"{self.prefix}erp") == "second"

    def test_a_line_break_at_the_end_is_no_part_of_it(self, secrets: Secrets, put: Put) -> None:
        put(f"{self.prefix}erp", " horse \n")
        assert secrets.get(f"{self.prefix}erp") == " horse "

    @pytest.mark.parametrize("name", ["missing", ""])
    def test_a_name_without_a_value_is_rejected(self, secrets: Secrets, name: str) -> None:
        with pytest.raises(Rejected):
            secrets.get(f"{self.prefix}{name}")

    def test_an_empty_value_is_rejected(self, secrets: Secrets, put: Put) -> None:
        put(f"{self.prefix}erp", "\n")
        with pytest.raises(Rejected):
            secrets.get(f"{self.prefix}erp")

    @pytest.mark.parametrize("name", ["../erp", "/etc/passwd", "a/../../erp", "."])
    def test_a_name_cannot_lead_elsewhere(self, secrets: Secrets, name: str) -> None:
        with pytest.raises(Rejected):
            secrets.get(f"{self.prefix}{name}")

    def test_no_value_is_in_the_representation(self, secrets: Secrets, put: Put) -> None:
        put(f"{self.prefix}erp", "correct horse")
        secrets.get(f"{self.prefix}erp")
        assert "horse" not in repr(secrets) + str(vars(secrets))
