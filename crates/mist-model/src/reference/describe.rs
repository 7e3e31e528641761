//! A description of weights that come without one: the authors' files, recognised by the names of their parameters.

use super::ReferenceConfig;
use crate::ops::Rectifier;
use serde::Deserialize;
use std::collections::HashMap;

/// What stands before the names: nothing in the network itself, `core.` in files of the authors' hub class, `msm.` in those of
/// their training.
const PREFIXES: [&str; 2] = ["core.", "msm."];

/// Parameters by the names that the network itself has: without the prefix of the class around it, if all have the same.
pub(crate) fn own_names<T>(tensors: HashMap<String, T>) -> HashMap<String, T> {
    let common = PREFIXES.into_iter().find(|p| !tensors.is_empty() && tensors.keys().all(|name| name.starts_with(p)));
    match common {
        Some(prefix) => tensors.into_iter().map(|(name, t)| (name[prefix.len()..].to_owned(), t)).collect(),
        None => tensors,
    }
}

/// What of the authors' `config.json` the weights do not tell. The rest of it is left alone.
#[derive(Default, Deserialize)]
struct Published {
    n_phi_heads: Option<usize>,
    phi_activation_fun: Option<String>,
}

/// The sizes of a published network with parameters of these shapes; `None` if they are not those of one. `json` is the
/// authors' `config.json`, if it lies beside the weights.
///
/// # Errors
/// A network of another size than the published ones without that file, which says how many heads it has; a file that is not
/// such JSON.
pub(crate) fn describe(
    shapes: &HashMap<String, Vec<usize>>,
    json: Option<&[u8]>,
) -> Option<Result<ReferenceConfig, String>> {
    let shapes = own_names(shapes.clone());
    let dims = |name: &str| shapes.get(name).map(Vec::as_slice);
    let [wide, max_input_dim] = *dims("phi.embedding_mlp.0.weight")? else { return None };
    let [_, n_inds, phi_hidden_dim] = *dims("phi.encoder.0.i")? else { return None };
    let [phi_dim_forward, _] = *dims("phi.encoder.0.mab0.linear1.weight")? else { return None };
    let [_, n_seeds, _] = *dims("phi.pooling_pma.s")? else { return None };
    let [rho_hidden_dim, inputs] = *dims("rho.0.weight")? else { return None };
    let count = |name: &dyn Fn(usize) -> String| (0..).take_while(|i| shapes.contains_key(&name(*i))).count();
    let mut config = ReferenceConfig {
        quantile_conditioned: inputs == phi_hidden_dim + 1,
        max_input_dim,
        phi_hidden_dim,
        sab_stack_layers: count(&|i| format!("phi.feature_interaction_block.layers.{}.mab.norm1.weight", 3 * i)),
        n_phi_layers: count(&|i| format!("phi.encoder.{i}.i")),
        n_inds,
        phi_dim_forward,
        n_seeds,
        n_dec_layers: count(&|i| format!("phi.decoder.{i}.mab.norm1.weight")).saturating_sub(1),
        n_rho_layers: count(&|i| format!("rho.{}.weight", 2 * i)),
        rho_hidden_dim,
        ..ReferenceConfig::default()
    };
    if config.n_rho_layers == 1 {
        config.rho_hidden_dim = ReferenceConfig::default().rho_hidden_dim;
    }
    if wide != 2 * phi_hidden_dim {
        return None;
    }
    Some(with_heads(config, json))
}

/// Heads and activation, which shapes do not tell: from the authors' JSON, or as published.
fn with_heads(mut config: ReferenceConfig, json: Option<&[u8]>) -> Result<ReferenceConfig, String> {
    let published: Published = match json {
        Some(json) => serde_json::from_slice(json).map_err(|e| format!("`config.json`: {e}"))?,
        None => Published::default(),
    };
    match published.n_phi_heads {
        Some(heads) => config.n_phi_heads = heads,
        None => {
            let quantile_conditioned = config.quantile_conditioned;
            if config != (ReferenceConfig { quantile_conditioned, ..ReferenceConfig::default() }) {
                return Err(
                    "its parameters are those of a published network of another size, whose number of heads they \
                            do not tell\nhint: put the `config.json` of its authors beside it"
                        .into(),
                );
            }
        }
    }
    // The authors take every other name for ReLU.
    if let Some(name) = published.phi_activation_fun {
        let gelu = name.eq_ignore_ascii_case("gelu");
        config.phi_activation_fun = if gelu { Rectifier::Gelu } else { Rectifier::Relu };
    }
    config.validate()?;
    Ok(config)
}
