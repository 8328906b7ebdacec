"""Which address a request comes from: that of the connection, or what a trusted proxy says of it."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from bangfu.errors import OperationError

Network = IPv4Network | IPv6Network

_OF_A_NETWORK = 64
"""Bits of an IPv6 address that are one subscriber's; he has all the others to choose from."""


def networks(names: Iterable[str]) -> tuple[Network, ...]:
    """The networks of addresses such as `10.0.0.0/8` or `::1`; raises OperationError for what is none."""
    found = []
    for name in names:
        try:
            found.append(ip_network(name, strict=False))
        except ValueError:
            raise OperationError(
                f"BANGFU_TRUSTED_PROXIES has {name!r}, which is no address.",
                remedy="Give addresses or networks, such as 10.0.0.7 or 10.0.0.0/8, separated by commas.",
                code="BAD_SETTING",
            ) from None
    return tuple(found)


class Clients:
    """Tells clients apart by their addresses."""

    def __init__(self, proxies: tuple[Network, ...] = ()) -> None:
        self._proxies = proxies
        self._is_trusted = lru_cache(maxsize=1000)(self._looked_up)

    def address(self, scope: Mapping[str, Any]) -> str:
        """The address of whoever sent a request; of an IPv6 one the network.

        A proxy appends the address it was asked from, so the last one that no proxy of ours has is the client's. What
        stands before it may be made up.
        """
        peer: str = (scope.get("client") or ("unknown",))[0]
        if self._proxies and self._is_trusted(peer):
            told = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
            for each in reversed(told.decode("latin-1").split(",")[-_HOPS:]):
                if not (hop := each.strip()):
                    continue
                if _parsed(hop) is None:
                    break  # what is before it cannot be trusted either
                peer = hop
                if not self._is_trusted(hop):
                    break
        return _subscriber(peer)

    def _looked_up(self, name: str) -> bool:
        address = _parsed(name)
        return address is not None and any(address in network for network in self._proxies)


_HOPS = 20  # nobody has as many proxies, and whoever sends more wants them looked through


def _parsed(name: str) -> Any:  # either kind of address, or None
    try:
        return ip_address(name)
    except ValueError:
        return None


@lru_cache(maxsize=1000)
def _subscriber(name: str) -> str:
    address = _parsed(name)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Network((address, _OF_A_NETWORK), strict=False))
    return name
