"""What is wrong with an address, before somebody connects to it."""

import re
from urllib.parse import urlsplit

_HOST = re.compile(r"(?i:[a-z0-9_]([-a-z0-9_.]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\])")


def fault(address: str) -> str:
    """Return what is wrong with an absolute URL, nothing where it can be read; `${ }` is looked at when it is there."""
    origin = "/".join(address.split("/")[:3])
    if "${" in origin:
        return ""
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        return str(error).lower()
    if not parts.scheme or not host:
        return "it has no scheme or no host"
    if port == 0:
        return "no one listens at port 0"
    return "" if _HOST.fullmatch(parts.netloc.rpartition("@")[2].removesuffix(f":{port}")) else "this is no host"
