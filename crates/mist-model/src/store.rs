//! Named parameters: drawn from a seed, or loaded strictly.

use candle_core::{DType, Device, Result, Shape, Tensor, Var};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

/// The parameters of a network, by name, in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    vars: BTreeMap<String, Var>,
}

impl Parameters {
    /// Builds a network whose parameters are drawn from `seed`.
    ///
    /// Each parameter has its own stream, keyed by the seed and its name, so that adding a layer changes no other.
    ///
    /// # Errors
    /// Whatever `build` returns.
    pub fn init<T>(seed: u64, device: &Device, build: impl FnOnce(VarBuilder) -> Result<T>) -> Result<(T, Self)> {
        let vars = Arc::new(Mutex::new(BTreeMap::new()));
        let backend = Seeded { seed, vars: vars.clone() };
        let net = build(VarBuilder::from_backend(Box::new(backend), DType::F32, device.clone()))?;
        let vars = vars.lock().expect("no thread panicked").clone();
        Ok((net, Self { vars }))
    }

    /// Builds a network from tensors, as trainable variables.
    ///
    /// # Errors
    /// A tensor that is missing, of another shape, or left over.
    pub fn load<T>(
        tensors: HashMap<String, Tensor>,
        device: &Device,
        build: impl FnOnce(VarBuilder) -> Result<T>,
    ) -> Result<(T, Self)> {
        let mut vars = BTreeMap::new();
        for (name, t) in tensors {
            vars.insert(name, Var::from_tensor(&t.to_dtype(DType::F32)?.to_device(device)?)?);
        }
        let used = Arc::new(Mutex::new(HashSet::new()));
        let backend = Loaded { vars: vars.clone(), used: used.clone() };
        let net = build(VarBuilder::from_backend(Box::new(backend), DType::F32, device.clone()))?;
        let used = used.lock().expect("no thread panicked");
        if let Some(extra) = vars.keys().find(|k| !used.contains(*k)) {
            candle_core::bail!("parameter `{extra}` belongs to no layer of this network");
        }
        Ok((net, Self { vars }))
    }

    /// Name and variable of each parameter, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Var)> {
        self.vars.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// The parameter of this name.
    pub fn get(&self, name: &str) -> Option<&Var> {
        self.vars.get(name)
    }

    /// Number of scalars.
    pub fn count(&self) -> usize {
        self.vars.values().map(|v| v.elem_count()).sum()
    }
}

struct Seeded {
    seed: u64,
    vars: Arc<Mutex<BTreeMap<String, Var>>>,
}

impl Seeded {
    /// The stream of a parameter.
    fn stream(&self, name: &str) -> ChaCha8Rng {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(name.as_bytes());
        ChaCha8Rng::from_seed(hash.finalize().into())
    }
}

impl SimpleBackend for Seeded {
    fn get(&self, shape: Shape, name: &str, init: Init, dtype: DType, device: &Device) -> Result<Tensor> {
        let count = shape.elem_count();
        let values: Vec<f32> = match init {
            Init::Const(c) => vec![c as f32; count],
            Init::Randn { mean, stdev } => {
                let mut rng = self.stream(name);
                let draw = |_| {
                    let v: f64 = StandardNormal.sample(&mut rng);
                    (mean + stdev * v) as f32
                };
                (0..count).map(draw).collect()
            }
            Init::Uniform { lo, up } => {
                let mut rng = self.stream(name);
                (0..count).map(|_| rng.random_range(lo..up) as f32).collect()
            }
            other => candle_core::bail!("no seeded form of {other:?} for `{name}`"),
        };
        let var = Var::from_tensor(&Tensor::from_vec(values, shape, device)?.to_dtype(dtype)?)?;
        let tensor = var.as_tensor().clone();
        if self.vars.lock().expect("no thread panicked").insert(name.to_string(), var).is_some() {
            candle_core::bail!("two layers ask for the parameter `{name}`");
        }
        Ok(tensor)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        candle_core::bail!("the shape of `{name}` must be given")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}

struct Loaded {
    vars: BTreeMap<String, Var>,
    used: Arc<Mutex<HashSet<String>>>,
}

impl SimpleBackend for Loaded {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, device: &Device) -> Result<Tensor> {
        let t = self.get_unchecked(name, dtype, device)?;
        if t.shape() != &shape {
            candle_core::bail!("parameter `{name}` has shape {:?}, expected {:?}", t.dims(), shape.dims());
        }
        Ok(t)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        let Some(var) = self.vars.get(name) else {
            candle_core::bail!("parameter `{name}` is missing");
        };
        self.used.lock().expect("no thread panicked").insert(name.to_string());
        Ok(var.as_tensor().clone())
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.vars.contains_key(name)
    }
}
