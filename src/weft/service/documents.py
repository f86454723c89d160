"""Documents that the ledger keeps by digest: code manifests with their sources, and plans.

And plans saved to a file.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from weft.model import events, partition_set, plan
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.server import recorded_code


class PlanLine(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One line of a plan, without its reasons."""

    step: str
    outputs: tuple[str, ...]
    ordinals: list[list[int]]
    fingerprint: str
    partitioned: bool
    run_if: str
    baseline: str
    code: str


class PlanDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to carry a plan out, or to plan its request again."""

    selection: str | None
    partitions: str | None
    exact: bool
    only_failed: bool
    keep_going: bool
    rebuild_undecided: bool
    assets: tuple[str, ...]
    now: datetime
    position: int
    lines: tuple[PlanLine, ...]
    preconditions: dict[str, str]
    format: int = 1


def document_of(made: plan.Plan) -> PlanDocument:
    """Write a plan down."""
    request = made.request
    return PlanDocument(
        selection=request.selection,
        partitions=request.partitions,
        exact=request.exact,
        only_failed=request.only_failed,
        keep_going=request.keep_going,
        rebuild_undecided=request.rebuild_undecided,
        assets=request.assets,
        now=made.now,
        position=made.position,
        lines=tuple(
            PlanLine(
                step=line.step,
                outputs=line.outputs,
                ordinals=line.ordinals.encode(),
                fingerprint=line.fingerprint,
                partitioned=line.partitioned,
                run_if=line.run_if,
                baseline=line.baseline,
                code=line.code,
            )
            for line in made.steps
        ),
        preconditions=dict(made.preconditions),
    )


def steps_of(document: PlanDocument) -> tuple[plan.PlanStep, ...]:
    """The lines of a plan that was written down, as far as carrying it out needs them."""
    return tuple(
        plan.PlanStep(
            step=line.step,
            outputs=line.outputs,
            ordinals=partition_set.PartitionSet.decode(line.ordinals),
            fingerprint=line.fingerprint,
            partitioned=line.partitioned,
            status="stale",
            run_if="inputs_changed" if line.run_if == "inputs_changed" else "always",
            baseline="recorded",  # what stood when the run began is not known any more
            causes=(),
            estimate_seconds=0.0,
            code=line.code,
        )
        for line in document.lines
    )


def pack(body: bytes) -> tuple[str, bytes]:
    """The digest of a document and its compressed bytes."""
    return hashlib.blake2b(body, digest_size=16).hexdigest(), zlib.compress(body, 1)


def code_documents(world: worlds.World, codes: Mapping[str, None]) -> list[tuple[events.CodeRecorded, str, bytes]]:
    """Documents for code that the ledger has not seen yet, each with the event that says so."""
    known = world.ledger.known_codes()
    found = []
    for digest in codes:
        manifest = world.definitions.manifests.get(digest)
        if digest in known or manifest is None:
            continue
        document = recorded_code.CodeDocument(manifest=manifest, sources=dict(world.sources_of(manifest)))
        name, body = pack(msgspec.json.encode(document))
        found.append((events.CodeRecorded(code=digest, document=name), name, body))
    return found


def keep_code(
    transaction: ledgers.Transaction, found: Iterable[tuple[events.CodeRecorded, str, bytes]]
) -> list[events.Event]:
    """Keep documents of code; the events that say so, to be appended together with what else happened."""
    told: list[events.Event] = []
    for event, name, body in found:
        transaction.put_document(name, "code", body)
        told.append(event)
    return told
