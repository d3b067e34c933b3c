"""Benchmarks: statistics by hand, and every part with small models. No time is asserted."""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from benchmarks import first_reading
from benchmarks.__main__ import main
from benchmarks.callers import CALLERS, measure_callers
from benchmarks.chart import draw_chart
from benchmarks.glue import CompiledGlue, PredictGlue, PythonPostprocess, prediction_model_of
from benchmarks.machine import cores_of, describe, pinned
from benchmarks.model_under_test import ModelUnderTest, find_model, linked_folder
from benchmarks.operations import count_operations
from benchmarks.processes import measure_folders
from benchmarks.processes import run as run_process
from benchmarks.ratios import ratios_of
from benchmarks.table import table_of
from benchmarks.timing import Plan, interleaved, summarise
from benchmarks.worker import run_task, run_worker
from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import AnnotatedPlate, write_plate_set
from platefuse.fusion.params import FuseParams
from platefuse.fusion.postprocess import join_characters
from platefuse.fusion.trained import fuse_trained
from platefuse.networks.classification.model import Classifier, save_classifier
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.retinanet import Detector, save_detector
from platefuse.runner.atomic import write_json
from tests.helpers import small_models
from tests.helpers.eager import eagerly

RATIOS = {
    "fused_over_detector_batch1",
    "fused_over_detector_batch16",
    "compiled_glue_over_fused_batch1",
    "predict_glue_over_fused_batch1",
    "multiflow_over_batched_batch1",
    "onnx_over_tensorflow_batch1",
    "litert_over_tensorflow_batch1",
    "two_callers_over_one",
    "matrix_rate_share_batch16",
    "training_over_constant_batch",
    "plates_fused_over_rapidocr_one_core",
    "plates_fused_over_tesseract_one_core",
}
EXPORTED = {"onnx_over_tensorflow_batch1", "litert_over_tensorflow_batch1"}


# --- statistics


def test_a_summary_by_hand():
    milliseconds = summarise([0.001, 0.004, 0.002, 0.005, 0.003], factor=1000)
    assert milliseconds == {"median": 3, "lower": 2, "upper": 4, "repeats": 5}
    assert summarise([7.0]) == {"median": 7, "lower": 7, "upper": 7, "repeats": 1}
    assert summarise([1.0, 2.0])["median"] == 1.5


def test_rows_are_timed_in_turn_and_each_round_begins_with_another():
    calls: list[str] = []

    def row(name: str) -> Callable[[], object]:
        return lambda: calls.append(name)

    times = interleaved({name: row(name) for name in "abc"}, Plan(rounds=2, seconds=0.0), "rows")
    once, first, second = "abc", "aabbcc", "bbccaa"  # a visit is an untimed call and a timed one
    assert "".join(calls) == once + first + second
    assert {name: len(values) for name, values in times.items()} == {"a": 2, "b": 2, "c": 2}


def test_ratios_are_of_medians_and_null_where_a_row_is_missing():
    def rows(**medians: float) -> dict[str, Any]:
        return {name: {"median": median, "lower": 0, "upper": 9, "repeats": 3} for name, median in medians.items()}

    callers = {number: {"images_per_second": rows(it=rate)["it"]} for number, rate in (("1", 100.0), ("2", 150.0))}
    timed = {"batch1": rows(detector=4, fused=5, compiled_glue=8), "batch16": rows(fused=3)}
    peers = {"one": {"rows": {"fused": {"time": rows(x=4)["x"]}, "rapidocr": {"time": rows(x=16)["x"]}}}}
    digits = {"reading": {"all": timed, "one": {}}, "callers": {"all": callers}}
    ratios = ratios_of({"digits": digits, "plates": {"peers": peers}})
    assert ratios["fused_over_detector_batch1"] == 1.25
    assert ratios["compiled_glue_over_fused_batch1"] == 1.6
    assert ratios["two_callers_over_one"] == 1.5
    assert ratios["plates_fused_over_rapidocr_one_core"] == 0.25
    known = {name for name, ratio in ratios.items() if ratio is not None}
    assert len(known) == 4
    assert ratios.keys() >= RATIOS


# --- operations and callers


def test_operations_by_hand():
    images = np.zeros((2, 8, 6, 3), np.uint8)
    convolution = keras.layers.Conv2D(5, 3, strides=2, padding="same")
    dense = keras.layers.Dense(7)

    def graph(batch: tf.Tensor) -> tf.Tensor:
        features = convolution(tf.cast(batch, tf.float32))  # [2,4,3,5]
        mixed = tf.einsum("bhwc,hk->bkwc", features, tf.ones([4, 9]))
        return dense(tf.reshape(mixed, [2, -1])), tf.matmul(features, features, transpose_b=True)

    convolved, mixed_up = (4 * 3 * 5) * (3 * 3 * 3), 9 * 3 * 5 * 4
    connected, multiplied = (9 * 3 * 5) * 7, 4 * (3 * 3) * 5
    assert count_operations(graph, images) == 2 * 2 * (convolved + mixed_up + connected + multiplied)


def test_a_graph_that_works_on_what_is_there_is_counted_by_it():
    weights = tf.ones([3, 4])

    def graph(batch: tf.Tensor) -> tf.Tensor:
        bright = tf.boolean_mask(tf.cast(batch, tf.float32), batch[..., 0] > 0)
        return bright @ weights

    images = np.zeros((1, 4, 4, 3), np.uint8)
    images[0, 0, :3] = 255
    assert count_operations(graph, images) == 2 * 3 * 3 * 4


def test_every_caller_gets_its_own_answers_and_a_mixed_up_one_is_noticed():
    images = np.arange(8, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    right = measure_callers(lambda batch: {"mean": batch.mean(axis=(1, 2, 3))}, images, rounds=1, calls=8)
    assert [right[str(number)]["own_answers"] for number in CALLERS] == [1, 1, 1]
    before: list[np.ndarray] = [images[:1]]

    def late(batch: np.ndarray) -> dict[str, np.ndarray]:
        before.append(batch)
        return {"mean": before[-2].mean(axis=(1, 2, 3))}

    wrong = measure_callers(late, np.stack([*images[1:], images[0]]), rounds=1, calls=3)
    assert wrong["4"]["own_answers"] < 1


# --- models in miniature


def small_networks(folder: Path, **fuse_params: float) -> FuseParams:
    """A pipeline's folder with untrained networks and its parameters; gives those of fusion."""
    # Copies of the head take long to build.
    params = small_models.FUSE.model_copy(update={"max_characters": 2, **fuse_params})
    settings = {
        "detector": small_models.DETECTOR.model_dump(mode="json"),
        "classifier": small_models.CLASSIFIER.model_dump(mode="json"),
        "fuse": params.model_dump(mode="json"),
    }
    folder.mkdir()
    (folder / "params.yaml").write_text(yaml.safe_dump(settings))
    detector = Detector(small_models.unsaturated_detector(), small_models.DETECTOR.anchors, "")
    save_detector(folder / "models" / "detector.h5", detector)
    classifier = Classifier(small_models.small_classifier(), small_models.ALPHABET)
    save_classifier(folder / "models" / "classifier.h5", classifier)
    return params


def small_pipeline(folder: Path) -> Path:
    """The same with the fused model, and noise for test plates."""
    fuse_trained(folder / "models", small_networks(folder), folder / "models" / "fused")
    boards = small_models.random_boards(12, 50, 90)
    nowhere = np.zeros((0, 4), np.int32)
    plates = [(board, AnnotatedPlate(Path(f"{index}.png"), nowhere, "", "AB1")) for index, board in enumerate(boards)]
    write_plate_set(folder / "data" / "plates" / "test", small_models.ALPHABET, plates)
    return folder


@pytest.fixture(scope="module")
def model_under_test(tmp_path_factory: pytest.TempPathFactory) -> ModelUnderTest:
    folder = tmp_path_factory.mktemp("bench")
    pipeline = small_pipeline(folder / "pipeline")
    return find_model("plates", pipeline, folder / "released", None, quick=True, work=folder)


@pytest.fixture(scope="module")
def results(model_under_test: ModelUnderTest) -> dict[str, Any]:
    """Every part once, in this process, since starting one for each setting takes long."""
    model: dict[str, Any] = {"source": model_under_test.source}
    with eagerly():
        model["training"] = run_task("training", model_under_test, 1)
    for task in ("reading", "peers"):
        model[task] = dict.fromkeys(("one", "all"), run_task(task, model_under_test, 1))
    # In a separate process: next to other models the last digits of its answers may differ.
    model["callers"] = dict.fromkeys(("one", "all"), run_worker("callers", model_under_test, cores_of("one")))
    started = {"first_reading_seconds": summarise([1.0]), "peak_memory_mib": summarise([1.0])}
    model |= {"start": {"fused": started}, "folders": measure_folders(model_under_test, cores_of("one"))}
    models = {"digits": model, "plates": model}
    return {"machine": describe(), "quick": True, "ratios": ratios_of(models), "models": models}


def test_all_ways_to_read_give_the_same_texts(results: dict[str, Any]):
    texts = results["models"]["digits"]["reading"]["one"]["texts"]
    assert texts.keys() >= {"fused", "multiflow", "compiled_glue", "predict_glue"}
    assert {name: row["like_fused"] for name, row in texts.items() if name != "predict_glue"} == dict.fromkeys(
        texts.keys() - {"predict_glue"}, 1.0
    )
    # Pillow's crops are rounded to whole brightness, and untrained models are never sure.
    assert texts["predict_glue"]["like_fused"] > 0.5


def test_plates_read_by_other_rules_have_the_same_texts_too():
    changes = {"reading_order": "rows", "objectness_threshold": 0.05, "min_height": 0.4, "transition_cost": 1.0}
    changes |= {"crop_shift": 0.1, "group_gap": 0.2, "max_characters": 3}
    settings = FuseParams.model_validate(small_models.FUSE.model_dump() | changes)
    fused = small_models.small_fused(settings).model
    classifier, alphabet = small_models.small_classifier(), small_models.ALPHABET
    detector = Detector(small_models.small_detector(), small_models.DETECTOR.anchors, "")
    predictor, postprocess = prediction_model_of(detector, settings), PythonPostprocess(settings, alphabet)
    glues = [glue(predictor, classifier, settings, postprocess) for glue in (CompiledGlue, PredictGlue)]
    boards = small_models.random_boards(6, 64, 96, seed=3)
    texts = [text.decode() for text in join_characters(fused(tf.constant(boards))["character_ids"], alphabet).numpy()]
    assert any(texts)
    compiled, predicted = (glue(boards) for glue in glues)
    assert compiled == texts
    assert np.mean([text == read for text, read in zip(texts, predicted, strict=True)]) > 0.5  # as above


def test_the_glue_knows_groups_by_their_gaps_too():
    settings = small_models.FUSE.model_copy(update={"transition_cost": 1.0, "group_gap": 0.2, "max_characters": 3})
    alphabet = small_models.ALPHABET
    lefts, width = [10, 22, 44], 10  # a wide gap before the last
    boxes = np.array([[[x, 5, x + width, 25] for x in lefts]], np.float32)
    probabilities = np.full((3, len(alphabet)), 1e-3, np.float32)
    for row, (likelier, other) in enumerate(["AA", "BB", "0D"]):
        probabilities[row, [alphabet.index(other), alphabet.index(likelier)]] = 0.4, 0.6
    scores = np.ones((1, 3), np.float32)
    near = boxes - np.array([0, 0, 0, 0] * 2 + [10, 0, 10, 0], np.float32).reshape(1, 3, 4)
    postprocess = PythonPostprocess(settings, alphabet)
    assert postprocess(boxes, scores, probabilities) == ["AB0"]
    assert postprocess(near, scores, probabilities) == ["ABD"]


def test_callers_answers_are_those_of_serial_calls(results: dict[str, Any]):
    callers = results["models"]["digits"]["callers"]["one"]
    assert {number: found["own_answers"] for number, found in callers.items()} == {"1": 1, "2": 1, "4": 1}


def test_results_have_every_number(results: dict[str, Any], tmp_path: Path):
    write_json(tmp_path / "latest.json", results)
    read = json.loads((tmp_path / "latest.json").read_text())
    assert read["ratios"].keys() >= RATIOS
    there = {name for name, ratio in read["ratios"].items() if ratio is not None and math.isfinite(ratio)}
    missing = {f"plates_fused_over_{name}_one_core" for name in read["models"]["plates"]["peers"]["one"]["missing"]}
    missing |= EXPORTED & {
        f"{name}_over_tensorflow_batch1" for name in read["models"]["digits"]["reading"]["one"]["missing"]
    }
    assert there >= RATIOS - missing
    reading = read["models"]["digits"]["reading"]["one"]
    operations = reading["operations"]["mega_operations_an_image"]
    assert operations["fused"] == pytest.approx(
        operations["detector"] + operations["classifier"] + operations["connection"]
    )
    assert reading["batch1"].keys() == reading["batch16"].keys() >= {"detector", "fused", "multiflow"}
    assert read["models"]["digits"]["training"].keys() == {"detector", "classifier"}


def test_the_table_and_the_chart_show_what_is_there(results: dict[str, Any], tmp_path: Path):
    table = table_of(results)
    assert all(f"\n{name} " in table for name in RATIOS)
    assert "== plates: the pipeline's own models" in table
    assert "glue of predict and Pillow" in table and "not available" in table
    draw_chart(results, tmp_path / "latest.png")
    assert (tmp_path / "latest.png").stat().st_size > 10_000


def test_results_name_neither_folders_nor_the_user(results: dict[str, Any], model_under_test: ModelUnderTest):
    assert not {str(model_under_test.pipeline), str(Path.home())} & set(_strings(results))
    assert "/" not in "".join(_strings(results["machine"]))


def _strings(content: Any) -> list[str]:
    if isinstance(content, dict):
        return [text for value in content.values() for text in _strings(value)]
    return [content] if isinstance(content, str) else []


# --- processes and folders


def test_a_process_is_watched_from_outside(monkeypatch: pytest.MonkeyPatch):
    lines = "import os; [print(sorted(os.sched_getaffinity(0)), flush=True) for _ in range(3)]"
    before = cores_of("all")
    done = run_process([sys.executable, "-c", lines], cores_of("one"))
    assert done.lines == 3 and done.first > 0 and done.peak > 1
    assert cores_of("all") == before
    with pytest.raises(PlatefuseError, match=r"failed: .*no such plate"):
        run_process([sys.executable, "-c", "raise SystemExit('no such plate')"], before)


def test_the_glue_reads_one_image(
    model_under_test: ModelUnderTest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """With two crops of a character; the row `predict_glue` above has one."""
    small_networks(tmp_path / "pipeline", crop_shift=0.1)
    image = next((model_under_test.plates / "images").iterdir())
    monkeypatch.setattr(sys, "argv", ["first_reading", str(tmp_path / "pipeline"), str(image)])
    first_reading.main()
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_process_stays_on_its_cores():
    with pinned(cores_of("one")):
        assert len(cores_of("all")) == 1


def test_a_folder_holds_as_many_images_as_asked_for(model_under_test: ModelUnderTest):
    with linked_folder(model_under_test, 30) as folder:
        images = sorted(folder.iterdir())
        assert len(images) == 30
        assert images[0].read_bytes() == images[12].read_bytes() != images[1].read_bytes()


# --- what the user can mend


def test_missing_models_and_plates_are_named_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    empty, out = tmp_path / "empty", tmp_path / "out"
    empty.mkdir()
    folders = [word for option in ("--digits", "--plates", "--released") for word in (option, str(empty))]
    nothing = [*folders, "--out", str(out)]
    assert main(nothing) == 1
    assert "bench: " in (message := capsys.readouterr().err) and "`dvc pull released/digits`" in message
    assert main([*nothing, "--photographs", str(empty)]) == 1
    assert f"{empty}/truth.csv is missing" in capsys.readouterr().err
    assert not any(empty.iterdir()) and not out.exists()
