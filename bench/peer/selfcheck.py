"""Checks of the benchmark's PyTorch peer on tiny random cases; needs no file and takes seconds.

In float64: the power iteration against the singular values of the dense operator, the flow against
the determinant of its full Jacobian and against its inverse, all gradients of the classifier and of the series against
central differences, and the Neumann gradient's mean over probes against the series'. In float32:
the program and its line protocol against the same gradients.

The mean over probes is exact, not sampled: the batch repeats one example, and its probes run
through sqrt(D) e_1 .. sqrt(D) e_D, for which the mean of vv' is I, as it is for random probes.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model import Arrays, flow, neumann_log_det, normalise_weights, power_iteration, series_log_det
from twin import Case, gradients, inverse, is_parameter, loss_and_vectors, write_arrays

SIDE = 8
FLOOR = 1e-3


def check(what: str, error: float, limit: float) -> None:
    print(f"{'ok' if error <= limit else 'FAILED':6}  {what}: {error:.1e} (limit {limit:.0e})")
    if error > limit:
        raise SystemExit(1)


def relative(actual: Tensor, expected: Tensor) -> float:
    """Relative error; the floor is for the last bias, which batch normalisation gives gradient 0."""
    return ((actual - expected).norm() / (expected.norm() + FLOOR)).item()


def top_singular(weight: Tensor, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """Largest singular value of the convolution as a dense matrix, with its u and v."""
    out, into, kernel, _ = weight.shape
    if kernel == 1:
        left, values, right = torch.linalg.svd(weight.flatten(1))
        return values[0], left[:, :1], right[:1].T
    basis = torch.eye(into * side * side).view(-1, into, side, side)
    left, values, right = torch.linalg.svd(torch.conv2d(basis, weight, padding=1).flatten(1).T)
    return values[0], left[:, 0].view(1, out, side, side), right[0].view(1, into, side, side)


def conv_arrays(name: str, out: int, into: int, kernel: int, side: int) -> Arrays:
    """A convolution of norm above the bound, with exact singular vectors."""
    weight = torch.randn(out, into, kernel, kernel) * (2 / into) ** 0.5
    _, u, v = top_singular(weight, side)
    return {f"{name}.weight": weight, f"{name}.bias": torch.randn(out) * 0.1, f"{name}.u": u, f"{name}.v": v}


def stage_arrays(stage: int, depth: int, channels: int, width: int, side: int, batch: int) -> Arrays:
    arrays: Arrays = {}
    sizes = [(width, channels, 3), (width, width, 1), (channels, width, 3)]
    for j in range(depth):
        block = f"stages.{stage}.blocks.{j}"
        arrays[f"{block}.actNorm.logScale"] = torch.randn(channels) * 0.2
        arrays[f"{block}.actNorm.shift"] = torch.randn(channels) * 0.2
        for i, (out, into, kernel) in enumerate(sizes, start=1):
            arrays |= conv_arrays(f"{block}.branch.conv{i}", out, into, kernel, side)
        arrays[f"noise.{stage}.{j}"] = torch.randn(batch, channels, side, side).sign()
    return arrays


def with_gradients(arrays: Arrays) -> Arrays:
    return {name: array.requires_grad_(is_parameter(name)) for name, array in arrays.items()}


def classifier_case() -> Case:
    batch, classes = 3, 4
    arrays = {
        "x": torch.randn(batch, 3, SIDE, SIDE),
        "y": torch.eye(classes)[:batch],
        **stage_arrays(0, 2, 4, 5, SIDE, batch),
        **stage_arrays(1, 1, 16, 6, SIDE // 2, batch),
        "head.norm.scale": torch.rand(16) + 0.5,
        "head.norm.shift": torch.randn(16),
        "head.linear.weight": torch.randn(classes, 16),
        "head.linear.bias": torch.randn(classes),
    }
    config = {"blocks": [2, 1], "padTo": 4, "c": 0.9, "powerIterations": 1, "lr": 0.1}
    return Case("classifier", config, with_gradients(arrays))


def density_case(gradient: str, terms: int, batch: int) -> Case:
    side = SIDE // 2
    arrays = {
        "x": torch.randn(batch, 3, SIDE, SIDE),
        **stage_arrays(0, 2, 12, 5, side, batch),
        **stage_arrays(1, 1, 24, 6, side // 2, batch),
        "base.mean": torch.randn(12 * side * side),
        "base.logScale": torch.randn(12 * side * side) * 0.3,
    }
    config = {
        "blocks": [2, 1],
        "inputShape": [3, SIDE, SIDE],
        "c": 0.9,
        "powerIterations": 1,
        "terms": terms,
        "gradient": gradient,
        "lr": 0.1,
    }
    return Case("density", config, with_gradients(arrays))


def with_config(case: Case, **changes: Any) -> Case:
    return Case(case.kind, {**case.config, **changes}, case.arrays)


def with_all_probes(case: Case) -> Case:
    """One example repeated, with probes sqrt(D) e_i in every block; each D divides the batch."""
    arrays = dict(case.arrays)
    batch = len(arrays["x"])
    arrays["x"] = arrays["x"][:1].expand_as(arrays["x"])
    for name, noise in arrays.items():
        if name.startswith("noise."):
            dims = noise[0].numel()
            arrays[name] = (torch.eye(dims) * dims**0.5).repeat(batch // dims, 1).view_as(noise)
    return Case(case.kind, case.config, arrays)


def check_spectral_norm() -> None:
    for kernel in (3, 1):
        weight = torch.randn(4, 3, kernel, kernel)
        norm, u, v = top_singular(weight, side=5)
        _, _, outer = power_iteration(weight, torch.randn_like(u), v, iterations=5000)
        sigma = (weight * outer).sum()
        check(f"norm of a {kernel}x{kernel} convolution from a random start", abs(sigma / norm - 1).item(), 1e-9)


def check_differences(case: Case) -> None:
    """The gradient along a random direction of each array, against central differences.

    Sigma is stationary in the exact u and v of a case, so that they may move with the weights.
    """
    _, grads, _ = gradients(case)
    size = 1e-5
    worst = 0.0
    for name, grad in grads.items():
        direction = torch.randn_like(grad)
        losses = []
        for sign in (1, -1):
            moved = {**case.arrays, name: case.arrays[name].detach() + sign * size * direction}
            losses.append(loss_and_vectors(Case(case.kind, case.config, moved))[0].item())
        error = abs((losses[0] - losses[1]) / (2 * size) - (grad * direction).sum().item())
        worst = max(worst, error / (grad.norm().item() * direction.norm().item() + 1e-3))
    check(f"{case.kind}: {len(grads)} gradients against differences", worst, 1e-7)


def check_flow(case: Case) -> None:
    """The log-determinant against the dense Jacobian of x -> z; the Neumann value against the series'."""
    blocks = case.config["blocks"]
    weights, _ = normalise_weights(case.arrays, case.config["c"], 1)
    arrays = {name: array.detach() for name, array in {**case.arrays, **weights}.items()}

    def latent(x: Tensor) -> Tensor:
        return flow({**arrays, "x": x[None]}, blocks, 0, series_log_det)[0][0]

    differentiable = {**case.arrays, **weights}
    jacobian = torch.autograd.functional.jacobian(latent, arrays["x"][0]).flatten(1)
    exact = torch.linalg.slogdet(jacobian).logabsdet
    series = flow(differentiable, blocks, 100, series_log_det)[1].mean()
    check("flow: log-determinant against the Jacobian's, nats", abs(series - exact).item(), 1e-9)
    for terms in (1, 2, 5):
        values = [flow(differentiable, blocks, terms, f)[1] for f in (series_log_det, neumann_log_det)]
        check(f"flow: Neumann value, {terms} terms", relative(values[1], values[0]), 1e-12)


def check_inverse(case: Case) -> None:
    arrays, blocks = case.arrays, case.config["blocks"]
    weights, _ = normalise_weights(arrays, case.config["c"], 0)
    z, _ = flow({**arrays, **weights}, blocks, 0, series_log_det)
    x = inverse(Case(case.kind, case.config, {**arrays, "z": z.detach()}))
    check("flow: x back from its latent", (x - arrays["x"]).abs().max().item(), 1e-9)


def check_neumann(all_probes: Case, few_probes: Case) -> None:
    def difference(case: Case) -> float:
        series, neumann = (gradients(with_config(case, gradient=mode))[1] for mode in ("series", "neumann"))
        return max(relative(neumann[name], series[name]) for name in series)

    check("density: mean Neumann gradient against the series'", difference(all_probes), 1e-10)
    assert difference(few_probes) > 1e-2, "for single probes the two modes must differ"


def check_program(case: Case) -> None:
    loss, grads, vectors = gradients(case)
    expected = {"loss": loss, **grads, **vectors}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_arrays(folder, "case", case.arrays, kind=case.kind, config=case.config)
        command = [sys.executable, str(Path(__file__).with_name("twin.py")), name, "--threads", "1"]
        ops = ("gradients", "step", "step", "memory", "typo", "quit")
        requests = "".join(json.dumps({"op": op}) + "\n" for op in ops)
        lines = subprocess.run(command, input=requests, capture_output=True, text=True, check=True).stdout.splitlines()
        ready, first, one, two, memory, typo = map(json.loads, lines)
        assert ready["ready"] and memory["peakMiB"] > 0 and "error" in typo and one["ms"] > 0
        header = json.loads((folder / first["file"]).read_text())
        data = torch.frombuffer(bytearray((folder / "twin.bin").read_bytes()), dtype=torch.float32).double()
    assert [entry["name"] for entry in header["arrays"]] == list(expected)
    worst = 0.0
    for entry in header["arrays"]:
        array = expected[entry["name"]]
        assert entry["shape"] == list(array.shape)
        worst = max(worst, relative(data[entry["offset"] :][: array.numel()].view_as(array), array))
    mode = f"{case.kind} {case.config.get('gradient', '')}".strip()
    check(f"{mode}: program in float32 against float64", worst, 1e-3)
    assert one["loss"] == first["loss"] and two["loss"] < one["loss"], "steps must start afresh and descend"


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    check_spectral_norm()
    classifier = classifier_case()
    density = with_config(density_case("series", terms=5, batch=2), lr=1e-3)
    check_differences(classifier)
    check_differences(density)
    every_probe = with_all_probes(density_case("series", terms=5, batch=192))
    check_flow(every_probe)
    check_inverse(density)
    check_neumann(every_probe, density)
    for case in (classifier, density, with_config(density, gradient="neumann")):
        check_program(case)


if __name__ == "__main__":
    main()
