"""Local contrast before a backbone against its definition, and the slim backbone's shortcuts against numpy."""

import numpy as np
import pytest
from PIL import Image

from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.backbones import Preprocess, build_backbone, local_contrast
from tests.helpers.small_models import DETECTOR

HEIGHT, WIDTH = 64, 96


def plates(number: int = 1, low: float = 40, high: float = 220) -> np.ndarray:
    """Blots of a character's size and colours of their own, float32 [n,h,w,3], between two values of 255."""
    rng = np.random.default_rng(0)
    blots = rng.integers(256, size=(number, 8, 12, 3)).astype(np.uint8)
    large = [np.asarray(Image.fromarray(blot).resize((WIDTH, HEIGHT))) for blot in blots]
    return (low + np.stack(large) / 255 * (high - low)).astype(np.float32)


def test_local_contrast_is_that_of_the_squares_around():
    images = plates()
    images[:, 48:] = 0
    gray = images[0].astype(np.float64).mean(axis=-1)
    cells = gray.reshape(8, 8, 12, 8).swapaxes(1, 2)
    light = np.zeros((8, 12, 2))
    for row in range(6):
        for column in range(12):
            near = cells[max(row - 2, 0) : min(row + 3, 6), max(column - 2, 0) : column + 3]
            light[row, column] = near.mean(), 0.5 / (near.std() + 4)
    seen = local_contrast(tf.constant(images))[0].numpy()
    centre = (gray[3::8, 3::8] + gray[4::8, 4::8] + gray[3::8, 4::8] + gray[4::8, 3::8]) / 4
    found = (seen[3::8, 3::8] + seen[4::8, 4::8] + seen[3::8, 4::8] + seen[4::8, 3::8]).mean(axis=-1) / 4
    # At the middle of a cell nothing but the cell's own light counts, nearly: its neighbours' weigh an eighth at most.
    np.testing.assert_allclose(found[:5], ((centre - light[..., 0]) * light[..., 1])[:5], atol=0.05)
    assert np.count_nonzero(seen[48:]) == 0


def test_black_ink_is_seen_as_well_as_nearly_black_ink():
    """A scanned or binarised plate is 0 and 255 alone; what is black beyond it stays black."""
    pages = []
    for ink in (0, 2):
        page = np.full((1, HEIGHT, WIDTH, 3), 255, np.float32)
        for left in (8, 30, 52):
            page[:, 12:36, left : left + 6] = ink
        page[:, 48:] = page[:, :, 80:] = 0  # beyond the image
        pages.append(local_contrast(tf.constant(page)).numpy())
    np.testing.assert_allclose(pages[0], pages[1], atol=0.02)
    assert pages[0][0, 12:36, 8:14].max() < -0.3 < 0 < pages[0][0, 12:36, 16:28].min()
    assert not pages[0][:, 48:].any() and not pages[0][:, :, 80:].any()


def test_a_mode_of_no_preprocessing_is_refused():
    with pytest.raises(ValueError, match="unknown preprocessing mode 'sharp'"):
        Preprocess("sharp")


def test_dark_faint_and_unevenly_lit_plates_look_alike():
    bright = local_contrast(tf.constant(plates())).numpy()
    dark = local_contrast(tf.constant(plates() * 0.3)).numpy()
    faint = local_contrast(tf.constant(plates(low=100, high=160))).numpy()
    slope = np.linspace(0.4, 1, WIDTH, dtype=np.float32)[:, None]
    uneven = local_contrast(tf.constant(plates() * slope)).numpy()
    assert 0.3 < bright.mean(axis=-1).std() < 0.6  # colours stand out from gray
    for other in (dark, faint, uneven):
        assert np.corrcoef(bright.ravel(), other.ravel())[0, 1] > 0.98
        assert 0.7 < other.std() / bright.std() < 1.05  # less where noise is near


def test_noise_on_nothing_stays_small_and_a_black_image_black():
    noise = np.random.default_rng(0).normal(128, 1.0, (1, HEIGHT, WIDTH, 3)).astype(np.float32)
    assert local_contrast(tf.constant(noise)).numpy().std() < 0.15
    assert not local_contrast(tf.zeros([1, HEIGHT, WIDTH, 3])).numpy().any()


def test_a_plate_looks_the_same_beside_others():
    images = plates(3)
    together = local_contrast(tf.constant(images)).numpy()
    np.testing.assert_array_equal(together[1:2], local_contrast(tf.constant(images[1:2])).numpy())


@pytest.mark.parametrize("backbone", ["slim", "mobilenet"])
def test_local_contrast_stands_before_any_backbone(backbone):
    seen = []
    for contrast in ("as_given", "local"):
        images = keras.Input((HEIGHT, WIDTH, 3))
        features = build_backbone(images, DETECTOR.model_copy(update={"backbone": backbone, "contrast": contrast}))
        preprocess = keras.Model(images, features["C3"]).get_layer("preprocess")
        assert isinstance(preprocess, Preprocess)
        seen.append(preprocess(plates()).numpy())
    np.testing.assert_allclose(seen[0], plates() / 127.5 - 1, atol=1e-6)
    np.testing.assert_array_equal(seen[1], local_contrast(tf.constant(plates())).numpy())


@pytest.mark.parametrize("backbone", ["slim", "mobilenet", "vgg16", "resnet50"])
def test_a_backbone_gives_features_at_strides_4_to_32(backbone):
    images = keras.Input((HEIGHT, WIDTH, 3))
    features = build_backbone(images, DETECTOR.model_copy(update={"backbone": backbone}))
    strides = {level: (HEIGHT // f.shape[1], WIDTH // f.shape[2]) for level, f in features.items()}
    assert strides == {"C2": (4, 4), "C3": (8, 8), "C4": (16, 16), "C5": (32, 32)}


@pytest.mark.parametrize("width", [4, 8, 16])
def test_a_shortcut_of_few_channels_has_the_right_gradient_in_every_call(width):
    images = keras.Input((HEIGHT, WIDTH, 3))
    params = DETECTOR.model_copy(update={"backbone_width": width})
    network = keras.Model(images, build_backbone(images, params)["C3"])
    shortcut = network.get_layer("C2_shortcut_conv")
    ends = keras.Model(images, [network.get_layer("stem_out").output, shortcut.output])
    kernel, stem = shortcut.kernel, network.get_layer("stem_conv").kernel
    rng = np.random.default_rng(1)
    slope = tf.constant(rng.normal(size=(16, HEIGHT // 4, WIDTH // 4, 2 * width)), tf.float32)

    @tf.function
    def gradients(batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape() as tape:
            before, after = ends(batch)
            total = tf.reduce_sum(after * slope)
        return before, after, *tape.gradient(total, [kernel, stem])

    batch = tf.constant(plates(16))
    before, after, *first = (value.numpy() for value in gradients(batch))
    seen = before[:, ::2, ::2].astype(np.float64)
    np.testing.assert_allclose(after, seen @ kernel.numpy()[0, 0], atol=1e-4)
    np.testing.assert_allclose(first[0][0, 0], np.einsum("nhwi,nhwo->io", seen, slope), rtol=1e-3, atol=1e-2)
    for _ in range(100):
        for again, value in zip(gradients(batch)[2:], first, strict=True):
            np.testing.assert_array_equal(again, value)
