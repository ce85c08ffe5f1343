"""Forms on the company's own pages: each that is sent becomes a contact, and is answered with its case's number.

What belongs here: reading, checking and answering forms. What does not: how customers are answered, which is by the
address that they gave, on that one's channel.
"""

from __future__ import annotations

from orchestra.channels.web_form.adapter import WebFormAdapter
from orchestra.channels.web_form.tokens import form_token

__all__ = ["WebFormAdapter", "form_token"]
