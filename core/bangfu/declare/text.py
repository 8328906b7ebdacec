"""A title in the two languages every declaration speaks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """The same words in Chinese and in English."""

    zh: str
    en: str
