"""`tillstream catalogue`: import, list and export in processes of their own."""

from pathlib import Path
from typing import Any

PRODUCTS = "code;name;barcode\nKET;Kettle;4006381333931\n"


def test_a_catalogue_is_imported_listed_and_exported(run: Any, tmp_path: Path) -> None:
    file, out = tmp_path / "products.csv", tmp_path / "out.xlsx"
    file.write_text(PRODUCTS, encoding="utf-8")
    code, preview = run("catalogue", "import", "products", str(file), "--dry-run")
    assert (code, preview["added"], preview["imported"]) == (0, 1, False)
    code, result = run("catalogue", "import", "products", str(file))
    assert (code, result["added"], result["imported"], result["problems"]) == (0, 1, True, [])
    code, listed = run("catalogue", "list", "products")
    assert (code, [one["barcodes"] for one in listed]) == (0, ["4006381333931"])
    assert run("catalogue", "export", "products", "--out", str(out))[0] == 0
    code, again = run("catalogue", "import", "products", str(out))
    assert (code, again["added"], again["changed"]) == (0, 0, 0)


def test_a_file_with_a_problem_imports_nothing_and_ends_with_1(run: Any, run_text: Any, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("code,price\nNONE,1\n", encoding="utf-8")
    code, result = run("catalogue", "import", "prices", str(file))
    assert (code, result["imported"]) == (1, False)
    assert [(one["line"], one["code"]) for one in result["problems"]] == [(2, "unknown-product")]
    code, text = run_text("catalogue", "import", "prices", str(file))[:2]
    assert code == 1
    assert "Line 2: There is no product “NONE”. Add the product first, or correct the code." in text
    assert "Nothing was imported: 1 problem." in text
    assert run("catalogue", "export", "prices", "--out", str(tmp_path / "prices.pdf"))[0] == 1
    assert run("catalogue", "list", "shelves")[0] == 2
