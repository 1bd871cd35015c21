"""The page behind the links in e-mails: verify an address, choose a new password, sign in."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from aiohttp import web
from jinja2 import Environment

from emulator.auth.call import Call
from emulator.auth.errors import AuthError, require
from emulator.auth.methods import codes

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}body{
max-width:28rem;margin:15vh auto;padding:0 1rem}
input,button{font:inherit;padding:.5rem;width:100%;box-sizing:border-box;margin-top:.5rem}</style>
<main><h1>{{ title }}</h1><p role="status">{{ text }}</p>
{% if ask %}<form method="post">{% if ask == "password" %}<label>New password
<input name="newPassword" type="password" autocomplete="new-password" minlength="6" required></label>{% endif %}
<button>{{ title }}</button></form>{% endif %}
{% if link %}<p><a href="{{ link }}">Continue</a></p>{% endif %}</main></html>
""")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_TITLES = {"resetPassword": "Choose a new password", "verifyEmail": "Verify your e-mail address"}


async def respond(call: Call, *, submitted: bool) -> web.Response:
    """The page for a link, or the outcome of its form."""
    mode = call.body.text("mode") or ""
    title = _TITLES.get(mode, "Confirm your new e-mail address")
    code, onward = call.body.text("oobCode"), call.body.text("continueUrl") or ""
    link = onward if codes.is_web_address(onward) else None
    try:
        sent = codes.current(call, code)
        if mode == "signIn":
            return _to_app(call, onward)
        if not submitted:
            ask = "password" if mode == "resetPassword" else "consent"
            return _page(title, f"For {sent.new_email or sent.email}.", ask=ask)
        if mode == "resetPassword":
            require(call.body.text("newPassword"), "MISSING_PASSWORD")
            await codes.reset_password(call)
        else:
            codes.apply(call, sent.code)
    except AuthError as error:
        return _page(title, f"This did not work: {error.message}", status=400)
    return _page(title, "Done. You can sign in now.", link=link)


def _to_app(call: Call, onward: str) -> web.Response:
    """On to the app, which signs in with the code in its address."""
    require(codes.is_web_address(onward), "INVALID_CONTINUE_URI")
    names = ("mode", "lang", "oobCode", "apiKey")
    query = urlencode({name: call.body.text(name) or "" for name in names})
    parts = urlsplit(onward)
    joined = "&".join(part for part in (parts.query, query) if part)
    return web.Response(status=302, headers={"Location": urlunsplit(parts._replace(query=joined))})


def _page(title: str, text: str, status: int = 200, ask: str | None = None, link: str | None = None) -> web.Response:
    page = _PAGE.render(title=title, text=text, ask=ask, link=link)
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
    return web.Response(text=page, content_type="text/html", status=status, headers=headers)
