//! Which network, and its size, as descriptions of checkpoints and training runs have it.

use crate::scores::{Column, ScoreError, Scores};
use crate::{AxialConfig, ReferenceConfig};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// The key that tells the networks apart; a table without it describes an axial network, as those of earlier versions do.
const KIND: &str = "kind";
const AXIAL: &str = "axial";
const REFERENCE: &str = "reference";

/// A network with its sizes.
#[derive(Clone, Debug, PartialEq)]
pub enum NetworkConfig {
    /// Ours.
    Axial(AxialConfig),
    /// The published one: `kind = "reference"`.
    Reference(ReferenceConfig),
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self::Axial(AxialConfig::default())
    }
}

impl From<AxialConfig> for NetworkConfig {
    fn from(config: AxialConfig) -> Self {
        Self::Axial(config)
    }
}

impl From<ReferenceConfig> for NetworkConfig {
    fn from(config: ReferenceConfig) -> Self {
        Self::Reference(config)
    }
}

impl NetworkConfig {
    /// Levels of the answers, increasing, inside (0, 1). One alone means a point estimate without intervals.
    pub fn taus(&self) -> &[f64] {
        match self {
            Self::Axial(c) => &c.taus,
            Self::Reference(c) => c.levels(),
        }
    }

    /// Whether answers have intervals.
    pub fn has_intervals(&self) -> bool {
        self.taus().len() > 1
    }

    /// Whether answers have the pointwise MI of each row.
    pub fn has_pointwise(&self) -> bool {
        matches!(self, Self::Axial(_))
    }

    /// Whether a table is answered as a whole however many rows it has. Others become blocks.
    pub fn takes_whole_tables(&self) -> bool {
        matches!(self, Self::Reference(_))
    }

    /// Orders of the nearest neighbours that the network wants to see.
    pub fn neighbours(&self) -> &[usize] {
        match self {
            Self::Axial(c) => c.neighbours(),
            Self::Reference(_) => &[],
        }
    }

    /// Whether this network is the other one and what it makes of pairs of variables, or of regressions.
    pub fn extends(&self, other: &Self) -> bool {
        let (Self::Axial(own), Self::Axial(other)) = (self, other) else { return false };
        let mut without = own.clone();
        without.local.fits = false;
        if own.local.fits && without == *other {
            return true;
        }
        without.local.pairs = false;
        own.local.pairs && without == *other
    }

    /// The scores with what the network wants to see of neighbours and of pairs.
    pub fn with_terms(&self, scores: Scores) -> Scores {
        let scores = scores.with_neighbours(self.neighbours());
        match self {
            Self::Axial(c) if c.local.pairs => scores.with_pairs(self.neighbours(), c.local.fits),
            _ => scores,
        }
    }

    /// Data as the network takes it, without those terms: normal scores, or the values.
    ///
    /// # Errors
    /// Data that the network does not take.
    pub fn scores(&self, x: &[Column], y: &[Column]) -> Result<Scores, ScoreError> {
        match self {
            Self::Axial(_) => Scores::of(x, y),
            Self::Reference(c) => {
                c.check(x.len(), y.len())?;
                Scores::values(x, y)
            }
        }
    }

    /// Floating-point operations of the matrix products in one forward pass over one task, two to a multiplication
    /// and addition. A step of training takes three times as many: the backward has two products for each.
    pub fn forward_flops(&self, n: usize, dim_x: usize, dim_y: usize) -> f64 {
        match self {
            Self::Axial(c) => c.forward_flops(n, dim_x, dim_y),
            Self::Reference(c) => c.forward_flops(n),
        }
    }

    /// Checks that a network of this size can be built.
    ///
    /// # Errors
    /// The first field that is out of range, with what it must be.
    pub fn validate(&self) -> Result<(), String> {
        match self {
            Self::Axial(c) => c.validate(),
            Self::Reference(c) => c.validate(),
        }
    }
}

impl Serialize for NetworkConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Tagged<'a> {
            kind: &'static str,
            #[serde(flatten)]
            config: &'a ReferenceConfig,
        }
        match self {
            // Without a kind: descriptions and states keep the bytes, and the checksums, of earlier versions.
            Self::Axial(config) => config.serialize(serializer),
            Self::Reference(config) => Tagged { kind: REFERENCE, config }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for NetworkConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Map::deserialize(deserializer)?;
        let kind = table.remove(KIND).unwrap_or_else(|| AXIAL.into());
        let table = Value::Object(table);
        let config = match kind.as_str() {
            Some(AXIAL) => serde_json::from_value(table).map(Self::Axial),
            Some(REFERENCE) => serde_json::from_value(table).map(Self::Reference),
            _ => {
                let what = format!("`{KIND}` of the network is {kind}, expected `{AXIAL}` or `{REFERENCE}`");
                return Err(D::Error::custom(what));
            }
        };
        config.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_without_a_kind_is_axial_and_keeps_its_bytes() {
        let axial = AxialConfig { channels: 17, ..AxialConfig::default() };
        let json = serde_json::to_string(&axial).unwrap();
        let config: NetworkConfig = serde_json::from_str(&json).unwrap();
        assert_eq!(config, axial.into());
        assert_eq!(serde_json::to_string(&config).unwrap(), json);
        assert_eq!(serde_json::from_str::<NetworkConfig>("{}").unwrap(), NetworkConfig::default());
        assert_eq!(serde_json::from_str::<NetworkConfig>(r#"{"kind": "axial"}"#).unwrap(), NetworkConfig::default());
    }

    #[test]
    fn the_published_network_goes_by_its_kind() {
        let config = NetworkConfig::from(ReferenceConfig {
            quantile_conditioned: true,
            n_inds: 7,
            ..ReferenceConfig::default()
        });
        let json = serde_json::to_string(&config).unwrap();
        assert!(json.starts_with(r#"{"kind":"reference","quantile_conditioned":true,"#), "{json}");
        assert_eq!(serde_json::from_str::<NetworkConfig>(&json).unwrap(), config);
        let short: NetworkConfig = serde_json::from_str(r#"{"kind": "reference"}"#).unwrap();
        assert_eq!(short, ReferenceConfig::default().into());
        assert_eq!((short.taus(), short.has_intervals(), config.taus().len()), (&[0.5][..], false, 19));
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        let error = |json: &str| serde_json::from_str::<NetworkConfig>(json).unwrap_err().to_string();
        assert!(error(r#"{"kind": "mist"}"#).contains("expected `axial` or `reference`"));
        assert!(error(r#"{"kind": 3}"#).contains("`kind` of the network is 3"));
        assert!(error(r#"{"kind": "reference", "channels": 3}"#).contains("unknown field `channels`"));
        assert!(error(r#"{"n_inds": 3}"#).contains("unknown field `n_inds`"));
        for (key, config) in [
            ("n_phi_heads", ReferenceConfig { n_phi_heads: 7, ..ReferenceConfig::default() }),
            ("max_input_dim", ReferenceConfig { max_input_dim: 3, ..ReferenceConfig::default() }),
            ("n_rho_layers", ReferenceConfig { n_rho_layers: 0, ..ReferenceConfig::default() }),
            ("sab_stack_layers", ReferenceConfig { sab_stack_layers: 1 << 20, ..ReferenceConfig::default() }),
            ("taus", ReferenceConfig { taus: vec![0.5, 0.1], ..ReferenceConfig::default() }),
        ] {
            let error = NetworkConfig::from(config).validate().unwrap_err();
            assert!(error.contains(key), "{error}");
        }
    }
}
