"""The numbers that sum a bench up: ratios of medians, null where one of the two was not measured."""

from typing import Any

from benchmarks.table import OTHERS

Results = dict[str, Any]


def ratios_of(models: Results) -> dict[str, float | None]:
    """Ratios of times (of rates for callers); on the digits model and all cores, unless their name says otherwise.

    Args:
        models: what was measured, by model; see `benchmarks.__main__`.
    """
    digits = ("digits", "reading", "all")

    def rows(batch: int, above: str, below: str) -> float | None:
        timed = (*digits, f"batch{batch}")
        return _over(_at(models, *timed, above, "median"), _at(models, *timed, below, "median"))

    callers = [_at(models, "digits", "callers", "all", number, "images_per_second", "median") for number in ("2", "1")]
    ratios = {
        "fused_over_detector_batch1": rows(1, "fused", "detector"),
        "fused_over_detector_batch16": rows(16, "fused", "detector"),
        "fused_over_prediction_model_batch1": rows(1, "fused", "prediction_model"),
        "fused_over_prediction_model_batch16": rows(16, "fused", "prediction_model"),
        "compiled_glue_over_fused_batch1": rows(1, "compiled_glue", "fused"),
        "compiled_glue_over_fused_batch16": rows(16, "compiled_glue", "fused"),
        "predict_glue_over_fused_batch1": rows(1, "predict_glue", "fused"),
        "predict_glue_over_fused_batch16": rows(16, "predict_glue", "fused"),
        "multiflow_over_batched_batch1": rows(1, "multiflow", "fused"),
        "multiflow_over_batched_batch16": rows(16, "multiflow", "fused"),
        "onnx_over_tensorflow_batch1": rows(1, "onnx", "fused"),
        "litert_over_tensorflow_batch1": rows(1, "litert", "fused"),
        "two_callers_over_one": _over(*callers),
        "matrix_rate_share_batch16": _at(models, *digits, "operations", "matrix_rate_share_batch16", "fused"),
        "training_over_constant_batch": _at(models, "digits", "training", "detector", "over_constant_batch"),
        "classifier_training_over_constant_batch": _at(
            models, "digits", "training", "classifier", "over_constant_batch"
        ),
    }
    return ratios | {
        f"plates_fused_over_{other}_one_core": _over(
            *(_at(models, "plates", "others", "one", "rows", name, "time", "median") for name in ("fused", other))
        )
        for other in list(OTHERS)[1:]
    }


def _at(content: Results, *keys: str) -> Any:
    """What is there by those keys, one inside the other; None if there is nothing."""
    found: Any = content
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            return None
        found = found[key]
    return found


def _over(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None else above / below
