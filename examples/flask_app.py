"""A Flask application: a contact form in, a customer's history out, and an agent's accept from a desktop.

Any number of workers run this, none of them owns the workspace: `orchestra run examples/plan.toml --journal
sqlite:contacts.db` does, in a process of its own. Then `gunicorn --workers 4 examples.flask_app:app`.
"""

from __future__ import annotations

import os
from functools import cache

from flask import Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue

from orchestra import (
    CommandRefused,
    Email,
    InvalidCommand,
    JournalUnavailable,
    MalformedMessage,
    Message,
    UnknownId,
    blocking,
    commands,
)

app = Flask(__name__)


@cache
def workspace() -> blocking.Client:
    """This process's connection. Opened by the first request, so each forked worker has its own."""
    return blocking.connect(os.environ.get("CONTACTS", "sqlite:contacts.db"))


@app.post("/contact")
def contact() -> ResponseReturnValue:
    """The form carries a hidden id made when it was shown: sent twice, it is taken once."""
    form = request.form
    got = workspace().receive(Message("web-form", id=form["form_id"], sender=Email(form["email"]), text=form["text"]))
    return jsonify(case=got.case.number, customer=got.customer), 202


@app.get("/customers/<customer>/timeline")
def timeline(customer: str) -> ResponseReturnValue:
    """What happened with a customer, over all channels."""
    return jsonify([entry.to_json() for entry in workspace().timeline(customer)])


@app.post("/offers/<offer>/accept")
def accept(offer: str) -> ResponseReturnValue:
    """Every call has a stateless form: the offer's id and token are all that the desktop keeps."""
    form = request.form
    if not form["token"].isdecimal():
        abort(400)
    taken = workspace().execute(commands.AcceptOffer(offer, form["agent"], int(form["token"])))
    return jsonify(interaction=taken.interaction, case=taken.case.number)


@app.errorhandler(MalformedMessage)
@app.errorhandler(InvalidCommand)
def malformed(error: MalformedMessage | InvalidCommand) -> ResponseReturnValue:
    """What was sent makes no sense: an address or id that is none, a text that is too long."""
    return jsonify(error=str(error)), 400


@app.errorhandler(UnknownId)
def unknown(error: UnknownId) -> ResponseReturnValue:
    return jsonify(error=str(error)), 404


@app.errorhandler(CommandRefused)
def refused(error: CommandRefused) -> ResponseReturnValue:
    """It makes sense and cannot be done as things stand, as when somebody else was quicker."""
    return jsonify(error=str(error)), 409


@app.errorhandler(JournalUnavailable)
def unavailable(error: JournalUnavailable) -> ResponseReturnValue:
    """No owner answered in time. Sending the same form again is safe, whatever became of the first."""
    return jsonify(error=str(error)), 503
