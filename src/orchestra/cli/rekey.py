"""`orchestra rekey`: another secret for the keys of an encrypted journal."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from orchestra.cli.arguments import add_json, existing, new_parser, now_us
from orchestra.cli.output import say
from orchestra.cli.terminal import print_json
from orchestra.errors import DefinitionError, Fault, JournalError
from orchestra.journal.process import process_holder
from orchestra.runtime.vaults import newest_plan, rekey

__all__ = ["main"]

_DESCRIPTION = """\
Wrap the customers' keys of an encrypted journal under another secret. The old one is of no
use for it from then on; records are not written anew. Nobody may own the journal meanwhile.

Both secrets are taken from the environment. The old one has the name that the plan gives,
as privacy.encryption_key; give the next owner the new value under that name, or name the
new one in the plan.

Copies made before are still under the old secret: make a new one, then destroy it."""

_EXAMPLES = """
orchestra rekey sqlite:contacts.db NEW_ENCRYPTION_KEY
"""

_LEASE_US = 600_000_000


def main(argv: Sequence[str]) -> int:
    """Run `orchestra rekey`.

    Raises:
        OrchestraError: a secret is wrong, nothing is encrypted, somebody owns the journal, or it was not stored.
    """
    parser = new_parser("rekey", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("journal", metavar="JOURNAL", help="the journal's URL, as sqlite:contacts.db")
    parser.add_argument("secret", metavar="NAME", help="name of the new secret, an environment variable")
    add_json(parser, "one JSON object instead of a sentence")
    arguments = parser.parse_args(argv)
    with existing(arguments.journal, read_only=False) as journal:
        changed = newest_plan(journal)
        old = None if changed is None else changed.plan.privacy.encryption_key
        if old is None:
            raise DefinitionError([Fault("privacy.encryption_key", "the plan in this journal names none")])
        lease = journal.acquire(process_holder(), now_us(), _LEASE_US)
        try:
            count = rekey(journal, old, arguments.secret, lease)
        finally:
            with suppress(JournalError):  # a lease that cannot be given back runs out
                journal.release(lease)
    if arguments.json:
        print_json({"keys": count})
    else:
        say(f"{count:,} keys are wrapped under {arguments.secret} now")
    return 0
