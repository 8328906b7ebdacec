"""How long a client may take to send a request's body."""

import asyncio
from http import HTTPStatus

from starlette.types import Message, Receive

from bangfu_app.http.request import Refusal

READ_TIMEOUT = 10.0
"""Seconds for a body of the largest size that is accepted; a slower line than that has 0.8 Mbit/s."""


PACE = 32 * 1024
"""Bytes a second at which a file has to come: what a village's line does on a bad day."""


def in_time(receive: Receive, seconds: float, *, pace: float | None = None) -> Receive:
    """Receives a body within so many seconds from its first part on; raises Refusal with 408 where it takes longer.

    With a pace, what has come of it at so many bytes a second takes no time of these.
    """
    complete = False
    deadline: float | None = None

    async def receive_in_time() -> Message:
        nonlocal complete, deadline
        if complete:
            return await receive()  # what comes now is that the client goes; nobody knows when
        if deadline is None:
            deadline = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            complete = True
            took = f"{seconds:g} seconds" if pace is None else f"{seconds:g} seconds and one for each {pace:,} bytes"
            message_ = f"The body was not complete after {took}. Send it faster, or send less."
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, message_) from None
        complete = not message.get("more_body", False)
        if pace is not None:
            deadline += len(message.get("body", b"")) / pace
        return message

    return receive_in_time
