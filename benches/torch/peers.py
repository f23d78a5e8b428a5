"""What a researcher writes in PyTorch, and how long it takes, forward and backward.

Matrices are laid out as in Loewner's library: Z is d x B, a column of norm 1 per sample; pred and target are N x p, a row
per patch. The formulas are the library's (src/library/*.lw) in the words of the code bases that its comments name: `logdet`,
`eigvalsh`, `cross_entropy`, a view that drops the diagonal. `--check PROGRAM` compares values and gradients with those of
the `loewner` program in double precision; there is no other link to it.

    peers.py                             every loss at every shape: one JSON line each
    peers.py --loss tcr h_1 --shape 128 1024 --mode eager
    peers.py --memory                    peak memory instead of time
    peers.py --serve                     a line {"loss", "d", "B", "mode", "seconds"} on standard input: one JSON line back,
                                         so that another program can take turns with this one
    peers.py --check target/debug/loewner

The inputs are those of `torch.manual_seed(seed)` and `torch.randn`, in the order of `inputs` below, on the processor.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
import torch.nn.functional as F

# ---------------------------------------------------------------------------------------------------------- the losses


def off_diagonal(a):
    """The entries off the diagonal of a square matrix, as facebookresearch/barlowtwins and vicreg take them."""
    n = a.shape[0]
    return a.flatten()[:-1].view(n - 1, n + 1)[:, 1:].flatten()


def gram(z):
    return z.T @ z


def tcr(z, mu=1.0):
    """log det(mu I + Z Z'): total coding rate (Tan et al., Definition 4.8)."""
    return torch.logdet(mu * torch.eye(z.shape[0], dtype=z.dtype) + z @ z.T)


def entropy_1(k):
    """-tr (K/n) log (K/n), from the eigenvalues. Rounding makes some of them negative: the usual remedy is a floor."""
    e = torch.linalg.eigvalsh(k / k.shape[0]).clamp_min(1e-12)
    return -(e * e.log()).sum()


def entropy_2(k):
    """-log |K/n|_F^2: order 2 needs no eigenvalues."""
    return -torch.log(torch.linalg.norm(k / k.shape[0]) ** 2)


def h_1(z):
    return entropy_1(gram(z))


def h_2(z):
    return entropy_2(gram(z))


def i_1(z1, z2):
    k1, k2 = gram(z1), gram(z2)
    return entropy_1(k1) + entropy_1(k2) - entropy_1(k1 * k2)


def i_2(z1, z2):
    k1, k2 = gram(z1), gram(z2)
    return entropy_2(k1) + entropy_2(k2) - entropy_2(k1 * k2)


def spectral_contrastive(z1, z2, lam=1.0):
    """Tan et al., equation 2."""
    return (z1 - z2).pow(2).sum() + lam * off_diagonal(z1.T @ z2).pow(2).sum()


def barlow_twins(z1, z2, lam=0.0051):
    """Tan et al., equation 3: rows of norm 1, no mean subtracted."""
    c = F.normalize(z1, dim=1) @ F.normalize(z2, dim=1).T
    on_diag = (torch.diagonal(c) - 1).pow(2).sum()
    return on_diag + lam * off_diagonal(c).pow(2).sum()


def info_nce(z1, z2, tau=0.5):
    """Tan et al., equation 1; both directions, as CLIP and MoCo v3 have it."""
    logits = z1.T @ z2 / tau
    labels = torch.arange(z1.shape[1])
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


def vicreg(z1, z2):
    """Bardes et al. 2022, section 4.1: 25, 25, 1, gamma = 1, eps = 1e-4."""
    d, batch = z1.shape
    loss = 25 * F.mse_loss(z1, z2) * d
    for z in (z1, z2):
        z = z - z.mean(dim=1, keepdim=True)
        std = torch.sqrt(z.var(dim=1) + 1e-4)
        cov = (z @ z.T) / (batch - 1)
        loss = loss + 25 * F.relu(1 - std).mean() + off_diagonal(cov).pow(2).sum() / d
    return loss


def mae(pred, target, mask):
    """facebookresearch/mae, forward_loss: the mean squared error of the masked patches."""
    loss = ((pred - target) ** 2).mean(dim=-1)
    return (loss * mask).sum() / mask.sum()


def u_mae(pred, target, mask, z, gamma=0.01):
    """Tan et al., section 5: a sum over ordered pairs of different samples."""
    return mae(pred, target, mask) + gamma * off_diagonal(gram(z)).pow(2).sum()


def m_mae(pred, target, mask, z, lam=0.01, mu=1.0):
    """Tan et al., equation 11."""
    return mae(pred, target, mask) - lam * tcr(z, mu)


ONE, TWO, MASKED = ("Z",), ("Z1", "Z2"), ("pred", "target", "mask", "Z")

# The function, its inputs in the order of its parameters, and the same loss in Loewner's language.
LOSSES = {
    "tcr": (tcr, ONE, "coding_rate(Z, 1)"),
    "u_mae": (u_mae, MASKED, "u_mae(pred, target, mask, Z)"),
    "h_1": (h_1, ONE, "entropy(gram(Z), 1)"),
    "h_2": (h_2, ONE, "entropy(gram(Z), 2)"),
    "i_1": (i_1, TWO, "mutual_information(gram(Z1), gram(Z2), 1)"),
    "i_2": (i_2, TWO, "mutual_information(gram(Z1), gram(Z2), 2)"),
    "spectral_contrastive": (spectral_contrastive, TWO, "spectral_contrastive(Z1, Z2)"),
    "barlow_twins": (barlow_twins, TWO, "barlow_twins(Z1, Z2)"),
    "info_nce": (info_nce, TWO, "info_nce(Z1, Z2, 1/2)"),
    "vicreg": (vicreg, TWO, "vicreg(Z1, Z2)"),
    "m_mae": (m_mae, MASKED, "m_mae(pred, target, mask, Z)"),
}

# (d, B): the features of ViT-B and a batch of theirs, more features than samples, fewer features.
SHAPES = [(768, 1024), (1024, 256), (128, 1024)]

# ---------------------------------------------------------------------------------------------------------- the inputs


def inputs(names, d, batch, patches, numbers, seed, dtype):
    """The inputs of a loss. Those that it is differentiated by are Z, Z1, Z2 and pred."""
    torch.manual_seed(seed)
    made = {}
    for name in names:
        if name == "mask":
            # Every fourth patch is seen: MAE hides three quarters.
            made[name] = (torch.arange(patches) % 4 != 0).to(dtype)
        elif name in ("pred", "target"):
            made[name] = torch.randn(patches, numbers, dtype=dtype)
        elif name == "Z2":
            # The second view of each sample is the first one with noise of half its size.
            noise = F.normalize(torch.randn(d, batch, dtype=dtype), dim=0)
            made[name] = F.normalize(made["Z1"] + 0.5 * noise, dim=0)
        else:
            made[name] = F.normalize(torch.randn(d, batch, dtype=dtype), dim=0)
    for name in names:
        made[name].requires_grad_(name not in ("mask", "target"))
    return made


class Cell:
    """One loss at one shape."""

    def __init__(self, loss, d, batch, options):
        self.loss, self.d, self.batch = loss, d, batch
        self.function, names, _ = LOSSES[loss]
        patches = options.patches or batch
        self.inputs = inputs(names, d, batch, patches, options.numbers, options.seed, torch.float32)
        self.compiled = None

    def step(self, mode):
        """One value and its gradients; what the last step left is let go first, as an optimiser does."""
        function = self.function
        if mode == "compile":
            if self.compiled is None:
                torch._dynamo.reset()
                self.compiled = torch.compile(self.function)
            function = self.compiled
        for tensor in self.inputs.values():
            tensor.grad = None
        value = function(*self.inputs.values())
        value.backward()
        return value.detach()

    def answer(self, mode, **measured):
        norms = {name: tensor.grad.double().norm().item() for name, tensor in self.inputs.items() if tensor.requires_grad}
        value = self.step(mode).item()
        place = {"loss": self.loss, "d": self.d, "B": self.batch, "mode": mode}
        return {**place, **measured, "value": value, "gradients": norms}


# ----------------------------------------------------------------------------------------------------------- measuring


def timed(cell, mode):
    start = time.perf_counter()
    cell.step(mode)
    return time.perf_counter() - start


def alternating(cell, modes, seconds):
    """Medians of runs that take turns, so that what else the machine does is spread over all of them."""
    for mode in modes:
        cell.step(mode)
        cell.step(mode)
    runs = {mode: [] for mode in modes}
    start = time.perf_counter()
    while time.perf_counter() - start < seconds * len(modes) or len(runs[modes[0]]) < 5:
        # Who goes first changes from round to round.
        for mode in modes if len(runs[modes[0]]) % 2 == 0 else reversed(modes):
            runs[mode].append(timed(cell, mode))
    for mode in modes:
        yield cell.answer(mode, seconds=median(runs[mode]), least=min(runs[mode]), runs=len(runs[mode]))


def resident(field):
    """VmRSS or its high-water mark VmHWM of this process, in bytes (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def peak(cell, mode):
    """How far the resident memory rises over a step, in bytes, beside the inputs and what the first steps keep."""
    for _ in range(3):
        cell.step(mode)
    for tensor in cell.inputs.values():
        tensor.grad = None
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    cell.step(mode)
    return cell.answer(mode, peak=max(0, resident("VmHWM") - before))


def give_freed_memory_back():
    """Runs this again where freed memory goes back to the system at once: a rise is then what is in use."""
    wanted = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})


# ------------------------------------------------------------------------------------------------------------ checking


def check(program):
    """Compares every loss with Loewner's, in double precision, with fewer samples than features and with more."""
    failures = 0
    for loss, (function, names, expression) in LOSSES.items():
        for d, batch in [(6, 4), (4, 7)]:
            made = inputs(names, d, batch, 5, 3, 0, torch.float64)
            value = function(*made.values())
            value.backward()
            with tempfile.TemporaryDirectory() as folder:
                loads = []
                for name, tensor in made.items():
                    np.save(Path(folder, name + ".npy"), tensor.detach().numpy())
                    loads += ["--load", f"{name}={folder}/{name}.npy"]

                def ask(*words):
                    answer = subprocess.run([program, *words, *loads, "--json"], check=True, capture_output=True)
                    return np.array(json.loads(answer.stdout)["value"], dtype=float)

                errors = {"value": abs(float(ask("eval", expression)) - value.item())}
                for name in (name for name in names if made[name].requires_grad):
                    ours = ask("grad", expression, "--wrt", name).reshape(made[name].shape)
                    errors[name] = float(np.abs(ours - made[name].grad.numpy()).max())
            # The floor under the eigenvalues in `entropy_1` costs up to B 1e-12 log 1e12 of the value, and of the gradient
            # its slope there times the rounding of the eigenvectors.
            bad = any(not error < 1e-9 for error in errors.values())
            failures += bad
            print(json.dumps({"loss": loss, "d": d, "B": batch, "errors": errors}) + ("  DIFFERENT" if bad else ""))
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loss", nargs="+", choices=LOSSES, default=list(LOSSES))
    parser.add_argument("--shape", nargs=2, type=int, action="append", metavar=("D", "B"))
    parser.add_argument("--mode", nargs="+", choices=["eager", "compile"], default=["eager", "compile"])
    parser.add_argument("--seconds", type=float, default=2.0, help="for each mode of a loss at a shape")
    parser.add_argument("--patches", type=int, help="rows of pred and target [default: B]")
    parser.add_argument("--numbers", type=int, default=768, help="columns of pred and target")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--check", metavar="PROGRAM")
    options = parser.parse_args()
    if options.memory:
        give_freed_memory_back()
    torch.set_num_threads(options.threads)

    def say(answer):
        print(json.dumps(answer), flush=True)

    if options.check:
        sys.exit(1 if check(options.check) else 0)
    if options.serve:
        cells = {}
        for line in sys.stdin:
            asked = json.loads(line)
            place = asked["loss"], asked["d"], asked["B"]
            if place not in cells:
                cells = {place: Cell(*place, options)}
            for answer in alternating(cells[place], [asked["mode"]], asked["seconds"]):
                say(answer)
        return
    for loss in options.loss:
        for d, batch in options.shape or SHAPES:
            cell = Cell(loss, d, batch, options)
            if options.memory:
                answers = [peak(cell, mode) for mode in options.mode]
            else:
                answers = alternating(cell, options.mode, options.seconds)
            for answer in answers:
                say(answer)


if __name__ == "__main__":
    main()
