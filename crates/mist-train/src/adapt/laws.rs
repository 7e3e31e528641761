//! What the tasks of an adaptation are drawn from.

use crate::TrainError;
use mist_data_gen::MetaDistribution;
use mist_data_gen::config::{Config, Flows, NLaw};
use mist_data_gen::fitted::FlowFile;

/// Dependences whose sides are of independent standard normals, or nearly so, which is what a flow turns into data: normal
/// ones of all strengths, in many pairs or in few, turned or not; tails that go together; signs and products; and none.
const DEPENDENCES: &str = r#"
name = "like-the-data"
flip_signs = true
[[n]]
weight = 1.0
law = "log_uniform"
min = 10
max = 2000

[[family]]
weight = 5.0
kind = "normal"
dispersion = "canonical"
mi = [0.0, 8.0]
rotate = 0.6
swap = 0.5

[[family]]
weight = 2.0
kind = "normal"
dispersion = "sparse"
lambda = [0.1, 4.0]
rotate = 0.4
swap = 0.5

[[family]]
weight = 1.0
kind = "normal"
dispersion = "2pair"
lambda = [0.1, 6.0]
rotate = 0.4
swap = 0.5

[[family]]
weight = 1.5
kind = "student"
dispersion = "canonical"
mi = [0.0, 6.0]
maps = ["asinh"]
rotate = 0.6
swap = 0.5

[[family]]
weight = 0.7
kind = "interaction"
shapes = ["sign", "product"]
target_mi = [0.0, 2.0]
swap = 0.5

[[family]]
weight = 1.2
kind = "normal"
dispersion = "identity"
"#;

/// One side of the data.
#[derive(Clone, Debug)]
pub struct Side {
    /// Columns.
    pub dim: usize,
    /// The flow that was fitted to it; a side of one column has none.
    pub flow: Option<FlowFile>,
}

/// The laws of the tasks.
#[derive(Clone, Debug)]
pub struct Laws {
    /// What the checkpoint was trained on.
    pub general: MetaDistribution,
    /// Tasks of the shape of the data, whose sides go through the inverse flows.
    pub like_the_data: MetaDistribution,
    /// Both.
    pub mix: MetaDistribution,
    /// Columns of the data, of both sides together.
    pub columns: usize,
}

impl Laws {
    /// Tasks that look like the data are the `share` of the mix.
    ///
    /// # Errors
    /// A general law that is a fixed suite, or draws no table that is small enough; a share outside (0, 1).
    ///
    /// # Panics
    /// If a flow is of another number of columns than its side.
    pub fn new(general: MetaDistribution, [x, y]: [Side; 2], share: f64) -> Result<Self, TrainError> {
        if !(share > 0.0 && share < 1.0) {
            return Err(TrainError::Config(format!(
                "the share of tasks that look like the data must lie in (0, 1), got {share}"
            )));
        }
        let of = general.config().clone();
        let NLaw::Mixture(rows) = &of.n else {
            let what = format!("`{}` is a fixed suite, not a mix to train on", general.name());
            return Err(TrainError::Config(what));
        };
        let fewest = rows.iter().map(|(_, law)| law.min).min().unwrap_or(1);
        if of.max_cells.is_some_and(|most| most < fewest * (x.dim + y.dim)) {
            let what = format!("`{}` draws no tables of {} + {} columns", general.name(), x.dim, y.dim);
            return Err(TrainError::Config(what));
        }
        for side in [&x, &y] {
            assert!(
                side.flow.as_ref().is_none_or(|file| file.flow().dim() == side.dim),
                "a flow has the dim of its side"
            );
        }
        let drawn = Config::from_toml(&with_dims((x.dim, y.dim)))?;
        let mut like = Config { n: of.n.clone(), max_cells: of.max_cells, ..drawn };
        for (_, family) in &mut like.families {
            family.flows = Some(Flows { x: x.flow.clone(), y: y.flow.clone() });
        }
        let mut mix = Config { name: format!("{}+like-the-data", of.name), ..of };
        let scaled = |config: &Config, share: f64| {
            let total: f64 = config.families.iter().map(|(weight, _)| weight).sum();
            config.families.iter().map(|(weight, family)| (weight / total * share, family.clone())).collect::<Vec<_>>()
        };
        mix.families = [scaled(&mix, 1.0 - share), scaled(&like, share)].concat();
        let columns = x.dim + y.dim;
        Ok(Self { general, like_the_data: MetaDistribution::new(like), mix: MetaDistribution::new(mix), columns })
    }
}

/// The dependences with dims of their own in each family.
fn with_dims((dim_x, dim_y): (usize, usize)) -> String {
    DEPENDENCES.replace("[[family]]\n", &format!("[[family]]\ndims = [{dim_x}, {dim_y}]\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mist_data_gen::{Seeds, Split, fitted::FittedFlow, held_out};
    use nalgebra::DMatrix;

    fn flow(dim: usize, dir: &std::path::Path) -> Side {
        let lower = DMatrix::from_fn(dim, dim, |i, j| if i < j { 0.0 } else { 0.7 });
        let flow = FittedFlow::new(vec![0.0; dim], lower, Vec::new()).unwrap();
        Side { dim, flow: Some(FlowFile::write(&dir.join(format!("{dim}.safetensors")), flow).unwrap()) }
    }

    #[test]
    fn the_mix_has_its_share_of_tasks_that_look_like_the_data() {
        let dir = tempfile::tempdir().unwrap();
        for (x, y) in [(flow(3, dir.path()), flow(5, dir.path())), (flow(4, dir.path()), Side { dim: 1, flow: None })] {
            let dims = (x.dim, y.dim);
            let general = MetaDistribution::named("mist_5").unwrap();
            let laws = Laws::new(general, [x, y], 0.4).unwrap();
            assert!(held_out::drawn_by(&laws.mix).is_empty());
            let like = laws.mix.variants().iter().filter(|v| v.name.ends_with("-fitted"));
            assert!((like.map(|v| v.weight).sum::<f64>() - 0.4).abs() < 1e-12);
            for index in 0..60 {
                let draw = laws.like_the_data.draw(&Seeds { root: 1 }, Split::Scratch, index);
                assert_eq!((draw.sample.x.ncols(), draw.sample.y.ncols()), dims);
                assert!(draw.sample.x.iter().chain(draw.sample.y.iter()).all(|v| v.is_finite()), "{}", draw.family);
            }
            // Written and read again it is the same law.
            let text = laws.mix.config().beside_its_files().to_toml();
            let again = MetaDistribution::from_toml_in(&text, dir.path()).unwrap();
            assert_eq!(again.sha256(), laws.mix.sha256());
        }
    }

    #[test]
    fn a_suite_is_no_mix() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |name, share| {
            let general = MetaDistribution::named(name).unwrap();
            Laws::new(general, [flow(3, dir.path()), flow(2, dir.path())], share).unwrap_err().to_string()
        };
        assert!(refused("bmi", 0.5).contains("fixed suite"));
        assert!(refused("mist_5", 1.0).contains("(0, 1)"));
    }
}
