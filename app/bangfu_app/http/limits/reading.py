"""How long a client may take to send a request's body."""

import asyncio
from http import HTTPStatus

from starlette.types import Message, Receive

from bangfu_app.http.request import Refusal

READ_TIMEOUT = 10.0
"""Seconds for a body of the largest size that is accepted; a slower line than that has 0.8 Mbit/s."""


def in_time(receive: Receive, seconds: float) -> Receive:
    """Receives a body within so many seconds from its first part on; raises Refusal with 408 where it takes longer."""
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
            message_ = f"The body was not complete after {seconds:g} seconds. Send it faster, or send less."
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, message_) from None
        complete = not message.get("more_body", False)
        return message

    return receive_in_time
