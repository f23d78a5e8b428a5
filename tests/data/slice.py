"""Cuts the first images and labels out of the four files of Fashion-MNIST: `python slice.py FROM TO`."""

import gzip
import struct
import sys
from pathlib import Path

COUNTS = {"train": 512, "t10k": 256}


def slice_of(data, count):
    """The same array with its first size made smaller: magic with the rank in its last byte, sizes, entries."""
    rank = data[3]
    sizes = list(struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank]))
    assert sizes[0] >= count, sizes
    entry = 1
    for size in sizes[1:]:
        entry *= size
    start = 4 + 4 * rank
    header = data[:4] + struct.pack(f">{rank}I", count, *sizes[1:])
    return header + data[start : start + count * entry]


def main(origin, target):
    for split, count in COUNTS.items():
        for name in (f"{split}-images-idx3-ubyte.gz", f"{split}-labels-idx1-ubyte.gz"):
            data = gzip.decompress((Path(origin) / name).read_bytes())
            # No time and no name in the header, so that the same images are the same bytes.
            (Path(target) / name).write_bytes(gzip.compress(slice_of(data, count), 9, mtime=0))


main(*sys.argv[1:])
