"""A FastAPI application with the web door mounted in it, as one of several workers that connect to the owner.

Run it beside an owner that has the same lines, so that there is somebody who decides and sends:
`uvicorn --workers 4 examples.fastapi_app:app`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from examples.web_door import PUBLIC, lines
from fastapi import FastAPI

import orchestra
from orchestra.web import WebApplication

door = WebApplication(f"{PUBLIC}/contacts")


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
    """Connect at start-up, and serve until shutdown."""
    journal = os.environ.get("CONTACTS", "sqlite:contacts.db")
    async with orchestra.connect(journal, channels=lines(), patience_s=10) as workspace, door.serving(workspace):
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/contacts", door)
