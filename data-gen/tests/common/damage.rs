//! Damage to data sets, and what verification says of it.

use std::{fs, path::Path};

use mist_data_gen::{
    Draw,
    dataset::{MANIFEST_FILE, Manifest, Verifier, shard},
};
use sha2::{Digest, Sha256};

/// SHA-256 in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What verification finds, in words.
pub fn problems(dir: &Path, redraw: bool) -> Vec<String> {
    let verifier = Verifier::open(dir, redraw, 2).unwrap();
    let shards = 0..verifier.manifest().shards.len();
    shards.flat_map(|number| verifier.shard(number)).map(|problem| problem.to_string()).collect()
}

/// Changes the manifest.
pub fn change_manifest(dir: &Path, change: impl Fn(&mut Manifest)) {
    let path = dir.join(MANIFEST_FILE);
    let mut manifest: Manifest = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    fs::write(&path, serde_json::to_string(&manifest).unwrap()).unwrap();
}

/// Changes the draws of shard 1, indices 5 to 9, and the checksum with them.
pub fn change_draws(dir: &Path, change: impl Fn(&mut [Draw])) {
    let path = dir.join("shard-00001.safetensors");
    change_manifest(dir, |manifest| {
        let mut draws = shard::decode(&fs::read(&path).unwrap(), &manifest.families, manifest.storage).unwrap();
        change(&mut draws);
        let bytes = shard::encode(&draws, &manifest.families, manifest.storage).unwrap();
        fs::write(&path, &bytes).unwrap();
        manifest.shards[1].sha256 = Some(sha256(&bytes));
    });
}
