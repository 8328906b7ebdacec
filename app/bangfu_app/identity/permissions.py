"""The permissions that a token can be given, with what each lets somebody do."""

from collections.abc import Iterable, Mapping

from bangfu.declare.text import Text
from bangfu.errors import UserError, nearest, quoted
from bangfu.registry import Platform

_OWN = {
    "register:sign": Text("確認建檔立卡", "Sign the register"),
    "personal:read": Text("查看個人資料", "Read personal data"),
    "sql:read": Text("查看 SQL 與執行計劃", "See the SQL and the plans of one's own requests"),
    "audit:read": Text("查看審計記錄", "Read who has read and changed what"),
}


def known_permissions(platform: Platform) -> Mapping[str, Text]:
    """All permissions by name: reading and writing of each plugin, the register among them, and some more."""
    plugins = [each.plugin for each in platform.plugins]
    reading = {f"{each.name}:read": Text(f"查看{each.title.zh}", f"Read {each.title.en}") for each in plugins}
    writing = {f"{each.name}:write": Text(f"填報{each.title.zh}", f"Change {each.title.en}") for each in plugins}
    return {**reading, **writing, **_OWN}


def require_known(permissions: Iterable[str], platform: Platform) -> None:
    """Raises UserError for a permission that nothing asks for: it was meant to be another."""
    known = sorted(known_permissions(platform))
    for permission in permissions:
        if permission not in known:
            raise UserError(
                f"{quoted(permission)} is no permission.{nearest(permission, known)} Known are: {', '.join(known)}.",
                argument="--permission",
            )
