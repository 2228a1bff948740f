#!/bin/sh
# Runs the suite on each Python below that is present, and once more on the first of them with the
# lowest versions that pyproject.toml allows. `make test-all` calls it; arguments go to pytest.
set -u
cd "$(dirname "$0")/.."
for folder in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin; do
    PATH="$PATH:$folder"
done
export PATH UV_PYTHON_DOWNLOADS=never

uv=$(command -v uv) || uv=.venvs/uv/bin/uv
if ! [ -x "$uv" ]; then
    echo "installing uv into .venvs/uv …"
    python3 -m venv .venvs/uv && .venvs/uv/bin/python -m pip install --quiet uv || exit 1
fi

report=""
status=0
run() {  # NAME PYTHON RESOLUTION [arguments of pytest]
    name=$1 python=$2 resolution=$3
    shift 3
    echo "== $name"
    # A new one each time: what was installed before would stay. A test needs its pip.
    rm -rf ".venvs/$name"
    if "$uv" venv --quiet --seed --python "$python" ".venvs/$name" &&
        "$uv" pip install --quiet --python ".venvs/$name" --resolution "$resolution" \
            --editable '.[dev]' &&
        ".venvs/$name/bin/python" -m pytest -n auto --dist worksteal "$@"; then
        report="$report$name: passed
"
    else
        report="$report$name: FAILED
"
        status=1
    fi
}

first=""
for version in 3.11 3.12 3.13; do
    if python=$("$uv" python find --no-project --system "$version" 2>/dev/null); then
        first=${first:-$python}
        run "$version" "$python" highest "$@"
    else
        report="$report$version: not found on this machine
"
    fi
done
if [ -n "$first" ]; then
    run lowest "$first" lowest-direct "$@"
else
    status=1
fi
printf '\n%s' "$report"
exit "$status"
