#!/bin/sh
# Says in one sentence, before anything is installed or run, why DVC cannot work with git in this folder.

stop() {
    echo "$1" >&2
    exit 1
}

command -v git >/dev/null || stop "There is no git, which DVC needs: install it (on Debian: git)."
said=$(git rev-parse HEAD 2>&1) || case $said in
*"dubious ownership"*) stop "$said" ;; # the rest of git's message is the remedy
esac
# Within another repository the project has to be tracked, too.
git cat-file -e HEAD:./dvc.yaml 2>/dev/null ||
    stop "This folder is not in a git repository, which DVC needs (a ZIP file has none): clone the project instead, or run
  git init -q && git add --all && git commit -q -m platefuse"
[ -z "$(git ls-files --unmerged)" ] ||
    stop "A merge has left conflicts in $(git diff --name-only --diff-filter=U | tr '\n' ' '): settle them first (docs/experiments.md)."
