"""The results as a table of text."""

from typing import Any

NOT_AVAILABLE = "not available"
ROWS = {
    "detector": "detector alone",
    "fused": "fused, batched head",
    "multiflow": "fused, multi-flow head",
    "compiled_glue": "glue of compiled functions",
    "predict_glue": "glue of predict and Pillow",
    "onnx": "fused, ONNX Runtime",
    "litert": "fused, LiteRT",
}
"""Titles of the rows."""
PEERS = {"fused": "fused", "rapidocr": "rapidocr, recognition only", "tesseract": "Tesseract"}
_SETTINGS = {"one": "one core", "all": "all cores"}
_WIDTH = 46

Results = dict[str, Any]


def table_of(results: Results) -> str:
    """Format the table: a block for each model, then the ratios."""
    machine = results["machine"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Python {machine['python']}, "
        f"TensorFlow {machine['versions']['tensorflow']}",
        "Medians, with quartiles in brackets.",
    ]
    for name, model in results["models"].items():
        lines += ["", f"== {name}: {_source(model)}", "", *_reading(model), *_start(model), *_callers(model)]
        lines += [*_operations(model), *_training(model), *_folders(model), *_peers(model)]
    lines += ["", "== ratios (digits, all cores, unless the name says otherwise)", ""]
    lines += [f"{name:<{_WIDTH}}{_number(value)}" for name, value in results["ratios"].items()]
    return "\n".join(lines)


def _source(model: Results) -> str:
    if model["source"] == "trained":
        return "the pipeline's own models"
    return "the released model (without the rows that need detector.h5 and classifier.h5)"


def _number(value: float | None) -> str:
    return NOT_AVAILABLE if value is None else f"{value:.2f}"


def _spread(summary: Results | None, digits: int = 2) -> str:
    if summary is None:
        return NOT_AVAILABLE
    median, lower, upper = (f"{summary[key]:.{digits}f}" for key in ("median", "lower", "upper"))
    return f"{median} ({lower}-{upper})"


def _line(title: str, *cells: str) -> str:
    return f"{title:<{_WIDTH}}" + "".join(f"{cell:>25}" for cell in cells)


def _reading(model: Results) -> list[str]:
    settings = [(cores, batch) for cores in _SETTINGS for batch in ("batch1", "batch16")]
    heads = [f"{_SETTINGS[cores]}, {batch.replace('batch', 'batch ')}" for cores, batch in settings]
    lines = [_line("milliseconds per image", *heads)]
    reading = model["reading"]
    for row, title in ROWS.items():
        lines.append(_line(title, *(_spread(reading[cores][batch].get(row)) for cores, batch in settings)))
    return lines


def _start(model: Results) -> list[str]:
    sizes = model["reading"]["all"]["size_bytes"]
    lines = ["", _line("a process that reads one image", "first reading, s", "peak memory, MiB", "disk, MiB")]
    disk = {"fused": sizes["fused"], "predict_glue": sizes.get("detector", 0) + sizes.get("classifier", 0)}
    disk |= {row: size for row, size in sizes.items() if row in ROWS and row != "detector"}
    for row in (row for row in ROWS if row in disk):
        started = model["start"].get(row, {})
        cells = (_spread(started.get(key)) for key in ("first_reading_seconds", "peak_memory_mib"))
        if disk[row]:
            lines.append(_line(ROWS[row], *cells, f"{disk[row] / 2**20:.2f}"))
    return lines


def _callers(model: Results) -> list[str]:
    lines = ["", _line("images per second, concurrent callers", *_SETTINGS.values(), "answers as serial")]
    results = [model["callers"][cores] for cores in _SETTINGS]
    for number in results[0]:
        rates = (_spread(callers[number]["images_per_second"], 0) for callers in results)
        own = min(callers[number]["own_answers"] for callers in results)
        lines.append(_line(number, *rates, f"{own:.1%}"))
    return lines


def _operations(model: Results) -> list[str]:
    results = [model["reading"][cores]["operations"] for cores in _SETTINGS]
    lines = ["", _line("million operations per image")]
    lines += [_line(part, f"{count:.1f}") for part, count in results[0]["mega_operations_an_image"].items()]
    lines += ["", _line("share of the matrix product rate, batch 16", *_SETTINGS.values())]
    for part in results[0]["matrix_rate_share_batch16"]:
        lines.append(_line(part, *(f"{each['matrix_rate_share_batch16'][part]:.1%}" for each in results)))
    rates = (f"{each['matrix_products_giga_operations_a_second']:.0f}" for each in results)
    return [*lines, _line("matrix products, thousand million per second", *rates)]


def _training(model: Results) -> list[str]:
    lines = ["", _line("training, milliseconds per step, all cores", "input pipeline", "constant batch", "examples/s")]
    for part, result in model["training"].items():
        times = (_spread(result[step], 1) for step in ("step", "constant_step"))
        lines.append(_line(part, *times, f"{result['examples_per_second']:.0f}"))
    return lines


def _folders(model: Results) -> list[str]:
    if "folders" not in model:
        return []
    lines = ["", _line("platefuse read of a folder, all cores", "images/s", "peak memory, MiB")]
    for count, result in model["folders"].items():
        title = f"{int(count):,} images"
        lines.append(_line(title, f"{result['images_per_second']:.0f}", f"{result['peak_memory_mib']:.0f}"))
    return lines


def _peers(model: Results) -> list[str]:
    if "peers" not in model:
        return []
    results = model["peers"]
    plates = results["one"]["plates"]
    head = f"{plates['read']} {plates['kind']}, ms per plate"
    lines = ["", _line(head, *_SETTINGS.values(), "exact match", "with O=0, I=1")]
    for row, title in PEERS.items():
        if row in results["one"]["rows"]:
            scores = results["one"]["rows"][row]
            times = (_spread(results[cores]["rows"][row]["time"], 1) for cores in _SETTINGS)
            lines.append(_line(title, *times, f"{scores['exact_match']:.3f}", f"{scores['exact_match_equated']:.3f}"))
        else:
            lines.append(_line(title, NOT_AVAILABLE, results["one"]["missing"][row]))
    return lines
