"""Made-up names: of people, which show that they are made up, and of natural villages."""

from random import Random

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
"""Common surnames; nothing about a person follows from one."""

STEMS = "甲乙丙丁戊己庚辛壬癸"
BRANCHES = "子丑寅卯辰巳午未申酉戌亥"

GIVEN_NAMES = tuple(stem + branch for stem in STEMS for branch in BRANCHES)
"""A given name is a stem and a branch of the calendar, as a form's sample would have: 王甲子, 李乙亥."""

_LANDFORMS = ("家庄", "家山", "家湾", "家沟", "家坪", "家河", "家坡", "家崖", "家窑", "家梁")


def natural_village_names(random: Random, count: int) -> list[str]:
    """Different names of natural villages, as many as one village needs."""
    return [surname + random.choice(_LANDFORMS) for surname in random.sample(SURNAMES, count)]
