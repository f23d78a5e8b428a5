"""Says which requirements of a file are not met by the environment that runs this: one line each, nothing if all are."""

import sys
from importlib import metadata

from pip._vendor.packaging.requirements import Requirement

with open(sys.argv[1], encoding="utf-8") as file:
    lines = [line.split("#")[0].strip() for line in file]
for requirement in map(Requirement, filter(None, lines)):
    if requirement.marker and not requirement.marker.evaluate():
        continue
    try:
        found = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        print(f"{requirement.name} is missing")
        continue
    if not requirement.specifier.contains(found, prereleases=True):
        print(f"{requirement.name} is {found}, wanted is {requirement.specifier}")
