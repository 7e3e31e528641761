//! What an accelerator computes, against the CPU: skipped, with a word, where there is none.

use candle_core::Device;
use mist_train::TrainConfig;
use mist_train::agreement::{Agreement, BOUNDS, agreement};

const CONFIG: &str = "name = \"a\"\nmeta = \"m_train\"\nseed = 3\nsteps = 1\n\
    [batch]\ncells = 600\nmin_tasks = 1\nmax_tasks = 2\n\
    [network]\npair_blocks = 1\nrow_blocks = 1\n";

#[test]
fn the_cpu_agrees_with_itself() {
    let config = TrainConfig::from_toml(CONFIG).unwrap();
    let same = agreement(&config, &Device::Cpu, 2).unwrap();
    assert_eq!(same, Agreement { forward: 0.0, gradient: 0.0, loss: 0.0 });
    assert!(same.within(&BOUNDS));
    assert!(!Agreement { forward: f64::NAN, ..same }.within(&BOUNDS));
    assert!(agreement(&config, &Device::Cpu, 0).is_err());
}

#[test]
fn cuda_agrees_with_the_cpu() {
    let Ok(device) = Device::new_cuda(0) else {
        eprintln!("skipped: no CUDA device");
        return;
    };
    let found = agreement(&TrainConfig::from_toml(CONFIG).unwrap(), &device, 20).unwrap();
    assert!(found.within(&BOUNDS), "{found:?}");
}
