"""The commands about articles: find their claims, check them, report, compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ceasefire.cli.terminal import AsJson, EvidenceOption, complain, progress

if TYPE_CHECKING:
    from ceasefire.evidence.article.language_model import LanguageModel

claims_app = typer.Typer(no_args_is_help=True, help="What an article claims, and whether the record bears it out.")

Published = Annotated[
    str | None, typer.Option("--published", metavar="DATE", help="Day on which it came out, where it does not say.")
]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.")]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="Ask a language model as well; off otherwise."),
]
ModelUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Its OpenAI-compatible endpoint; CEASEFIRE_MODEL_URL otherwise.")
]


@claims_app.command()
def extract(
    article: Annotated[list[Path], typer.Argument(help="Articles, text or HTML, or folders of them.")],
    out: Out,
    published: Published = None,
    model: Model = None,
    model_url: ModelUrl = None,
    as_json: AsJson = False,
) -> None:
    """Find the claims of one or many articles: who says what, of where and when, how sure. JSON Lines.

    An article that cannot be read is told and passed over; the others are written, and the exit code is 1.

    Example: ceasefire claims extract article.txt --published 2025-08-12 --out claims.jsonl
    """
    from ceasefire.evidence import claim as claims
    from ceasefire.evidence.error import EvidenceError
    from ceasefire.study import reading as study

    paths = study.articles(article)
    study.check_target(out, *paths)
    with progress("Reading articles", not as_json and len(paths) > 1, tenths=True) as on_progress:
        batch = study.extract(paths, published=published, model=_model(model, model_url), on_progress=on_progress)
    if len(paths) == len(batch.failed) == 1:
        raise EvidenceError(batch.failed[0][1])
    for path, reason in batch.failed:
        complain(f"{path} is passed over: {reason}")
    if not batch.read:
        raise EvidenceError(f"none of {len(paths)} articles could be read; nothing is written")
    for path, warning in batch.warnings:
        complain(f"{path}: {warning}")
    claims.write((claim.told() for claim in batch.claims), out)
    told = {"claims": len(batch.claims), "articles": dict(batch.read), "failed": dict(batch.failed), "file": str(out)}
    print(json.dumps(told, ensure_ascii=False, indent=1) if as_json else _extracted(batch.read, len(batch.failed), out))
    if batch.failed:
        raise typer.Exit(1)


def _extracted(read: tuple[tuple[str, int], ...], failed: int, out: Path) -> str:
    total = sum(number for _, number in read)
    lines = [f"{number:>6}  {path}" for path, number in read] if len(read) > 1 else []
    passed = f", {failed} passed over" if failed else ""
    many = f" from {len(read)} articles{passed}" if len(read) + failed > 1 else ""
    return "\n".join([*lines, f"{total:,} claims{many}: {out}"])


@claims_app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A file of claims, JSON Lines.")],
    out: Out,
    published: Published = None,
    on: Annotated[
        str | None, typer.Option(metavar="DATE", help="Use only what was published by this day; all otherwise.")
    ] = None,
    evidence: EvidenceOption = None,
    as_json: AsJson = False,
) -> None:
    """Hold claims against the record: a verdict for each, with the record that says so. JSON Lines.

    Example: ceasefire claims check claims.jsonl --out checked.jsonl
    """
    from ceasefire.evidence import claim as claims
    from ceasefire.study import reading as study
    from ceasefire.view import verdict as view

    study.check_target(out, file)
    found, verdicts = study.check(file, published=published, on=on, evidence=evidence)
    claims.write((study.row(claim, verdict) for claim, verdict in zip(found, verdicts, strict=True)), out)
    score = study.tally(found, verdicts)
    told = {"claims": score.claims, "checked": score.checked, "verdicts": dict(score.by_verdict), "file": str(out)}
    print(json.dumps(told, ensure_ascii=False, indent=1) if as_json else f"{view.text(score)}\n{out}")


@claims_app.command()
def report(
    article: Annotated[Path, typer.Argument(help="An article, text or HTML.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="Page to write.")],
    published: Published = None,
    model: Model = None,
    model_url: ModelUrl = None,
    evidence: EvidenceOption = None,
    as_json: AsJson = False,
) -> None:
    """Read an article: its claims in order, the record beside each, a map, a score card, what it foresaw. One page.

    Example: ceasefire claims report article.txt --published 2025-08-12 --out article.html
    """
    from ceasefire.evidence.store import Store
    from ceasefire.study import reading as study
    from ceasefire.view import reading as view
    from ceasefire.view import verdict

    study.check_target(out, article)
    store = Store.open(evidence)
    found = study.read(article, published=published, model=_model(model, model_url), store=store)
    view.write(found, store, out)
    told = json.dumps(found.told(), ensure_ascii=False, indent=1) if as_json else verdict.text(study.score(found))
    print(told if as_json else f"{told}\n{out}")


@claims_app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="An article.")],
    second: Annotated[
        Path, typer.Argument(metavar="B", help="Another; the later of the two is held against the other.")
    ],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.html", help="Page to write.")] = None,
    published_a: Annotated[str | None, typer.Option(metavar="DATE", help="Day on which A came out.")] = None,
    published_b: Annotated[str | None, typer.Option(metavar="DATE", help="Day on which B came out.")] = None,
    evidence: EvidenceOption = None,
    as_json: AsJson = False,
) -> None:
    """Hold two articles against each other: what contradicts, what updates, what is new, what was dropped.

    Also which dated forecasts of the earlier came true, by the record and by the later article.

    Example: ceasefire claims compare august.txt november.txt --out compared.html
    """
    from ceasefire.evidence.store import Store
    from ceasefire.study import comparison as study
    from ceasefire.study.reading import check_target
    from ceasefire.view import comparison as view

    if out is not None:
        check_target(out, first, second)
    found = study.compare_files(first, second, published=(published_a, published_b), store=Store.open(evidence))
    if out is not None:
        view.write(found, out)
    told = json.dumps(found.told(), ensure_ascii=False, indent=1) if as_json else view.text(found)
    print(told if out is None or as_json else f"{told}\n{out}")


def _model(name: str | None, url: str | None) -> LanguageModel | None:
    """The language model that is named, or none. Raises `EvidenceError` where it has no usable address."""
    if name is None and url is None:
        return None
    from ceasefire.evidence.article.language_model import Endpoint

    return Endpoint.configured(url, name)
