"""Points 1 to 13 of the contract of channel adapters: whose request it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit, urlunsplit

import attrs

from orchestra.channels.account import Account
from orchestra.channels.wire import Handshake, RawRequest, Rejected, Verified, header_values
from orchestra.testing.adapter_rig import AdapterRig, keys_of

__all__ = ["AuthPoints"]

_CODE = re.compile(r"[a-z0-9_]{1,60}")
_MOST_FLIPS = 64
_PLAIN_TYPES = frozenset({"text/plain", "application/json"})
_MARKUP = b"<script>"
_FOREIGN_HOST = (("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http"))
_MALFORMED = ("=", "!!!!", "é" * 20, "\udcff\udcfe", "\x00", "A" * 100_000, ",", "v1,", "sha256=", "\u0661" * 64)


class AuthPoints(AdapterRig):
    """Whether a request is genuine. Part of `AdapterContract`."""

    def test_01_genuine(self) -> None:
        """Whatever the provider signed is taken, as it came."""
        self._needs(1)
        request = self._signed(self.sample("message"))
        assert self._verdict(request) == Verified(request), "a genuine message must be accepted, and not changed"
        for vector in self.vectors():
            verdict = self.adapter().verify(vector.request, vector.account, vector.now)
            assert not isinstance(verdict, Rejected), f"the provider's own example was refused: {verdict}"

    def test_02_changed_byte(self) -> None:
        """Nothing of what is proven can be changed."""
        self._needs(2)
        signing, request = self._signing(), self._signed(self.sample("message"))
        for body in _flipped(request.body) if signing.covers_body else ():
            self._refused(attrs.evolve(request, body=body), "the body was changed")
        for url in _other_urls(request.url) if signing.covers_url else ():
            self._refused(attrs.evolve(request, url=url), "the address was changed")
        for name in signing.headers:
            for value in _flipped(_header(request, name).encode("latin-1")):
                self._refused(_with(request, name, value.decode("latin-1")), f"{name} was changed")

    def test_03_header_count(self) -> None:
        """Exactly one is a proof: of two nobody can say which of them was checked."""
        self._needs(3)
        request = self._signed(self.sample("message"))
        for name in self._signing().headers:
            value = _header(request, name)
            self._refused(_without(request, name), f"{name} is missing")
            self._refused(_with(request, name, ""), f"{name} is empty")
            for second in (value, "", "x"):
                self._refused(_with(request, name, value, second), f"{name} is there twice")
                self._refused(_with(request, name, second, value), f"{name} is there twice")

    def test_04_malformed_proof(self) -> None:
        """What is no proof is told as such, whatever it is."""
        self._needs(4)
        request = self._signed(self.sample("message"))
        for name in self._signing().headers:
            value = _header(request, name)
            for other in (*_MALFORMED, value[:-1], value + "A", value * 2, f"{value},{value}x", "é" + value):
                self._refused(_with(request, name, other), f"{name} is malformed")

    def test_05_timestamp(self) -> None:
        """A request is as old as its timestamp, which is written in one way."""
        self._needs(5)
        signing, sample = self._signing(), self.sample("message")
        assert signing.timestamp is not None, "nothing says when it was sent: declare point 5 as not applicable"
        secret = self.account().secret_values(signing.secret)[0]
        for timestamp in self.bad_timestamps():
            self._refused(self.sign_at(sample, secret, timestamp), f"the timestamp is {timestamp[:40]!r}")
        fresh = self._signed(sample)
        again = self.sign_at(sample, secret, _header(fresh, signing.timestamp))
        assert isinstance(self._verdict(again), Verified), "sign_at must sign as sign does"

    def test_06_rotation(self) -> None:
        """While a secret is replaced, both count; then the old one does no longer."""
        self._needs(6)
        old, new = self.secret(1), self.secret(2)
        sample = self.sample("message")
        for secret in (old, new):
            verdict = self._verdict(self.sign(sample, secret), self._account_with(new, old))
            assert isinstance(verdict, Verified), "every accepted secret counts"
        self._refused(self.sign(sample, old), "the secret is retired", self._account_with(new))

    def test_07_downgrade(self) -> None:
        """The account says how requests are proven, never the request."""
        self._needs(7)
        signing, request = self._signing(), self._signed(self.sample("message"))
        secret = self.account().secret_values(signing.secret)[0]
        for name in signing.headers:
            genuine = _header(request, name)
            for value in _weaker(genuine, secret.encode(), request.body):
                if value != genuine:
                    self._refused(_with(request, name, value), f"{name} is of a weaker algorithm")
        for weaker in self.downgrades():
            self._refused(weaker, "it is proven in a weaker way")

    def test_08_no_secret(self) -> None:
        """No secret is no reason to believe anybody."""
        self._needs(8)
        sample = self.sample("message")
        requests = [sample, self._signed(sample)]
        with suppress(ValueError):  # there can be no empty key there
            requests.append(self.sign(sample, ""))
        for account in (self._account_with(), self._account_with("")):
            for request in requests:
                self._refused(request, "the account has no secret", account)

    def test_09_unbound_body(self) -> None:
        """A signature that says nothing of the body proves nothing of it."""
        self._needs(9)
        self._refused(self.unbound_body(), "the body is not signed")

    def test_10_configured_address(self) -> None:
        """What a proxy or an attacker says of the address is not asked."""
        self._needs(10)
        sample = self.sample("message")
        request = self._signed(sample)
        told = attrs.evolve(request, headers=(*request.headers, *_FOREIGN_HOST))
        assert isinstance(self._verdict(told), Verified), "the Host header is another behind a proxy: it says nothing"
        if not self._signing().covers_url:
            return
        for url in (_with_query(sample.url), _with_port(sample.url)):
            signed = self._signed(attrs.evolve(sample, url=url))
            assert isinstance(self._verdict(signed), Verified), f"the address is signed as it is: {url}"
        encoded = self._signed(attrs.evolve(sample, url=_with_query(sample.url)))
        self._refused(attrs.evolve(encoded, url=unquote(encoded.url)), "the query is another once decoded")
        foreign = self._signed(attrs.evolve(sample, url=_with_host(sample.url, "evil.example")))
        told = attrs.evolve(foreign, url=sample.url, headers=(*foreign.headers, *_FOREIGN_HOST))
        self._refused(told, "it is signed for the host that it names itself")
        for ours, theirs in self.equal_urls():
            signed = attrs.evolve(self._signed(attrs.evolve(sample, url=theirs)), url=ours)
            assert isinstance(self._verdict(signed), Verified), f"{theirs} is another spelling of {ours}"

    def test_11_extended(self) -> None:
        """Providers add parameters without notice."""
        self._needs(11)
        plain, extended = self._decoded(self.sample("message")), self._decoded(self.sample("extended"))
        assert not extended.issues, f"what is not known is passed over: {extended.issues}"
        assert keys_of(extended) == keys_of(plain), "the message is the same"

    def test_12_handshake(self) -> None:
        """Whoever has the token is answered, in a form that no browser runs."""
        self._needs(12)
        genuine = self._verdict(self.handshake("genuine"))
        assert isinstance(genuine, Handshake), f"the address was not confirmed: {genuine}"
        assert 200 <= genuine.reply.status < 300, "the provider wants a success"
        assert genuine.reply.body, "the challenge must come back"
        wrong = self._verdict(self.handshake("wrong_token"))
        assert isinstance(wrong, Rejected), f"anybody could take the address over: {wrong}"
        assert wrong.status in {401, 403}, "a wrong token is forbidden"
        for verdict in (genuine, self._verdict(self.handshake("markup"))):
            if isinstance(verdict, Handshake):
                _assert_inert(verdict)

    def test_13_another_account(self) -> None:
        """Who may speak for one account may not speak for others."""
        self._needs(13)
        self._refused(self.sign(self.sample("message"), self.secret(7)), "it is genuine for another account")
        if not self.names_account:
            return
        verdict = self._verdict(self._signed(self.sample("other_account")))
        if isinstance(verdict, Verified):
            decoded = self._decode(self.adapter(), verdict)
            assert not decoded.events, "the body names another account"
            assert decoded.issues, "it must be told that the body names another account"

    def _refused(self, request: RawRequest, why: str, account: Account | None = None) -> None:
        verdict = self._verdict(request, account)
        assert isinstance(verdict, Rejected), f"must be refused, since {why}"
        assert 400 <= verdict.status < 500, f"a refusal is the sender's fault, since {why}"
        assert _CODE.fullmatch(verdict.code), f"the code is a fixed word, not {verdict.code!r}"


def _assert_inert(handshake: Handshake) -> None:
    kinds = header_values(handshake.reply.headers, "Content-Type")
    assert len(kinds) == 1, "without a content type browsers guess one"
    kind = kinds[0].partition(";")[0].strip().lower()
    assert kind in _PLAIN_TYPES, f"a challenge is plain text, never {kind}"


def _flipped(data: bytes) -> Iterator[bytes]:
    """The bytes with one of them changed: every one of few, some of many."""
    for place in range(0, len(data), max(1, len(data) // _MOST_FLIPS)):
        yield data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    yield data + b"x"


def _other_urls(url: str) -> Iterator[str]:
    yield url + ("&x=1" if "?" in url else "?x=1")
    yield _with_host(url, "evil.example")
    yield url.replace("https://", "http://", 1)
    yield url.partition("?")[0] + "x"


def _with_query(url: str) -> str:
    return url.partition("?")[0] + "?b=%C3%BC%20%2F&a=1&a=0"


def _with_port(url: str) -> str:
    return _with_host(url, f"{urlsplit(url).hostname}:8443")


def _with_host(url: str, host: str) -> str:
    return urlunsplit(urlsplit(url)._replace(netloc=host))


def _weaker(value: str, secret: bytes, body: bytes) -> Iterator[str]:
    """What a careless check might take for the proof: other algorithms, and none at all."""
    mark = re.match(r"[A-Za-z0-9]+[=,]", value)
    marks = ("", "sha1=", "md5=", "none=", "v0=", "v0,", "none,", *([mark.group()] if mark else []))
    digests = [hashlib.sha256(body), hashlib.sha1(body, usedforsecurity=False)]
    macs = [hmac.new(secret, body, name) for name in ("md5", "sha1")]
    macs += [hmac.new(b"", body, "sha256")]
    for raw in [found.digest() for found in digests] + [found.digest() for found in macs]:
        for text in (raw.hex(), base64.b64encode(raw).decode()):
            yield from (start + text for start in marks)
    yield from ("none", "null", "undefined", *marks[1:])


def _header(request: RawRequest, name: str) -> str:
    values = header_values(request.headers, name)
    assert len(values) == 1, f"sign must add the header {name} once"
    return values[0]


def _without(request: RawRequest, name: str) -> RawRequest:
    rest = tuple(field for field in request.headers if field[0].lower() != name.lower())
    return attrs.evolve(request, headers=rest)


def _with(request: RawRequest, name: str, *values: str) -> RawRequest:
    """The request with these values of a header, in the place of its own."""
    rest = _without(request, name)
    return attrs.evolve(rest, headers=(*rest.headers, *((name, value) for value in values)))
