"""Writes views.json: what torchvision and Pillow make of two small pictures, and which crops torchvision draws.

Run as `python views.py > views.json`, with torch 2.13.0, torchvision 0.29.2 and pillow 13.0.0. `resized` and `middle` are
bytes from Pillow (columns before rows), `colours` and `blurred` are floating-point planes from torchvision's functions on
tensors, `crops` are means and deviations over many draws of `RandomResizedCrop.get_params`.
"""

import json

import numpy as np
import torch
import torchvision.transforms as T
import torchvision.transforms.functional as F
from PIL import Image

DRAWS = 200_000
FILTERS = {"bilinear": F.InterpolationMode.BILINEAR, "bicubic": F.InterpolationMode.BICUBIC}


def picture(height, width, channels):
    """Smooth in some places and rough in others, with some grey pixels."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [(37 * x + 11 * y * (c + 2) + 50 * c + (x * y * (3 + c)) % 23 * 7) % 256 for c in range(channels)]
    image = np.stack(planes, axis=-1).astype(np.uint8)
    image[0, : width // 2] = 128
    image[height - 1, 0] = 0
    image[height - 1, 1] = 255
    return image


def pillow(image):
    return Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)


def listed(image):
    return np.asarray(image).reshape(-1).tolist()


def two_passes(image, height, width, mode):
    """Pillow's resize in two calls, columns first: in one call it goes along rows first, and rounds to bytes in between."""
    pillow_mode = Image.Resampling[mode.name]
    return image.resize((image.width, height), pillow_mode).resize((width, height), pillow_mode)


def resized():
    """(channels, [top, left, height, width], [height, width], filter, bytes)."""
    cases = []
    for channels, (height, width) in [(1, (20, 24)), (3, (12, 15))]:
        for part in [(0, 0, height, width), (3, 2, 7, 9), (1, 5, 11, 4), (height - 1, 0, 1, 1)]:
            for size in [(8, 8), (16, 12), (part[2], part[3]), (5, 21)]:
                for name, mode in FILTERS.items():
                    image = F.crop(pillow(picture(height, width, channels)), *part)
                    image = two_passes(image, *size, mode)
                    cases.append([channels, list(part), list(size), name, listed(image)])
    return cases


def middle():
    """(channels, [height, width] of the picture, side, side that the shorter one is brought to, bytes)."""
    cases = []
    for channels, height, width, side, shorter in [
        (3, 12, 15, 8, 8),
        (3, 15, 12, 8, 9),
        (1, 20, 24, 14, 16),
        (1, 9, 31, 7, 8),
        (3, 12, 15, 28, 32),
    ]:
        image = pillow(picture(height, width, channels))
        width_now, height_now = T.Resize(shorter)(image).size
        image = two_passes(image, height_now, width_now, F.InterpolationMode.BICUBIC)
        image = F.center_crop(image, side)
        cases.append([channels, [height, width], side, shorter, listed(image)])
    return cases


def planes(channels):
    return torch.from_numpy(picture(6, 7, channels)).permute(2, 0, 1).float() / 255


def colours():
    """(channels, function, argument, planes)."""
    functions = {
        "brightness": (F.adjust_brightness, [0.0, 0.4, 1.0, 1.7]),
        "contrast": (F.adjust_contrast, [0.0, 0.3, 1.0, 1.8]),
        "saturation": (F.adjust_saturation, [0.0, 0.6, 1.0, 1.9]),
        "hue": (F.adjust_hue, [-0.5, -0.17, 0.0, 0.08, 0.3333, 0.5]),
        "grayscale": (lambda image, _: F.rgb_to_grayscale(image, image.shape[0]), [0.0]),
    }
    cases = []
    for channels in (1, 3):
        for name, (function, arguments) in functions.items():
            for argument in arguments:
                cases.append([channels, name, argument, function(planes(channels), argument).reshape(-1).tolist()])
    return cases


def blurred():
    """(channels, size of the kernel, deviation, planes)."""
    sizes = [(1, 3, 0.1), (1, 5, 2.0), (3, 3, 0.8), (3, 7, 1.3), (3, 11, 2.0)]
    return [[c, k, s, F.gaussian_blur(planes(c), k, s).reshape(-1).tolist()] for c, k, s in sizes]


def crops():
    """([height, width], scale, ratio, means and deviations of top, left, height, width)."""
    torch.manual_seed(0)
    cases = []
    for height, width, scale, ratio in [
        (28, 28, (0.2, 1.0), (3 / 4, 4 / 3)),
        (28, 28, (0.08, 1.0), (3 / 4, 4 / 3)),
        (20, 60, (0.5, 1.0), (3 / 4, 4 / 3)),
        (90, 10, (0.9, 1.0), (3 / 4, 4 / 3)),
        (50, 40, (0.1, 0.3), (1 / 2, 1.0)),
    ]:
        image = torch.empty(1, height, width)
        drawn = [T.RandomResizedCrop.get_params(image, scale, ratio) for _ in range(DRAWS)]
        drawn = np.array(drawn, dtype=float)
        cases.append([[height, width], scale, ratio, drawn.mean(0).tolist(), drawn.std(0).tolist()])
    return cases


print(
    json.dumps(
        {
            "grey": [20, 24, listed(picture(20, 24, 1))],
            "colour": [12, 15, listed(picture(12, 15, 3))],
            "small": {str(c): listed(picture(6, 7, c)) for c in (1, 3)},
            "others": {f"{h}x{w}x{c}": listed(picture(h, w, c)) for c, h, w in [(3, 15, 12), (1, 9, 31)]},
            "resized": resized(),
            "middle": middle(),
            "colours": colours(),
            "blurred": blurred(),
            "draws": DRAWS,
            "crops": crops(),
        }
    ).replace("], [", "],\n[")
)
