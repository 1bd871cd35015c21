"""Live updates through the gateway, over real WebSockets: heard once, resumed after a cut, refused to others."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
import requests

from tests.end_to_end.conftest import PASSWORD, eventually

pytestmark = pytest.mark.slow
REPORT = {"title": "Odd mail for live updates", "description": "A mail that asked for my password, seen live."}
PATIENCE = 60.0  # seconds; reached only by a failure


def report(backend, headers, **changes):
    answer = requests.post(f"{backend.url}/api/incidents", json=REPORT | changes, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text
    return answer.json()


def change(backend, headers, incident_id, **changes):
    """Change it, whatever the analysis does to it meanwhile."""

    def once():
        url = f"{backend.url}/api/incidents/{incident_id}"
        version = requests.get(url, headers=headers, timeout=60).headers["ETag"]
        answer = requests.put(url, json=changes, headers=headers | {"If-Match": version}, timeout=60)
        assert answer.status_code in {200, 412}, answer.text
        return answer.json() if answer.status_code == 200 else None

    return eventually(once)


class Live:
    """A connection, and everything that was heard on it."""

    def __init__(self, socket):
        self.socket = socket
        self.frames = []

    async def until(self, wanted):
        """The first frame that is wanted, of those that were heard or are to come."""
        async with asyncio.timeout(PATIENCE):
            while not any(map(wanted, self.frames)):
                self.frames.append(json.loads((await self.socket.receive()).data))
        return next(filter(wanted, self.frames))


def url_of(backend, uid):
    return f"{backend.url}/api/incidents/ws/{uid}"


def connected(backend, person, body, resume=None):
    """Run `body` with a connection of the person that has begun."""

    async def run():
        async with aiohttp.ClientSession() as session, session.ws_connect(url_of(backend, person.uid)) as socket:
            token = person.headers["Authorization"].removeprefix("Bearer ")
            await socket.send_json({"type": "authenticate", "token": token, "resume": resume})
            live = Live(socket)
            await live.until(lambda frame: frame["type"] in {"ready", "reset", "error"})
            return await body(live)

    return asyncio.run(run())


def about(incident, kind="incident"):
    return lambda frame: frame["type"] == kind and frame.get("incident_id") == incident["id"]


@pytest.fixture(scope="module")
def analyst(backend):
    headers = backend.sign_in("analyst1@secura.com", "SecuraAnalyst123!")
    uid = requests.get(f"{backend.url}/api/auth/profile", headers=headers, timeout=60).json()["uid"]
    return type("Analyst", (), {"uid": uid, "headers": headers})


def test_a_report_is_heard_by_the_team_and_its_reporter_and_by_nobody_else(backend, analyst):
    reporter, other = backend.join("Rea Porter"), backend.join("Ota Other")

    async def team(live):
        made = await asyncio.to_thread(report, backend, reporter.headers)
        heard = await live.until(about(made))
        entry = await live.until(lambda frame: about(made, "timeline")(frame) and frame["entry"]["kind"] == "reported")
        await live.until(lambda frame: about(made)(frame) and frame["incident"]["analysis"])
        return made, heard, entry

    made, heard, entry = connected(backend, analyst, team)
    assert heard["incident"]["description"] == made["description"]
    assert entry["entry"]["actor_id"] == reporter.uid

    async def one_s_own(live):
        mine = await asyncio.to_thread(report, backend, reporter.headers)
        await asyncio.to_thread(report, backend, other.headers)
        last = await asyncio.to_thread(report, backend, reporter.headers)
        await live.until(about(last))
        return {frame.get("incident_id") for frame in live.frames} - {None}, {mine["id"], last["id"]}

    seen, own = connected(backend, reporter, one_s_own)
    assert own <= seen
    assert seen <= own | {made["id"]}


def test_after_a_cut_nothing_is_lost_and_nothing_is_doubled(backend, analyst):
    reporter = backend.join("Rea Porter")

    async def first(live):
        made = await asyncio.to_thread(report, backend, reporter.headers)
        await live.until(lambda frame: about(made)(frame) and frame["incident"]["analysis"])
        await live.until(lambda frame: about(made, "timeline")(frame) and frame["entry"]["kind"] == "analyzed")
        return made, live.frames

    made, before = connected(backend, reporter, first)
    missed = report(backend, reporter.headers)
    change(backend, analyst.headers, made["id"], status="analysis")

    async def second(live):
        await live.until(lambda frame: about(made)(frame) and frame["incident"]["status"] == "analysis")
        await live.until(lambda frame: about(missed)(frame) and frame["incident"]["analysis"])
        await live.until(lambda frame: about(missed, "timeline")(frame) and frame["entry"]["kind"] == "analyzed")
        return live.frames

    after = connected(backend, reporter, second, resume=before[-1]["resume"])
    assert after[0]["type"] == "ready"
    entries = [frame["entry"]["id"] for frame in before + after if frame["type"] == "timeline"]
    assert len(entries) == len(set(entries))
    versions = [frame["incident"]["version"] for frame in before + after if about(made)(frame)]
    assert versions == sorted(set(versions))


def test_what_becomes_confidential_is_to_be_forgotten(backend, analyst):
    reporter = backend.join("Rea Porter")
    lead = backend.sign_in("security.lead@secura.com", "SecuraSecLead123!")

    async def hear(live):
        made = await asyncio.to_thread(report, backend, reporter.headers)
        await live.until(lambda frame: about(made)(frame) and frame["incident"]["analysis"])
        await asyncio.to_thread(change, backend, lead, made["id"], confidential=True)
        await live.until(about(made, "gone"))
        await asyncio.to_thread(change, backend, lead, made["id"], priority="urgent")
        last = await asyncio.to_thread(report, backend, reporter.headers)
        await live.until(about(last))
        return made, live.frames

    made, frames = connected(backend, analyst, hear)
    behind = frames[next(n for n, frame in enumerate(frames) if about(made, "gone")(frame)) + 1 :]
    assert not [frame for frame in behind if frame.get("incident_id") == made["id"]]


def closing(backend, path, *, message=None, protocols=()):
    """The problem that was told, and the code with which it was closed."""

    async def run():
        url = f"{backend.url}{path}"
        async with aiohttp.ClientSession() as session, session.ws_connect(url, protocols=protocols) as socket:
            if message is not None:
                await socket.send_str(message)
            async with asyncio.timeout(PATIENCE):
                told = await socket.receive()
                end = await socket.receive()
            return json.loads(told.data)["problem"]["status"], end.data

    return asyncio.run(run())


def test_nobody_gets_in_who_may_not(backend, analyst):
    somebody = backend.join("Som Body")
    token = somebody.headers["Authorization"].removeprefix("Bearer ")
    path = f"/api/incidents/ws/{somebody.uid}"
    said = json.dumps({"type": "authenticate", "token": token})
    assert closing(backend, f"/api/incidents/ws/{analyst.uid}", message=said) == (403, 4403)
    assert closing(backend, path, message=json.dumps({"type": "authenticate", "token": "no.good.token"})) == (401, 4401)
    assert closing(backend, path, message=json.dumps({"type": "authenticate"})) == (401, 4401)
    assert closing(backend, path, message="hello") == (422, 4400)
    assert closing(backend, path, message=json.dumps({"type": "subscribe", "token": token})) == (422, 4400)
    resume = json.dumps({"type": "authenticate", "token": token, "resume": "nonsense"})
    assert closing(backend, path, message=resume) == (422, 4400)
    assert closing(backend, path, protocols=["secura.v1", "token.no.good.token"]) == (401, 4401)


def test_a_token_may_come_as_a_subprotocol_and_is_not_repeated(backend):
    person = backend.join("Pro Tocol")
    token = person.headers["Authorization"].removeprefix("Bearer ")

    async def run():
        protocols, url = ["secura.v1", f"token.{token}"], url_of(backend, person.uid)
        async with aiohttp.ClientSession() as session, session.ws_connect(url, protocols=protocols) as socket:
            async with asyncio.timeout(PATIENCE):
                return socket.protocol, json.loads((await socket.receive()).data)["type"]

    assert asyncio.run(run()) == ("secura.v1", "ready")


def test_whose_sessions_were_ended_hears_no_more(backend):
    person = backend.join("End Ed")

    async def ended(live):
        await asyncio.to_thread(requests.delete, f"{backend.url}/api/auth/sessions", headers=person.headers, timeout=60)
        await live.until(lambda frame: frame["type"] == "error")
        return (await live.socket.receive()).data, live.frames[-1]["problem"]["status"]

    assert connected(backend, person, ended) == (4401, 401)
    assert backend.sign_in(person.address, PASSWORD)


def test_an_ordinary_request_is_told_what_it_takes(backend, analyst):
    answer = requests.get(url_of(backend, analyst.uid), timeout=60)
    assert (answer.status_code, answer.json()["title"]) == (426, "Upgrade Required")
