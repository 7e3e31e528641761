//! The catalogue: every family by name, a line each.

use rand::Rng;

use crate::{
    families::{
        additive, censored, channel, copula, counts, degenerate, elliptical, independent, interaction, labels, link,
        mixture, normal_mixture, plackett, quantised, readings, regression, swissroll, table, zero_inflated,
    },
    ground::{
        error::ConfigError,
        joint::Joint,
        keys::{Keys, Written},
        pairs::Pairs,
        prior::Prior,
        sample::Sample,
    },
};

macro_rules! catalogue {
    ($($(#[$doc:meta])* $base:ident($joint:ty): $($kind:ident($prior:ty)),+;)*) => {
        /// The distribution that a task starts from, before what is applied on top of it.
        #[derive(Debug, Clone)]
        pub enum Base {
            $($(#[$doc])* $base($joint),)*
        }

        impl Joint for Base {
            fn dims(&self) -> (usize, usize) {
                match self { $(Self::$base(base) => base.dims(),)* }
            }

            fn mi_nats(&self) -> f64 {
                match self { $(Self::$base(base) => base.mi_nats(),)* }
            }

            fn mi_standard_error(&self) -> f64 {
                match self { $(Self::$base(base) => base.mi_standard_error(),)* }
            }

            fn categories(&self) -> (Vec<bool>, Vec<bool>) {
                match self { $(Self::$base(base) => base.categories(),)* }
            }

            fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Sample {
                match self { $(Self::$base(base) => base.sample(n, rng),)* }
            }

            fn pointwise_mi(&self, sample: &Sample) -> Vec<f64> {
                match self { $(Self::$base(base) => base.pointwise_mi(sample),)* }
            }
        }

        $(
            impl From<$joint> for Base {
                fn from(joint: $joint) -> Self {
                    Self::$base(joint)
                }
            }
        )*

        /// A family with the prior of its parameters.
        #[derive(Debug, Clone, PartialEq)]
        pub enum FamilyKind {
            $($(#[doc = concat!("See [`", stringify!($prior), "`].")] $kind($prior),)+)*
        }

        impl FamilyKind {
            /// The values of the key `kind`.
            pub const NAMES: &[&str] = &[$($(<$prior as Prior>::KIND),+),*];

            /// Reads the keys of the prior of this kind; `None` if there is no such kind.
            pub(crate) fn read(kind: &str, keys: &mut Keys) -> Option<Result<Self, ConfigError>> {
                match kind {
                    $($(<$prior as Prior>::KIND => Some(<$prior>::read(keys).map(Self::$kind)),)+)*
                    _ => None,
                }
            }

            /// Default of the key `swap`.
            pub(crate) fn default_swap(&self) -> f64 {
                match self { $($(Self::$kind(_) => <$prior as Prior>::SWAP,)+)* }
            }

            /// The value of the key `kind`.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $($(Self::$kind(_) => <$prior as Prior>::KIND,)+)* }
            }

            pub(crate) fn write(&self, keys: &mut Written) {
                match self { $($(Self::$kind(prior) => prior.write(keys),)+)* }
            }

            /// See [`Prior::label`].
            #[must_use]
            pub fn label(&self) -> String {
                match self { $($(Self::$kind(prior) => prior.label(),)+)* }
            }

            pub(crate) fn detail(&self) -> String {
                match self { $($(Self::$kind(prior) => prior.detail(),)+)* }
            }

            /// See [`Prior::features`].
            #[must_use]
            pub fn features(&self) -> Vec<String> {
                match self { $($(Self::$kind(prior) => prior.features(),)+)* }
            }

            /// See [`Prior::fixed_dims`].
            #[must_use]
            pub fn fixed_dims(&self) -> Option<(usize, usize)> {
                match self { $($(Self::$kind(prior) => prior.fixed_dims(),)+)* }
            }

            pub(crate) fn takes_transforms(&self) -> bool {
                match self { $($(Self::$kind(prior) => prior.takes_transforms(),)+)* }
            }

            /// See [`Prior::has_ties`].
            #[must_use]
            pub fn has_ties(&self) -> bool {
                match self { $($(Self::$kind(prior) => prior.has_ties(),)+)* }
            }

            pub(crate) fn has_light_tails(&self) -> bool {
                match self { $($(Self::$kind(prior) => prior.has_light_tails(),)+)* }
            }

            pub(crate) fn draw<R: Rng + ?Sized>(&self, dims: (usize, usize), rng: &mut R) -> Base {
                match self { $($(Self::$kind(prior) => prior.draw(dims, rng).into(),)+)* }
            }
        }
    };
}

// A line: what a task starts from, and the priors that draw one.
catalogue! {
    /// Multivariate normal or Student-t.
    Elliptical(elliptical::Elliptical): Normal(elliptical::NormalPrior), Student(elliptical::StudentPrior);
    /// Normal or t copula with arbitrary marginals.
    EllipticalCopula(elliptical::copula::EllipticalCopula):
        NormalCopula(elliptical::copula::NormalCopulaPrior), StudentCopula(elliptical::copula::StudentCopulaPrior);
    /// Uniform with additive uniform noise.
    Additive(additive::Additive): Additive(additive::AdditivePrior);
    /// Independent sides.
    Independent(independent::Independent): Independent(independent::IndependentPrior);
    /// One-dimensional Y = f(X) + noise.
    Link(link::Link): Link(link::LinkPrior);
    /// Pairs Y = f(X) + noise.
    Links(link::many::Links): Links(link::many::LinksPrior);
    /// Pairs with an Archimedean copula.
    Copulas(copula::Copulas): Copula(copula::CopulaPrior);
    /// Pairs with a Plackett copula.
    Plackett(Pairs<plackett::Plackett>): Plackett(plackett::PlackettPrior);
    /// A rolled-up sheet.
    SwissRoll(swissroll::SwissRoll): SwissRoll(swissroll::SwissRollPrior);
    /// Categorical pairs with a probability table.
    Table(Pairs<table::Table>): Table(table::TablePrior);
    /// Bits through a noisy channel.
    Channel(Pairs<channel::Channel>): Channel(channel::ChannelPrior);
    /// Normal pairs, rounded or cut into levels.
    Quantised(Pairs<quantised::Quantised>): Quantised(quantised::QuantisedPrior);
    /// Normal pairs with zeros in place of some values.
    ZeroInflated(Pairs<zero_inflated::ZeroInflated>): ZeroInflated(zero_inflated::ZeroInflatedPrior);
    /// Normal pairs, X cut off.
    Censored(Pairs<censored::Censored>): Censored(censored::CensoredPrior);
    /// Gamma intensities and Poisson counts.
    Counts(Pairs<counts::Counts>): Counts(counts::CountsPrior);
    /// Class labels and a normal mixture.
    Labels(labels::Labels): Labels(labels::LabelsPrior);
    /// Normal pairs with constant and repeated columns.
    Degenerate(degenerate::Degenerate): Degenerate(degenerate::DegeneratePrior);
    /// A mixture of normals that factorise over pairs of columns.
    Mixture(mixture::Mixture): Mixture(mixture::MixturePrior);
    /// A mixture of normals with any covariances.
    NormalMixture(normal_mixture::NormalMixture): NormalMixture(normal_mixture::NormalMixturePrior);
    /// Couplings that no pair of columns shows.
    Interaction(interaction::Interaction): Interaction(interaction::InteractionPrior);
    /// Several readings of one number.
    Readings(readings::Readings): Readings(readings::ReadingsPrior);
    /// A response to several columns.
    Regression(regression::Regression): Regression(regression::RegressionPrior);
}
