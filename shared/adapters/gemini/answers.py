"""Whether an answer is what was asked for. A model that was talked into something else shows it here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from shared.domain.errors import BadAnswerError

if TYPE_CHECKING:
    from shared.adapters.gemini.asking import Question
    from shared.domain.redaction import Redacted

_MOST_CHARACTERS = 32_768
_ECHO = 10  # words of ours in a row that no answer has by chance
_LINK = re.compile(r"(?i)(?:https?|ftp|file|data|javascript|mailto):[^\s\"'<>\\)\]]+|(?<![\w.])www\.[^\s\"'<>\\)\]]+")


def checked(text: str, question: Question, safe: Redacted) -> Any:
    """The answer in its form, with what the placeholders stand for; secrets stay out.

    Raises:
        BadAnswerError: it is too long, not of the form, quotes our instructions, or names a link that the text has not.
    """
    if len(text) > _MOST_CHARACTERS:
        raise BadAnswerError("The language model's answer is too long")
    answer = _of_form(question.answer, text)
    said = list(_strings(answer.model_dump(mode="json")))
    if any(_echoes(part, question) for part in said):
        raise BadAnswerError("The language model's answer repeats its instructions")
    if any(_foreign_link(part, safe.text) for part in said):
        raise BadAnswerError("The language model's answer names a link that the text does not hold")
    restored = _restored(answer.model_dump(mode="python"), safe)
    try:
        return question.answer.model_validate(restored)
    except ValidationError:
        # From None: pydantic's error holds the answer.
        raise BadAnswerError("The language model's answer is too long for its form") from None


def _of_form(form: type[BaseModel], text: str) -> BaseModel:
    try:
        return form.model_validate_json(text, strict=True)
    except (ValidationError, RecursionError):
        raise BadAnswerError("The language model's answer is not of the form that was asked for") from None


def _echoes(said: str, question: Question) -> bool:
    return question.marker in said or not _rows(question.system).isdisjoint(_rows(said))


def _rows(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[at : at + _ECHO]) for at in range(len(words) - _ECHO + 1)}


def _foreign_link(said: str, sent: str) -> bool:
    return any(link[0].rstrip(".,;:!?") not in sent for link in _LINK.finditer(said))


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [part for pair in value.items() for one in pair for part in _strings(one)]
    return [part for one in value for part in _strings(one)] if isinstance(value, (list, tuple)) else []


def _restored(value: Any, safe: Redacted) -> Any:
    # An enumeration's value is a string too, but it is ours.
    if type(value) is str:
        return safe.restored(value)
    if isinstance(value, dict):
        return {key: _restored(one, safe) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_restored(one, safe) for one in value)
    return value
