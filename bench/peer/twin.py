"""PyTorch peer of the benchmark: the training steps and the inverse of `model.py` on a case given by a folder.

    twin.py CASE_DIR --threads N

A case is `case.json`, {"kind", "config", "arrays": [{"name", "shape", "offset"}]}, with offsets in
floats into `case.bin`, little-endian float32. Arrays are the parameters, the power-iteration
vectors (`.u`, `.v`) and the data (`x`, `y`, `z`, `noise.*`).

One JSON object a line on stdin, one answer a line on stdout, after a first
{"ready": true, "torch", "threads"}:

    {"op": "gradients"}  writes the loss, all gradients and the updated u and v to twin.json and
                         twin.bin and answers {"loss", "file"}; changes nothing, so it repeats
    {"op": "step"}       power iteration, forward, backward and p -= lr * grad; {"ms", "loss"}
    {"op": "inverse"}    the x of the density whose latent is z, after 100 iterations a block, to
                         twin.json and twin.bin; {"ms", "file"}
    {"op": "memory"}     {"peakMiB"}: most resident memory of this process so far (Linux)
    {"op": "quit"}       ends the process
"""

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from model import (
    Arrays,
    classifier_loss,
    density_loss,
    inverse_flow,
    neumann_log_det,
    normalise_weights,
    series_log_det,
)

LOG_DETS = {"series": series_log_det, "neumann": neumann_log_det}
INVERSE_ITERATIONS = 100


@dataclass(frozen=True)
class Case:
    kind: str
    config: dict[str, Any]
    arrays: Arrays

    @property
    def parameters(self) -> Arrays:
        return {name: array for name, array in self.arrays.items() if is_parameter(name)}


def is_parameter(name: str) -> bool:
    return name not in ("x", "y", "z") and not name.startswith("noise.") and not name.endswith((".u", ".v"))


def read_case(folder: Path) -> Case:
    header = json.loads((folder / "case.json").read_text())
    floats = torch.from_numpy(np.fromfile(folder / "case.bin", "<f4"))
    arrays: Arrays = {}
    for entry in header["arrays"]:
        start, shape = entry["offset"], entry["shape"]
        array = floats[start : start + math.prod(shape)].reshape(shape).clone()
        arrays[entry["name"]] = array.requires_grad_(is_parameter(entry["name"]))
    return Case(header["kind"], header["config"], arrays)


def write_arrays(folder: Path, stem: str, arrays: Arrays, **header: Any) -> None:
    """Writes `stem`.json, `header` and the list of arrays, and `stem`.bin."""
    entries = []
    offset = 0
    with (folder / f"{stem}.bin").open("wb") as file:
        for name, array in arrays.items():
            entries.append({"name": name, "shape": list(array.shape), "offset": offset})
            file.write(array.detach().contiguous().numpy().astype("<f4").tobytes())
            offset += array.numel()
    (folder / f"{stem}.json").write_text(json.dumps({**header, "arrays": entries}))


def loss_and_vectors(case: Case) -> tuple[Tensor, Arrays]:
    """The loss, differentiable in the parameters, and the updated power-iteration vectors."""
    config = case.config
    weights, vectors = normalise_weights(case.arrays, config["c"], config["powerIterations"])
    arrays = {**case.arrays, **weights}
    match case.kind:
        case "classifier":
            return classifier_loss(arrays, config["blocks"], config["padTo"]), vectors
        case "density":
            return density_loss(arrays, config["blocks"], config["terms"], LOG_DETS[config["gradient"]]), vectors
        case kind:
            raise ValueError(f"case.json: expected kind classifier or density, got {kind}")


def gradients(case: Case) -> tuple[Tensor, Arrays, Arrays]:
    """The loss, its gradient in every parameter, and the updated power-iteration vectors."""
    loss, vectors = loss_and_vectors(case)
    parameters = case.parameters
    grads = torch.autograd.grad(loss, list(parameters.values()))
    return loss.detach(), dict(zip(parameters, grads)), vectors


def step(case: Case) -> float:
    """One step of gradient descent, in place; returns the loss before it."""
    loss, grads, vectors = gradients(case)
    with torch.no_grad():
        for name, grad in grads.items():
            case.arrays[name].add_(grad, alpha=-case.config["lr"])
    case.arrays.update(vectors)
    return loss.item()


@torch.no_grad()
def inverse(case: Case) -> Tensor:
    """The x whose latent is the case's z, the power-iteration vectors taken as they are."""
    config = case.config
    weights, _ = normalise_weights(case.arrays, config["c"], 0)
    return inverse_flow({**case.arrays, **weights}, config["blocks"], config["inputShape"], INVERSE_ITERATIONS)


def peak_mib() -> float:
    """VmHWM of this process; getrusage's ru_maxrss would start from the parent's at the fork."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def answer(folder: Path, case: Case, op: str) -> dict[str, Any]:
    match op:
        case "gradients":
            loss, grads, vectors = gradients(case)
            write_arrays(folder, "twin", {"loss": loss, **grads, **vectors})
            return {"loss": loss.item(), "file": "twin.json"}
        case "step":
            start = time.perf_counter()
            loss = step(case)
            return {"ms": (time.perf_counter() - start) * 1000, "loss": loss}
        case "inverse":
            start = time.perf_counter()
            x = inverse(case)
            ms = (time.perf_counter() - start) * 1000
            write_arrays(folder, "twin", {"x": x})
            return {"ms": ms, "file": "twin.json"}
        case "memory":
            return {"peakMiB": peak_mib()}
        case _:
            return {"error": f"expected op gradients, step, inverse, memory or quit, got {op}"}


def main() -> None:
    parser = argparse.ArgumentParser(description="PyTorch peer of the benchmark")
    parser.add_argument("case_dir", type=Path, help="folder with case.json and case.bin")
    parser.add_argument("--threads", type=int, required=True, help="threads PyTorch may use")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    case = read_case(options.case_dir)
    print(json.dumps({"ready": True, "torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        op = json.loads(line)["op"]
        if op == "quit":
            break
        print(json.dumps(answer(options.case_dir, case, op)), flush=True)


if __name__ == "__main__":
    main()
