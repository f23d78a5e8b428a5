"""Compares emitted modules with what tch computed: python emitted.py CASES.json."""

import importlib.util
import json
import sys
import warnings

import torch

torch.manual_seed(0)
warnings.filterwarnings("ignore", category=FutureWarning)


def load(path, name):
    spec = importlib.util.spec_from_file_location("emitted_" + name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def apart(x, y):
    """The largest difference relative to the largest entry, or to 1."""
    x, y = torch.as_tensor(x, dtype=torch.float64), torch.as_tensor(y, dtype=torch.float64)
    if x.shape != y.shape:
        return float("inf")
    if not (torch.isfinite(x).all() and torch.isfinite(y).all()):
        return float("inf")
    scale = max(1.0, x.abs().max().item(), y.abs().max().item())
    return (x - y).abs().max().item() / scale


def run(function, case, dtype):
    tensors = {name: torch.tensor(value, dtype=dtype) for name, value in case["inputs"]}
    for name in case["by"]:
        tensors[name].requires_grad_()
    value = function(**tensors, **case["scalars"])
    # What is behind the loss in the graph multiplies the gradient.
    (2 * value).backward()
    gradients = {}
    for name in case["by"]:
        gradient = tensors[name].grad
        assert gradient is None or gradient.dtype == dtype, (case["function"], name)
        gradients[name] = torch.zeros_like(tensors[name]) if gradient is None else gradient / 2
    return value, gradients


def main():
    wrong = []
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    for case in cases:
        function = load(case["module"], case["function"])
        if case["compile"]:
            function = torch.compile(function, fullgraph=True)
        label = f"{case['function']} {case['label']}"
        for dtype, expected, tolerance in [(torch.float64, "f64", 1e-10), (torch.float32, "f32", 2e-3)]:
            if expected not in case:
                continue
            value, gradients = run(function, case, dtype)
            assert value.dtype == dtype and value.shape == (), label
            differences = {"value": apart(value.detach(), case[expected]["value"])}
            for name, gradient in case[expected]["gradients"]:
                differences[name] = apart(gradients[name], gradient)
            if not max(differences.values()) <= tolerance:
                wrong.append(f"{label} {expected}: {differences}")
        if case["label"] == "ordinary" and not case["compile"]:
            value, gradients = run(function, case, torch.bfloat16)
            if value.dtype != torch.float32 or not torch.isfinite(value):
                wrong.append(f"{label}: half precision is not computed in single precision")
            with torch.no_grad():
                tensors = {name: torch.tensor(x, dtype=torch.float64) for name, x in case["inputs"]}
                value = function(**tensors, **case["scalars"])
            if value.requires_grad or apart(value, case["f64"]["value"]) > 1e-10:
                wrong.append(f"{label}: another value without gradients")
    print(f"{len(cases)} cases")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
