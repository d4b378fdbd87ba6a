"""The one part that is compiled. Where there is no compiler it is left out, and NumPy does its work more slowly."""

import sys

from setuptools import Extension, setup

# What GCC needs to turn the loops into vector code; a second copy of each loop body hides the latency of the first.
FLAGS = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-fschedule-insns", "-funroll-loops", "-fopenmp-simd"]

setup(
    ext_modules=[
        Extension(
            "losses._machine",
            ["losses/_machine.c"],
            extra_compile_args=[] if sys.platform == "win32" else [*FLAGS, "--param=max-unroll-times=2"],
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
