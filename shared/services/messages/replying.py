"""The answer by e-mail link: whoever holds the link writes one message in the name of the person it was mailed to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from shared.domain.errors import NotFoundError
from shared.domain.incident import Incident
from shared.domain.messages import Message, MessageChannel, MessageDraft
from shared.domain.people import Identity, Origin, User
from shared.domain.taxonomy import Tlp
from shared.domain.visibility import user_may_see
from shared.ports.link_tokens import LinkTokens
from shared.ports.store import INCIDENTS, USERS, Store, Work, messages_of
from shared.services.messages.writing import MessageWriting, Posting

PURPOSE = "reply"
LIFETIME = timedelta(days=14)
PATH = "/api/incidents/reply"
_NOT_QUOTED = {Tlp.RED, Tlp.AMBER_STRICT}
_DEAD = "This link does not hold any more"


def reply_link(tokens: LinkTokens, incident: Incident, message: Message, uid: str, public_url: str) -> str:
    """The link for the mail that tells the person of the message: it takes one answer, for 14 days.

    `public_url` is the platform's address without a slash at its end.
    """
    token = tokens.make(PURPOSE, {"incident": incident.id, "message": message.id, "uid": uid}, LIFETIME)
    return f"{public_url}{PATH}?{urlencode({'token': token})}"


def quotable(incident: Incident) -> bool:
    """Whether what is said at the incident may be shown to whoever holds a link, and be in a mail."""
    return not incident.confidential and incident.tlp not in _NOT_QUOTED


@dataclass(frozen=True, slots=True)
class ReplyPage:
    """What the page of a link shows. `question` is what it answers, where that may be shown; `sent_at` is set once the
    link was used.
    """

    reference: str
    question: str | None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Link:
    """What a living link stands for."""

    id: str
    user: User
    incident: Incident
    message: Message
    answer: Message | None

    @property
    def page(self) -> ReplyPage:
        question = self.message.body if quotable(self.incident) else None
        return ReplyPage(self.incident.reference, question, self.answer.created_at if self.answer else None)


class MessageReplying:
    """Opens a link, and writes its answer once.

    A link is dead when its time is over, the person is gone, disabled or may not see the incident any more, the message
    is gone, or the incident was merged. The cases cannot be told apart.
    """

    def __init__(self, tokens: LinkTokens, store: Store, writing: MessageWriting) -> None:
        self._tokens = tokens
        self._store = store
        self._writing = writing

    def open(self, token: str) -> ReplyPage:
        """What to show.

        Raises:
            NotFoundError: the link is dead.
        """
        return self._store.run(lambda work: self._link(work, token)).page

    def answer(self, token: str, body: str, origin: Origin) -> tuple[ReplyPage, bool]:
        """Write the answer; False, and nothing changes, when the link was used before.

        Raises:
            NotFoundError: the link is dead.
            ValidationError: the words are none, too many, or no plain text.
        """

        def once(work: Work) -> tuple[ReplyPage, bool]:
            link = self._link(work, token)
            if link.answer is not None:
                return link.page, False
            draft = MessageDraft(body=body, reply_to=link.message.id)
            user = link.user
            who = Identity(user.uid, user.email, user.role, email_verified=True, origin=origin)
            # An @ is a sign here: whoever answers a mail has not been told about mentions.
            how = Posting(link.id, channel=MessageChannel.MAIL_LINK, mentions=False)
            self._writing.post(work, who, link.incident.id, draft, how)
            return link.page, True

        return self._store.run(once)

    def _link(self, work: Work, token: str) -> _Link:
        claims = self._tokens.read(PURPOSE, token)
        user = work.get(USERS, claims["uid"])
        incident = work.get(INCIDENTS, claims["incident"])
        if user is None or incident is None or incident.merged_into is not None or not user_may_see(user, incident):
            raise NotFoundError(_DEAD)
        message = work.get(messages_of(incident.id), claims["message"])
        if message is None or message.internal:
            raise NotFoundError(_DEAD)
        # Made of what the link is for and not of its characters, which can be written in more than one way: one answer
        # to a message, however often its link was mailed or its page submitted.
        scope = "\0".join((PURPOSE, incident.id, message.id, user.uid))
        key = hashlib.sha256(scope.encode()).hexdigest()[:20]
        return _Link(key, user, incident, message, work.get(messages_of(incident.id), key))
