"""Small random encoders in the formats of the hub, and what PyTorch `transformers` makes of texts and images.

Writes crates/mist-embed/tests/models/NAME/: config.json, model.safetensors, tokenizer.json or
preprocessor_config.json, and golden.json with inputs and embeddings; and the images to crates/mist-embed/tests/images/.
The weights are random: what the models say means nothing, only that both sides say the same.

    python3 -m venv target/venv-embeddings
    target/venv-embeddings/bin/pip install -r scripts/requirements-embeddings.txt
    target/venv-embeddings/bin/python scripts/reference_embeddings.py
"""

import json
import shutil
from pathlib import Path

import numpy as np
import tokenizers as tk
import torch
import transformers as tf
from PIL import Image
from safetensors.torch import load_file, save_file
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

TESTS = Path(__file__).resolve().parent.parent / "crates" / "mist-embed" / "tests"

TEXTS = [
    "good",
    "a good phone",
    "The battery died after two days, and nobody answered!",
    "Cheap, but it works.",
    "ÜBER gut – café naïve",
    "works " * 45,
    "unknown 词 and emoji 🙂 here",
    "it died; it works: good, bad, good",
]
# Longest text in tokens of the small models, less than the table of positions has.
MAX_TOKENS = 24


def randomise(model, seed):
    """Weights large enough that every part of the network matters."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            noise = torch.randn(p.shape, generator=generator)
            is_scale = "norm" in name.lower() and name.endswith("weight") or "lambda" in name
            p.copy_(1 + 0.2 * noise if is_scale else 0.2 * noise)
    return model.eval()


def store(name, model, dtype=None):
    """Saves config and weights; with a dtype the weights are rounded to it, here and in the model."""
    folder = TESTS / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    if dtype is not None:
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(p.to(dtype).float())
    model.save_pretrained(folder)
    if dtype is not None:
        path = folder / "model.safetensors"
        save_file({k: v.to(dtype) for k, v in load_file(path).items()}, path, metadata={"format": "pt"})
    (folder / "generation_config.json").unlink(missing_ok=True)
    return folder


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def floats(tensor):
    return [[float(f"{v:.8g}") for v in row] for row in tensor.tolist()]


def word_pieces():
    """A tokenizer as BERT has it, with what all-MiniLM-L6-v2 says about padding and truncation."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    words = ["good", "phone", "battery", "works", "work", "it", "and", "the", "cheap", "but", "two", "##s", "##ed", "!"]
    marks = list(".,;:") + ["–"]
    vocab = special + letters + [f"##{c}" for c in letters] + words + marks
    tokenizer = tk.Tokenizer(models.WordPiece({t: i for i, t in enumerate(vocab)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(special)
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding(length=128, pad_id=0, pad_token="[PAD]")
    return tokenizer, len(vocab), 0


def byte_pairs():
    """A tokenizer as RoBERTa has it."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = tk.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=290, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer, tokenizer.get_vocab_size(), 1


def text_golden(folder, tokenizer, pad, model, max_tokens):
    """Embeddings of the texts, all in one padded batch: mean over the tokens of each, and the first token."""
    tokenizer.save(str(folder / "tokenizer.json"))
    plain = tk.Tokenizer.from_str(tokenizer.to_str())
    plain.no_padding()
    plain.enable_truncation(max_tokens)
    encoded = plain.encode_batch(TEXTS)
    longest = max(len(e.ids) for e in encoded)
    ids = torch.tensor([e.ids + [pad] * (longest - len(e.ids)) for e in encoded])
    mask = torch.tensor([[1] * len(e.ids) + [0] * (longest - len(e.ids)) for e in encoded])
    with torch.no_grad():
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).float()
    mean = (hidden * weights).sum(1) / weights.sum(1)
    cut = sum(bool(e.overflowing) for e in encoded)
    write_json(
        folder / "golden.json",
        {"texts": TEXTS, "tokens": [len(e.ids) for e in encoded], "truncated": cut, "mean": floats(mean), "cls": floats(hidden[:, 0])},
    )


def make_texts():
    shape = dict(num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=40)
    tokenizer, vocab, pad = word_pieces()
    bert = tf.BertConfig(vocab_size=vocab, hidden_size=32, intermediate_size=48, **shape)
    model = randomise(tf.BertModel(bert, add_pooling_layer=True), 1)
    folder = store("bert", model)
    text_golden(folder, tokenizer, pad, model, MAX_TOKENS)
    # The files that sentence-transformers puts beside the model.
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": MAX_TOKENS, "do_lower_case": False})
    pooling = {"word_embedding_dimension": 32, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    pooling |= {"pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False}
    write_json(folder / "1_Pooling" / "config.json", pooling)

    distil = tf.DistilBertConfig(vocab_size=vocab, dim=32, hidden_dim=48, n_layers=2, n_heads=4, max_position_embeddings=40)
    model = randomise(tf.DistilBertForMaskedLM(distil), 2)
    text_golden(store("distilbert", model), tokenizer, pad, model.distilbert, 40)

    tokenizer, vocab, pad = byte_pairs()
    roberta = tf.RobertaConfig(
        vocab_size=vocab, hidden_size=32, intermediate_size=48, type_vocab_size=1, pad_token_id=pad, bos_token_id=0,
        eos_token_id=2, layer_norm_eps=1e-5, **shape,
    )
    model = randomise(tf.RobertaModel(roberta, add_pooling_layer=False), 3)
    # Two of the positions are before the first token.
    text_golden(store("roberta", model, torch.bfloat16), tokenizer, pad, model, 38)


def make_images():
    """Pictures of all kinds that the decoders know; smooth, so that resizing has something to blend."""
    folder = TESTS / "images"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def picture(width, height, phase):
        y, x = np.mgrid[0:height, 0:width]
        waves = [np.sin(x / (3 + c) + phase) + np.cos(y / (4 - c) + c * phase) for c in range(3)]
        return np.clip(np.stack(waves, -1) * 60 + 128, 0, 255).astype(np.uint8)

    exact = picture(24, 24, 0.3)
    Image.fromarray(exact).save(folder / "exact.png")
    Image.fromarray(picture(41, 30, 1.1)).save(folder / "wide.png")
    Image.fromarray(picture(18, 50, 2.0)).convert("L").save(folder / "tall_grey.png")
    Image.fromarray(picture(33, 33, 2.9)).quantize(16).save(folder / "palette.png")
    alpha = np.dstack([picture(26, 29, 0.7), np.full((29, 26), 77, np.uint8)])
    Image.fromarray(alpha, "RGBA").save(folder / "alpha.png")
    Image.fromarray((picture(20, 25, 1.9)[..., 0].astype(np.uint16) * 257)).save(folder / "grey_16_bit.png")
    Image.fromarray(picture(64, 48, 1.5)).save(folder / "photo.jpg", quality=95)
    Image.fromarray(picture(40, 40, 0.1)).convert("L").save(folder / "photo_grey.jpg", quality=95)
    return sorted(p.name for p in folder.iterdir() if p.name != "grey_16_bit.png")


def image_golden(folder, processor, names, embed):
    """Embeddings of the images, and the pixels that the model saw, as integers."""
    processor.save_pretrained(folder)
    opened = [Image.open(TESTS / "images" / name).convert("RGB") for name in names]
    pixels = torch.cat([processor(image, return_tensors="pt")["pixel_values"] for image in opened])
    mean, std = torch.tensor(processor.image_mean), torch.tensor(processor.image_std)
    levels = (pixels * std[:, None, None] + mean[:, None, None]) * 255
    assert (levels - levels.round()).abs().max() < 1e-3
    with torch.no_grad():
        embeddings = embed(pixels)
    rounded = [p.permute(1, 2, 0).round().int().flatten().tolist() for p in levels]
    golden = {"images": names, "embeddings": floats(embeddings)}
    (folder / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
    (folder / "pixels.json").write_text(json.dumps(rounded, separators=(",", ":")) + "\n")


def make_image_models():
    names = make_images()
    vision = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, image_size=24, patch_size=8)
    text = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=20, max_position_embeddings=8)
    model = randomise(tf.CLIPModel(tf.CLIPConfig(text_config=text, vision_config=vision, projection_dim=20)), 4)
    sizes = dict(size={"shortest_edge": 24}, crop_size={"height": 24, "width": 24})

    def projected(pixels):
        return model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)

    image_golden(store("clip", model), tf.CLIPImageProcessor(**sizes), names, projected)

    vit = randomise(tf.ViTModel(tf.ViTConfig(**vision), add_pooling_layer=False), 5)
    processor = tf.ViTImageProcessor(size={"height": 24, "width": 24})
    image_golden(store("vit", vit), processor, names, lambda p: vit(pixel_values=p).last_hidden_state[:, 0])

    # Trained on larger images than the processor cuts out, as the published ones: positions are interpolated.
    vision = {k: v for k, v in vision.items() if k != "intermediate_size"} | {"image_size": 40, "mlp_ratio": 2}
    dino = randomise(tf.Dinov2Model(tf.Dinov2Config(**vision)), 6)
    sizes["size"] = {"shortest_edge": 28}
    processor = tf.BitImageProcessor(
        resample=3, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225], **sizes
    )
    image_golden(
        store("dinov2", dino, torch.float16), processor, names, lambda p: dino(pixel_values=p).last_hidden_state[:, 0]
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    make_texts()
    make_image_models()
    for path in sorted(TESTS.glob("models/*/model.safetensors")):
        print(f"{path.parent.name}: {path.stat().st_size} bytes, {len(load_file(path))} tensors")
