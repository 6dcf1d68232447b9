"""What a failure of the hub or of the way to it means, and what to do about it."""

from __future__ import annotations

import re

from sonichu_gui.errors import ModelError

_NUMBER = re.compile(r"^\[Errno -?\d+\] ")
"""What the system calls a failure, before its words."""


def explained(error: Exception, *, hub_id: str, revision: str | None) -> ModelError:
    """Gives what a failure means and what to do about it."""
    import httpx2
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    status = error.response.status_code if isinstance(error, HfHubHTTPError) else 0
    if isinstance(error, GatedRepoError):
        return ModelError(
            f"{hub_id} is gated: its authors give access to those who ask.",
            "Ask for access on its page on the hub, log in with `hf auth login`, and try again.",
        )
    if isinstance(error, RevisionNotFoundError):
        return ModelError(
            f"{hub_id} has no revision {revision}.",
            "Name a branch, tag or commit of it, or leave the revision out.",
        )
    if isinstance(error, HfHubHTTPError) and error.response.headers.get(
        "X-Error-Message", ""
    ).startswith("Invalid credentials"):
        return ModelError(
            "The hub does not accept the token that is stored on this machine.",
            "Log in again with `hf auth login`, or log out with `hf auth logout`.",
        )
    if isinstance(error, RepositoryNotFoundError) or status in {401, 404}:
        return ModelError(
            f"The hub has no model {hub_id}, or it is private.",
            "Check its name; for a private one log in with `hf auth login`.",
        )
    if status == 403:
        return ModelError(
            f"The hub does not give {hub_id} to this login.",
            "Ask its authors for access, or log in with `hf auth login` as somebody who has it.",
        )
    if status == 429:
        return ModelError("The hub asks to wait: too many requests.", "Try again in some minutes.")
    if status >= 500:
        return ModelError(f"The hub is in trouble (error {status}).", "Try again later.")
    if isinstance(error, OSError) and error.errno is not None:
        return ModelError(
            f"{hub_id} cannot be kept: {error.strerror}: {error.filename}.",
            "Make room and check that you may write there, or set HF_HOME to another folder.",
        )
    if isinstance(error, (httpx2.TransportError, LocalEntryNotFoundError)):
        return ModelError(
            f"The connection to the hub broke while {hub_id} was downloaded: {first_line(error)}.",
            "What came is kept: try again and it goes on from there.",
        )
    return ModelError(
        f"What answered for {hub_id} is not the hub: {first_line(error)}.",
        "Check the network, its proxy, and HF_ENDPOINT where it is set.",
    )


def first_line(error: BaseException) -> str:
    """Gives the first line of what a library says, or the failure's name where it is silent."""
    words = _NUMBER.sub("", str(error).strip().partition("\n")[0]).rstrip(".")
    return words or type(error).__name__
