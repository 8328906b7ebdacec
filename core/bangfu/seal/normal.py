"""How a value is written before it is looked up, so that the same number is found however it was typed."""

_NARROW = {0xFEE0 + code: code for code in range(0x21, 0x7F)}  # full-width forms, as a Chinese keyboard gives them


def normalised(text: str) -> str:
    """Without spaces, with full-width letters and digits as plain ones, in upper case: `６２…x ` as `62…X`."""
    narrow = text if text.isascii() else text.translate(_NARROW)
    return "".join(narrow.split()).upper()
