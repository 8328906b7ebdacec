"""Connections that stay open: GraphQL over WebSocket and over server-sent events, and what they are told of."""

from bangfu_app.http.sockets.events import EventStreams, wants_events
from bangfu_app.http.sockets.feed import Feed
from bangfu_app.http.sockets.limits import SocketLimits
from bangfu_app.http.sockets.streams import Streaming, Streams
from bangfu_app.http.sockets.websocket import WebSockets

__all__ = ["EventStreams", "Feed", "SocketLimits", "Streaming", "Streams", "WebSockets", "wants_events"]
