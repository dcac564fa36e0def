"""How good is the embedded model? This prints a table and writes `training/results.json`.

No data folder is needed: prompts come from the caption grammar, the judge and its statistics of real clips are shipped,
and unseen real clips are rendered here if fluidsynth and its soundfont are installed. Only the search for the nearest
training clips needs `--data`. The first embedded model's results with the same protocol are in `results-first.json`.

The main figures, which are printed first, are the distances in musicnn's two spaces (`frechet_msd`, `frechet_mtt`).
`stages` and `stage_losses` say by class and stage what is lost where; `training.measure_stages` describes their form.
Names that end in `_error` are standard errors of the figure before, names that end in `_real` are of real clips, and
those that end in `_vocoder` and `_autoencoder` of their copies.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from spotnb import load_model
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.load import EMBEDDED
from spotnb.support.files import atomic_write
from training.data import MissingClips
from training.measure_distances import measure_captioned, measure_copies
from training.measure_memory import measure_memory
from training.measure_prompts import measure_pairs, measure_prompts
from training.measure_real import measure_real
from training.measure_seams import SEEDS, measure_finish, measure_seams
from training.measure_sound import measure_long, measure_pitch, measure_tempo, measure_words
from training.measure_speed import measure_speeds
from training.measure_stages import lines, measure_stages
from training.musicnn import MissingWeights
from training.render import MissingSynthesizer

RESULTS, FIRST = (Path(__file__).parent / name for name in ("results.json", "results-first.json"))


def measure_fp32(name: str) -> dict[str, object]:
    """Repeat `measure_prompts` in full precision."""
    model = load_model(name, device="cpu", dtype="fp32")
    assert isinstance(model, DiffusersAudioLDM)
    results = measure_prompts(model)
    return {f"{name}_fp32": value for name, value in results.items() if isinstance(value, float)}


def measure_size(folder: Path) -> dict[str, object]:
    """Return the total size of the model's files in megabytes."""
    return {"size_mb": sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6}


OF_THE_MODEL: dict[str, Callable[[DiffusersAudioLDM], Mapping[str, object]]] = {
    "prompts": measure_prompts,
    "pairs": measure_pairs,
    "captioned": measure_captioned,
    "copies": measure_copies,
    "stages": measure_stages,
    "pitch": measure_pitch,
    "tempo": measure_tempo,
    "words": measure_words,
    "long": measure_long,
    "real": measure_real,
}
MAIN = ("frechet_msd", "frechet_mtt")
TABLES = ("stages", "stage_losses")  # printed as tables, since they have hundreds of figures
PARTS = ("size", "speed", *OF_THE_MODEL, "precision", "seams", "finish", "memory")


def main(arguments: list[str] | None = None) -> None:
    """Measure the selected parts and write the results after each of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="folder of another model (default: the embedded one)")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--only", nargs="+", choices=PARTS, help="parts to measure; the rest of --out is kept")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="seeds per prompt in the seam protocol")
    parser.add_argument("--cache", type=Path, help="folder for the seam runs' latents, to resume from")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder with the training clips' latents")
    parser.add_argument("--workers", type=int, default=2, help="threads, or processes for the seam protocol")
    parser.add_argument("--device", default="cpu", help="cpu or cuda; speed and seams are always measured on the CPU")
    args = parser.parse_args(arguments)
    torch.set_num_threads(args.workers)
    results: dict[str, object] = json.loads(args.out.read_text()) if args.out.exists() else {}
    name = args.model or "tiny"
    model = load_model(name, device=args.device)
    assert isinstance(model, DiffusersAudioLDM)
    results["dtype"] = str(model.dtype).removeprefix("torch.")
    measures: dict[str, Callable[[], Mapping[str, object]]] = {
        "size": lambda: measure_size(Path(args.model or EMBEDDED)),
        "speed": lambda: measure_speeds(name),
        "precision": lambda: measure_fp32(name),
        "seams": lambda: measure_seams(name, range(args.seeds), args.workers, args.cache),
        "finish": lambda: measure_finish(name, range(args.seeds), args.workers, args.cache),
        "memory": lambda: measure_memory(model, args.data),
    } | {part: functools.partial(measure, model) for part, measure in OF_THE_MODEL.items()}
    for part in args.only or PARTS:
        try:
            results |= measures[part]()
        except (MissingSynthesizer, MissingWeights, MissingClips) as error:
            print(f"{part} was not measured: {error}")
        with atomic_write(args.out) as temporary:
            temporary.write_text(as_json(results))
    print_table(results)


def print_table(results: Mapping[str, object]) -> None:
    """Print the results next to those of the first embedded model, where they exist for the same protocol."""
    first = flat(json.loads(FIRST.read_text())) if FIRST.exists() else {}
    print(f"{'':48} {'now':>10} {'first':>10}")
    single = flat({key: value for key, value in results.items() if key not in TABLES})
    for key, value in sorted(single.items(), key=lambda row: not row[0].startswith(MAIN)):
        if isinstance(value, float):
            before = first.get(key)
            print(f"{key:48} {value:10.4f} " + (f"{before:10.4f}" if isinstance(before, float) else f"{'':10}"))
    stages = results.get("stages")
    print("\n".join(lines(stages) if isinstance(stages, dict) else ()))


def flat(results: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Flatten nested tables into one, with keys joined by spaces."""
    rows: dict[str, object] = {}
    for key, value in results.items():
        rows |= flat(value, f"{prefix}{key} ") if isinstance(value, dict) else {prefix + key: value}
    return rows


def rounded(value: object) -> object:
    """Round every float in nested tables and lists to four decimal places; NaN becomes None, as JSON has no NaN."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value


def as_json(results: Mapping[str, object]) -> str:
    """Return results as JSON, with a mean and its error on one line."""
    text = json.dumps(rounded(dict(results)), indent=2)
    return re.sub(r"\[\s+([^\[\]{}]*?),\s+([^\[\]{},]*?)\s+\]", r"[\1, \2]", text) + "\n"


if __name__ == "__main__":
    main()
