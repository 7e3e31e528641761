//! One `[[family]]`: a prior, and the transforms applied to what it draws.

use std::path::Path;

use rand::Rng;
use toml::Table;

use super::flows::Flows;
use crate::{
    ground::{
        draw::uniform,
        error::ConfigError,
        joint::Joint,
        keys::{Keys, Range, Written},
    },
    meta::catalogue::{Base, FamilyKind},
    transforms::{maps::Map, mixing::Mixing, warp::WarpKind},
};

/// End of the names of families whose sides go through fitted flows.
pub const FITTED: &str = "-fitted";

/// Parameter draws among which the one nearest to a wanted MI is kept.
const CANDIDATES: usize = 4;

/// The prior of a family, with the transforms that are applied to a draw.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyPrior {
    /// The family and its prior.
    pub kind: FamilyKind,
    /// Name in place of the one made of kind and transforms; for a family of one variant.
    pub name: Option<String>,
    /// Dims in place of the configuration's law.
    pub dims: Option<(usize, usize)>,
    /// Range of a wanted MI, drawn evenly on the scale ln(1 + MI): of four parameter draws, the one nearest to it is
    /// kept. Without it the parameters follow their ranges, and the MI whatever comes of them.
    pub target_mi: Option<Range>,
    /// The coordinate-wise maps, equally likely.
    pub maps: Vec<Map>,
    /// Probability of a rotation.
    pub rotate: f64,
    /// Probability of a general linear map.
    pub linear: f64,
    /// Probability of a linear map that makes columns nearly collinear.
    pub collinear: f64,
    /// Probability of a warp.
    pub warp: f64,
    /// The warps, equally likely.
    pub warps: Vec<WarpKind>,
    /// Probability that X and Y are exchanged.
    pub swap: f64,
    /// The fitted flows that the sides go through last, in their inverse direction.
    pub flows: Option<Flows>,
}

impl FamilyPrior {
    /// Reads the table at `prefix`, with files by paths from `folder`; gives the weight, too.
    pub(super) fn read(prefix: String, table: Table, folder: &Path) -> Result<(f64, Self), ConfigError> {
        let mut keys = Keys::new(prefix, table);
        let expected = "a finite number > 0";
        let weight: f64 = keys.required("weight", expected)?;
        if !(weight.is_finite() && weight > 0.0) {
            return Err(keys.refused("weight", expected, weight));
        }
        let expected = format!("one of {}", FamilyKind::NAMES.join(", "));
        let name: String = keys.required("kind", &expected)?;
        let Some(kind) = FamilyKind::read(&name, &mut keys) else {
            return Err(keys.refused("kind", &expected, name));
        };
        let kind = kind?;

        let expected = "a name";
        let name: Option<String> = keys.optional("name", expected)?;
        if name.as_deref() == Some("") {
            return Err(keys.refused("name", expected, "an empty string"));
        }
        let dims = match kind.fixed_dims() {
            Some(_) => None,
            None => {
                let expected = "[dim_x, dim_y], each in [1, 512]";
                let dims: Option<[usize; 2]> = keys.optional("dims", expected)?;
                if let Some(bad) = dims.filter(|dims| dims.iter().any(|d| !(1..=512).contains(d))) {
                    return Err(keys.refused("dims", expected, format!("{bad:?}")));
                }
                dims.map(|[x, y]| (x, y))
            }
        };
        let expected = "[low, high] with 0 ≤ low < high ≤ 100";
        let target_mi: Option<Range> = keys.optional("target_mi", expected)?;
        if let Some([low, high]) = target_mi.filter(|[low, high]| !(0.0 <= *low && low < high && *high <= 100.0)) {
            return Err(keys.refused("target_mi", expected, format!("[{low}, {high}]")));
        }
        let swap = keys.probability("swap", kind.default_swap())?;
        if swap > 0.0 && kind.fixed_dims().is_some_and(|(x, y)| x != y) {
            let expected = "0, because the dims of this kind are fixed and would change with it";
            return Err(keys.refused("swap", expected, swap));
        }
        let mut law = Self {
            kind,
            name,
            dims,
            target_mi,
            maps: vec![Map::Identity],
            rotate: 0.0,
            linear: 0.0,
            collinear: 0.0,
            warp: 0.0,
            warps: WarpKind::TRAINED.to_vec(),
            swap,
            flows: None,
        };
        if law.kind.takes_transforms() {
            law.read_transforms(&mut keys, folder)?;
        }
        keys.finish(&format!("kind `{}`{}", law.kind.name(), law.kind.detail()))?;
        let variants = law.variants().len();
        if law.name.is_some() && variants > 1 {
            let expected = "no name for a family of more than one variant";
            return Err(keys.refused("name", expected, format!("{variants} variants")));
        }
        Ok((weight, law))
    }

    fn read_transforms(&mut self, keys: &mut Keys, folder: &Path) -> Result<(), ConfigError> {
        self.maps = keys.some_of("maps", "map", &Map::ALL, vec![Map::Identity])?;
        if self.maps.contains(&Map::NormalCdf) && !self.kind.has_light_tails() {
            let expected = "no `normal_cdf`: it rounds heavy tails to ties, which would make the stated MI wrong";
            return Err(keys.refused("maps", expected, "normal_cdf"));
        }
        self.rotate = keys.probability("rotate", 0.0)?;
        self.linear = keys.probability("linear", 0.0)?;
        self.collinear = keys.probability("collinear", 0.0)?;
        if self.rotate + self.linear > 1.0 {
            return Err(keys.refused("linear", "at most 1 together with `rotate`", self.linear));
        }
        if self.rotate + self.linear + self.collinear > 1.0 {
            return Err(keys.refused("collinear", "at most 1 together with `rotate` and `linear`", self.collinear));
        }
        self.warp = keys.probability("warp", 0.0)?;
        self.warps = keys.some_of("warps", "warp", &WarpKind::ALL, WarpKind::TRAINED.to_vec())?;
        if let Some((flows, dims)) = Flows::read(keys, folder, self.fixed_dims())? {
            self.flows = Some(flows);
            self.dims = self.kind.fixed_dims().is_none().then_some(dims);
        }
        Ok(())
    }

    /// The resolved table: every default written out.
    pub(super) fn write(&self, weight: f64) -> Table {
        let mut keys = Written::default();
        keys.set("weight", weight).set("kind", self.kind.name());
        if let Some(name) = &self.name {
            keys.set("name", name);
        }
        if let Some((dim_x, dim_y)) = self.dims {
            keys.set("dims", [dim_x, dim_y]);
        }
        if let Some(range) = self.target_mi {
            keys.set("target_mi", range);
        }
        self.kind.write(&mut keys);
        if self.kind.takes_transforms() {
            keys.set("maps", &self.maps).set("rotate", self.rotate).set("linear", self.linear);
            if self.collinear > 0.0 {
                keys.set("collinear", self.collinear);
            }
            keys.set("warp", self.warp);
            if self.warp > 0.0 {
                keys.set("warps", &self.warps);
            }
        }
        keys.set("swap", self.swap);
        if let Some(flows) = &self.flows {
            flows.write(&mut keys);
        }
        keys.0
    }

    /// The transforms that a draw may have, each with its share.
    fn variants(&self) -> Vec<(f64, Map, Mixing, Option<WarpKind>)> {
        let mut variants = Vec::new();
        for &map in &self.maps {
            let each = 1.0 / self.maps.len() as f64;
            for (mixing, share) in [
                (Mixing::None, 1.0 - self.rotate - self.linear - self.collinear),
                (Mixing::Rotation, self.rotate),
                (Mixing::Linear, self.linear),
                (Mixing::Collinear, self.collinear),
            ] {
                let warps = self.warps.iter().map(|&w| (Some(w), self.warp / self.warps.len() as f64));
                for (warp, of_warp) in std::iter::once((None, 1.0 - self.warp)).chain(warps) {
                    if share * of_warp > 0.0 {
                        variants.push((each * share * of_warp, map, mixing, warp));
                    }
                }
            }
        }
        variants
    }

    /// The variants of this family, as entry `family` of a configuration, with its share of all draws.
    pub(super) fn named_variants(&self, family: usize, share: f64) -> impl Iterator<Item = Variant> {
        self.variants().into_iter().map(move |(of_family, map, mixing, warp)| Variant {
            name: self.variant_name(map, mixing, warp),
            weight: share * of_family,
            family,
            map,
            mixing,
            warp,
        })
    }

    fn variant_name(&self, map: Map, mixing: Mixing, warp: Option<WarpKind>) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let mut name = self.kind.label();
        if self.kind.takes_transforms() {
            for part in [Some(map.as_str()), mixing.as_str(), warp.map(WarpKind::as_str)].into_iter().flatten() {
                name.push('-');
                name.push_str(part);
            }
        }
        if self.flows.is_some() {
            name.push_str(FITTED);
        }
        name
    }

    /// The structures that a draw may have, see [`crate::held_out`].
    #[must_use]
    pub fn features(&self) -> Vec<String> {
        let warps = self.warps.iter().filter(|_| self.warp > 0.0).map(|w| w.as_str().to_owned());
        self.kind.features().into_iter().chain(warps).collect()
    }

    /// The dims that this family always has, if it takes none from the configuration's law.
    #[must_use]
    pub fn fixed_dims(&self) -> Option<(usize, usize)> {
        self.dims.or_else(|| self.kind.fixed_dims())
    }

    /// Draws the parameters, and whether X and Y are exchanged; `dims` are those after the exchange.
    pub(crate) fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> (Base, bool) {
        let exchange = |rng: &mut R| self.swap > 0.0 && rng.random_bool(self.swap);
        if dims.0 == dims.1 {
            let base = self.draw_base(dims, rng);
            return (base, exchange(rng));
        }
        let swapped = exchange(rng);
        let base_dims = if swapped { (dims.1, dims.0) } else { dims };
        (self.draw_base(base_dims, rng), swapped)
    }

    fn draw_base<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Base {
        let Some(range) = self.target_mi else {
            return self.kind.draw(dims, rng);
        };
        let target = uniform(&range.map(f64::ln_1p), rng);
        let distance = |base: &Base| (base.mi_nats().ln_1p() - target).abs();
        let mut best = self.kind.draw(dims, rng);
        for _ in 1..CANDIDATES {
            let next = self.kind.draw(dims, rng);
            if distance(&next) < distance(&best) {
                best = next;
            }
        }
        best
    }
}

/// A family as it is counted and named: one entry of the file with one choice of transforms.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// For example `normal-dense-base` or `student-sparse-asinh-rotated`.
    pub name: String,
    /// Share of the draws; the weights of a configuration sum to 1.
    pub weight: f64,
    /// Index into [`super::Config::families`].
    pub family: usize,
    /// The coordinate-wise map.
    pub map: Map,
    /// The linear map of each side, applied before the coordinate-wise map.
    pub mixing: Mixing,
    /// The warp of each side, applied after the map.
    pub warp: Option<WarpKind>,
}
