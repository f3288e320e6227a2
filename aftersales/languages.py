"""The languages that are read here: Chinese, which the texts are written in, and English."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.utils.translation import get_language, override

CHINESE, ENGLISH = "zh-hans", "en"
Told = TypeVar("Told")


def in_english() -> bool:
    """Whether who reads this page reads English."""
    return (get_language() or "").startswith(ENGLISH)


def either(chinese: Told, english: Told) -> Told:
    """Of two texts that in the reader's language, Chinese where English is empty."""
    return english if english and in_english() else chinese


def in_both(say: Callable[[], Any]) -> tuple[str, str]:
    """What ``say`` says, in Chinese and in English; for what is stored before anybody reads it."""
    texts = []
    for language in (CHINESE, ENGLISH):
        with override(language):
            texts.append(str(say()))
    return texts[0], texts[1]


def language_of(user: Any) -> str:
    """What this person reads, whoever looks at the moment."""
    return ENGLISH if user.language.startswith(ENGLISH) else CHINESE
