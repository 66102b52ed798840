"""Quantise one tensor without a compiler: the engine's wheel exports ggml's own routine as a C symbol.

The symbol is a detail of that wheel, so it is looked for at run time; pure-Python Q8_0 takes over without it.
"""

import ctypes
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any


@cache
def ggml_library() -> ctypes.CDLL | None:
    """The engine's shared library with typed functions, or None when it does not export the routine."""
    found = importlib.util.find_spec("xllamacpp")
    if found is None or found.origin is None:
        return None
    for file in sorted(Path(found.origin).parent.glob("xllamacpp*.so")):
        library = ctypes.CDLL(str(file))
        if hasattr(library, "ggml_quantize_chunk") and hasattr(library, "ggml_row_size"):
            long, pointer = ctypes.c_int64, ctypes.c_void_p
            library.ggml_quantize_chunk.restype = ctypes.c_size_t
            library.ggml_quantize_chunk.argtypes = [ctypes.c_int, pointer, pointer, long, long, long, pointer]
            library.ggml_row_size.restype = ctypes.c_size_t
            library.ggml_row_size.argtypes = [ctypes.c_int, long]
            return library
    return None


def quantise(array: Any, kind: str) -> tuple[Any, Any]:
    """The tensor's bytes and its GGML type; `kind` is F32, F16, Q8_0, Q6_K or Q4_K, rows along the last axis."""
    import gguf
    import numpy

    wanted = gguf.GGMLQuantizationType[kind]
    array = numpy.ascontiguousarray(array, dtype=numpy.float32)
    if kind in ("F32", "F16"):
        return array.astype(numpy.float32 if kind == "F32" else numpy.float16), wanted
    library = ggml_library()
    if library is None:
        wanted = gguf.GGMLQuantizationType.Q8_0
        return gguf.quants.quantize(array, wanted), wanted
    rows, columns = array.shape
    out = numpy.empty((rows, library.ggml_row_size(int(wanted), columns)), dtype=numpy.uint8)
    written = library.ggml_quantize_chunk(int(wanted), array.ctypes.data, out.ctypes.data, 0, rows, columns, None)
    assert written == out.nbytes, f"ggml wrote {written} bytes instead of {out.nbytes}"
    return out, wanted
