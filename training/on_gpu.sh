#!/usr/bin/env bash
# Train on a bare GPU machine without a network: install from a bundle, then run every step that is left.
#   training/on_gpu.sh BUNDLE [ARGUMENTS OF `python -m training`]
# Run the same command again until it says that all is done: it ends after $WALL minutes (9.3), and continues. Pieces of
# what there is so far are written to $OUT, for `python -m training.pieces join`. Before a first run on a new machine,
# pieces in $PIECES are joined into the data folder. $DEVICE (cuda) and $DATA (data) can be set to try it on a CPU.
set -euo pipefail
bundle=$(realpath "$1")
shift
started=$SECONDS
export DATA=${DATA:-data} DEVICE=${DEVICE:-cuda} WALL=${WALL:-9.3} OUT=${OUT:-pieces}

source "$(dirname "$0")/gpu_setup.sh"
if [ -n "${PIECES:-}" ] && [ ! -e "$DATA/joined" ]; then
    "$PYTHON" -m training.pieces join "$PIECES" --out "$DATA"
    touch "$DATA/joined"
fi

left() { awk "BEGIN { print int(60 * $WALL - ($SECONDS - $started)) }"; } # seconds
gpu=$([ "$DEVICE" = cpu ] && echo --gpu-steps || true)
code=0
"$PYTHON" -m training --data "$DATA" --device "$DEVICE" $gpu --workers "$(nproc)" \
    --wall-minutes "$(awk "BEGIN { print $(left) / 60 }")" "$@" || code=$?
for part in ${EVALUATE:-size stages captioned prompts pairs}; do
    [ "$code" -eq 0 ] || break
    [ ! -e "$DATA/evaluated-$part" ] || continue
    [ "$(left)" -gt 0 ] || { code=75 && break; }
    echo "evaluating $part"
    timeout "$(left)" "$PYTHON" -m training.evaluate --model "$DATA/model" --out "$DATA/results.json" --data "$DATA" \
        --device "$DEVICE" --workers "$(nproc)" --only "$part" || code=$?
    [ "$code" -ne 124 ] || code=75 # out of time
    [ "$code" -ne 0 ] || touch "$DATA/evaluated-$part"
done
rm -rf "$OUT"/*.piece
set --
for path in "$DATA"/{model,judge,results.json,*.log.jsonl,*.done,evaluated-*}; do [ ! -e "$path" ] || set -- "$@" "$path"; done
# Of the checkpoints, only the training that goes on needs its own.
newest=$(find "$DATA" -maxdepth 1 -name '*.checkpoint.pt' -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -1 | cut -d' ' -f2-)
[ "$code" -eq 0 ] || [ -z "$newest" ] || set -- "$@" "$newest"
[ $# -eq 0 ] || "$PYTHON" -m training.pieces split "$@" --out "$OUT" --slim
[ "$code" -ne 75 ] || echo "run the same command again to continue"
exit "$code"
