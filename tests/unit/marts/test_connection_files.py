"""Files with which Power BI, Tableau and dbt open the marts."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import CliRunner

from tillstream.cli.main import main
from tillstream.marts.connection_files import CopyAddress, connection_file, pbids_of_web
from tillstream.marts.tables import TABLES
from tillstream.model.errors import Rejected

COPY = CopyAddress("db.example.com", 'sales & "more"', "reader")


def test_a_power_bi_file_has_the_documented_properties() -> None:
    file = json.loads(connection_file("pbids", CopyAddress("db.example.com", "sales", port=6543)))
    assert file["version"] == "0.1"
    (connection,) = file["connections"]
    assert connection["mode"] == "Import"
    assert connection["details"] == {
        "protocol": "postgresql", "address": {"server": "db.example.com:6543", "database": "sales"},
    }  # fmt: skip
    (web,) = json.loads(pbids_of_web("https://sales.example/files/kpis.csv"))["connections"]
    assert web["details"] == {"protocol": "http", "address": {"url": "https://sales.example/files/kpis.csv"}}


def test_a_tableau_file_joins_the_facts_with_each_dimension_by_its_key() -> None:
    root = ET.fromstring(connection_file("tds", COPY))
    assert (root.tag, root.get("inline")) == ("datasource", "true")
    assert [one.get("class") for one in root.iter("connection")] == ["federated", "postgres"]
    named = root.find("connection/named-connections/named-connection")
    assert named is not None
    server = named.find("connection")
    assert server is not None
    assert (server.get("dbname"), server.get("username"), server.get("sslmode")) == (COPY.database, "reader", "require")
    tables = [one for one in root.iter("relation") if one.get("type") == "table"]
    assert {one.get("name") for one in tables} == {table.name for table in TABLES}
    assert {one.get("connection") for one in tables} == {named.get("name")}
    joins = [one for one in root.iter("relation") if one.get("type") == "join"]
    assert all(len(one.findall("relation")) == 2 and one.find("clause/expression") is not None for one in joins)
    fact, *dimensions = TABLES
    assert {tuple(one.get("op") for one in join.findall("clause/expression/expression")) for join in joins} == {
        (f"[fact_sales].[{table.key[0]}]", f"[{table.name}].[{table.key[0]}]") for table in dimensions
    }
    assert all(table.key[0] in fact.names for table in dimensions)


def test_the_sources_of_dbt_have_each_column_with_its_type_and_its_key_tested() -> None:
    (source,) = yaml.safe_load(connection_file("yml", COPY))["sources"]
    assert (source["name"], source["schema"]) == ("tillstream", "tillstream")
    for table, written in zip(TABLES, source["tables"], strict=True):
        assert [one["name"] for one in written["columns"]] == table.names
        assert all(one["description"] and one["data_type"] for one in written["columns"])
        assert [one["name"] for one in written["columns"] if "data_tests" in one] == [
            name for name in table.names if name in table.key
        ]


def test_no_other_file_is_written(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"\.pbids, \.tds, \.yml"):
        connection_file("xlsx", COPY)
    out = tmp_path / "sales.xlsx"
    result = CliRunner().invoke(main, ["marts", "connection-file", "--host", "h", "--database", "d", "--out", str(out)])
    assert result.exit_code == 1
    assert not out.exists()
