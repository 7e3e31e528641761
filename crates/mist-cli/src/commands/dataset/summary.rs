//! `mist dataset summary`: the mutual information that a data set holds.

use crate::commands::bins;
use crate::console::out;
use anyhow::{Context, Result, bail};
use mist_data_gen::dataset::Reader;
use mist_plot::{Interval, Panel};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

/// Arguments of `mist dataset summary`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the data set.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Draw the tables as a picture too: a file that ends in .svg.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

/// Reads all but the values, and prints a table.
pub fn run(args: &Args) -> Result<()> {
    if let Some(path) = &args.plot
        && path.extension().is_none_or(|e| e != "svg")
    {
        bail!("`--plot` must end in `.svg`, got `{}`", path.display());
    }
    let reader = Reader::open(&args.dir)?;
    let summary = Summary::of(&reader)?;
    let m = reader.manifest();
    let title = format!("{}, split {}, root seed {}, {} data sets", m.name, m.split, m.root_seed, m.count);
    if let Some(path) = &args.plot {
        let panel = |title: &str, groups: &[(String, Group)]| Panel {
            title: title.to_owned(),
            rows: groups.iter().map(|(name, group)| group.interval(name)).collect(),
        };
        let [left, upper, lower] = [
            panel("Families", &summary.families),
            panel("Rows", &summary.rows),
            panel("Columns of X and Y together", &summary.columns),
        ];
        let caption = "MI in nats: 5 to 95 % of the data sets, median (line) and mean (dot)";
        let svg = mist_plot::intervals(&title, caption, &left, &[upper, lower])?;
        std::fs::write(path, svg).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    let text = format!("{title}, storage {}. MI in nats.\n\n{}", m.storage, summary.table());
    Ok(out().write_all(text.as_bytes())?)
}

/// The MI of all data sets, sorted into groups. Memory: 32 bytes a data set.
struct Summary {
    all: Group,
    families: Vec<(String, Group)>,
    rows: Vec<(String, Group)>,
    columns: Vec<(String, Group)>,
}

impl Summary {
    fn of(reader: &Reader) -> Result<Self> {
        let manifest = reader.manifest();
        let mut all = Group::default();
        let mut families: Vec<(String, Group)> =
            manifest.families.iter().map(|name| (name.clone(), Group::default())).collect();
        let (mut rows, mut columns) = (BTreeMap::<_, Group>::new(), BTreeMap::<_, Group>::new());
        for number in 0..manifest.shards.len() {
            for facts in reader.facts(number)? {
                for group in [
                    &mut all,
                    &mut families[facts.family].1,
                    rows.entry(bins::row_bin(facts.n)).or_default(),
                    columns.entry(bins::column_bin(facts.dim_x + facts.dim_y)).or_default(),
                ] {
                    group.add(facts.mi_nats, facts.mi_standard_error);
                }
            }
        }
        families.retain(|(_, group)| !group.mi.is_empty());
        let named = |groups: BTreeMap<(usize, usize), Group>| {
            groups.into_iter().map(|(bin, group)| (bins::name(bin), group)).collect()
        };
        let mut summary = Self { all, families, rows: named(rows), columns: named(columns) };
        let parts = [&mut summary.families, &mut summary.rows, &mut summary.columns];
        let groups = parts.into_iter().flatten().map(|(_, group)| group);
        groups.chain([&mut summary.all]).for_each(|group| group.mi.sort_unstable_by(f64::total_cmp));
        Ok(summary)
    }

    fn table(&self) -> String {
        let mut text = String::from(
            "| | data sets | mean | 5 % | median | 95 % | max | share at 0 | largest standard error |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        );
        let mut row = |name: &str, group: &Group| {
            let (mean, [low, median, high, max]) =
                (group.mean(), [0.05, 0.5, 0.95, 1.0].map(|tau| group.quantile(tau)));
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {name} | {} | {mean:.4} | {low:.4} | {median:.4} | {high:.4} | {max:.4} | {:.4} | {:.1e} |",
                group.mi.len(),
                group.share_at_zero(),
                group.largest_error
            );
        };
        row("all", &self.all);
        self.rows.iter().for_each(|(name, group)| row(&format!("n {name}"), group));
        self.columns.iter().for_each(|(name, group)| row(&format!("columns {name}"), group));
        self.families.iter().for_each(|(name, group)| row(name, group));
        text
    }
}

/// The MI of some data sets.
#[derive(Debug, Default)]
struct Group {
    /// Sorted once it is whole.
    mi: Vec<f64>,
    largest_error: f64,
}

impl Group {
    fn add(&mut self, mi_nats: f64, standard_error: f64) {
        self.mi.push(mi_nats);
        self.largest_error = self.largest_error.max(standard_error);
    }

    fn mean(&self) -> f64 {
        self.mi.iter().sum::<f64>() / self.mi.len() as f64
    }

    /// Linear between order statistics: 0 is the smallest value, 1 the largest.
    fn quantile(&self, tau: f64) -> f64 {
        let at = tau * (self.mi.len() - 1) as f64;
        let (below, above) = (self.mi[at.floor() as usize], self.mi[at.ceil() as usize]);
        below + at.fract() * (above - below)
    }

    fn share_at_zero(&self) -> f64 {
        self.mi.iter().filter(|mi| **mi == 0.0).count() as f64 / self.mi.len() as f64
    }

    fn interval(&self, name: &str) -> Interval {
        let [low, middle, high] = [0.05, 0.5, 0.95].map(|tau| self.quantile(tau));
        Interval { label: name.to_owned(), low, middle, high, dot: self.mean() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_match_their_definitions() {
        let mut group = Group::default();
        for mi in [0.0, 0.0, 1.0, 3.0, 11.0] {
            group.add(mi, mi / 100.0);
        }
        assert_eq!((group.mean(), group.share_at_zero(), group.largest_error), (3.0, 0.4, 0.11));
        assert_eq!([0.0, 0.5, 0.75, 0.875, 1.0].map(|tau| group.quantile(tau)), [0.0, 1.0, 3.0, 7.0, 11.0]);
    }
}
