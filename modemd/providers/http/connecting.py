"""Connecting to a server: name look-up, TCP, a proxy's tunnel, and TLS, of which each failure means that nothing was sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

from modemd.errors import ConfigError
from modemd.providers.exchange import NotSent
from modemd.providers.http.proxy import Proxy, open_tunnel
from modemd.providers.http.streams import Streams, open_streams
from modemd.rules.webhooks.targets import WebTarget

# Hosts to which credentials and texts may go without TLS: they do not leave this machine.
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def make_tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Returns the context of a route: the name and the certificate of each server are checked, always. `ca_file`: certificates to
    trust instead of the system's. ConfigError if it cannot be used."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # of the file, or of what is in it
        why = "it has no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigError([f"ca_file: {ca_file}: {why}"]) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


async def connect(target: WebTarget, tls: ssl.SSLContext, proxy: Proxy | None, timeout_s: float) -> Streams:
    """Returns the streams to the server of a target. Raises NotSent: also after `timeout_s` seconds, for all steps together."""
    if not target.is_secure and target.host not in _LOOPBACK:
        raise NotSent("the address has no https, and is not on this machine")
    context = tls if target.is_secure else None
    try:
        async with asyncio.timeout(timeout_s):
            if proxy is None:
                return await open_streams(target.host, target.port, context)
            return await _connect_by_proxy(target, context, proxy)
    except TimeoutError:
        raise NotSent(f"no connection within {timeout_s:g} s") from None
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that IDNA does not know
        raise NotSent(f"no connection: {_describe(error)}") from None


async def _connect_by_proxy(target: WebTarget, context: ssl.SSLContext | None, proxy: Proxy) -> Streams:
    streams = await open_streams(proxy.host, proxy.port, None)
    try:
        await open_tunnel(streams, proxy, target.host, target.port)
        if context is not None:
            await streams.start_tls(context, target.host)
    except BaseException:
        streams.abort()
        raise
    return streams


def _describe(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or type(error).__name__}"
    if isinstance(error, socket.gaierror):
        return f"the name has no address ({error.strerror})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) if isinstance(error, OSError) and str(error) else type(error).__name__
