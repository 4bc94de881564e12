"""Object names as paths: back and forth, and never two names in one place."""

from hypothesis import assume, given
from hypothesis import strategies as st
from object_store_writers import ODD_NAMES

from tillstream.adapters.local.files.object_files import folder_path, is_object_folder, object_name, object_path

TRICKY = st.text(st.sampled_from("aAiIcon.+@!%/0eE éÉ|*ßſK"), min_size=1, max_size=12)
NAMES = st.one_of(
    TRICKY,
    st.sampled_from(ODD_NAMES),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200),
).filter(lambda name: name not in {".", ".."})


@given(NAMES)
def test_an_object_path_can_be_converted_back_to_its_name(name: str) -> None:
    path = object_path(name)
    assert object_name(path) == name
    assert is_object_folder(path.name)
    assert not any(is_object_folder(part) for part in path.parts[:-1])


@given(NAMES, NAMES)
def test_two_names_never_share_a_path_even_where_case_does_not_count(one: str, other: str) -> None:
    assume(one != other)
    assert str(object_path(one)).casefold() != str(object_path(other)).casefold()


@given(NAMES, st.integers(0, 1024))
def test_every_prefix_leads_to_a_folder_that_holds_the_object(name: str, end: int) -> None:
    assert object_path(name).is_relative_to(folder_path(name[:end]))


@given(NAMES)
def test_no_part_of_a_path_means_anything_to_a_file_system(name: str) -> None:
    for part in object_path(name).parts:
        assert part.isascii()
        assert not set(part) & set('*?[]=:<>|"\\/ ')
        assert part[0] != "."
        assert part[-1] != "."
        assert len(part) <= 130
        assert part.split(".")[0] not in {"con", "aux", "nul", "prn", "com1", "lpt1"}
