"""Write the page that DVC puts plots on, with Vega's scripts inside.

    python tools/plots_page.py FILE

The file becomes `plots.html_template` in .dvc/config.local. From then on the pages of `dvc plots show` and
`dvc plots diff` open without a network.
"""

import os
import subprocess
import sys
from pathlib import Path

import vl_convert

ROOT = Path(__file__).resolve().parents[1]

# DVC puts plots and pictures in place of {plot_divs}. It has {scripts}, too, which would fetch Vega from a network.
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Plots</title>
<style>
body { font: 14px sans-serif; margin: 1.5em }
body > div { margin: 0 2em 2em 0; max-width: 100%; vertical-align: top; white-space: normal !important }
img { max-width: 100% }
</style>
<script>
(() => {
BUNDLE
})()
</script>
</head>
<body>
<noscript>This page draws its plots with JavaScript, which is turned off.</noscript>
{plot_divs}
</body>
</html>
"""

# The menu of a plot has no link to an editor on the web. DVC gives an empty specification for a file that is not there.
_SNIPPET = """
const actions = {export: true, source: true, compiled: false, editor: false};
window.vegaEmbed = (element, spec) => {
    if (Object.keys(spec).length) return vegaEmbed(element, spec, {actions});
    document.querySelector(element).textContent = element.slice(1) + ": no data. Its stage has not run here.";
};
"""


def page() -> str:
    """Give the page as text, with DVC's placeholder for plots."""
    return _PAGE.replace("BUNDLE", vl_convert.javascript_bundle(_SNIPPET))


def main(file: Path) -> None:
    file.write_text(page(), encoding="utf-8")
    dvc, relative = Path(sys.executable).with_name("dvc"), os.path.relpath(file.resolve(), ROOT / ".dvc")
    subprocess.run([dvc, "config", "--local", "plots.html_template", relative], cwd=ROOT, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
