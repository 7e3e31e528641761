//! An encoder as a folder that `mist estimate --text-model` takes: the form in which the hub has them.

use super::letters::{Alphabet, EPSILON, HEADS, HIDDEN, INTERMEDIATE, LAYERS, LONGEST, MARKS, PADDING, UNKNOWN};
use super::training::Trained;
use anyhow::{Context, Result};
use candle_core::Tensor;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// Writes `config.json`, `tokenizer.json` and `model.safetensors`.
pub fn write(folder: &Path, encoder: &Trained, alphabet: &Alphabet) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    let config = json!({
        "model_type": "bert",
        "vocab_size": alphabet.len(),
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": INTERMEDIATE,
        "hidden_act": "gelu",
        "max_position_embeddings": LONGEST,
        "type_vocab_size": 1,
        "layer_norm_eps": EPSILON,
        "pad_token_id": PADDING,
        "position_embedding_type": "absolute",
    });
    let numbers: Map<String, Value> = (0_u32..).zip(alphabet.tokens()).map(|(i, token)| (token, i.into())).collect();
    // Every letter is a token, spaces too.
    let tokenizer = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [],
        "normalizer": null,
        "pre_tokenizer": { "type": "Split", "pattern": { "Regex": "." }, "behavior": "Isolated", "invert": false },
        "post_processor": null,
        "decoder": null,
        "model": { "type": "WordLevel", "vocab": numbers, "unk_token": MARKS[UNKNOWN as usize] },
    });
    for (name, value) in [("config.json", config), ("tokenizer.json", tokenizer)] {
        mist_files::replace(&folder.join(name), format!("{value:#}\n").as_bytes())?;
    }
    let tensors: HashMap<String, Tensor> = encoder.parameters.iter().cloned().collect();
    candle_core::safetensors::save(&tensors, folder.join("model.safetensors"))
        .with_context(|| format!("cannot write weights to `{}`", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::super::letters::{Batch, Letters};
    use super::super::training::{Task, train};
    use super::*;
    use crate::tables::Texts;
    use candle_core::Device;
    use mist_embed::Encoder;
    use mist_model::Parameters;

    const TOLERANCE: f32 = 1e-5;

    /// Texts whose rating is how many of their letters are an `a`.
    fn texts() -> Texts {
        let word =
            |r: u32| (0..3 + r % 5).map(|i| ['a', 'b', 'n', ' '][((r * 7 + i * i + r / 9) % 4) as usize]).collect();
        let texts: Vec<String> = (0..160).map(word).collect();
        let rating = texts.iter().map(|t: &String| t.matches('a').count() as f64).collect::<Vec<_>>();
        Texts { others: rating.clone(), ngrams: Vec::new(), texts, rating }
    }

    #[test]
    fn the_folder_gives_what_training_saw() {
        let (data, dir) = (texts(), tempfile::tempdir().unwrap());
        let alphabet = Alphabet::of(&data.texts);
        for task in [Task::FillIn, Task::Rate] {
            let trained = train(&alphabet, &data, task, 1, 4).unwrap();
            write(dir.path(), &trained, &alphabet).unwrap();
            // One of them has a letter that no text has.
            let some = ["banana", "a b", "nab?a"];
            let read = Encoder::open(dir.path(), &Device::Cpu).unwrap().encode(&some, 8, &|_| ()).unwrap().embeddings;
            let weights = trained.parameters.iter().cloned().collect();
            let (own, _) = Parameters::load(weights, &Device::Cpu, |vb| Letters::new(alphabet.len(), &vb)).unwrap();
            let numbers: Vec<Vec<u32>> = some.iter().map(|text| alphabet.numbers(text)).collect();
            let batch = Batch::new(&numbers).unwrap();
            let expected = batch.mean(&own.forward(&batch).unwrap()).unwrap().to_vec2::<f32>().unwrap();
            for (row, expected) in expected.iter().enumerate() {
                let far = read.row(row).iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(far < TOLERANCE, "{task:?}, row {row}: {far}");
            }
        }
    }
}
