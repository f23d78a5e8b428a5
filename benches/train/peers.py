"""One step of pre-training a masked autoencoder, as a researcher writes it in eager PyTorch, and how long it takes.

The model is that of He et al. 2022 in the words of its official code (models_mae.py) and of timm (PatchEmbed, Attention
with fused attention, Mlp, Block): a convolution cuts and embeds all patches, `gather` takes the visible ones, the
decoder puts its tokens back with a `gather` before its blocks and predicts every patch; the loss is masked at the end.
AdamW decays matrices alone, as timm's `add_weight_decay` has it.

    peers.py --serve      one line of JSON asked, one answered:
                          {"check": FILE}                 value and norm of the gradient for what FILE holds
                          {"loss": "mae", "steps": 3}     the seconds of each step
"""

import argparse
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim, num_heads):
        super().__init__()
        self.num_heads, self.head_dim = num_heads, dim // num_heads
        self.qkv = nn.Linear(dim, dim * 3)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, self.head_dim).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.proj(x.transpose(1, 2).reshape(B, N, C))


class Mlp(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1 = nn.Linear(dim, 4 * dim)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(4 * dim, dim)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, dim, num_heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, num_heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self, patch, channels, dim):
        super().__init__()
        self.proj = nn.Conv2d(channels, dim, kernel_size=patch, stride=patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class MaskedAutoencoder(nn.Module):
    def __init__(self, image, patch, channels, dim, depth, heads, inner, inner_depth, inner_heads):
        super().__init__()
        self.patch = patch
        patches = (image // patch) ** 2
        self.patch_embed = PatchEmbed(patch, channels, dim)
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.pos_embed = nn.Parameter(torch.zeros(1, patches + 1, dim), requires_grad=False)
        self.blocks = nn.ModuleList([Block(dim, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.decoder_embed = nn.Linear(dim, inner)
        self.mask_token = nn.Parameter(torch.randn(1, 1, inner) * 0.02)
        self.decoder_pos_embed = nn.Parameter(torch.zeros(1, patches + 1, inner), requires_grad=False)
        self.decoder_blocks = nn.ModuleList([Block(inner, inner_heads) for _ in range(inner_depth)])
        self.decoder_norm = nn.LayerNorm(inner, eps=1e-6)
        self.decoder_pred = nn.Linear(inner, patch**2 * channels)

    def patchify(self, x):
        B, C, H, W = x.shape
        p = self.patch
        x = x.reshape(B, C, H // p, p, W // p, p)
        return torch.einsum("nchpwq->nhwpqc", x).reshape(B, (H // p) * (W // p), p * p * C)

    def random_masking(self, x, noise, ratio=0.75):
        B, L, D = x.shape
        keep = int(L * (1 - ratio))
        if noise is None:
            noise = torch.rand(B, L)
        shuffle = torch.argsort(noise, dim=1)
        restore = torch.argsort(shuffle, dim=1)
        x = torch.gather(x, dim=1, index=shuffle[:, :keep].unsqueeze(-1).repeat(1, 1, D))
        mask = torch.ones(B, L)
        mask[:, :keep] = 0
        return x, torch.gather(mask, dim=1, index=restore), restore

    def forward(self, images, noise=None):
        x = self.patch_embed(images) + self.pos_embed[:, 1:, :]
        x, mask, restore = self.random_masking(x, noise)
        cls = (self.cls_token + self.pos_embed[:, :1, :]).expand(x.shape[0], -1, -1)
        x = torch.cat((cls, x), dim=1)
        for block in self.blocks:
            x = block(x)
        latent = self.norm(x)

        x = self.decoder_embed(latent)
        tokens = self.mask_token.repeat(x.shape[0], restore.shape[1] + 1 - x.shape[1], 1)
        tokens = torch.cat([x[:, 1:, :], tokens], dim=1)
        tokens = torch.gather(tokens, dim=1, index=restore.unsqueeze(-1).repeat(1, 1, x.shape[2]))
        x = torch.cat([x[:, :1, :], tokens], dim=1) + self.decoder_pos_embed
        for block in self.decoder_blocks:
            x = block(x)
        pred = self.decoder_pred(self.decoder_norm(x))[:, 1:, :]

        target = self.patchify(images)
        mean = target.mean(dim=-1, keepdim=True)
        var = target.var(dim=-1, keepdim=True)
        target = (target - mean) / (var + 1.0e-6) ** 0.5
        loss = ((pred - target) ** 2).mean(dim=-1)
        loss = (loss * mask).sum() / mask.sum()
        return loss, latent[:, 0]


def coding_rate(z):
    """log det(I + Z Z'), of class tokens of norm 1: the regulariser of Tan et al., equation 11."""
    z = F.normalize(z, dim=1)
    return torch.logdet(torch.eye(z.shape[1]) + z.T @ z)


class Cell:
    def __init__(self, options):
        torch.manual_seed(0)
        # ViT-Tiny and the decoder of src/train/nn/mae.rs for it.
        self.model = MaskedAutoencoder(28, 4, 1, 192, 12, 3, 96, 2, 3)
        trained = [weight for weight in self.model.parameters() if weight.requires_grad]
        groups = [
            {"params": [weight for weight in trained if weight.ndim > 1], "weight_decay": 0.05},
            {"params": [weight for weight in trained if weight.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.95))
        self.images = torch.randn(options.batch, 1, 28, 28)

    def value(self, loss, noise=None):
        value, z = self.model(self.images, noise)
        return value - 0.01 * coding_rate(z) if loss == "m_mae" else value

    def step(self, loss):
        start = time.perf_counter()
        self.optimizer.zero_grad()
        value = self.value(loss)
        value.backward()
        self.optimizer.step()
        value.item()
        return time.perf_counter() - start

    def check(self, file):
        given = {name: torch.from_numpy(array.copy()) for name, array in np.load(file).items()}
        self.images = given.pop("images")
        # The order 'kept, then hidden' as the noise that sorts into it.
        noise = given.pop("restore").float()
        self.model.load_state_dict(given, strict=True)
        answer = {}
        for loss in ("mae", "m_mae"):
            self.optimizer.zero_grad()
            value = self.value(loss, noise)
            value.backward()
            squares = [weight.grad.double().pow(2).sum() for weight in self.model.parameters() if weight.requires_grad]
            answer[loss] = value.item()
            answer[loss + "_gradient"] = torch.stack(squares).sum().sqrt().item()
        return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cell = Cell(options)
    if not options.serve:
        print(json.dumps({"seconds": [cell.step("mae") for _ in range(6)][1:]}))
        return
    for line in sys.stdin:
        asked = json.loads(line)
        if "check" in asked:
            answer = cell.check(asked["check"])
        else:
            answer = {"seconds": [cell.step(asked["loss"]) for _ in range(asked["steps"])]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
