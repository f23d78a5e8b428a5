"""The networks of src/train/nn, written again with torch.nn, on weights and inputs that a test hands over.

    models.py CASE IN.npz OUT.npz

CASE is a JSON object: "network" is "mae", "resnet" or "head", the rest its sizes. IN has weights under the names that
checkpoints have, and the inputs; OUT gets every layer's output, the value and, under `grad.NAME`, the gradients.

This is not how src/train/nn works: attention is torch.nn.MultiheadAttention, patches are cut by a convolution, the
encoder embeds all of them, and the decoder puts its tokens back into the order of the image before its blocks.
"""

import json
import math
import sys

import numpy as np
import torch
from torch import nn

# ------------------------------------------------------------------------------------------------- masked autoencoder


class Block(nn.Module):
    """Dosovitskiy et al. 2021, equations 2 and 3."""

    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        y = self.norm1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


def sin_cos(width, rows, columns):
    """One place after another, one number after another."""
    table = np.zeros((1 + rows * columns, width))
    for row in range(rows):
        for column in range(columns):
            for i in range(width):
                half, j = divmod(i, width // 2)
                place = row if half else column
                phase, j = divmod(j, width // 4)
                angle = place / 10000 ** (j / (width / 4))
                table[1 + row * columns + column, i] = math.cos(angle) if phase else math.sin(angle)
    return torch.from_numpy(table)


class Mae(nn.Module):
    def __init__(self, case):
        super().__init__()
        encoder = case["encoder"]
        width, side, channels = encoder["width"], encoder["patch"], encoder["channels"]
        rows, columns = (length // side for length in encoder["image"])
        inner = case["decoder_width"]
        self.case, self.patches = case, rows * columns
        self.patch_embed = nn.Conv2d(channels, width, side, stride=side)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.ModuleList(Block(width, encoder["heads"]) for _ in range(encoder["depth"]))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.decoder_embed = nn.Linear(width, inner)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, inner))
        self.decoder_blocks = nn.ModuleList(Block(inner, case["decoder_heads"]) for _ in range(case["decoder_depth"]))
        self.decoder_norm = nn.LayerNorm(inner, eps=1e-6)
        self.decoder_pred = nn.Linear(inner, side * side * channels)
        self.register_buffer("pos_embed", sin_cos(width, rows, columns))
        self.register_buffer("decoder_pos_embed", sin_cos(inner, rows, columns))

    def embed(self, images):
        return self.patch_embed(images).flatten(2).transpose(1, 2)

    def encode(self, patches, out):
        """Patches that have their positions."""
        x = torch.cat([self.cls_token.expand(len(patches), -1, -1) + self.pos_embed[0], patches], dim=1)
        for at, block in enumerate(self.blocks):
            x = out[f"blocks.{at}"] = block(x)
        return x

    def features(self, images):
        x = self.encode(self.embed(images) + self.pos_embed[1:], {})
        return self.norm(x)[:, 0], self.norm(x[:, 1:].mean(dim=1))

    def target(self, images):
        """The pixels of a patch row by row, the channels of a pixel together."""
        side = self.case["encoder"]["patch"]
        pieces = []
        for image in images:
            for i in range(0, image.shape[1], side):
                for j in range(0, image.shape[2], side):
                    pieces.append(image[:, i : i + side, j : j + side].permute(1, 2, 0).flatten())
        patches = torch.stack(pieces)
        if self.case["normalized_target"]:
            deviations = patches - patches.mean(dim=1, keepdim=True)
            variance = (deviations**2).sum(dim=1, keepdim=True) / (patches.shape[1] - 1)
            patches = deviations / (variance + 1e-6) ** 0.5
        return patches

    def forward(self, images, restore, weights):
        """Each layer's output; the decoder's are put into the order 'class, kept, hidden' only to be handed over."""
        out = {}
        shuffle = restore.argsort(dim=1)
        kept = int(self.patches * (1 - self.case["mask_ratio"]))

        def chosen(x, places):
            return torch.gather(x, 1, places[..., None].expand(-1, -1, x.shape[2]))

        def in_order(x):
            return torch.cat([x[:, :1], chosen(x[:, 1:], shuffle)], dim=1)

        embedded = self.embed(images)
        out["patch_embed"] = chosen(embedded, shuffle[:, :kept])
        x = self.encode(chosen(embedded + self.pos_embed[1:], shuffle[:, :kept]), out)
        latent = out["latent"] = self.norm(x)
        x = out["decoder_embed"] = self.decoder_embed(latent)
        hidden = self.mask_token.expand(len(x), self.patches - kept, -1)
        x = torch.cat([x[:, :1], chosen(torch.cat([x[:, 1:], hidden], dim=1), restore)], dim=1) + self.decoder_pos_embed
        out["decoder_tokens"] = in_order(x)
        for at, block in enumerate(self.decoder_blocks):
            x = block(x)
            out[f"decoder_blocks.{at}"] = in_order(x)
        pred = out["pred"] = self.decoder_pred(self.decoder_norm(x))[:, 1:].flatten(0, 1)
        target = out["target"] = self.target(images)
        mask = out["mask"] = (restore >= kept).flatten().to(pred.dtype)
        error = ((pred - target) ** 2).mean(dim=1)
        # A second function of the class token, so that its gradient comes from two sides.
        out["value"] = (error * mask).sum() / mask.sum() + (latent[:, 0] * weights).mean()
        return out


def renamed(name):
    """torch.nn's name of a weight of a checkpoint."""
    for ours, theirs in [("attn.qkv.", "attn.in_proj_"), ("attn.proj.", "attn.out_proj."), ("mlp.fc1", "mlp.0"),
                         ("mlp.fc2", "mlp.2"), ("patch_embed.proj", "patch_embed")]:
        name = name.replace(ours, theirs)
    return name


def mae(case, given):
    model = Mae(case)
    out = {name: getattr(model, name) for name in ("pos_embed", "decoder_pos_embed")}
    names = filled(model, given, renamed, skip={"images", "restore", "weights", *out})
    images = given["images"]
    made = model(images, given["restore"], given["weights"])
    made["value"].backward()
    with torch.no_grad():
        out["features"], out["pooled"] = model.features(images)
    return {**out, **made, **gradients(model, names)}


# --------------------------------------------------------------------------------------------------- residual network


class Residual(nn.Module):
    """He et al. 2016, figure 2."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        skip = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))) + skip)


class ResNet18(nn.Module):
    def __init__(self, case):
        super().__init__()
        width, small = case["width"], case["stem"] == "cifar"
        self.conv1 = nn.Conv2d(case["channels"], width, *((3, 1, 1) if small else (7, 2, 3)), bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.pool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        inputs = width
        for stage in range(4):
            outputs = width * 2**stage
            blocks = [Residual(inputs, outputs, 1 if stage == 0 else 2), Residual(outputs, outputs, 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            inputs = outputs

    def forward(self, x, out):
        x = out["stem"] = self.pool(torch.relu(self.bn1(self.conv1(x))))
        for stage in range(1, 5):
            for at, block in enumerate(getattr(self, f"layer{stage}")):
                x = out[f"layer{stage}.{at}"] = block(x)
        out["features"] = x.mean(dim=(2, 3))
        return out["features"]


def resnet(case, given):
    model = ResNet18(case)
    names = filled(model, given, lambda name: name, skip={"images", "weights"})
    out = {}
    out["value"] = (model(given["images"], out) * given["weights"]).sum()
    out["value"].backward()
    return {**out, **gradients(model, names), **evaluated(model, lambda: model(given["images"], {}))}


# ------------------------------------------------------------------------------------------------------------- heads


def head(case, given):
    """The official code's layers, in its own words."""
    width, hidden, last = case["width"], case["hidden"], case["last"]
    linear, norm, relu = nn.Linear, nn.BatchNorm1d, nn.ReLU
    if case["head"] == "simclr":
        end = norm(last)
        del end.bias
        end.register_parameter("bias", None)
        layers = [linear(width, width, bias=False), norm(width), relu(), linear(width, last, bias=False), end]
    elif case["head"] == "barlow_twins":
        layers = [linear(width, hidden, bias=False), norm(hidden), relu(), linear(hidden, hidden, bias=False),
                  norm(hidden), relu(), linear(hidden, hidden, bias=False)]
    elif case["head"] == "vicreg":
        layers = [linear(width, hidden), norm(hidden), relu(), linear(hidden, hidden), norm(hidden), relu(),
                  linear(hidden, hidden, bias=False)]
    elif case["head"] == "byol":
        layers = [linear(width, hidden), norm(hidden), relu(), linear(hidden, last, bias=False)]
    elif case["head"] == "simsiam_projector":
        layers = [linear(width, width, bias=False), norm(width), relu(), linear(width, width, bias=False),
                  norm(width), relu(), linear(width, last, bias=False), norm(last, affine=False)]
    elif case["head"] == "simsiam_predictor":
        layers = [linear(width, hidden, bias=False), norm(hidden), relu(), linear(hidden, width)]
    model = nn.Sequential(*layers)

    def place(name):
        # "1.norm.weight" is behind "1.linear.weight"; there are three modules a layer.
        layer, kind, rest = name.split(".")
        return f"{3 * int(layer) + (kind == 'norm')}.{rest}"

    names = filled(model, given, place, skip={"x", "weights"})
    x = given["x"].requires_grad_()
    y = model(x)
    value = (y * weighted(given, y)).sum()
    value.backward()
    return {"y": y, "value": value, "grad.x": x.grad, **gradients(model, names), **evaluated(model, lambda: model(x))}


def weighted(given, y):
    return given["weights"][:, : y.shape[1]]


# ------------------------------------------------------------------------------------------------------------ between


def filled(model, given, place, skip):
    """Puts every given weight into the model, none left over on either side. The names: the model's, then the given."""
    model.to(next(given[name] for name in given if name not in skip).dtype)
    theirs = model.state_dict(keep_vars=True)
    names = {place(name): name for name in given if name not in skip}
    wanted = {name for name in theirs if not name.endswith("num_batches_tracked") and "pos_embed" not in name}
    assert set(names) == wanted, set(names) ^ wanted
    for name, ours in names.items():
        assert theirs[name].shape == given[ours].shape, (name, theirs[name].shape, given[ours].shape)
        theirs[name].data.copy_(given[ours])
    return names


def gradients(model, names):
    return {f"grad.{names[name]}": weight.grad for name, weight in model.named_parameters()}


def evaluated(model, run):
    """The running statistics after one batch, and what comes out by them."""
    model.eval()
    with torch.no_grad():
        out = {"evaluated": run()}
    statistics = {f"after.{name}": value for name, value in model.named_buffers() if "running" in name}
    return {**out, **statistics}


def main():
    case, source, target = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
    given = {name: torch.from_numpy(value.copy()) for name, value in np.load(source).items()}
    out = {"mae": mae, "resnet": resnet, "head": head}[case["network"]](case, given)
    np.savez(target, **{name: value.detach().numpy() for name, value in out.items()})


if __name__ == "__main__":
    main()
