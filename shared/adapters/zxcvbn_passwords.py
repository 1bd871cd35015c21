"""Passwords judged by zxcvbn, whose lists of breached passwords ship inside the package."""

from __future__ import annotations

from collections.abc import Sequence

_LONGEST_JUDGED = 72  # characters: the package's own limit; what comes behind only makes a password better
_GOOD_ENOUGH = 3
"""zxcvbn's score for 10^8 to 10^10 guesses: "safely unguessable: moderate protection from offline slow-hash scenario".

D. Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016.
"""


class ZxcvbnJudge:
    """As NIST SP 800-63B-4, section 3.1.1.2 asks: compared with breached passwords, dictionary and context words.

    No rule about kinds of characters, and no password leaves the process.
    """

    def objection(self, password: str, known: Sequence[str]) -> str | None:
        from zxcvbn import zxcvbn  # noqa: PLC0415  # 30 ms that only a registration pays
        from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

        if password.lower() in FREQUENCY_LISTS["passwords"]:
            return "this password is on lists of breached passwords: choose another"
        judged = zxcvbn(password[:_LONGEST_JUDGED], user_inputs=[word for word in known if word])
        if judged["score"] >= _GOOD_ENOUGH:
            return None
        warning = judged["feedback"]["warning"].rstrip(".")
        return f"{warning or 'this password is easy to guess'}: use several unrelated words"
