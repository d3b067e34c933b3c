"""Where the token comes from, and what is none."""

import base64
from pathlib import Path

import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.serving.refusal import Refusal
from platefuse.serving.token import VARIABLE, check_token, find_token


def test_a_file_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(" of-the-file\n")
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find_token(None) is None
    monkeypatch.setenv(VARIABLE, "of-the-environment")
    assert find_token(None) == "of-the-environment"
    assert find_token(tmp_path / "token") == "of-the-file"


@pytest.mark.parametrize("text", ["", "\n", "two words", "two\nlines", "schlüssel", "a\x07"])
def test_what_is_no_token_is_refused_and_not_told(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(text)
    monkeypatch.setenv(VARIABLE, text)
    for file, where in ((tmp_path / "token", str(tmp_path)), (None, f"variable {VARIABLE}")):
        with pytest.raises(PlatefuseError) as refused:
            find_token(file)
        assert where in str(refused.value) and "holds no token: expected one line" in str(refused.value)
        assert not text.strip() or text not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlatefuseError, match=r"--token-file .*nowhere: No such file"):
        find_token(tmp_path / "nowhere")


def test_the_three_forms_of_the_header() -> None:
    basic = base64.b64encode(b"anybody:t:0").decode()
    for header in ("Token t:0", "token  t:0 ", "Bearer t:0", f"Basic {basic}"):
        check_token(header, "t:0")
        check_token(header, None)
    damaged = (
        "Basic !!!!",
        "Basic ",
        "Basic " + base64.b64encode(b"\xff:t:0").decode(),
        "Digest t:0",
        "Token",
        "",
        None,
    )
    for wrong in ("Token t:00", "Token T:0", f"Bearer {basic}", "Token schlüssel", *damaged):
        with pytest.raises(Refusal) as refused:
            check_token(wrong, "t:0")
        assert refused.value.status == 401
