"""The service beside what its transport must cost: ``python -m benchmarks.http``.

Each row is a ratio within one run: against an endpoint of the same process that reads the body and drops it, against
msgspec's typed decoding in this process, against the usual FastAPI endpoint with ``list[float]`` in its signature.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np

import losses
from benchmarks.table import Row, at_most, faster, head, line
from benchmarks.timing import medians
from service.client import LossClient
from service.columnar import pyarrow
from service.media import ARROW, JSON, NPZ
from service.payloads import Payload, of_bytes

BATCH = 1 << 18
EVALUATE = "/v1/evaluations?loss=mse"
PROGRAM = """
import sys, uvicorn
from fastapi import Request
from pydantic import BaseModel
from service.app import create_app
from service.replies import Reply
import numpy as np, losses

class Naive(BaseModel):
    y_true: list[float]
    y_pred: list[float]

class Asked(BaseModel):
    profile: dict

app = create_app()

@app.post("/drop")
async def drop(request: Request):
    return Reply({"bytes": sum([len(piece) async for piece in request.stream()])})

@app.post("/naive")
def naive(body: Naive):
    return {"value": float(np.mean((np.array(body.y_true) - np.array(body.y_pred)) ** 2))}

@app.post("/echo")
def echo(body: Asked):
    return body

uvicorn.run(app, port=int(sys.argv[1]), http="httptools", access_log=False, log_level="warning")
"""


class Typed(msgspec.Struct):
    """The body of an evaluation, as msgspec decodes it at its best."""

    losses: list[str]
    y_true: list[float]
    y_pred: list[float]


@contextlib.contextmanager
def service() -> Iterator[tuple[httpx.Client, int]]:
    """The service with three more endpoints, as a process of its own; a client of it and its number."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"LOSSES_ACCESS_LOG": "false", "LOSSES_MAX_BODY_BYTES": str(1 << 30)}
    running = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)], env=os.environ | settings)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600) as client:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    client.get("/healthz")
                    break
                time.sleep(0.1)
            yield client, running.pid
    finally:
        running.terminate()
        running.wait()


def post(client: httpx.Client, address: str, payload: Payload) -> httpx.Response:
    """The answer to a body that is sent piece by piece."""
    headers = {"content-type": payload.media, "content-length": str(payload.length)}
    request = client.build_request("POST", address, headers=headers)
    request.stream = payload
    reply = client.send(request)
    assert reply.is_success, reply.text
    return reply


def pairs(rows: int) -> tuple[Any, Any]:
    """Numbers and predictions of them."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=rows)
    return y, y + rng.normal(size=rows)


def arrow(y: Any, z: Any) -> bytes:
    """Both as an Arrow stream."""
    sink, table = io.BytesIO(), pyarrow().table({"y_true": y, "y_pred": z})
    with pyarrow("ipc").new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=BATCH)
    return sink.getvalue()


def npz(y: Any, z: Any) -> bytes:
    """Both as npz, which holds an npy for each."""
    sink = io.BytesIO()
    np.savez(sink, y_true=y, y_pred=z)
    return sink.getvalue()


def bulk(client: httpx.Client, rows: int) -> Iterator[Row]:
    """Binary bodies, beside an endpoint that drops them."""
    y, z = pairs(rows)
    for name, payload in (("npy", of_bytes(NPZ, npz(y, z))), ("Arrow", of_bytes(ARROW, arrow(y, z)))):
        took = medians({"ours": _posting(client, EVALUATE, payload), "drop": _posting(client, "/drop", payload)}, 9)
        yield Row(
            f"{name}, {rows:,} pairs, beside dropping them", took["ours"] / took["drop"], at_most("x", 1.5), _told(took)
        )


def lists(client: httpx.Client, rows: int) -> Iterator[Row]:
    """JSON beside msgspec alone, and both kinds of body beside the usual endpoint."""
    y, z = pairs(rows)
    text = msgspec.json.encode({"losses": ["mse"], "y_true": y.tolist(), "y_pred": z.tolist()})
    decoder, json = msgspec.json.Decoder(Typed), of_bytes(JSON, text)
    took = medians(
        {
            "msgspec": lambda: decoder.decode(text),
            "JSON": _posting(client, "/v1/evaluations", json),
            "npy": _posting(client, EVALUATE, of_bytes(NPZ, npz(y, z))),
            "naive": _posting(client, "/naive", json),
        },
        7,
    )
    yield Row(
        f"JSON, {rows:,} pairs, beside msgspec alone", took["JSON"] / took["msgspec"], at_most("x", 1.6), _told(took)
    )
    yield Row("JSON, beside list[float] in FastAPI", took["naive"] / took["JSON"], faster(2.5), "")
    yield Row("npy, beside list[float] in FastAPI", took["naive"] / took["npy"], faster(20), "")


def memory(client: httpx.Client, pid: int, rows: int) -> Iterator[Row]:
    """A long Arrow stream: the memory that the process takes while it comes."""
    batch = pyarrow().record_batch({"y_true": np.zeros(BATCH), "y_pred": np.ones(BATCH)})
    sink = io.BytesIO()
    writer = pyarrow("ipc").new_stream(sink, batch.schema)
    writer.write_batch(batch)
    top = sink.tell()
    writer.write_batch(batch)
    first, times, end = sink.getvalue(), rows // BATCH, b"\xff\xff\xff\xff\0\0\0\0"

    def pieces() -> Iterator[bytes]:
        yield first[:top]
        for _ in range(1, times):
            for place in range(top, len(first), 1 << 18):
                yield first[place : place + (1 << 18)]
        yield end

    payload = Payload(ARROW, pieces, top + (times - 1) * (len(first) - top) + len(end))
    post(client, EVALUATE, of_bytes(ARROW, first + end))
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before, began = _resident(pid, "VmRSS"), time.perf_counter()
    found = post(client, EVALUATE, payload).json()
    assert found["n"] == times * BATCH
    seconds = time.perf_counter() - began
    yield Row(
        f"Arrow, {rows:,} pairs: memory", _resident(pid, "VmHWM") - before, at_most("MB", 150), f"{seconds:.1f} s"
    )


def advice(client: httpx.Client) -> Iterator[Row]:
    """Recommendations from a profile, beside an endpoint that only validates the body and sends it back."""
    target = np.random.default_rng(0).lognormal(2, 1, 5000)
    body = of_bytes(JSON, msgspec.json.encode({"profile": losses.profile(target, name="price").to_dict()}))
    took = medians({"ours": _posting(client, "/v1/recommendations", body), "echo": _posting(client, "/echo", body)}, 31)
    yield Row("recommendations a second, beside an echo", took["echo"] / took["ours"], faster(0.3), _told(took))


def health(client: httpx.Client, rows: int, values: int) -> Iterator[Row]:
    """How long the loop may keep others waiting while two connections send the largest bodies, one after another."""
    y, z = pairs(rows)
    table = {"losses": ["mse"], "y_true": y[:values].tolist(), "y_pred": z[:values].tolist()}
    bodies = {
        "Arrow": (EVALUATE, of_bytes(ARROW, arrow(y, z))),
        "npz": (EVALUATE, of_bytes(NPZ, npz(y, z))),
        "JSON": ("/v1/evaluations", of_bytes(JSON, msgspec.json.encode(table))),
    }
    for name, (address, payload) in bodies.items():
        waits: list[float] = []
        with ThreadPoolExecutor(2) as senders:
            sent = [senders.submit(post, client, address, payload) for _ in range(8)]
            while not all(job.done() for job in sent):
                start = time.perf_counter()
                client.get("/healthz")
                waits.append(time.perf_counter() - start)
                time.sleep(0.002)
            for job in sent:
                job.result()
        worst = 1000 * float(np.quantile(waits, 0.99))
        title = f"/healthz p99 while two send {payload.length >> 20} MB of {name}"
        yield Row(title, worst, at_most("ms", 250), f"{len(waits)} asked")


def overhead(client: httpx.Client, rows: int) -> Iterator[Row]:
    """Our client, beside httpx with the same body, which is there already."""
    y, z = pairs(rows)
    body, headers = arrow(y, z), {"content-type": ARROW}
    with LossClient(str(client.base_url), timeout=600) as ours:
        took = medians(
            {
                "ours": lambda: ours.evaluate("mse", y, z),
                "httpx": lambda: client.post(EVALUATE, content=body, headers=headers),
            },
            15,
        )
    yield Row(
        f"client, {rows:,} pairs, beside bare httpx", took["ours"] / took["httpx"], at_most("x", 1.1), _told(took)
    )


def _posting(client: httpx.Client, address: str, payload: Payload) -> Callable[[], httpx.Response]:
    return lambda: post(client, address, payload)


def _resident(pid: int, which: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(text.split()[1]) for text in lines if text.startswith(which)) / 1000


def _told(took: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds * 1000:.3g} ms" for name, seconds in took.items())


def main() -> None:
    """Print the table, each row as soon as it is measured."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    options.add_argument("--rows", type=int, default=10**7, help="pairs in binary")
    options.add_argument("--values", type=int, default=10**6, help="pairs in JSON")
    options.add_argument("--stream", type=int, default=10**8, help="pairs in the long stream")
    options.add_argument("--markdown", action="store_true", help="as a table for the README")
    chosen = options.parse_args()
    print(head("over HTTP", chosen.markdown))
    with service() as (client, pid):
        measures = (
            memory(client, pid, chosen.stream), bulk(client, chosen.rows), lists(client, chosen.values),
            health(client, chosen.rows, 2 * chosen.values), advice(client), overhead(client, chosen.values),
        )  # fmt: skip
        for measure in measures:
            for row in measure:
                print(line(row, chosen.markdown), flush=True)


if __name__ == "__main__":
    main()
