"""Names become numbers, and what stands for itself is left alone."""

from bangfu.store.command import Command


def test_names_become_numbers_in_the_order_of_their_first_use() -> None:
    command = Command.of("SELECT %(b)s::INTEGER, %(a)s, %(b)s")
    assert command.text == b"SELECT $1::INTEGER, $2, $1"
    assert command.names == ("b", "a")


def test_a_percent_sign_is_one_again() -> None:
    command = Command.of("SELECT code %% 1000, '%%(a)s 秦州' WHERE x = %(a)s")
    assert command.text.decode() == "SELECT code % 1000, '%(a)s 秦州' WHERE x = $1"
    assert command.names == ("a",)
