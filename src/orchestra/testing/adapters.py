"""The contract of channel adapters as a test suite, for every adapter: ours and anybody's.

Needs pytest and hypothesis. Subclass it in a test module and supply what your channel has::

    class TestMine(AdapterContract):
        signing = Signing(secret="webhook", headers=("My-Signature",))
        not_applicable = {23: "the provider has no edits"}

        def adapter(self): ...
        def account(self): ...
        def sign(self, request, secret): ...
        def sample(self, kind): ...

Each test carries the number of its point in the contract. A point that has no meaning for a channel is declared
in `not_applicable` with the reason, which the test run shows; whatever is neither supplied nor declared fails, and says
what is missing. Channels that carry mails pass `MailContract` as well. The suites know no adapter and import none.
"""

from __future__ import annotations

from orchestra.testing.adapter_auth import AuthPoints
from orchestra.testing.adapter_decode import DecodePoints
from orchestra.testing.adapter_encode import EncodePoints
from orchestra.testing.adapter_fetch import FetchPoints
from orchestra.testing.adapter_general import GeneralPoints
from orchestra.testing.adapter_interpret import InterpretPoints
from orchestra.testing.adapter_mail import MailContract
from orchestra.testing.adapter_points import DECODING, POINTS, POLLING, PROOF, SENDING
from orchestra.testing.adapter_poll import PollPoints
from orchestra.testing.adapter_rig import AdapterRig, Signing, Vector

__all__ = [
    "DECODING",
    "POINTS",
    "POLLING",
    "PROOF",
    "SENDING",
    "AdapterContract",
    "AdapterRig",
    "MailContract",
    "Signing",
    "Vector",
]


class AdapterContract(AuthPoints, DecodePoints, EncodePoints, InterpretPoints, GeneralPoints, PollPoints, FetchPoints):
    """The suite. See the module for its use, and `AdapterRig` for what may be supplied."""
