"""The web door of a workspace: webhooks, forms and the web chat as one plain ASGI application, without dependencies.

`WebApplication` runs under any ASGI server and mounts in any ASGI framework.
"""

from __future__ import annotations

from orchestra.web.application import Opening, WebApplication
from orchestra.web.limits import WebLimits

__all__ = ["Opening", "WebApplication", "WebLimits"]
