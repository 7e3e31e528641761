//! Embeddings equal those of PyTorch's transformers.

use crate::support::{Images, Texts, close, copy, edit, encode, folder, image, json, open};
use candle_core::Device;
use mist_embed::{Encoder, Kind, Picture};
use std::path::Path;

fn texts(name: &str) -> Texts {
    json(&folder(name).join("golden.json"))
}

#[test]
fn texts_are_those_of_pytorch() {
    for name in ["bert", "distilbert", "roberta"] {
        let (encoder, golden) = (open(name), texts(name));
        assert_eq!((encoder.kind(), encoder.columns()), (Kind::Text, 32), "{name}");
        let found = encode(&encoder, &golden.texts, 32);
        close(&found.embeddings, &golden.mean, name);
        assert_eq!(found.truncated.len(), golden.truncated, "{name}");
        assert!(golden.truncated > 0, "{name}: one text is longer than the model takes");
    }
}

#[test]
fn the_first_token_is_taken_where_the_folder_says_so() {
    let golden = texts("bert");
    for pooling in [
        r#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false, "pooling_mode_max_tokens": false}"#,
        r#"{"pooling_mode": "cls"}"#,
    ] {
        let model = copy("bert");
        std::fs::create_dir(model.path().join("1_Pooling")).unwrap();
        std::fs::write(model.path().join("1_Pooling/config.json"), pooling).unwrap();
        let encoder = Encoder::open(model.path(), &Device::Cpu).unwrap();
        close(&encode(&encoder, &golden.texts, 32).embeddings, &golden.cls, pooling);
    }
}

/// Resizers round differently, and so do JPEG decoders: levels of 255 that a pixel may be off.
const LEVELS: u8 = 2;

#[test]
fn images_are_cut_out_as_by_pillow() {
    for name in ["clip", "vit", "dinov2"] {
        let golden: Images = json(&folder(name).join("golden.json"));
        let pixels: Vec<Vec<u8>> = json(&folder(name).join("pixels.json"));
        let encoder = open(name);
        assert_eq!((encoder.kind(), golden.images.len()), (Kind::Image, 7));
        for (path, expected) in golden.images.iter().map(|name| image(name)).zip(&pixels) {
            let picture = Picture::read(Path::new(&path)).unwrap();
            let cut = encoder.preparation().unwrap().cut(&picture).unwrap();
            assert_eq!(cut.rgb.len(), expected.len(), "{name}, {path}");
            let off = cut.rgb.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(off <= LEVELS, "{name}, {path}: {off}");
        }
    }
}

#[test]
fn images_are_those_of_pytorch() {
    for name in ["clip", "vit", "dinov2"] {
        let golden: Images = json(&folder(name).join("golden.json"));
        let pixels: Vec<Vec<u8>> = json(&folder(name).join("pixels.json"));
        // The pixels that PyTorch saw, as they are.
        let model = copy(name);
        edit(model.path(), "preprocessor_config.json", |p| {
            p["do_resize"] = false.into();
            p["do_center_crop"] = true.into();
            p["crop_size"] = 24.into();
        });
        let paths: Vec<String> = (0..pixels.len()).map(|i| format!("{}/{i}.png", model.path().display())).collect();
        for (path, pixels) in paths.iter().zip(&pixels) {
            let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), 24, 24);
            encoder.set_color(png::ColorType::Rgb);
            encoder.write_header().unwrap().write_image_data(pixels).unwrap();
        }
        let found = encode(&Encoder::open(model.path(), &Device::Cpu).unwrap(), &paths, 3);
        close(&found.embeddings, &golden.embeddings, name);
    }
}

#[test]
fn a_tower_without_projection_gives_its_pooled_token() {
    let model = copy("clip");
    let weights = candle_core::safetensors::load(model.path().join("model.safetensors"), &Device::Cpu).unwrap();
    let tower = weights.into_iter().filter(|(name, _)| name.starts_with("vision_model.")).collect();
    candle_core::safetensors::save(&tower, model.path().join("model.safetensors")).unwrap();
    assert_eq!(Encoder::open(model.path(), &Device::Cpu).unwrap().columns(), 32);
    assert_eq!(open("clip").columns(), 20);
}
