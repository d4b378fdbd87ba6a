"""Every decoder on inputs that went wrong: ``make fuzz``. Each is read, or refused with a reason, soon, in few bytes.

Bytes and documents that are right are changed in a few places, at random, by a seed that is printed. The last row is
the whole API, by its schema, on a running service.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import random
import resource
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from schemathesis import GenerationMode

import losses
from losses import Profile
from losses.catalogue import LOSSES
from losses.errors import LossesError
from service.bodies import Stream
from service.examples import EXAMPLES
from service.media import NPY, NPZ, PARQUET
from service.settings import Settings
from service.transport import MEDIA
from tests.serving import running

TOO_LONG = 2.0  # seconds of processor time for one small input
LIMITS = Settings(max_json_values=10_000)
ODD_BYTES = [
    b"",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b'"',
    b"\\",
    b"\n",
    b",",
    b"{",
    b"]",
    b"-",
    b"e9",
    b"1e999",
    b"nan",
    b"9" * 400,
]
ODD_VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    2**53,
    10**30,
    1e308,
    -1e308,
    1e-320,
    "",
    "x" * 300,
    [],
    [[]],
    {},
    float("nan"),
]


class Decoder(NamedTuple):
    """Something that reads what others send: what it is fed, how that is changed, and how it is read."""

    name: str
    corpus: Sequence[Any]
    change: Callable[[random.Random, Any], Any]
    read: Callable[[Any], object]


def changed_bytes(chance: random.Random, sane: bytes) -> bytes:
    """A text with a few bytes replaced, left out, moved or doubled."""
    text = bytearray(sane)
    for _ in range(chance.randint(1, 4)):
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice((0, 1, 1, 2, 8, 64)))
        piece = text[start:end]
        text[start:end] = chance.choice((b"", piece * 2, piece[::-1], chance.randbytes(1), chance.choice(ODD_BYTES)))
    return bytes(text)


def changed_tree(chance: random.Random, sane: Any) -> Any:
    """A document with a few of its parts replaced, left out, or put in each other's place."""
    tree = copy.deepcopy(sane)
    for _ in range(chance.randint(1, 3)):
        places = list(_places(tree))
        node, key = chance.choice(places)
        other, its = chance.choice(places)
        if isinstance(node, dict) and chance.random() < 0.2:
            del node[key]
        else:
            node[key] = copy.deepcopy(chance.choice((*ODD_VALUES, other.get(its) if isinstance(other, dict) else None)))
        tree = tree or {"version": 1}
    return tree


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node[:5]):
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)


def decoders() -> Iterator[Decoder]:
    """All of them: each kind of body, profiles as documents and as bytes, and losses as text."""
    for media in MEDIA:
        bodies = [e.content.encode() for e in EXAMPLES if e.body is not None and e.media == media] or [_file(media)]
        yield Decoder(media, bodies, changed_bytes, _reader(media))
    columns = [[i * 0.37 for i in range(300)], [0, 0, 1, 3, 0, 2] * 20, ["a", "b", None] * 9, [[0, 1], [1, 1]] * 9]
    profiles = [Profile.of(column) for column in columns]
    documents = [p.to_dict(private) for p in profiles for private in (False, True)]
    yield Decoder("Profile.from_dict", documents, changed_tree, lambda d: Profile.from_dict(d).kind)
    yield Decoder("Profile.from_bytes", [p.to_bytes() for p in profiles], changed_bytes, Profile.from_bytes)
    specs = [*(str(kind()) for kind in LOSSES.values()), "0.5*dice+0.5*bce_with_logits", "quantile:tau=[0.1,0.9]"]
    yield Decoder("losses.get", [spec.encode() for spec in specs], changed_bytes, _spec)


def _file(media: str) -> bytes:
    """A small table, or array, as a file of this kind."""
    columns = {"y_true": np.arange(40.0), "y_pred": np.linspace(0, 40, 40)}
    table, sink = pa.table(columns), io.BytesIO()
    if media == NPY:
        np.save(sink, columns["y_true"])
    elif media == NPZ:
        np.savez(sink, **columns)
    elif media == PARQUET:
        pq.write_table(table, sink)
    else:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    return sink.getvalue()


def _spec(text: bytes) -> object:
    return losses.get(text.decode("utf-8", "replace"))


def _reader(media: str) -> Callable[[Any], object]:
    def read(body: bytes) -> None:
        medium = MEDIA[media]
        source = medium.source(Stream([body]) if medium.streamed else memoryview(body), LIMITS)
        source.options(frozenset(("target", "y_true", "y_pred")))
        for again in (
            lambda: list(source.inputs(("y_true", "y_pred"), None, True)),
            lambda: list(source.batches(source.columns)),
            lambda: list(source.target(None, None)[1]),
        ):
            try:
                again()
            except LossesError:
                continue

    return read


def fuzzed(decoder: Decoder, inputs: int, seed: int) -> dict[str, Any]:
    """Feed a decoder; raises where it fails in any way but its own, or takes long."""
    chance, met, slowest = random.Random(seed), Counter[str](), 0.0
    before, begun = _memory(), time.perf_counter()
    for _ in range(inputs):
        fed = decoder.change(chance, chance.choice(decoder.corpus))
        start = time.thread_time()
        try:
            decoder.read(fed)
            met["read"] += 1
        except LossesError as refusal:
            json.dumps(refusal.data, default=str)
            met["refused"] += 1
        except Exception as error:
            raise AssertionError(f"{decoder.name} fails with seed {seed} on {fed!r:.2000}") from error
        slowest = max(slowest, time.thread_time() - start)
        assert slowest < TOO_LONG, f"{decoder.name} takes {slowest:.1f} s on {fed!r:.2000}"
    rate = inputs / (time.perf_counter() - begun)
    return {**met, "per second": round(rate), "slowest ms": round(1e3 * slowest, 1), "MB more": _memory() - before}


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def asked(address: str, cases: int, seed: int) -> dict[str, Any]:
    """The whole API by its schema, with all checks; raises where one of them fails."""
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json", config=CONFIG)
    met: Counter[str] = Counter()
    quiet = settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    for found in schema.get_all_operations():
        operation = found.ok()
        free = operation.path_parameters or operation.query or operation.body
        for mode in GenerationMode if operation.body or operation.query else [GenerationMode.POSITIVE]:

            @seeded(seed)
            @given(operation.as_strategy(generation_mode=mode))
            @(quiet if free else settings(quiet, max_examples=1))
            def ask(case: Any) -> None:
                met[str(case.call_and_validate().status_code)] += 1

            ask()
    return dict(met)


CONFIG = schemathesis.Config.from_dict(
    # what is well formed may still be refused for what it means: rows that do not fit, an unknown loss
    {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "404", "413", "422"]}}}
)


def main() -> None:
    """Print what came of it, a line a decoder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=250_000, help="for each decoder")
    parser.add_argument("--cases", type=int, default=400, help="for each operation, right ones and wrong ones")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"seed {options.seed}")
    for decoder in decoders():
        print(f"{decoder.name}: {options.inputs} inputs, {fuzzed(decoder, options.inputs, options.seed)}", flush=True)
    with running(access_log=False) as service:
        print(f"the API by its schema: {asked(service.address, options.cases, options.seed)}")


if __name__ == "__main__":
    main()
