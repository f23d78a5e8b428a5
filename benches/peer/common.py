"""The command line and the clock that both NumPy programs share; nothing in here is measured."""
import argparse
import json
import time


def main(claims, batch):
    """Measures one claim.

    claims maps a number of the paper to a function (generator, n) -> margins, one of a single sample or an array of
    several; batch gives how many samples one call evaluates.
    """
    import numpy as np

    parser = argparse.ArgumentParser()
    parser.add_argument("--claim", choices=sorted(claims), required=True)
    parser.add_argument("--n", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--threads", type=int, help="read by the BLAS from the environment; here for the record")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    rng = np.random.default_rng(arguments.seed)
    margin, n = claims[arguments.claim], arguments.n
    for _ in range(3):  # The first calls start threads and fill caches.
        margin(rng, n)
    least, samples = np.inf, 0
    start = time.perf_counter()
    while True:
        least = min(least, np.min(margin(rng, n)))
        samples += batch(n)
        seconds = time.perf_counter() - start
        if seconds >= arguments.seconds:
            break
    result = {"claim": arguments.claim, "n": n, "samples": samples, "seconds": seconds, "min_margin": float(least)}
    print(json.dumps(result))
