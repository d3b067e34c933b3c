"""What was measured, as lines to print."""

from typing import Any

NOT_THERE = "not available"
ROWS = {
    "detector": "detector alone, as it is in the fused model",
    "prediction_model": "detector alone, as keras-retinanet converts it",
    "fused": "fused, batched head",
    "multiflow": "fused, multi-flow head",
    "compiled_glue": "glue of compiled functions",
    "predict_glue": "glue of predict and Pillow",
    "onnx": "fused, ONNX Runtime",
    "litert": "fused, LiteRT",
}
"""Titles of the ways to read an image, by row."""
OTHERS = {"fused": "fused", "rapidocr": "rapidocr, recognition only", "tesseract": "Tesseract"}
_SETTINGS = {"one": "one core", "all": "all cores"}
_WIDTH = 46

Results = dict[str, Any]


def table_of(results: Results) -> str:
    """The whole table: a block for each model, then the ratios."""
    machine = results["machine"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Python {machine['python']}, "
        f"TensorFlow {machine['versions']['tensorflow']}",
        "Medians, and in brackets the quartiles.",
    ]
    for name, model in results["models"].items():
        lines += ["", f"== {name}: {_source(model)}", "", *_reading(model), *_start(model), *_callers(model)]
        lines += [*_operations(model), *_training(model), *_folders(model), *_others(model)]
    lines += ["", "== ratios (digits, all cores, unless the name says otherwise)", ""]
    lines += [f"{name:<{_WIDTH}}{_number(value)}" for name, value in results["ratios"].items()]
    return "\n".join(lines)


def _source(model: Results) -> str:
    if model["source"] == "trained":
        return "the pipeline's own models"
    return "the released model (rows that need its two parts are left out: this pipeline has not trained here)"


def _number(value: float | None) -> str:
    return NOT_THERE if value is None else f"{value:.2f}"


def _spread(summary: Results | None, digits: int = 2) -> str:
    if summary is None:
        return NOT_THERE
    median, lower, upper = (f"{summary[key]:.{digits}f}" for key in ("median", "lower", "upper"))
    return f"{median} ({lower}-{upper})"


def _line(title: str, *cells: str) -> str:
    return f"{title:<{_WIDTH}}" + "".join(f"{cell:>25}" for cell in cells)


def _reading(model: Results) -> list[str]:
    settings = [(cores, batch) for cores in _SETTINGS for batch in ("batch1", "batch16")]
    heads = [f"{_SETTINGS[cores]}, {batch.replace('batch', 'batch ')}" for cores, batch in settings]
    lines = [_line("milliseconds an image", *heads)]
    reading = model["reading"]
    for row, title in ROWS.items():
        lines.append(_line(title, *(_spread(reading[cores][batch].get(row)) for cores, batch in settings)))
    return lines


def _start(model: Results) -> list[str]:
    sizes = model["reading"]["all"]["size_bytes"]
    lines = ["", _line("a process that loads and reads one image", "first reading, s", "peak memory, MiB", "disk, MiB")]
    disk = {"fused": sizes["fused"], "predict_glue": sizes.get("detector", 0) + sizes.get("classifier", 0)}
    disk |= {row: size for row, size in sizes.items() if row in ROWS and row != "detector"}
    for row in (row for row in ROWS if row in disk):
        started = model["start"].get(row, {})
        cells = (_spread(started.get(key)) for key in ("first_reading_seconds", "peak_memory_mib"))
        if disk[row]:
            lines.append(_line(ROWS[row], *cells, f"{disk[row] / 2**20:.2f}"))
    return lines


def _callers(model: Results) -> list[str]:
    lines = ["", _line("images a second, several callers", *_SETTINGS.values(), "answers their own")]
    found = [model["callers"][cores] for cores in _SETTINGS]
    for number in found[0]:
        rates = (_spread(callers[number]["images_per_second"], 0) for callers in found)
        own = min(callers[number]["own_answers"] for callers in found)
        lines.append(_line(f"{number} at once", *rates, f"{own:.1%}"))
    return lines


def _operations(model: Results) -> list[str]:
    found = [model["reading"][cores]["operations"] for cores in _SETTINGS]
    lines = ["", _line("million operations an image")]
    lines += [_line(part, f"{count:.1f}") for part, count in found[0]["mega_operations_an_image"].items()]
    lines += ["", _line("share of the rate of matrix products, batch 16", *_SETTINGS.values())]
    for part in found[0]["matrix_rate_share_batch16"]:
        lines.append(_line(part, *(f"{one['matrix_rate_share_batch16'][part]:.1%}" for one in found)))
    rates = (f"{one['matrix_products_giga_operations_a_second']:.0f}" for one in found)
    return [*lines, _line("matrix products, thousand million a second", *rates)]


def _training(model: Results) -> list[str]:
    lines = ["", _line("training, milliseconds a step, all cores", "from the pipeline", "constant batch", "examples/s")]
    for part, found in model["training"].items():
        cells = (_spread(found["step"], 1), _spread(found["constant_step"], 1), f"{found['examples_per_second']:.0f}")
        lines.append(_line(part, *cells))
    return lines


def _folders(model: Results) -> list[str]:
    if "folders" not in model:
        return []
    lines = ["", _line("platefuse read of a folder, all cores", "images/s", "peak memory, MiB")]
    for number, found in model["folders"].items():
        title = f"{int(number):,} images"
        lines.append(_line(title, f"{found['images_per_second']:.0f}", f"{found['peak_memory_mib']:.0f}"))
    return lines


def _others(model: Results) -> list[str]:
    if "others" not in model:
        return []
    found = model["others"]
    plates = found["one"]["plates"]
    head = f"{plates['read']} {plates['kind']}, ms a plate"
    lines = ["", _line(head, *_SETTINGS.values(), "read rightly", "with O=0, I=1")]
    for row, title in OTHERS.items():
        if row in found["one"]["rows"]:
            one = found["one"]["rows"][row]
            times = (_spread(found[cores]["rows"][row]["time"], 1) for cores in _SETTINGS)
            lines.append(_line(title, *times, f"{one['exact_match']:.3f}", f"{one['folded']:.3f}"))
        else:
            lines.append(_line(title, NOT_THERE, found["one"]["missing"][row]))
    return lines
