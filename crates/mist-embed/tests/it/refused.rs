//! What is refused, and in which words.

use crate::support::{copy, edit, image, open};
use candle_core::Device;
use mist_embed::{Encoder, model_folder};
use std::error::Error;
use std::path::Path;

#[track_caller]
fn says(folder: &Path, texts: &[&str]) {
    let error = Encoder::open(folder, &Device::Cpu).err().expect("it is refused");
    let message = format!("{error} {}", error.source().map_or_else(String::new, ToString::to_string));
    texts.iter().for_each(|text| assert!(message.contains(text), "`{text}` is not in: {message}"));
}

#[test]
fn folders() {
    let error = |name: &str| model_folder(name).unwrap_err().to_string();
    assert!(error("hf:sentence-transformers/all-MiniLM-L6-v2").contains("hint: download its folder"));
    assert!(error("no/such/folder").contains("cannot read `no/such/folder`"));
    assert!(error(file!().trim_start_matches("crates/mist-embed/")).contains("expected the folder of a model"));
    assert!(model_folder("tests").is_ok());
}

#[test]
fn missing_and_damaged_files() {
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let model = copy("bert");
        std::fs::remove_file(model.path().join(name)).unwrap();
        says(model.path(), &["cannot read", name]);
        std::fs::write(model.path().join(name), "{\"hidden").unwrap();
        says(model.path(), &[name, "is no"]);
    }
    let model = copy("vit");
    std::fs::remove_file(model.path().join("preprocessor_config.json")).unwrap();
    says(model.path(), &["cannot read", "preprocessor_config.json"]);
}

#[test]
fn weights_elsewhere() {
    for (name, text) in [("pytorch_model.bin", "a pickle"), ("model.safetensors.index.json", "in several files")] {
        let model = copy("bert");
        std::fs::rename(model.path().join("model.safetensors"), model.path().join(name)).unwrap();
        says(model.path(), &["model.safetensors` is not there", "hint: ", text]);
    }
}

#[test]
fn architectures_and_settings_that_are_not_known() {
    type Edit = fn(&mut serde_json::Value);
    let cases: [(&str, &str, Edit, &str); 13] = [
        ("bert", "config.json", |c| c["model_type"] = "mpnet".into(), "`model_type` `mpnet`, expected one of `bert`"),
        ("bert", "config.json", |c| c["hidden_act"] = "swish".into(), "activation `swish`"),
        ("bert", "config.json", |c| c["position_embedding_type"] = "relative_key".into(), "`relative_key`, expected"),
        ("bert", "config.json", |c| c["num_attention_heads"] = 5.into(), "5 attention heads for 32 hidden columns"),
        ("bert", "config.json", |c| c["num_attention_heads"] = 0.into(), "0 attention heads"),
        ("bert", "config.json", |c| c["vocab_size"] = 77.into(), "does not fit `config.json`"),
        ("bert", "config.json", |c| c["num_hidden_layers"] = 3.into(), "encoder.layer.2"),
        ("clip", "config.json", |c| c["vision_config"]["hidden_act"] = "gelu".into(), "expected `quick_gelu`"),
        ("clip", "config.json", |c| c["vision_config"]["image_size"] = 32.into(), "for images of 32 pixels"),
        ("vit", "config.json", |c| c["patch_size"] = 0.into(), "patches of 0 pixels"),
        ("dinov2", "config.json", |c| c["use_swiglu_ffn"] = true.into(), "not known"),
        ("vit", "preprocessor_config.json", |c| c["resample"] = 9.into(), "`resample` 9"),
        ("dinov2", "preprocessor_config.json", |c| c["do_center_crop"] = false.into(), "images of different sizes"),
    ];
    for (name, file, change, text) in cases {
        let model = copy(name);
        edit(model.path(), file, change);
        says(model.path(), &[text]);
    }
    let model = copy("bert");
    std::fs::create_dir(model.path().join("1_Pooling")).unwrap();
    std::fs::write(model.path().join("1_Pooling/config.json"), r#"{"pooling_mode_max_tokens": true}"#).unwrap();
    says(model.path(), &["1_Pooling", "another pooling"]);
}

#[test]
fn tokens_that_the_model_does_not_know() {
    let model = copy("bert");
    edit(model.path(), "tokenizer.json", |t| t["model"]["vocab"]["phone"] = 500.into());
    let encoder = Encoder::open(model.path(), &Device::Cpu).unwrap();
    let error = encoder.encode(&["good", "a phone"], 8, &|_| ()).unwrap_err().to_string();
    assert!(error.contains("item 1") && error.contains("token 500") && error.contains("hint: "), "{error}");
}

#[test]
fn images_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let png = std::fs::read(image("wide.png")).unwrap();
    let mut huge = png.clone();
    huge[16..24].copy_from_slice(&[0, 16, 0, 0, 0, 16, 0, 0]);
    let encoder = open("clip");
    let good = image("exact.png");
    for (path, text) in [
        (folder.path().join("none.png").to_str().unwrap().to_owned(), "cannot read"),
        (write("text.png", b"hello"), "neither PNG nor JPEG"),
        (write("cut.png", &png[..png.len() / 2]), "is no sound PNG file"),
        (write("huge.png", &huge), "PNG"),
        (write("cut.jpg", &[0xff, 0xd8, 0xff]), "is no sound JPEG file"),
        (folder.path().to_str().unwrap().to_owned(), "cannot read"),
    ] {
        let error = encoder.encode(&[&good, &path, &good], 1, &|_| ()).unwrap_err().to_string();
        assert!(error.contains("item 1 ") && error.contains(text), "{path}: {error}");
    }
}
