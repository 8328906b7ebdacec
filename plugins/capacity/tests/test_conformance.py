"""Capacity keeps the promises of a plugin."""

from bangfu.domain import register
from bangfu.registry.checks import check
from bangfu_capacity import bangfu_plugin, plugin


def test_the_declaration_has_no_problem() -> None:
    assert [str(problem) for problem in check([register.plugin, bangfu_plugin()])] == []


def test_everything_is_titled_in_both_languages() -> None:
    titles = [plugin.title, plugin.department, *(thing.title for thing in (*plugin.measures, *plugin.units))]
    titles += [record.__title__ for record in plugin.records]
    assert all(title.zh and title.en for title in titles)
