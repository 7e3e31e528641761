//! The base distributions, one file a concept: the distribution with its MI and sampler, and the law that its
//! parameters are drawn from.
//!
//! | module | X, Y | MI |
//! |---|---|---|
//! | [`elliptical`] over a [`scatter`](elliptical::scatter) | multivariate normal or Student-t | closed form |
//! | [`elliptical_copula`] | normal or t copula, arbitrary marginals | closed form |
//! | [`copula`] | pairs coupled by a Clayton, Gumbel, Frank or Joe copula | closed form, quadrature |
//! | [`additive`] | uniform X, Y = X + uniform noise | closed form |
//! | [`link`] | one-dimensional, Y = f(X) + noise | quadrature |
//! | [`interaction`] | couplings that no pair of columns shows | closed form, quadrature |
//! | [`mixture`] | mixtures of normals | Monte Carlo |
//! | [`links`] | K independent pairs of that kind, further noise | sum |
//! | [`swissroll`] | normal copula, X on a rolled-up sheet | closed form |
//! | [`table`] | categorical pairs with a probability table | finite sum |
//! | [`channel`] | bits through a noisy channel | closed form |
//! | [`quantised`] | normal pairs, one or both rounded or cut into levels | quadrature |
//! | [`inflated`] | normal pairs, zeros in place of some values | closed form |
//! | [`censored`] | normal pairs, X cut off at one or both ends | closed form, quadrature |
//! | [`counts`] | gamma intensities, Poisson counts | sum |
//! | [`labels`] | class labels, normal mixture | Monte Carlo |
//! | [`degenerate`] | normal pairs with constant and repeated columns | closed form |
//! | [`independent`] | independent sides, any marginals | exactly 0 |
//!
//! A new family is a file here with a type that is a [`Joint`] and a type that is a [`Law`], a line in [`Base`], and a
//! line in [`FamilyKind`].

use std::fmt::Debug;

use rand::Rng;

use crate::{
    ConfigError,
    config::{Keys, Written},
    task::Sample,
};

pub mod additive;
pub mod censored;
pub mod channel;
pub mod copula;
pub mod counts;
mod curve;
pub mod degenerate;
pub mod elliptical;
pub mod elliptical_copula;
pub mod independent;
pub mod inflated;
pub mod interaction;
pub mod labels;
pub mod link;
pub mod links;
pub mod marginal;
pub mod mixture;
pub mod normal_pair;
pub mod pairs;
mod quadrature;
pub mod quantised;
pub mod swissroll;
pub mod table;

/// A joint distribution of (X, Y) with known MI.
pub trait Joint {
    /// Columns of X and of Y.
    fn dims(&self) -> (usize, usize);

    /// The mutual information in nats.
    fn mi_nats(&self) -> f64;

    /// The standard error of [`Joint::mi_nats`] where that is a Monte-Carlo mean; else 0.
    fn mi_standard_error(&self) -> f64 {
        0.0
    }

    /// Whether the columns of X, and those of Y, are categories: codes of which only equality counts.
    fn categories(&self) -> (bool, bool) {
        (false, false)
    }

    /// n rows.
    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample;

    /// The pointwise mutual information ln p(x, y) − ln p(x) − ln p(y) of every row of a sample that this distribution
    /// drew, in nats; the densities are taken with respect to the product of the measures that the sides have, so that
    /// it is a log-ratio of probabilities where both are discrete. Its expectation is [`Joint::mi_nats`].
    fn pointwise_mi(&self, sample: &Sample) -> Vec<f64>;
}

/// What the parameters of a family are drawn from: the keys of a `[[family]]` that are its own.
pub trait Law: Clone + Debug + PartialEq + Sized {
    /// The value of the key `kind`.
    const KIND: &'static str;

    /// Reads the law's own keys.
    ///
    /// # Errors
    /// A key that is missing or outside its domain.
    fn read(keys: &mut Keys) -> Result<Self, ConfigError>;

    /// Writes every key that [`Law::read`] reads, defaults included.
    fn write(&self, keys: &mut Written);

    /// The names of the structures that a draw may have, one of them each time; none where there is but one.
    fn shapes(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Start of the names of the family's variants, for example `normal-dense`.
    fn label(&self) -> String {
        match self.shapes()[..] {
            [one] => format!("{}-{one}", Self::KIND),
            _ => Self::KIND.to_owned(),
        }
    }

    /// What a message adds to the kind, for example ` with dispersion `dense``.
    fn detail(&self) -> String {
        String::new()
    }

    /// All that a draw may be made of, by name, for the list of what is [held out](crate::held_out).
    fn features(&self) -> Vec<String> {
        let shapes = self.shapes();
        if shapes.is_empty() {
            return vec![Self::KIND.to_owned()];
        }
        shapes.iter().map(|shape| format!("{}-{shape}", Self::KIND)).collect()
    }

    /// The dims that the family always has, if it takes none from the configuration.
    fn fixed_dims(&self) -> Option<(usize, usize)> {
        None
    }

    /// Whether maps, mixing and warps may follow: so for continuous columns, where they lead to something new.
    fn takes_transforms(&self) -> bool {
        !self.has_ties()
    }

    /// Whether rows of a draw may share values.
    fn has_ties(&self) -> bool {
        false
    }

    /// Whether Φ keeps the values apart in floating point: not in heavy tails.
    fn has_light_tails(&self) -> bool {
        true
    }

    /// Default of the key `swap`, the probability that X and Y are exchanged.
    const SWAP: f64 = 0.0;

    /// Draws the parameters, for dims of at least 1 (or the fixed ones).
    fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Base;
}

macro_rules! bases {
    ($($(#[$doc:meta])* $name:ident($type:ty),)*) => {
        /// The distribution that a task starts from, before what is applied on top of it.
        #[derive(Debug, Clone)]
        pub enum Base {
            $($(#[$doc])* $name($type),)*
        }

        impl Joint for Base {
            fn dims(&self) -> (usize, usize) {
                match self { $(Self::$name(base) => base.dims(),)* }
            }

            fn mi_nats(&self) -> f64 {
                match self { $(Self::$name(base) => base.mi_nats(),)* }
            }

            fn mi_standard_error(&self) -> f64 {
                match self { $(Self::$name(base) => base.mi_standard_error(),)* }
            }

            fn categories(&self) -> (bool, bool) {
                match self { $(Self::$name(base) => base.categories(),)* }
            }

            fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
                match self { $(Self::$name(base) => base.sample(n, rng),)* }
            }

            fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
                match self { $(Self::$name(base) => base.pointwise_mi(sample),)* }
            }
        }
    };
}

bases! {
    /// Multivariate normal or Student-t.
    Elliptical(elliptical::Elliptical),
    /// Normal or t copula with arbitrary marginals.
    EllipticalCopula(elliptical_copula::EllipticalCopula),
    /// Uniform with additive uniform noise.
    Additive(additive::Additive),
    /// Independent sides.
    Independent(independent::Independent),
    /// One-dimensional Y = f(X) + noise.
    Link(link::Link),
    /// Pairs Y = f(X) + noise.
    Links(links::Links),
    /// Pairs with an Archimedean copula.
    Copulas(copula::Copulas),
    /// A rolled-up sheet.
    SwissRoll(swissroll::SwissRoll),
    /// Categorical pairs with a probability table.
    Table(pairs::Pairs<table::Table>),
    /// Bits through a noisy channel.
    Channel(pairs::Pairs<channel::Channel>),
    /// Normal pairs, rounded or cut into levels.
    Quantised(pairs::Pairs<quantised::Quantised>),
    /// Normal pairs with zeros in place of some values.
    Inflated(pairs::Pairs<inflated::Inflated>),
    /// Normal pairs, X cut off.
    Censored(pairs::Pairs<censored::Censored>),
    /// Gamma intensities and Poisson counts.
    Counts(pairs::Pairs<counts::Counts>),
    /// Class labels and a normal mixture.
    Labels(labels::Labels),
    /// Normal pairs with constant and repeated columns.
    Degenerate(degenerate::Degenerate),
    /// A mixture of normals.
    Mixture(mixture::Mixture),
    /// Couplings that no pair of columns shows.
    Interaction(interaction::Interaction),
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident($law:ty),)*) => {
        /// A family with the law of its parameters.
        #[derive(Debug, Clone, PartialEq)]
        pub enum FamilyKind {
            $($(#[$doc])* $name($law),)*
        }

        impl FamilyKind {
            /// The values of the key `kind`.
            pub const NAMES: &[&str] = &[$(<$law as Law>::KIND),*];

            /// Reads the keys of the law of this kind; `None` if there is no such kind.
            pub(crate) fn read(kind: &str, keys: &mut Keys) -> Option<Result<Self, ConfigError>> {
                match kind {
                    $(<$law as Law>::KIND => Some(<$law>::read(keys).map(Self::$name)),)*
                    _ => None,
                }
            }

            /// Default of the key `swap`.
            pub(crate) fn default_swap(&self) -> f64 {
                match self { $(Self::$name(_) => <$law as Law>::SWAP,)* }
            }

            /// The value of the key `kind`.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => <$law as Law>::KIND,)* }
            }

            pub(crate) fn write(&self, keys: &mut Written) {
                match self { $(Self::$name(law) => law.write(keys),)* }
            }

            /// See [`Law::label`].
            #[must_use]
            pub fn label(&self) -> String {
                match self { $(Self::$name(law) => law.label(),)* }
            }

            pub(crate) fn detail(&self) -> String {
                match self { $(Self::$name(law) => law.detail(),)* }
            }

            /// See [`Law::features`].
            #[must_use]
            pub fn features(&self) -> Vec<String> {
                match self { $(Self::$name(law) => law.features(),)* }
            }

            /// See [`Law::fixed_dims`].
            #[must_use]
            pub fn fixed_dims(&self) -> Option<(usize, usize)> {
                match self { $(Self::$name(law) => law.fixed_dims(),)* }
            }

            pub(crate) fn takes_transforms(&self) -> bool {
                match self { $(Self::$name(law) => law.takes_transforms(),)* }
            }

            /// See [`Law::has_ties`].
            #[must_use]
            pub fn has_ties(&self) -> bool {
                match self { $(Self::$name(law) => law.has_ties(),)* }
            }

            pub(crate) fn has_light_tails(&self) -> bool {
                match self { $(Self::$name(law) => law.has_light_tails(),)* }
            }

            pub(crate) fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Base {
                match self { $(Self::$name(law) => law.draw(dims, rng),)* }
            }
        }
    };
}

kinds! {
    /// Multivariate normal.
    Normal(elliptical::NormalLaw),
    /// Multivariate Student-t.
    Student(elliptical::StudentLaw),
    /// Normal copula with arbitrary marginals.
    NormalCopula(elliptical_copula::NormalCopulaLaw),
    /// t copula with arbitrary marginals.
    StudentCopula(elliptical_copula::StudentCopulaLaw),
    /// Uniform with additive uniform noise.
    Additive(additive::AdditiveLaw),
    /// Independent sides.
    Independent(independent::IndependentLaw),
    /// One-dimensional Y = f(X) + noise.
    Link(link::LinkLaw),
    /// Pairs Y = f(X) + noise.
    Links(links::LinksLaw),
    /// Pairs with an Archimedean copula.
    Copula(copula::CopulaLaw),
    /// A rolled-up sheet.
    SwissRoll(swissroll::SwissRollLaw),
    /// Categorical pairs with a probability table.
    Table(table::TableLaw),
    /// Bits through a noisy channel.
    Channel(channel::ChannelLaw),
    /// Normal pairs, rounded or cut into levels.
    Quantised(quantised::QuantisedLaw),
    /// Normal pairs with zeros in place of some values.
    Inflated(inflated::InflatedLaw),
    /// Normal pairs, X cut off.
    Censored(censored::CensoredLaw),
    /// Gamma intensities and Poisson counts.
    Counts(counts::CountsLaw),
    /// Class labels and a normal mixture.
    Labels(labels::LabelsLaw),
    /// Normal pairs with constant and repeated columns.
    Degenerate(degenerate::DegenerateLaw),
    /// A mixture of normals.
    Mixture(mixture::MixtureLaw),
    /// Couplings that no pair of columns shows.
    Interaction(interaction::InteractionLaw),
}

/// A number of a range.
pub(crate) fn uniform<R: Rng + ?Sized>(&[low, high]: &[f64; 2], rng: &mut R) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

/// A number of a range, its logarithm uniform.
pub(crate) fn log_uniform<R: Rng + ?Sized>(range: &[f64; 2], rng: &mut R) -> f64 {
    // Rounding may lead out of the range.
    uniform(&range.map(f64::ln), rng).exp().clamp(range[0], range[1])
}

/// An MI in nats of a range, ln(1 + MI) uniform.
pub(crate) fn even_mi<R: Rng + ?Sized>(range: &[f64; 2], rng: &mut R) -> f64 {
    uniform(&range.map(f64::ln_1p), rng).exp_m1()
}

/// The ρ ≥ 0 of a bivariate normal with this MI in nats.
pub(crate) fn correlation_of(mi_nats: f64) -> f64 {
    (-(-2.0 * mi_nats).exp_m1()).sqrt()
}
