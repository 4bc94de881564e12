"""A code names one product: that of a product that is offered cannot name another one, too."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tillstream.catalogue import new_codes, stored_entries
from tillstream.catalogue.file_export import FileKind
from tillstream.catalogue.file_import import ImportRules, plan_import
from tillstream.catalogue.new_codes import NewCode
from tillstream.catalogue.stored_entries import StoredEntry
from tillstream.model.catalogue_columns import InvalidEntry
from tillstream.model.product_catalogue import Alias, Entry, Product
from tillstream.ports import Ports

Save = Callable[[Entry], StoredEntry]
REGIONS = ("IN", "UK")
BELT = Product("BE-1001", "Belt", barcodes=("4006381333931",))
NEW = Product("NEW-6", "New belt", aliases=(Alias("IN", "BE-1001"),))


def named(ports: Ports, region: str, code: str) -> str:
    product = stored_entries.find_product(ports, region, code)
    return product.code if product else ""


def test_the_code_of_an_offered_product_is_refused_with_its_name_and_a_way_out(ports: Ports, save: Save) -> None:
    save(BELT)
    with pytest.raises(InvalidEntry) as error:
        save(NEW)
    assert str(error.value) == (
        "The code “BE-1001” is that of the product Belt. Remove it here. If both are one product, retire the other one "
        "first, then enter its code here."
    )
    assert named(ports, "IN", "BE-1001") == named(ports, "IN", "4006381333931") == "BE-1001"


def test_the_sales_of_a_retired_product_can_count_for_the_one_that_replaces_it(ports: Ports, save: Save) -> None:
    save(replace(BELT, active=False))
    save(NEW)
    assert [named(ports, region, "BE-1001") for region in REGIONS] == ["NEW-6", "BE-1001"]


def test_a_product_whose_code_names_another_one_is_not_offered_again(save: Save) -> None:
    save(replace(BELT, active=False))
    save(NEW)
    with pytest.raises(InvalidEntry, match="The code “BE-1001” already belongs to the product NEW-6"):
        save(BELT)
    save(replace(NEW, aliases=()))
    save(BELT)


def test_a_code_that_is_merged_in_one_region_can_be_accepted_in_another(ports: Ports, save: Save) -> None:
    save(Product("POT", "Pot"))
    new_codes.merge_codes(ports, [NewCode("IN", "X")], "POT", by="ana", regions=REGIONS)
    new_codes.accept_code(ports, [NewCode("UK", "X")], by="ana", regions=REGIONS)
    assert [named(ports, region, "X") for region in REGIONS] == ["POT", "X"]
    save(Product("POT", "Large pot", aliases=(Alias("IN", "X"),)))


def test_a_new_product_cannot_have_a_code_that_names_another_one_in_all_regions(ports: Ports, save: Save) -> None:
    save(Product("POT", "Pot"))
    new_codes.accept_code(ports, [NewCode("UK", "X")], by="ana", regions=REGIONS)
    new_codes.undo_decision(ports, new_codes.get_decision(ports, "UK", "X"), by="ana", regions=REGIONS)
    save(Product("POT", "Pot", aliases=(Alias("*", "X"),)))
    with pytest.raises(InvalidEntry, match="already belongs to the product POT"):
        new_codes.accept_code(ports, [NewCode("UK", "X")], by="ana", regions=REGIONS)


def test_an_import_refuses_the_code_of_another_product_of_the_same_file(ports: Ports) -> None:
    content = b"code,name,aliases\nNEW-6,New belt,IN:BE-1001\nBE-1001,Belt,\n"
    problems = plan_import(ports, FileKind.PRODUCTS, content, ImportRules(REGIONS, "USD")).problems
    assert [(one.line, one.code) for one in problems] == [(2, "code-of-a-product")]
