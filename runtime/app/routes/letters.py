"""Events that could not be delivered: list them, and deliver one again."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from runtime.app.call import Call, Handler, shown
from runtime.contract.api import LetterBody, LetterNamed, LettersBody
from runtime.problems import failed


async def _list(call: Call) -> Response:
    rows = await call.scope.events.dead(call.query("name"), call.number("limit", 100, 500) or 1)
    names = ("name", "channel", "payload", "reason", "at")
    letters = [LetterBody(id=row["_id"], **{name: row[name] for name in names}) for row in rows]
    return shown(LettersBody(letters=letters))


async def _redeliver(call: Call) -> Response:
    body = await call.body(LetterNamed, "A dead letter is named by its `id`")
    if not await call.scope.events.redeliver(body.id, call.now):
        raise failed("not-found", "There is no such dead letter", body.id[:200])
    return JSONResponse(body.model_dump(), 202)


HANDLERS: Mapping[str, Handler] = {"listLetters": _list, "redeliverLetter": _redeliver}
