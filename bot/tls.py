"""The one TLS context of our HTTP clients: each holds every root certificate, three quarters of a MB."""

import functools
import ssl


@functools.cache
def tls() -> ssl.SSLContext:
    """Trusts what the system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` say otherwise."""
    return ssl.create_default_context()
