//! Throwaway.
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let config = mist_train::TrainConfig::from_toml(&std::fs::read_to_string(&a[1]).unwrap()).unwrap();
    let minutes: f64 = a[3].parse().unwrap();
    let o = mist_train::Options {
        out: a[2].clone().into(),
        resume: std::path::Path::new(&a[2]).join("state.safetensors").exists(),
        max_time: Some(std::time::Duration::from_secs_f64(minutes * 60.0)),
        max_steps: None,
        threads: 2,
        device: candle_core::Device::Cpu,
        quiet: false,
    };
    let s = mist_train::train(&config, &o).unwrap();
    println!("{s:?}");
}
