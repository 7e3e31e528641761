//! Functions of several columns.

use crate::ground::{curve::Curve, error::ParameterError, quadrature::Source};

/// A hidden unit: h tanh(⟨w, x⟩ + b).
#[derive(Debug, Clone, PartialEq)]
pub struct Neuron {
    /// w, one for each column that the signal depends on.
    pub weights: Vec<f64>,
    /// b.
    pub offset: f64,
    /// h.
    pub height: f64,
}

/// A function of the first columns of X, before it is brought to zero mean and unit variance.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// Σ a_j f_j(x_j), each (a_j, f_j).
    Additive(Vec<(f64, Curve)>),
    /// A binary tree in which every leaf is as deep as the others: at (j, t) on to the right where x_j > t. The splits are in
    /// the order of breadth, the children of the one at k at 2k + 1 and 2k + 2.
    Tree {
        /// The columns that it depends on.
        columns: usize,
        /// (j, t), 2^depth − 1 of them.
        splits: Vec<(usize, f64)>,
        /// The values of the leaves from left to right.
        values: Vec<f64>,
    },
    /// A network of one hidden layer: the sum of its units.
    Neurons(Vec<Neuron>),
    /// The largest of a_j x_j + b_j, each (a_j, b_j).
    Largest(Vec<(f64, f64)>),
    /// Σ b_j x_j + Σ q x_i x_j.
    Products {
        /// The b_j.
        slopes: Vec<f64>,
        /// (i, j, q).
        terms: Vec<(usize, usize, f64)>,
    },
    /// A value for each cell of a grid on the columns.
    Cells {
        /// Where each column is cut, increasing.
        cuts: Vec<Vec<f64>>,
        /// The values, those that differ in the last column alone beside each other.
        values: Vec<f64>,
    },
}

impl Signal {
    /// The columns that it depends on, the first ones.
    #[must_use]
    pub fn columns(&self) -> usize {
        match self {
            Self::Additive(terms) => terms.len(),
            Self::Tree { columns, .. } => *columns,
            Self::Neurons(neurons) => neurons.first().map_or(0, |neuron| neuron.weights.len()),
            Self::Largest(lines) => lines.len(),
            Self::Products { slopes, .. } => slopes.len(),
            Self::Cells { cuts, .. } => cuts.len(),
        }
    }

    /// The value for a row whose first entries are the columns.
    pub(super) fn at(&self, row: &[f64]) -> f64 {
        match self {
            Self::Additive(terms) => terms.iter().zip(row).map(|((a, curve), x)| a * curve.at(*x)).sum(),
            Self::Tree { splits, values, .. } => {
                let mut node = 0;
                while let Some(&(column, at)) = splits.get(node) {
                    node = 2 * node + if row[column] > at { 2 } else { 1 };
                }
                values[node - splits.len()]
            }
            Self::Neurons(neurons) => neurons
                .iter()
                .map(|neuron| {
                    let dot: f64 = neuron.weights.iter().zip(row).map(|(w, x)| w * x).sum();
                    neuron.height * (dot + neuron.offset).tanh()
                })
                .sum(),
            Self::Largest(lines) => {
                lines.iter().zip(row).fold(f64::NEG_INFINITY, |most, ((a, b), x)| most.max(a * x + b))
            }
            Self::Products { slopes, terms } => {
                let linear: f64 = slopes.iter().zip(row).map(|(b, x)| b * x).sum();
                linear + terms.iter().map(|&(i, j, q)| q * row[i] * row[j]).sum::<f64>()
            }
            Self::Cells { cuts, values } => {
                let cell = cuts
                    .iter()
                    .zip(row)
                    .fold(0, |cell, (cuts, x)| cell * (cuts.len() + 1) + cuts.partition_point(|cut| cut < x));
                values[cell]
            }
        }
    }

    /// That it is a function of one to `most` columns with finite parameters.
    pub(super) fn check(&self, most: usize) -> Result<(), ParameterError> {
        let columns = self.columns();
        if columns == 0 || columns > most {
            return Err(ParameterError::new("columns of the signal", format!("1 to {most}"), columns));
        }
        let refused = |expected: &str| Err(ParameterError::new("signal", expected, format!("{self:?}")));
        // The numbers that it is made of, and the columns that it names.
        let (mut numbers, mut named): (Vec<f64>, Vec<usize>) = (Vec::new(), Vec::new());
        match self {
            Self::Additive(terms) => {
                for (a, curve) in terms {
                    curve.check()?;
                    numbers.push(*a);
                }
            }
            Self::Tree { splits, values, .. } => {
                if !values.len().is_power_of_two() || splits.len() + 1 != values.len() {
                    return refused("a tree of 2^depth leaves and one split less");
                }
                numbers.extend(splits.iter().map(|(_, at)| at).chain(values));
                named.extend(splits.iter().map(|(column, _)| column));
            }
            Self::Neurons(neurons) => {
                if neurons.iter().any(|neuron| neuron.weights.len() != columns) {
                    return refused("as many weights in every unit");
                }
                numbers.extend(neurons.iter().flat_map(|n| n.weights.iter().chain([&n.offset, &n.height])));
            }
            Self::Largest(lines) => numbers.extend(lines.iter().flat_map(|(a, b)| [a, b])),
            Self::Products { slopes, terms } => {
                numbers.extend(slopes.iter().chain(terms.iter().map(|(_, _, q)| q)));
                named.extend(terms.iter().flat_map(|(i, j, _)| [i, j]));
            }
            Self::Cells { cuts, values } => {
                let increasing = cuts.iter().all(|cuts| cuts.windows(2).all(|pair| pair[0] < pair[1]));
                if !increasing || values.len() != cuts.iter().map(|cuts| cuts.len() + 1).product::<usize>() {
                    return refused("increasing cuts and a value for each cell");
                }
                numbers.extend(cuts.iter().flatten().chain(values));
            }
        }
        let fits = numbers.iter().all(|v| v.is_finite()) && named.iter().all(|column| *column < columns);
        if fits { Ok(()) } else { refused("finite parameters, of columns that it depends on") }
    }

    /// A term of [`Signal::Additive`] whose standard deviation is |a| for a standard normal x.
    pub(super) fn term(a: f64, curve: Curve) -> (f64, Curve) {
        (a / curve.sd(Source::Normal), curve)
    }
}
