"""Compares modules for split batches with those for one process: python data_parallel.py FOLDER WORLD.

FOLDER has, for each loss, NAME.py and NAME_parallel.py, and cases.json with names and shapes. Every process draws the whole
batch from the same seed and gives its part.
"""

import importlib.util
import json
import os
import sys
import tempfile

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing

SIZES = {"d": 5, "B": 16, "N": 12, "p": 4}


def load(folder, file, name):
    spec = importlib.util.spec_from_file_location(file, os.path.join(folder, f"{file}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def apart(x, y):
    """The largest difference relative to the largest entry, or to 1."""
    scale = max(1.0, x.abs().max().item(), y.abs().max().item())
    return (x - y).abs().max().item() / scale


def part(x, axis, rank, world):
    return x if axis is None else x.chunk(world, axis)[rank].clone()


def leaves(tensors, names):
    return {name: x.detach().clone().requires_grad_(name in names) for name, x in tensors.items()}


def compare(folder, case, rank, world):
    name = case["name"]
    one, split = load(folder, name, name), load(folder, f"{name}_parallel", name)
    generator = torch.Generator().manual_seed(1)
    whole, axes = {}, {}
    for parameter, shape in case["inputs"]:
        sides = [SIZES[side] for side in shape]
        if parameter == "mask":
            whole[parameter] = (torch.arange(sides[0]) % 3 != 0).float()
        else:
            whole[parameter] = torch.randn(sides, generator=generator)
        axes[parameter] = next((axis for axis, side in enumerate(shape) if side in "BN"), None)
    by = [parameter for parameter in whole if parameter != "mask"]
    everything = leaves(whole, by)
    value = one(**everything)
    value.backward()
    wrong = []

    own = {parameter: part(x, axes[parameter], rank, world) for parameter, x in whole.items()}
    inputs = leaves(own, by)
    parallel = split(**inputs)
    parallel.backward()
    if apart(parallel.detach(), value.detach()) > 1e-6:
        wrong.append(f"{name}: the value is {parallel} and not {value}")
    for parameter in by:
        found, right = inputs[parameter].grad, everything[parameter].grad
        if right is None:
            wrong += [f"{name}: a gradient by {parameter}"] if found is not None and found.abs().max() > 0 else []
            continue
        difference = apart(found, part(right, axes[parameter], rank, world))
        if not difference <= 1e-6:
            wrong.append(f"{name}: the gradient by {parameter} is off by {difference}")

    # What a network's weights get: here a matrix before the features, its gradient averaged over the processes as
    # DistributedDataParallel does.
    features = [parameter for parameter in by if parameter.startswith(("Z", "P"))]

    def weight_gradient(loss, tensors, gather=False, **options):
        weight = torch.eye(SIZES["d"]).add_(0.1).requires_grad_()
        made = dict(tensors)
        for parameter in features:
            made[parameter] = weight @ tensors[parameter]
        if gather:
            for parameter, x in made.items():
                axis = axes[parameter]
                if axis is None:
                    continue
                parts = [torch.empty_like(x.detach().contiguous()) for _ in range(world)]
                dist.all_gather(parts, x.detach().contiguous())
                parts[rank] = x
                made[parameter] = torch.cat(parts, axis)
        loss(**made, **options).backward()
        gradient = weight.grad
        if tensors is not whole:
            dist.all_reduce(gradient)
            gradient /= world
        return gradient

    right = weight_gradient(one, whole)
    averaged = weight_gradient(split, own, average=True)
    if not apart(averaged, right) <= 1e-5:
        wrong.append(f"{name}: the averaged gradient by weights is off by {apart(averaged, right)}")
    size = right.abs().max()
    naive = weight_gradient(one, own)
    # The mean of the parts' losses is another loss, where pairs of samples or second moments count.
    if not (naive - right).abs().max() > 1e-3 * size:
        wrong.append(f"{name}: the mean over the parts has the gradient of the whole")
    detached = weight_gradient(one, own, gather=True)
    if not (detached - right).abs().max() > 1e-3 * size:
        wrong.append(f"{name}: gathering without gradients has the gradient of the whole")
    if not (world * detached - right).abs().max() <= 1e-4 * max(1.0, size):
        wrong.append(f"{name}: gathering without gradients has not 1/W of the gradient of the whole")
    return wrong


def refuses(folder, name, rank, world):
    """Parts of different sizes are an error on every process, and no wrong value."""
    split = load(folder, f"{name}_parallel", name)
    try:
        split(torch.randn(SIZES["d"], 3 + (rank == 0)))
    except ValueError as error:
        return [] if "every process must have as much" in str(error) else [str(error)]
    return [f"{name}: parts of different sizes are taken"]


def work(rank, folder, world, meeting):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=world)
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)
    wrong = [line for case in cases for line in compare(folder, case, rank, world)]
    wrong += refuses(folder, "h2", rank, world)
    dist.barrier()
    dist.destroy_process_group()
    if wrong:
        print("\n".join(f"process {rank} of {world}: {line}" for line in wrong), flush=True)
        sys.exit(1)
    if rank == 0:
        print(f"{len(cases)} losses on {world} processes")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        world = int(sys.argv[2])
        multiprocessing.spawn(work, args=(sys.argv[1], world, os.path.join(place, "meeting")), nprocs=world)
