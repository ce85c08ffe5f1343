"""Moves of the random workload about what providers tell of messages and of their writers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.addresses import Address
from orchestra.model.attachments import FileData
from tests.commitment_moves import Chooser
from tests.engine_driver import SECOND, person

__all__ = ["WEIGHTS"]


def _message(engine: Engine, choose: Chooser) -> tuple[str, str, str]:
    """Channel, account and provider's id of one of the newest messages, or of one that may never come."""
    known = list(engine.view.contacts.taken)[-12:]
    if not known or choose.chance(20):
        return choose.pick(["email", "chat"]), "main", f"m{choose.number(1, 40)}"
    channel, account, name = choose.pick(known).split("\x1f")
    return channel, account, name


def _sender(choose: Chooser) -> Address:
    return person(f"customer{choose.number(1, 5)}")


def _when(engine: Engine, choose: Chooser) -> int | None:
    return choose.pick([None, engine.now_us - choose.number(0, 60) * SECOND])


def edit(engine: Engine, choose: Chooser) -> c.Command:
    edit_id = f"e{choose.number(1, 4)}"
    return c.EditMessage(*_message(engine, choose), edit_id, _when(engine, choose), "it says this now")


def retract(engine: Engine, choose: Chooser) -> c.Command:
    return c.RetractMessage(*_message(engine, choose), _when(engine, choose))


def react(engine: Engine, choose: Chooser) -> c.Command:
    """To a message of theirs, or to one of ours."""
    sent = list(engine.view.deliveries.by_provider_id)[-6:]
    named = choose.pick(sent) if sent and choose.chance(40) else _message(engine, choose)
    reaction_id, reaction = f"r{choose.number(1, 4)}", choose.pick(["+1", None, ""])
    return c.ReactToMessage(*named, reaction_id, _sender(choose), _when(engine, choose), reaction)


def auto_reply(engine: Engine, choose: Chooser) -> c.Command:
    cases = list(engine.view.cases.cases)[-6:]
    case = choose.pick([None, *cases, "ca999"])
    channel, name = choose.pick(["email", "chat"]), f"a{choose.number(1, 30)}"
    return c.RecordAutoReply(channel, "main", name, _sender(choose), "vacation", reply_case=case, text="away")


def watermark(engine: Engine, choose: Chooser) -> c.Command:
    until_us = engine.now_us - choose.number(-30, 60) * SECOND
    receipt = choose.pick(["delivered", "read", "read", "failed"])
    return c.RecordWatermark(choose.pick(["email", "chat"]), "main", _sender(choose), receipt, until_us)


def consent(engine: Engine, choose: Chooser) -> c.Command:
    purpose = choose.pick([None, None, *engine.view.plan.identity.purposes, "gossip"])
    return c.TakeConsent(
        choose.pick(["email", "chat"]), "main", _sender(choose), choose.chance(50), purpose, _when(engine, choose)
    )


def identity(engine: Engine, choose: Chooser) -> c.Command:
    return c.TakeIdentity(_sender(choose), _sender(choose))


def keep_file(engine: Engine, choose: Chooser) -> c.Command:
    """Of any customer, one that is merged, archived or to be forgotten, too."""
    customer, number = f"cu{choose.number(1, 9)}", choose.number(0, 3)
    return c.KeepFile(customer, f"me{choose.number(1, 40)}", number, choose.pick(["5", "a"]) * 64)


def file_received(engine: Engine, choose: Chooser) -> c.Command:
    file: FileData = {"kind": choose.pick(["image", "document", "hologram"]), "ref": "https://files.example/a"}
    channel, account, name = _message(engine, choose)
    return c.ReceiveMessage(channel, account, name, _sender(choose), text="", media=[file] * choose.number(1, 3))


def files_sent(engine: Engine, choose: Chooser) -> c.Command:
    cases, files = list(engine.view.cases.cases)[-6:], choose.number(1, 3)
    file: FileData = {"kind": "image", "digest": "5" * 64}
    key, text = f"file{choose.number(1, 30)}", choose.pick(["here", None])
    return c.SendMessage(choose.pick([*cases, "ca999"]), key, text=text, media=[file] * files)


def end_call(engine: Engine, choose: Chooser) -> c.Command:
    return c.EndCall(*_message(engine, choose))


WEIGHTS: Mapping[Callable[[Engine, Chooser], c.Command], int] = {
    edit: 6,
    retract: 3,
    react: 4,
    auto_reply: 3,
    watermark: 4,
    consent: 3,
    identity: 1,
    end_call: 2,
    keep_file: 2,
    file_received: 2,
    files_sent: 3,
}
