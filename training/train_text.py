"""The words: a word-level tokenizer and a small CLAP text encoder, first taught what captions say of their clips.

The encoder is transformers' `ClapTextModelWithProjection`, read exactly as AudioLDM reads its own: pooled, projected
and normalised to length one. It learns to name a clip's class, kind, tempo, mood, loudness and register from fresh
captions, which takes two minutes where the denoiser alone would need an hour; `train_denoiser` then tunes it further.
Writes `tokenizer/` and `text_encoder/` of the model folder.
"""

from __future__ import annotations

import argparse
import logging
import random
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import ClapTextConfig, ClapTextModelWithProjection, PreTrainedTokenizerFast

from training.captions import caption, vocabulary
from training.compose import CLASSES
from training.data import load_attributes
from training.trainer import Trainer

EMBED_DIM, MAX_WORDS, BATCH = 192, 40, 96
WORD_DROPOUT, TEXT_DROPOUT = 0.1, 0.12
HEADS = ("class", "kind", "tempo", "mood", "loudness", "register")


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Words of the caption grammar, lower case, punctuation dropped; RoBERTa's special tokens and numbers."""
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    words = {word: i for i, word in enumerate(specials + vocabulary())}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("[a-z0-9]+"), "removed", invert=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        cls_token="<s>",
        model_max_length=MAX_WORDS,
    )


def build_encoder(tokenizer: PreTrainedTokenizerFast) -> ClapTextModelWithProjection:
    encoder = ClapTextModelWithProjection(
        ClapTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=256,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            max_position_embeddings=MAX_WORDS + 2,
            projection_dim=EMBED_DIM,
        )
    )
    # CLAP's own start (0.02) is made for 768 channels: at 128, attention would whisper beside the start token.
    for module in encoder.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
    return encoder


def encode(
    encoder: ClapTextModelWithProjection,
    tokenizer: PreTrainedTokenizerFast,
    texts: list[str],
    rng: random.Random | None = None,
) -> Tensor:
    """Normalised embeddings `[N, EMBED_DIM]`; with an `rng`, words are dropped to `<unk>` at random."""
    tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    ids = tokens.input_ids
    if rng is not None:
        generator = torch.Generator().manual_seed(rng.getrandbits(62))
        dropped = (torch.rand(ids.shape, generator=generator) < WORD_DROPOUT) & (ids > tokenizer.unk_token_id)
        ids = ids.masked_fill(dropped, tokenizer.unk_token_id)
    return nn.functional.normalize(encoder(ids, attention_mask=tokens.attention_mask).text_embeds, dim=-1)


class Namer(nn.Module):
    """The encoder with one linear head per attribute."""

    def __init__(self, encoder: ClapTextModelWithProjection, labels: dict[str, list[str]]) -> None:
        super().__init__()
        self.encoder, self.labels = encoder, labels
        self.heads = nn.ModuleDict({name: nn.Linear(EMBED_DIM, len(values)) for name, values in labels.items()})

    def loss(self, embeds: Tensor, rows: list[dict]) -> tuple[Tensor, float]:
        total, right = torch.zeros(()), 0.0
        for name, values in self.labels.items():
            target = torch.tensor([values.index(row[name]) if row[name] is not None else -100 for row in rows])
            logits = self.heads[name](embeds * EMBED_DIM**0.5)
            total = total + nn.functional.cross_entropy(logits, target, ignore_index=-100)
            if name == "class":
                right = (logits.argmax(1) == target).float().mean().item()
        return total, right


def train(data: Path, minutes: float) -> tuple[ClapTextModelWithProjection, PreTrainedTokenizerFast]:
    tokenizer = build_tokenizer()
    rows, unseen = load_attributes(data, "train"), load_attributes(data, "unseen")
    labels = {name: sorted({row[name] for row in rows + unseen} - {None}) for name in HEADS}
    assert set(labels["class"]) == set(CLASSES)
    namer = Namer(build_encoder(tokenizer), labels)

    def loss(step: int) -> tuple[Tensor, dict[str, float]]:
        rng = random.Random(step)
        chosen = rng.choices(rows, k=BATCH)
        texts = [caption(row, rng) for row in chosen]
        value, right = namer.loss(encode(namer.encoder, tokenizer, texts, rng), chosen)
        return value, {"loss": value.item(), "class": right}

    def validate() -> dict[str, float]:
        figures = {}
        for split in ("train", "unseen"):
            texts = [caption(row, random.Random(i), split) for i, row in enumerate(unseen)]
            figures[f"class_{split}"] = namer.loss(encode(namer.encoder, tokenizer, texts), unseen)[1]
        return figures

    Trainer("text", namer, data, minutes, lr=1e-3, ema=0.99, warmup=100).run(loss, validate)
    return namer.encoder, tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("data/model"))
    parser.add_argument("--minutes", type=float, default=2, help="CPU minutes")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    encoder, tokenizer = train(args.data, args.minutes)
    tokenizer.save_pretrained(args.out / "tokenizer")
    encoder.save_pretrained(args.out / "text_encoder")


if __name__ == "__main__":
    main()
