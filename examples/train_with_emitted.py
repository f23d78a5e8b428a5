"""Trains a small masked autoencoder with a loss that was written as a Python module.

Needs torch, and the program: LOEWNER=target/debug/loewner python examples/train_with_emitted.py

The network starts at a collapsed batch: all features are one, and the Gram matrix has one eigenvalue that is not zero.
There the gradient of an entropy through torch.linalg.eigh is not a number; that of the module is.
"""

import importlib.util
import os
import subprocess
import tempfile

import torch


def emitted(loss, *options):
    """The function of a module that `loewner emit` writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"{loss}.py")
        program = os.environ.get("LOEWNER", "loewner")
        subprocess.run([program, "emit", "pytorch", loss, *options, "--output", path], check=True)
        spec = importlib.util.spec_from_file_location(loss, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return getattr(module, loss)


def main():
    torch.manual_seed(0)
    # mae - lambda H_alpha(Z'Z), with the von Neumann entropy.
    m_mae_entropy = emitted("m_mae_entropy", "--set", "alpha=1")

    patches, size, features = 64, 12, 8
    target = torch.randn(patches, 3) @ torch.randn(3, size) + 0.1 * torch.randn(patches, size)
    mask = (torch.arange(patches) % 4 != 0).float()

    encoder, decoder = torch.nn.Linear(size, features), torch.nn.Linear(features, size)
    torch.nn.init.zeros_(encoder.weight)
    torch.nn.init.ones_(encoder.bias)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.02)

    losses = []
    for _ in range(200):
        latent = encoder(target)
        # The features of the language are columns of norm 1.
        features_of_norm_1 = torch.nn.functional.normalize(latent, dim=1).T
        loss = m_mae_entropy(decoder(latent), target, mask, features_of_norm_1, lambda_=0.05)
        optimiser.zero_grad()
        loss.backward()
        assert all(torch.isfinite(parameter.grad).all() for parameter in encoder.parameters())
        optimiser.step()
        losses.append(loss.item())

    assert losses[-1] < 0.5 * losses[0], losses
    print(f"trained: the loss fell from {losses[0]:.3f} to {losses[-1]:.3f}")


if __name__ == "__main__":
    main()
