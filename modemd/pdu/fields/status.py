"""TP-ST in words: the status in a status report (3GPP TS 23.040 9.2.3.15)."""

from __future__ import annotations

_NAMED = {
    0x00: "received by the recipient",
    0x01: "forwarded to the recipient, delivery cannot be confirmed",
    0x02: "replaced by the service centre",
}
_TEMPORARY = (
    "congestion",
    "recipient busy",
    "no response from the recipient",
    "service rejected",
    "quality of service not available",
    "error in the recipient's device",
)
_PERMANENT = (
    "remote procedure error",
    "incompatible destination",
    "connection rejected by the recipient",
    "not obtainable",
    "quality of service not available",
    "no interworking available",
    "validity period expired",
    "deleted by the sender",
    "deleted by the service centre",
    "message does not exist",
)
_GROUPS = (
    (0x20, 0x40, "still trying", _TEMPORARY),
    (0x40, 0x60, "failed for good", _PERMANENT),
    (0x60, 0x80, "given up after a temporary error", _TEMPORARY),
)


def describe(status: int) -> str:
    """Describes one octet in words."""
    if status in _NAMED:
        return _NAMED[status]
    for first, end, group, reasons in _GROUPS:
        if first <= status < end:
            number = status - first
            return f"{group}: {reasons[number] if number < len(reasons) else f'reason {status:02X}'}"
    return "done by the service centre, no receipt: reserved" if status < 0x20 else "reserved, taken for given up"
