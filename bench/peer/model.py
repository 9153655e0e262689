"""Losses of two invertible residual networks (i-ResNet), in plain PyTorch.

A block maps x to y = a + g(a), where a = x * exp(logScale) + shift per channel (ActNorm) and
g = conv3x3, ELU, conv1x1, ELU, conv3x3 acts on ELU(a), or on a itself in the network's first
block. Every convolution's spectral norm is kept at or below c, so Lip(g) <= c**3 and the block is
invertible for c < 1 (Behrmann et al. 2019, "Invertible Residual Networks",
https://arxiv.org/abs/1811.00995).

The functions are pure and take their arrays by name, `stages.0.blocks.1.branch.conv2.weight` and
so on. Images are [B, C, H, W]; log-probabilities and log-determinants are in nats, [B].
"""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

Arrays = dict[str, Tensor]
LogDet = Callable[[Tensor, Tensor, Tensor, int], Tensor]
"""Estimator of log|det(I + J)|, [B], from g(a), a, the probe v and the number of terms."""


def unit(t: Tensor) -> Tensor:
    return t / (torch.linalg.vector_norm(t) + 1e-12)


def conv_image(image: Tensor, weight: Tensor) -> Tensor:
    """3x3 convolution of one image, without gradient.

    F.conv2d of one small image leaves oneDNN for im2col and BLAS (torch 1.13), which took half
    of a classifier's step with the reference BLAS. oneDNN knows no float64.
    """
    if image.dtype == torch.float32 and torch.backends.mkldnn.is_available():
        return torch.mkldnn_convolution(image, weight, None, (1, 1), (1, 1), (1, 1), 1)
    return F.conv2d(image, weight, padding=1)


@torch.no_grad()
def power_iteration(weight: Tensor, u: Tensor, v: Tensor, iterations: int) -> tuple[Tensor, Tensor, Tensor]:
    """v = n(W'u), u = n(Wv), repeated, with n(t) = t / |t|; returns u, v and d<u, Wv> / dW = uv'.

    W is the convolution as an operator on images of v's height and width, padding 1, for a 3x3
    kernel, and the [O, I] matrix for a 1x1 kernel.
    """
    if v.dim() == 2:
        matrix = weight.flatten(1)
        for _ in range(iterations):
            v = unit(matrix.T @ u)
            u = unit(matrix @ v)
        return u, v, (u @ v.T).view_as(weight)
    adjoint = weight.transpose(0, 1).flip(2, 3).contiguous()
    for _ in range(iterations):
        v = unit(conv_image(u, adjoint))
        u = unit(conv_image(v, weight))
    return u, v, F.conv2d(v.transpose(0, 1), u.transpose(0, 1), padding=1).transpose(0, 1)


def normalise_weights(arrays: Arrays, c: float, iterations: int) -> tuple[Arrays, Arrays]:
    """Effective weights W / max(1, sigma / c) of all branches, and their updated u and v.

    sigma = <u, Wv> is linear in W, hence <W, uv'> with uv' constant, and needs no convolution.
    """
    weights: Arrays = {}
    vectors: Arrays = {}
    for name, weight in arrays.items():
        if ".branch." not in name or not name.endswith(".weight"):
            continue
        conv = name.removesuffix(".weight")
        u, v, outer = power_iteration(weight, arrays[f"{conv}.u"], arrays[f"{conv}.v"], iterations)
        sigma = (weight * outer).sum()
        weights[name] = weight / (sigma / c).clamp(min=1)
        vectors[f"{conv}.u"], vectors[f"{conv}.v"] = u, v
    return weights, vectors


def act_norm(x: Tensor, arrays: Arrays, block: str) -> Tensor:
    scale = arrays[f"{block}.actNorm.logScale"].exp().view(-1, 1, 1)
    return torch.addcmul(arrays[f"{block}.actNorm.shift"].view(-1, 1, 1), x, scale)


def branch(a: Tensor, arrays: Arrays, block: str) -> Tensor:
    """g(a), with the weights found in `arrays`, which must be normalised already."""

    def conv(h: Tensor, i: int, padding: int) -> Tensor:
        prefix = f"{block}.branch.conv{i}"
        return F.conv2d(h, arrays[f"{prefix}.weight"], arrays[f"{prefix}.bias"], padding=padding)

    h = a if block == "stages.0.blocks.0" else F.elu(a)
    h = F.elu(conv(h, 1, padding=1), inplace=True)
    h = F.elu(conv(h, 2, padding=0), inplace=True)
    return conv(h, 3, padding=1)


def squeeze(x: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, 4C, H/2, W/2]; the place in the 2x2 patch leads, the channel follows."""
    b, c, h, w = x.shape
    return x.view(b, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4).reshape(b, 4 * c, h // 2, w // 2)


def unsqueeze(x: Tensor) -> Tensor:
    """The inverse of `squeeze`."""
    b, c, h, w = x.shape
    return x.view(b, 2, 2, c // 4, h, w).permute(0, 3, 4, 1, 5, 2).reshape(b, c // 4, 2 * h, 2 * w)


def classifier_loss(arrays: Arrays, blocks: Sequence[int], pad_to: int) -> Tensor:
    """Mean cross-entropy of x [B, C, H, W] against the one-hot y [B, K].

    x is zero-padded to `pad_to` channels and squeezed between stages; the head is batch
    normalisation with the batch's own statistics, ReLU, the mean over H and W, and a linear map.
    """
    x = arrays["x"]
    x = F.pad(x, (0, 0, 0, 0, 0, pad_to - x.shape[1]))
    for stage, depth in enumerate(blocks):
        if stage > 0:
            x = squeeze(x)
        for j in range(depth):
            block = f"stages.{stage}.blocks.{j}"
            a = act_norm(x, arrays, block)
            x = a + branch(a, arrays, block)
    scale, shift = arrays["head.norm.scale"], arrays["head.norm.shift"]
    x = F.batch_norm(x, None, None, scale, shift, training=True, eps=1e-5)
    features = F.relu(x, inplace=True).mean((2, 3))
    logits = F.linear(features, arrays["head.linear.weight"], arrays["head.linear.bias"])
    return F.cross_entropy(logits, arrays["y"])


def inner(s: Tensor, t: Tensor) -> Tensor:
    """<s, t> of each example, [B]."""
    return (s * t).flatten(1).sum(1)


def series_log_det(g: Tensor, a: Tensor, v: Tensor, terms: int) -> Tensor:
    """sum_{k=1..n} (-1)^(k+1) / k * v'J^k v, differentiable through every power of J.

    Behrmann et al. 2019, Theorem 1 and Algorithm 2.
    """
    vector = v
    total = torch.zeros_like(v[:, 0, 0, 0])
    for k in range(1, terms + 1):
        (vector,) = torch.autograd.grad(g, a, vector, create_graph=True)
        total = total + inner(vector, v) * ((-1) ** (k + 1) / k)
    return total


def neumann_log_det(g: Tensor, a: Tensor, v: Tensor, terms: int) -> Tensor:
    """The value of `series_log_det` with the gradient of the surrogate s = <w'J, v>.

    d log|det(I + J)| = tr((I + J)^-1 dJ), and with the Neumann series of the inverse its estimate
    is w' dJ v for the constant w' = sum_{k=0..n-1} (-1)^k v'J^k: one differentiable product with J
    replaces n. Both estimators' gradients have the same mean over probes v with E[vv'] = I (Chen
    et al. 2019, "Residual Flows for Invertible Generative Modeling", equation 8,
    https://arxiv.org/abs/1906.02735).

    As s = sum_{k=1..n} (-1)^(k+1) v'J^k v, the value needs no n-th product of its own: it is
    s / n + sum_{k<n} (-1)^(k+1) (1/k - 1/n) v'J^k v.
    """
    vector = w = v
    partial = torch.zeros_like(v[:, 0, 0, 0])
    for k in range(1, terms):
        (vector,) = torch.autograd.grad(g, a, vector, retain_graph=True)
        sign = (-1) ** k
        w = torch.add(w, vector, alpha=sign)
        partial = partial - sign * (1 / k - 1 / terms) * inner(vector, v)
    (product,) = torch.autograd.grad(g, a, w, create_graph=True)
    surrogate = inner(product, v)
    constant = surrogate.detach()
    return surrogate - constant + (constant / terms + partial)


def flow(arrays: Arrays, blocks: Sequence[int], terms: int, log_det_of_branch: LogDet) -> tuple[Tensor, Tensor]:
    """The latent z [B, D] of x [B, C, H, W] and the log|det dz/dx| estimated with the noise arrays.

    x is squeezed first; before each further stage the first half of the channels goes to the
    latent as it is, and the second half is squeezed and goes on.
    """
    x = squeeze(arrays["x"])
    latent: list[Tensor] = []
    log_det = torch.zeros_like(x[:, 0, 0, 0])
    for stage, depth in enumerate(blocks):
        if stage > 0:
            done, rest = x.chunk(2, dim=1)
            latent.append(done.flatten(1))
            x = squeeze(rest.contiguous())
        for j in range(depth):
            block = f"stages.{stage}.blocks.{j}"
            a = act_norm(x, arrays, block)
            g = branch(a, arrays, block)
            pixels = x.shape[2] * x.shape[3]
            log_det = log_det + pixels * arrays[f"{block}.actNorm.logScale"].sum()
            log_det = log_det + log_det_of_branch(g, a, arrays[f"noise.{stage}.{j}"], terms)
            x = a + g
    return torch.cat([*latent, x.flatten(1)], dim=1), log_det


@torch.no_grad()
def inverse_flow(arrays: Arrays, blocks: Sequence[int], image: Sequence[int], iterations: int) -> Tensor:
    """The x [B, C, H, W] whose latent is z [B, D], `image` being C, H, W.

    A block's a = y - g(a) is iterated from a = y, a fixed number of times (Behrmann et al. 2019,
    Algorithm 1).
    """
    c, h, w = image
    shapes = [(2 ** (stage + 2) * c, h >> stage + 1, w >> stage + 1) for stage in range(len(blocks))]
    sizes = [math.prod(shape) // 2 for shape in shapes[:-1]] + [math.prod(shapes[-1])]
    parts = arrays["z"].split(sizes, dim=1)
    x = parts[-1].view(-1, *shapes[-1])
    for stage in reversed(range(len(blocks))):
        if stage + 1 < len(blocks):
            channels, *size = shapes[stage]
            x = torch.cat([parts[stage].view(-1, channels // 2, *size), unsqueeze(x)], dim=1)
        for j in reversed(range(blocks[stage])):
            block = f"stages.{stage}.blocks.{j}"
            a = x
            for _ in range(iterations):
                a = x - branch(a, arrays, block)
            scale = (-arrays[f"{block}.actNorm.logScale"]).exp().view(-1, 1, 1)
            x = (a - arrays[f"{block}.actNorm.shift"].view(-1, 1, 1)) * scale
    return unsqueeze(x)


def density_loss(arrays: Arrays, blocks: Sequence[int], terms: int, log_det_of_branch: LogDet) -> Tensor:
    """Mean negative log-likelihood, -(log p(z) + logDet), under a diagonal Gaussian p; in nats."""
    z, log_det = flow(arrays, blocks, terms, log_det_of_branch)
    mean, log_scale = arrays["base.mean"], arrays["base.logScale"]
    squares = ((z - mean) * (-log_scale).exp()).square().sum(1)
    log_prob = -0.5 * squares - log_scale.sum() - 0.5 * math.log(2 * math.pi) * z.shape[1]
    return -(log_prob + log_det).mean()
