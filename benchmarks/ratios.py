"""Ratios that summarise a benchmark.

A ratio is None if one of its rows was not measured.
"""

from typing import Any

from benchmarks.table import PEERS

Results = dict[str, Any]

_PAIRS = {
    "fused_over_detector": ("fused", "detector"),
    "compiled_glue_over_fused": ("compiled_glue", "fused"),
    "predict_glue_over_fused": ("predict_glue", "fused"),
    "multiflow_over_batched": ("multiflow", "fused"),
    "onnx_over_tensorflow": ("onnx", "fused"),
    "litert_over_tensorflow": ("litert", "fused"),
}


def ratios_of(models: Results) -> dict[str, float | None]:
    """Compute the ratios of median times, or of rates for callers.

    They are of the digits model and all cores unless the name says otherwise.

    Args:
        models: results by model, from `benchmarks.__main__`.
    """
    reading, training = ("digits", "reading", "all"), ("digits", "training")
    ratios = {
        f"{name}_batch{batch}": _ratio(models, (*reading, f"batch{batch}"), *rows, ("median",))
        for name, rows in _PAIRS.items()
        for batch in (1, 16)
    }
    return ratios | {
        "two_callers_over_one": _ratio(models, ("digits", "callers", "all"), "2", "1", ("images_per_second", "median")),
        "matrix_rate_share_batch16": _at(models, *reading, "operations", "matrix_rate_share_batch16", "fused"),
        "training_over_constant_batch": _at(models, *training, "detector", "over_constant_batch"),
        "classifier_training_over_constant_batch": _at(models, *training, "classifier", "over_constant_batch"),
        **{
            f"plates_fused_over_{peer}_one_core": _ratio(
                models, ("plates", "peers", "one", "rows"), "fused", peer, ("time", "median")
            )
            for peer in PEERS
            if peer != "fused"
        },
    }


def _ratio(
    models: Results, path: tuple[str, ...], numerator: str, denominator: str, value: tuple[str, ...]
) -> float | None:
    above, below = (_at(models, *path, row, *value) for row in (numerator, denominator))
    return None if above is None or below is None else above / below


def _at(content: Results, *keys: str) -> Any:
    """The value at nested keys; None if there is none."""
    value: Any = content
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value
