"""Discovery of adapters: the built-in ones, and plug-ins by the entry-point group `orchestra.channels`.

An entry point names a callable without arguments, usually the adapter's class. A plug-in that is broken is
reported by name and takes nothing else down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Protocol

import attrs
from typing_extensions import override

from orchestra.channels.port import CONTRACT_VERSION, ChannelAdapter, accepts_contract
from orchestra.errors import DefinitionError, Fault

__all__ = ["GROUP", "Discovery", "Loadable", "PluginProblem", "discover", "find_adapter"]

GROUP = "orchestra.channels"

# Named here too, so that they are found from a source tree that is not installed.
_BUILT_IN = (
    EntryPoint("loopback", "orchestra.channels.loopback:LoopbackAdapter", GROUP),
    EntryPoint("standard_webhooks", "orchestra.channels.back_office.standard_webhooks:StandardWebhooksAdapter", GROUP),
    EntryPoint("cloudevents", "orchestra.channels.back_office.cloudevents:CloudEventsAdapter", GROUP),
    EntryPoint("mail", "orchestra.channels.mail.adapter:MailAdapter", GROUP),
    EntryPoint("apprise", "orchestra.channels.apprise.adapter:AppriseAdapter", GROUP),
    EntryPoint("facebook_page", "orchestra.channels.meta.page:FacebookPageAdapter", GROUP),
    EntryPoint("instagram", "orchestra.channels.meta.instagram:InstagramAdapter", GROUP),
    EntryPoint("messenger", "orchestra.channels.meta.messenger:MessengerAdapter", GROUP),
    EntryPoint("telegram", "orchestra.channels.telegram.adapter:TelegramAdapter", GROUP),
    EntryPoint("twilio_sms", "orchestra.channels.twilio.adapter:TwilioSmsAdapter", GROUP),
    EntryPoint("twilio_voice", "orchestra.channels.twilio.voice:TwilioVoiceAdapter", GROUP),
    EntryPoint("twilio_whatsapp", "orchestra.channels.twilio.adapter:TwilioWhatsAppAdapter", GROUP),
    EntryPoint("web_chat", "orchestra.channels.web_chat:WebChatAdapter", GROUP),
    EntryPoint("web_form", "orchestra.channels.web_form:WebFormAdapter", GROUP),
    EntryPoint("whatsapp", "orchestra.channels.meta.whatsapp:WhatsAppAdapter", GROUP),
)
_BUILT_IN_SOURCES = frozenset(plugin.value for plugin in _BUILT_IN)


class Loadable(Protocol):
    """What discovery needs of an entry point."""

    @property
    def name(self) -> str:
        """The channel that the plug-in claims to be."""
        ...

    @property
    def value(self) -> str:
        """Where it comes from, as `package.module:name`."""
        ...

    def load(self) -> Any:
        """Import it. May raise anything."""
        ...


@attrs.frozen
class PluginProblem:
    """A plug-in that is not used: its `name`, its `source` as `package.module:name`, and the `reason`."""

    name: str
    source: str
    reason: str

    @override
    def __str__(self) -> str:
        return f"channel plug-in {self.name!r} ({self.source}): {self.reason}"


@attrs.frozen
class Discovery:
    """The adapters that can be used, by channel name, and the plug-ins that cannot, in order of name."""

    adapters: Mapping[str, ChannelAdapter]
    problems: tuple[PluginProblem, ...]


def discover(plugins: Iterable[Loadable] | None = None) -> Discovery:
    """Load every adapter that there is.

    Args:
        plugins: what to load beside the built-in adapters; None for what is installed.

    Returns:
        All that works and all that does not. Of several plug-ins of one name none is used, as nobody could say
        which was meant; a built-in adapter keeps its name.
    """
    found = entry_points(group=GROUP) if plugins is None else plugins
    candidates = sorted(
        (plugin for plugin in found if plugin.value not in _BUILT_IN_SOURCES),
        key=lambda plugin: (plugin.name, plugin.value),
    )
    taken = Counter(plugin.name for plugin in candidates) + Counter(plugin.name for plugin in _BUILT_IN)
    adapters: dict[str, ChannelAdapter] = {}
    problems: list[PluginProblem] = []
    for plugin in (*_BUILT_IN, *(plugin for plugin in candidates if taken[plugin.name] == 1)):
        adapter = _load(plugin)
        if isinstance(adapter, str):
            problems.append(PluginProblem(plugin.name, plugin.value, adapter))
        else:
            adapters[plugin.name] = adapter
    problems += [_doubled(plugin) for plugin in candidates if taken[plugin.name] > 1]
    return Discovery(MappingProxyType(adapters), tuple(sorted(problems, key=lambda problem: problem.name)))


def find_adapter(name: str, plugins: Iterable[Loadable] | None = None) -> ChannelAdapter:
    """Give the adapter of a channel. Other plug-ins, broken or not, do not matter.

    Raises:
        DefinitionError: there is none of that name that works; it says why, or which there are.
    """
    discovery = discover(plugins)
    if name in discovery.adapters:
        return discovery.adapters[name]
    reasons = [str(problem) for problem in discovery.problems if problem.name == name]
    known = f"no such channel; there are: {', '.join(sorted(discovery.adapters))}"
    raise DefinitionError([Fault(f"channels.{name}", reason) for reason in reasons or [known]])


def _doubled(plugin: Loadable) -> PluginProblem:
    return PluginProblem(plugin.name, plugin.value, "the name is taken more than once")


def _load(plugin: Loadable) -> ChannelAdapter | str:
    """Give the adapter, or why there is none."""
    try:
        adapter = plugin.load()()
        return _objection(plugin.name, adapter) or adapter
    except (Exception, SystemExit) as error:  # noqa: BLE001 - trust border: a plug-in may raise anything
        return f"does not load: {type(error).__name__}: {_one_line(error)}"


def _objection(name: str, adapter: object) -> str | None:
    version = getattr(adapter, "contract_version", None)
    if not accepts_contract(version):
        return f"is written for version {version!r} of the port, this library has version {CONTRACT_VERSION}"
    if not isinstance(adapter, ChannelAdapter):
        return "does not have all methods of a channel adapter"
    if adapter.channel != name:
        return f"is registered as {name!r} but calls itself {adapter.channel!r}"
    return None


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
