"""`ceasefire serve`: the page of a forecast, for a browser on this machine."""

from __future__ import annotations

import re
import secrets
import socket
from pathlib import Path
from typing import Annotated, Any

import typer

from ceasefire.cli.terminal import EvidenceOption, complain

PORT, PORTS = 8765, 20
"""The port where none is named, and how many after it are tried."""


def serve(
    what: Annotated[
        str, typer.Argument(metavar="SCENARIO|DIR", help="A shipped scenario, a scenario file (.toml), or a result.")
    ],
    port: Annotated[int | None, typer.Option(help=f"Port; the first free one from {PORT} otherwise.")] = None,
    host: Annotated[str, typer.Option(help="Address; others than this machine's need a token.")] = "127.0.0.1",
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with the token to ask for; one is made up otherwise.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for results and finished jobs.")] = Path("out"),
    scores: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with a backtest or sealed forecasts, to show beside it.")
    ] = None,
    runs: Annotated[int, typer.Option(help="How many wars to simulate, where there is no result yet.")] = 2000,
    weeks: Annotated[int, typer.Option(help="How many weeks ahead, where there is no result yet.")] = 52,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.")] = 1,
    evidence: EvidenceOption = None,
) -> None:
    """Show a forecast as a page in the browser, with its map, its futures, and what would change them.

    Needs no network. A scenario without a result is forecast first; the page shows how far that is.

    Example: ceasefire serve abu-dhabi-2026-01
    """
    from ceasefire.evidence.error import CeasefireError
    from ceasefire.simulate.ensemble import check
    from ceasefire.view.web.safety import Access, is_local

    check(runs, weeks, seed, None)
    if scores is not None and not scores.is_dir():
        raise CeasefireError(f"--scores {scores} is no folder; `ceasefire backtest --out DIR` writes one")
    token = _token(token_file) if token_file is not None or not is_local(host) else None
    with _bound(host, port) as listening:
        access = Access(host, listening.getsockname()[1], token)
        from ceasefire.view.web.subject import subject

        about = subject(what, out=out, evidence=evidence, scores=scores)
        from ceasefire.view.web.app import create_app

        app = create_app(about, access, out=out, asked={"runs": runs, "weeks": weeks, "seed": seed})
        _run(app, listening, _address(access), browser)


def _token(file: Path | None) -> str:
    """The token of a file, or a new one. Raises `CeasefireError` where it is too short."""
    from ceasefire.evidence.error import CeasefireError
    from ceasefire.view.web.safety import SHORTEST_TOKEN

    if file is None:
        return secrets.token_urlsafe(32)
    try:
        found = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise CeasefireError(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from None
    if not re.fullmatch(rf"[A-Za-z0-9_.~-]{{{SHORTEST_TOKEN},}}", found):
        raise CeasefireError(
            f"the token in {file} has {len(found)} characters; at least {SHORTEST_TOKEN} are needed, "
            "of letters, digits and -_.~ alone"
        )
    return found


def _bound(host: str, port: int | None) -> socket.socket:
    """A socket that listens: on the port that is named, or on the first free one. Raises `CeasefireError`."""
    from ceasefire.evidence.error import CeasefireError

    if port is not None and not 0 <= port <= 65535:
        raise CeasefireError(f"port {port} was asked for; ports go from 0 to 65535")
    tried = range(PORT, PORT + PORTS) if port is None else (port,)
    why: OSError | None = None
    for each in tried:
        try:
            return _listening(host, each)
        except OSError as error:
            why = error
    reason = why.strerror or why if why else ""
    if port is None:
        raise CeasefireError(f"cannot listen on {host}, ports {PORT} to {PORT + PORTS - 1}: {reason}")
    raise CeasefireError(f"cannot listen on {host}, port {port}: {reason}; name another with --port, or leave it out")


def _listening(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(256)
    except OSError:
        found.close()
        raise
    return found


def _address(access: Any) -> str:
    """What to open."""
    host = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(access.host, access.host)
    named = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{named}:{access.port}/" + (f"?token={access.token}" if access.token else "")


def _run(app: Any, listening: socket.socket, address: str, browser: bool) -> None:
    """Serve until Ctrl-C."""
    import uvicorn

    from ceasefire.view.web.safety import Hasty

    class Told(uvicorn.Server):
        """A server that says where it is, and lets listeners go before it ends."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(f"The page is at {address}\nPress Ctrl-C to stop.", flush=True)
                if browser and "?" not in address:  # a token is not for the list of processes
                    _open(address)

        def handle_exit(self, sig: int, frame: Any) -> None:
            app.site.jobs.close()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        app,
        http=Hasty,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=512,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=48 * 2**10,
    )
    try:
        Told(config).run([listening])
    except KeyboardInterrupt:
        print("Stopped.", flush=True)


def _open(address: str) -> None:
    """Open a browser, in another thread since that may take its time."""
    import threading
    import webbrowser

    def attempt() -> None:
        try:
            opened = webbrowser.open(address)
        except Exception:  # whatever a desktop may do, the page is there
            opened = False
        if not opened:
            complain("no browser could be opened; open the address yourself")

    threading.Thread(target=attempt, daemon=True).start()
