"""Wrong names: the usage of the command itself, and the name that was meant."""

import argparse

import pytest

from platefuse.cli.main import _parser, main


def usage_error(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err


def commands() -> dict[str, argparse.ArgumentParser]:
    return next(action.choices for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))


OPTIONS = [
    (name, option) for name, parser in commands().items() for option in parser._option_string_actions if len(option) > 4
]


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_a_misspelt_option_gets_its_commands_usage_and_the_right_name(
    command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    misspelt = option[:-2] + option[-1] + option[-2]
    for words in ([misspelt], [misspelt, "x"], [f"{misspelt}=x"], ["x", "y", misspelt]):
        told = usage_error([command, *words], capsys)
        assert told.startswith(f"usage: platefuse {command} ")
        assert f"there is no option {misspelt} (did you mean {option}?)" in " ".join(told.split())


def test_a_misspelt_command_gets_the_right_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no command raed (did you mean read?): the commands are" in usage_error(["raed", "x"], capsys)
    told = usage_error(["zzz", "--all"], capsys)
    assert "there is no command zzz: the commands are read, score," in " ".join(told.split())
    assert "no option --versoin (did you mean --version?)" in usage_error(["--versoin"], capsys)


def test_an_abbreviation_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    told = usage_error(["read", "x.png", "--mod", "plates"], capsys)
    assert "there is no option --mod (did you mean --model?)" in told


def test_too_many_arguments_get_the_commands_usage(capsys: pytest.CaptureFixture[str]) -> None:
    told = usage_error(["check", "photos", "more", "-z"], capsys)
    assert told.startswith("usage: platefuse check ") and "unexpected: more -z" in told


def test_a_path_may_be_named_like_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--", "--modle"], ["./--modle"], ["--mod le"]):
        assert main(["read", *words]) == 1
        assert "does not exist" in capsys.readouterr().err
