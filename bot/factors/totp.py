"""Codes of an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds)."""

import hmac
import re

STEP = 30
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def new_secret() -> str:
    """160 random bits in base32, as apps want them."""
    import pyotp

    return pyotp.random_base32(32)


def uri(secret: str, person: str, workspace: str) -> str:
    """What an authenticator app scans or is given: otpauth://…"""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=f"{person}@{workspace}", issuer_name="Ops Autopilot")


def drawn(address: str) -> str:
    """The address as a QR code: SVG to be put into a page, dark on light however the page is."""
    import segno

    found = segno.make(address, error="m", micro=False)
    return str(
        found.svg_inline(scale=5, border=4, dark="#111", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    )


def typed(address: str) -> str:
    """The same for a terminal."""
    import io

    import segno

    out = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(out, compact=True)
    return out.getvalue()


def code(secret: str, at: float) -> str:
    """The code that the app shows at a time."""
    import pyotp

    return pyotp.TOTP(secret).generate_otp(int(at) // STEP)


def step_of(typed: str, secret: str, at: float) -> int | None:
    """The time step whose code was typed: this one, or one beside it, for clocks that differ; None when it is wrong."""
    found = _CODE.fullmatch("".join(typed.split()))
    if found is None:
        return None
    this = int(at) // STEP
    right = [step for step in (this - 1, this, this + 1) if hmac.compare_digest(code(secret, step * STEP), found[0])]
    return right[-1] if right else None
