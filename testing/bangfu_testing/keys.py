"""Keys for the sealed columns of databases that tests make and throw away; everybody knows them."""

from base64 import b64encode

from bangfu.seal import Seal, parse_keys

KEYS = ",".join(f"{key_id}:{b64encode(key_id.encode().ljust(32, b'.')).decode()}" for key_id in ("test", "index-test"))
"""As BANGFU_SEAL_KEY takes them."""

SEAL = Seal(parse_keys(KEYS, "the tests' keys"))
