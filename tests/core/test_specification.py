"""Specifications: what fields of several share."""

import subprocess
import sys
from importlib import import_module
from pkgutil import walk_packages
from typing import Annotated, get_args, get_origin

from pydantic.fields import FieldInfo

import loyaltymodel


def test_types_that_fields_share_hold_nothing_that_a_default_is_written_into():
    shared = {}
    for module in walk_packages(loyaltymodel.__path__, "loyaltymodel."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(import_module(module.name)).items():
            if get_origin(value) is Annotated:
                shared[f"{module.name}.{name}"] = get_args(value)[1:]
    assert "loyaltymodel._core.specification.Positive" in shared
    held = [name for name, marks in shared.items() if any(isinstance(m, FieldInfo) for m in marks)]
    assert not held


def test_a_default_of_one_specification_is_none_of_another_one():
    code = """
import loyaltymodel.chain.scenarios.specification
from loyaltymodel.errors import ModelError
from loyaltymodel.expectation_gap import ProspectResponse
try:
    ProspectResponse()
except ModelError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "loss_aversion" in run.stdout
