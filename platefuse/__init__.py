"""One TensorFlow model that finds and reads the characters on a plate.

    from platefuse import Reader

    reading = Reader("plates").read("plate.jpg")
    print(reading.text, reading.confidence)

The names below are loaded when they are first used: `import platefuse` itself loads nothing.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from platefuse.core.errors import PlatefuseError
    from platefuse.inference.reader import Reader
    from platefuse.inference.reading import Alternative, Character, Plate, Reading

    __version__: str
else:
    _MODULES = {
        "Alternative": "platefuse.inference.reading",
        "Character": "platefuse.inference.reading",
        "Plate": "platefuse.inference.reading",
        "PlatefuseError": "platefuse.core.errors",
        "Reader": "platefuse.inference.reader",
        "Reading": "platefuse.inference.reading",
    }

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return _version()
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_MODULES[name]), name)

    def _version() -> str:
        from importlib import metadata

        try:
            return metadata.version(__name__)
        except metadata.PackageNotFoundError:  # a checkout that nobody has installed
            return "0+unknown"


__all__ = ["Alternative", "Character", "Plate", "PlatefuseError", "Reader", "Reading", "__version__"]


def __dir__() -> list[str]:
    return __all__
