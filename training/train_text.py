"""Train a word-level tokenizer and a small CLAP text encoder, which learns what captions say about their clips.

The encoder is transformers' `ClapTextModelWithProjection`, used exactly as in AudioLDM: pooled, projected, and
normalized to length one. From newly drawn captions, it learns to name a clip's classes and traits. That takes minutes,
while training it through the denoiser alone would take hours; `train_denoiser` then fine-tunes it.
The first channels of an embedding encode the tempo if the text states a number, and are zero otherwise.
With `--earlier`, an earlier encoder learns new words and keeps its embeddings of known ones, so that training of its
denoiser can continue.
This writes `tokenizer/` and `text_encoder/` of the model folder.
"""

from __future__ import annotations

import copy
import random
from pathlib import Path

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import ClapTextConfig, ClapTextModelWithProjection, PreTrainedTokenizerFast

from training.captions import TRAITS, caption, vocabulary, words
from training.compose import CLASSES
from training.data import class_targets, load_attributes
from training.start import begin, training_parser
from training.tempo import FEATURES, tempo_features, told_tempo
from training.trainer import Figures, Trainer

EMBED_DIM, MAX_WORDS, BATCH = 192, 40, 96
WORD_DROPOUT, TEXT_DROPOUT = 0.1, 0.12
NAMED = ("kind", *TRAITS)
KEPT = 4.0  # weight of staying near the earlier encoder
TEMPO_WEIGHT, TEMPO_SCALE = 2.0, (0.2 / (FEATURES / 2)) ** 0.5  # a fifth of an embedding's energy


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Build a tokenizer for the caption grammar's lower-case words, with RoBERTa's special tokens and their ids."""
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    ids = {word: i for i, word in enumerate(specials + vocabulary())}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[0-9]+(?=bpm\b)|[a-z0-9]+"), "removed", invert=True)
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
    """Build an untrained encoder with a row for each of the tokenizer's words."""
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
    # CLAP's initial deviation (0.02) suits 768 channels; with 128, attention would add little to the start token.
    for module in encoder.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
    table = encoder.text_model.embeddings.word_embeddings.weight
    with torch.no_grad():  # similar numbers start close to each other, other words at random
        directions = torch.randn(FEATURES, table.shape[1]) * table.std() / (FEATURES / 2) ** 0.5
        for word, row in tokenizer.get_vocab().items():
            if word.isdigit():
                table[row] = torch.from_numpy(tempo_features(int(word))) @ directions
    return encoder


def tokens(
    tokenizer: PreTrainedTokenizerFast, texts: list[str], rng: random.Random | None = None
) -> tuple[Tensor, Tensor]:
    """Return token ids and the attention mask, `[N, words]` each; with `rng`, random words are replaced by `<unk>`."""
    found = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    ids = found.input_ids
    if rng is not None:
        generator = torch.Generator().manual_seed(rng.getrandbits(62))
        dropped = (torch.rand(ids.shape, generator=generator) < WORD_DROPOUT) & (ids > tokenizer.unk_token_id)
        ids = ids.masked_fill(dropped, tokenizer.unk_token_id)
    return ids, found.attention_mask


def embedded(encoder: ClapTextModelWithProjection, ids: Tensor, mask: Tensor) -> Tensor:
    """Return the normalized embeddings `[N, EMBED_DIM]` of tokens on the encoder's device."""
    return nn.functional.normalize(encoder(ids, attention_mask=mask).text_embeds, dim=-1)


def encode(
    encoder: ClapTextModelWithProjection,
    tokenizer: PreTrainedTokenizerFast,
    texts: list[str],
    rng: random.Random | None = None,
) -> Tensor:
    """Return normalized embeddings `[N, EMBED_DIM]`; with `rng`, random words are replaced by `<unk>`."""
    ids, mask = tokens(tokenizer, texts, rng)
    return embedded(encoder, ids.to(encoder.device), mask.to(encoder.device))


def taught(tokenizer: PreTrainedTokenizerFast, start: Path) -> ClapTextModelWithProjection:
    """Return the encoder of the earlier model in `start`, with rows for the words of a new tokenizer."""
    before = ClapTextModelWithProjection.from_pretrained(start / "text_encoder", dtype=torch.float32)
    old, new = PreTrainedTokenizerFast.from_pretrained(start / "tokenizer").get_vocab(), tokenizer.get_vocab()
    encoder = build_encoder(tokenizer)
    state, table = before.state_dict(), encoder.text_model.embeddings.word_embeddings.weight
    [name] = [name for name in state if name.endswith("word_embeddings.weight")]
    rows = table.detach() * state[name].std() / table.detach().std()
    for word in new.keys() & old.keys():
        if not word.isdigit():  # keep the new numbers, whose rows are close to each other
            rows[new[word]] = state[name][old[word]]
    encoder.load_state_dict(state | {name: rows})
    return encoder


class Namer(nn.Module):
    """The encoder with one linear head per attribute. A clip has one or two classes.

    Args:
        encoder: The text encoder.
        labels: The possible values of each attribute except for the class.
    """

    def __init__(self, encoder: ClapTextModelWithProjection, labels: dict[str, list[str]]) -> None:
        super().__init__()
        self.encoder, self.labels = encoder, labels
        sizes = {"class": len(CLASSES)} | {name: len(values) for name, values in labels.items()}
        self.heads = nn.ModuleDict({name: nn.Linear(EMBED_DIM, size) for name, size in sizes.items()})

    def loss(self, embeds: Tensor, rows: list[dict]) -> tuple[Tensor, Tensor]:
        """Return the sum of all heads' losses, and the share of clips whose classes are all named correctly."""
        embeds = embeds * EMBED_DIM**0.5
        target, logits = class_targets(rows).to(embeds.device), self.heads["class"](embeds)
        total = len(CLASSES) * nn.functional.binary_cross_entropy_with_logits(logits, target)
        for name, values in self.labels.items():
            # In a caption of a pair, it is ambiguous which class an adjective describes.
            known = [row[name] if "with" not in row else None for row in rows]
            index = torch.tensor([values.index(value) if value is not None else -100 for value in known])
            if (index >= 0).any():
                logits_of = self.heads[name](embeds)
                total = total + nn.functional.cross_entropy(logits_of, index.to(embeds.device), ignore_index=-100)
        right = ((logits > 0) == (target > 0)).all(1).float().mean()
        return total, right


def tempo_target(texts: list[str]) -> Tensor:
    """Return what the first channels of the embeddings of texts should be, `[N, FEATURES]`."""
    tempos = [told_tempo(text) for text in texts]
    target = np.stack([np.zeros(FEATURES, np.float32) if bpm is None else tempo_features(bpm) for bpm in tempos])
    return TEMPO_SCALE * torch.from_numpy(target)


def tempo_error(embeds: Tensor, target: Tensor) -> Tensor:
    """Return the squared error of the first channels of `embeds` `[N, EMBED_DIM]`."""
    return EMBED_DIM * nn.functional.mse_loss(embeds[:, :FEATURES], target)


def tempo_loss(embeds: Tensor, texts: list[str]) -> Tensor:
    """Return the squared error of the first channels of `embeds` `[N, EMBED_DIM]` as features of the texts' tempos."""
    return tempo_error(embeds, tempo_target(texts).to(embeds.device))


def train(
    data: Path, minutes: float, start: Path | None, device: torch.device | str = "cpu"
) -> tuple[ClapTextModelWithProjection, PreTrainedTokenizerFast]:
    """Train the encoder, and return it with its tokenizer.

    Args:
        data: The data folder.
        minutes: Budget in minutes.
        start: The folder of an earlier model whose words are kept.
        device: Where to train.
    """
    tokenizer = build_tokenizer()
    rows, unseen = (load_attributes(data, split) for split in ("train", "unseen"))
    labels = {name: sorted({row[name] for row in rows + unseen} - {None}) for name in NAMED}
    namer = Namer(build_encoder(tokenizer) if start is None else taught(tokenizer, start), labels).to(device)
    earlier = None if start is None else copy.deepcopy(namer.encoder).eval()
    known = set() if start is None else set(PreTrainedTokenizerFast.from_pretrained(start / "tokenizer").get_vocab())

    def loss(step: int) -> tuple[Tensor, Figures]:
        rng = random.Random(step)
        chosen = rng.choices(rows, k=BATCH)
        texts = [caption(row, rng) for row in chosen]
        embeds = encode(namer.encoder, tokenizer, texts, rng)
        value, right = namer.loss(embeds, chosen)
        tempo = tempo_loss(embeds, texts)
        figures: dict[str, float | Tensor] = {"loss": value.detach(), "tempo": tempo.detach(), "class": right}
        value = value + TEMPO_WEIGHT * tempo
        if earlier is not None:
            old = [
                text
                for text, row in zip(texts, chosen, strict=True)
                if "with" not in row and {*words(text)} <= known and told_tempo(text) is None
            ]
            old.append("")
            with torch.no_grad():
                before = encode(earlier, tokenizer, old)
            apart = 1 - (encode(namer.encoder, tokenizer, old) * before).sum(1).mean()
            value, figures = value + KEPT * apart, figures | {"apart": apart.detach()}
        return value, figures

    def validate() -> dict[str, float]:
        figures = {}
        for split in ("train", "unseen"):
            texts = [caption(row, random.Random(i), split) for i, row in enumerate(unseen)]
            embeds = encode(namer.encoder, tokenizer, texts)
            figures[f"class_{split}"] = namer.loss(embeds, unseen)[1].item()
            figures[f"tempo_{split}"] = tempo_loss(embeds, texts).item()
        return figures

    Trainer("text", namer, data, minutes, lr=1e-3, ema=0.99, warmup=100).run(loss, validate)
    return namer.encoder, tokenizer


def main(arguments: list[str] | None = None) -> None:
    """Train the encoder and save it with its tokenizer in the model folder."""
    parser = training_parser(__doc__, minutes=4)
    parser.add_argument("--earlier", type=Path, help="a model folder whose words are kept")
    args = parser.parse_args(arguments)
    device = begin(args)
    encoder, tokenizer = train(args.data, args.minutes, args.earlier, device)
    tokenizer.save_pretrained(args.out / "tokenizer")
    encoder.cpu().save_pretrained(args.out / "text_encoder")


if __name__ == "__main__":
    main()
