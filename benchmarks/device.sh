#!/usr/bin/env bash
# The tables' rows on a lent GPU without network: packing here, keeping and running there, joining here.
# benchmarks/device.md has the commands in their order. Each may be repeated: it goes on from what lies there.
#
#   device.sh wheels FOLDER NAME …     here: fetches what Python 3.12 there lacks, in the versions of constraints.txt
#   device.sh pack FOLDER FILE …       here: data and weights, in pieces of 50 MiB: FOLDER/1, FOLDER/2, …
#   device.sh keep FOLDER              there: keeps the pieces and wheels that came along
#   device.sh bench [OPTION …]         there: benchmarks/gpu.py, needs the wheels alone
#   device.sh run [OPTION …]           there: reseen reproduce, and what is new to $OUT
#   device.sh join FOLDER CHECKPOINT   here: makes a checkpoint of the pieces that came back
set -euo pipefail

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
store=${RESEEN_STORE:-$HOME/reseen-store}   # outside the work tree, which every call replaces
python=${PYTHON:-python3}
weights=resnet50_imagenet_v1.safetensors
command=$1
shift

ready() {  # what reseen runs in there; BLAS is not to fight with the decoding threads
    mkdir -p "$store/wheels" "$store/site"
    local wheels=("$store"/wheels/*.whl)
    if [[ -e ${wheels[0]} && ! -e $store/site/ready ]]; then
        "$python" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --upgrade \
            --target "$store/site" "${wheels[@]}"
        touch "$store/site/ready"
    fi
    export PYTHONPATH=$tree/src:$store/site RESEEN_CACHE=$store/cache PYTHONUNBUFFERED=1
}

unpack() {
    [[ -e $store/data/complete ]] && return
    local pieces=("$store"/pieces/piece-*-of-*)
    [[ -e ${pieces[0]} ]] || { echo "no pieces lie in $store/pieces: send them with device.sh keep" >&2; exit 1; }
    local all=${pieces[0]##*-of-}
    [[ ${#pieces[@]} == "$all" ]] || { echo "${#pieces[@]} of $all pieces lie in $store/pieces: send the others" >&2; exit 1; }
    mkdir -p "$store/data"
    cat "${pieces[@]}" | tar -xC "$store/data"
    touch "$store/data/complete"
}

case $command in
wheels)
    folder=$1
    shift
    platforms=(manylinux_2_28_x86_64 manylinux_2_27_x86_64 manylinux_2_17_x86_64 manylinux2014_x86_64 manylinux1_x86_64)
    "$python" -m pip download -q --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
        "${platforms[@]/#/--platform=}" -c "$tree/constraints.txt" -d "$folder/wheels" "$@"
    ;;
pack)
    folder=$1
    shift
    files=()
    for file in "$@"; do files+=(-C "$(realpath "$(dirname "$file")")" "$(basename "$file")"); done
    mkdir -p "$folder"
    rm -rf "$folder"/[1-9] "$folder"/piece-*
    tar -ch "${files[@]}" | split -b 50M -a 1 --numeric-suffixes=1 - "$folder/piece-"
    pieces=("$folder"/piece-?)
    for piece in "${pieces[@]}"; do
        number=${piece##*-}
        mkdir "$folder/$number"
        mv "$piece" "$folder/$number/piece-$number-of-${#pieces[@]}"
    done
    du -shc "$folder"/*
    ;;
keep)
    mkdir -p "$store/pieces" "$store/wheels"
    find "$1" -name 'piece-*-of-*' -exec cp {} "$store/pieces/" \;
    find "$1" -name '*.whl' -exec cp {} "$store/wheels/" \;
    ls -sh "$store/pieces" "$store/wheels"
    ;;
bench)
    ready
    "$python" "$tree/benchmarks/gpu.py" --json "${OUT:-.}/gpu.json" "$@"
    ;;
run)
    ready
    unpack
    mkdir -p "$store/tree/results"
    # What other rows have learnt, and what was rendered, take their places if they came along.
    [[ -d $store/data/runs ]] && cp -ru "$store/data/runs" "$store/tree/"
    [[ -d $store/data/cache ]] && cp -ru "$store/data/cache" "$store/"
    cd "$store/tree"
    for file in "$tree"/results/*; do  # what is done needs no second run
        [[ -e results/$(basename "$file") ]] || cp "$file" results/
    done
    "$python" -m reseen.cli reproduce --data "$store/data" --weights "$store/data/$weights" \
        --accelerator "${ACCELERATOR:-gpu}" "$@" || echo "reproduce ended with $?"
    "$python" "$tree/benchmarks/bring_back.py" "$tree/results" "${OUT:?}" "${COMMIT:?}"
    ;;
join)
    mkdir -p "$2"
    tar -xzf "$1/results.tar.gz" -C "$2"
    cat "$1"/weights-* > "$2/model.safetensors"
    ls -sh "$2"
    ;;
*)
    echo "device.sh knows wheels, pack, keep, bench, run and join, not $command" >&2
    exit 2
    ;;
esac
