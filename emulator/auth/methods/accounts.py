"""Finding, listing and deleting accounts."""

from __future__ import annotations

from typing import Any

from emulator.auth import sessions
from emulator.auth.body import Body
from emulator.auth.call import Call
from emulator.auth.errors import AuthError, UnsupportedError, require
from emulator.auth.model import Account

_PAGE = 1000


async def lookup(call: Call) -> dict[str, Any]:
    """accounts:lookup: the bearer of an ID token, or for administrators whoever matches."""
    answer: dict[str, Any] = {"kind": "identitytoolkit#GetAccountInfoResponse"}
    id_token = call.body.text("idToken")
    if id_token or not call.admin:
        require(id_token, "MISSING_ID_TOKEN")
        account, _ = sessions.bearer(call, id_token or "")
        return answer | {"users": [account.shown()]}
    found = _matching(call)
    return answer | ({"users": [account.shown() for account in found]} if found else {})


def _matching(call: Call) -> list[Account]:
    body, store, project = call.body, call.store, call.project
    candidates = [
        *(store.account(project, local_id) for local_id in body.texts("localId")),
        *(store.by_email(project, email.lower()) for email in body.texts("email")),
        *(store.by_phone(project, phone) for phone in body.texts("phoneNumber")),
        *(
            store.by_identity(project, one.text("providerId") or "", one.text("rawId") or "")
            for one in body.objects("federatedUserId")
        ),
    ]
    return list({account.local_id: account for account in candidates if account is not None}.values())


async def batch_get(call: Call) -> dict[str, Any]:
    """accounts:batchGet: all accounts, page by page in the order of their ids."""
    limit = call.body.whole("maxResults")
    limit = 20 if limit is None else limit
    require(0 < limit <= _PAGE, "INVALID_PAGE_SELECTION")
    page = call.store.accounts(call.project, call.body.text("nextPageToken") or "", limit)
    answer: dict[str, Any] = {"kind": "identitytoolkit#DownloadAccountResponse"}
    if page:
        answer["users"] = [account.shown() for account in page]
    if len(page) == limit:
        answer["nextPageToken"] = page[-1].local_id
    return answer


async def query(call: Call) -> dict[str, Any]:
    """accounts:query, by the equality expressions that production knows."""
    expressions = call.body.objects("expression")
    found = list(_all(call))
    if expressions:
        found = [account for account in found if any(_equals(account, one) for one in expressions)]
    counted = {"recordsCount": str(len(found))}
    if call.body.flag("returnUserInfo") is False:
        return counted
    found = _ordered(call.body, found)
    offset, limit = call.body.whole("offset") or 0, call.body.whole("limit") or 500
    require(offset >= 0 and 0 < limit <= 500, "INVALID_PAGE_SELECTION")
    return counted | {"userInfo": [account.shown() for account in found[offset : offset + limit]]}


def _all(call: Call) -> list[Account]:
    found: list[Account] = []
    while page := call.store.accounts(call.project, found[-1].local_id if found else "", _PAGE):
        found.extend(page)
    return found


def _equals(account: Account, expression: Body) -> bool:
    if email := expression.text("email"):
        return account.email == email.lower()
    if phone := expression.text("phoneNumber"):
        return account.phone_number == phone
    return account.local_id == expression.text("userId")


def _ordered(body: Body, accounts: list[Account]) -> list[Account]:
    by = body.text("sortBy") or "USER_ID"
    keys = {
        "USER_ID": lambda account: account.local_id,
        "NAME": lambda account: account.display_name or "",
        "CREATED_AT": lambda account: account.created_at,
        "LAST_LOGIN_AT": lambda account: account.last_login_at or 0,
        "USER_EMAIL": lambda account: account.email or "",
    }
    if by not in keys:
        raise UnsupportedError(f"Sorting by {by}")
    return sorted(accounts, key=keys[by], reverse=body.text("order") == "DESC")


async def delete(call: Call) -> dict[str, Any]:
    """accounts:delete, of the bearer of an ID token or by an administrator."""
    id_token = call.body.text("idToken")
    if call.admin and not id_token:
        local_id = call.body.text("localId")
        require(local_id, "MISSING_LOCAL_ID")
        account = call.store.account(call.project, local_id or "")
        if account is None:
            raise AuthError("USER_NOT_FOUND")
    else:
        require(id_token, "MISSING_ID_TOKEN")
        require(call.settings.deletion_allowed, "ADMIN_ONLY_OPERATION")
        account, claims = sessions.bearer(call, id_token or "")
        sessions.require_recent(call, claims)
    with call.store.transaction():
        call.store.delete(call.project, account.local_id)
    return {"kind": "identitytoolkit#DeleteAccountResponse"}


async def batch_delete(call: Call) -> dict[str, Any]:
    """accounts:batchDelete: up to 1000 accounts; those not disabled only by force."""
    ids = call.body.texts("localIds")
    require(0 < len(ids) <= _PAGE, "LOCAL_ID_LIST_EXCEEDS_LIMIT")
    force = bool(call.body.flag("force"))
    errors = []
    with call.store.transaction():
        for index, local_id in enumerate(ids):
            account = call.store.account(call.project, local_id)
            if account is not None and not (force or account.disabled):
                message = "NOT_DISABLED : Disable the account before batch deletion."
                errors.append({"index": index, "localId": local_id, "message": message})
            else:
                call.store.delete(call.project, local_id)
    return {"errors": errors} if errors else {}
