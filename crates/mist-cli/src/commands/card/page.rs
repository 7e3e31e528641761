//! What a model card says: all of it from the description of the checkpoint.

use crate::commands::coverage::{CoverageTable, percent, range};
use mist_data_gen::MetaDistribution;
use mist_model::{Coverage, Description, ShapeTable};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

/// A line that only cards of `mist card` have.
pub const MARK: &str = "# Written by `mist card`";

/// A model card: its text is its `Display`.
pub struct Page<'a> {
    /// What is known of the checkpoint.
    pub description: &'a Description,
    /// Scalars of the network.
    pub parameters: usize,
    /// Name of the weights without `.safetensors`.
    pub file: &'a str,
    /// `OWNER/NAME` on the hub, if it is known.
    pub repository: Option<&'a str>,
    /// As the hub calls it.
    pub license: &'a str,
    /// The configuration of its training tasks, if this version of `mist` has the same.
    pub mix: Option<MetaDistribution>,
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.metadata(f)?;
        let Self { description: d, .. } = self;
        writeln!(f, "\n# {}\n", d.name)?;
        writeln!(
            f,
            "How much do two sets of columns tell about each other? This network answers with their mutual information in \
             nats, and with an interval, in one forward pass. It is a checkpoint of `mist`: trained once, on synthetic \
             distributions whose mutual information is known, and then used on any table."
        )?;
        self.usage(f)?;
        self.figures(f)?;
        self.training(f)?;
        self.coverage(f)?;
        self.calibration(f)?;
        self.limits(f)?;
        writeln!(
            f,
            "\n## Source\n\nThe idea: *MIST: Mutual Information Estimation via Supervised Training* (arXiv 2511.18945). \
             Licence of the weights: `{}`.",
            self.license
        )
    }
}

impl Page<'_> {
    /// What the hub reads: YAML, in which a string of JSON is a string.
    fn metadata(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { description: d, .. } = self;
        writeln!(f, "---\n{MARK}, from the description of the checkpoint.")?;
        writeln!(f, "license: {}\nlibrary_name: mist\ntags:", self.license)?;
        for tag in ["mutual-information", "tabular", "uncertainty", "candle", "safetensors"] {
            writeln!(f, "  - {tag}")?;
        }
        if let Some(coverage) = &d.coverage {
            writeln!(f, "model-index:\n  - name: {}\n    results:", quoted(&d.name))?;
            let level = 100.0 * coverage.level;
            for (held_out, data) in [(false, format!("fresh tasks of {}", d.trained.meta)), (true, HELD_OUT.into())] {
                let Some(table) = CoverageTable::of(coverage, held_out) else { continue };
                writeln!(f, "      - task:\n          type: mutual-information-estimation")?;
                writeln!(f, "        dataset:\n          type: synthetic\n          name: {}", quoted(&data))?;
                writeln!(f, "        metrics:\n          - type: coverage")?;
                writeln!(f, "            name: {}", quoted(&format!("share of {level:.0} % intervals that hold")))?;
                writeln!(f, "            value: {:.4}", table.all.value())?;
            }
        }
        writeln!(f, "---")
    }

    fn usage(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let file = self.file;
        writeln!(f, "\n## How to use\n")?;
        let (chosen, rust) = match self.repository {
            Some(repository) => (
                format!("hf:{repository}"),
                format!("Estimator::from_hub({}, None, &Device::Cpu)?", quoted(repository)),
            ),
            None => {
                writeln!(f, "With `{file}.safetensors` and `{file}.json` in one folder:\n")?;
                let path = quoted(&format!("{file}.safetensors"));
                (format!("{file}.safetensors"), format!("Estimator::from_checkpoint(Path::new({path}), &Device::Cpu)?"))
            }
        };
        writeln!(f, "```console\n$ mist estimate data.csv --x a,b --y c --checkpoint {chosen}\n```\n")?;
        writeln!(f, "From Rust, with the crate `mist-infer`:\n")?;
        writeln!(f, "```rust\nlet estimator = {rust};")?;
        writeln!(f, "let estimate = estimator.estimate(&x, &y)?; // slices, vectors, columns")?;
        writeln!(f, "println!(\"{{}} nats, {{:?}}\", estimate.mi_nats(), estimate.interval(0.9)?);\n```")
    }

    fn figures(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { description: d, .. } = self;
        let (t, taus) = (&d.trained, d.network.taus());
        writeln!(f, "\n## Figures\n\n| | |\n|---|---|")?;
        writeln!(f, "| parameters | {}, 32-bit |", grouped(self.parameters as u64))?;
        writeln!(f, "| training | {} tasks, {} steps |", grouped(t.tasks), grouped(t.steps))?;
        writeln!(f, "| rows seen in training | {} to {} |", grouped(t.n.0 as u64), grouped(t.n.1 as u64))?;
        let cells =
            t.cells.map_or(String::new(), |cells| format!(", rows times columns up to {}", grouped(cells as u64)));
        writeln!(f, "| columns of a side | {} to {}{cells} |", t.dims.0, t.dims.1)?;
        writeln!(f, "| discrete data | {} |", if t.ties { "yes" } else { "no" })?;
        let (first, last) = (taus[0], taus[taus.len() - 1]);
        writeln!(f, "| answer | {} quantiles, intervals up to {:.0} % |", taus.len(), 100.0 * (last - first))?;
        writeln!(f, "| SHA-256 of `{}.safetensors` | `{}` |", self.file, d.sha256)
    }

    fn training(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let t = &self.description.trained;
        writeln!(
            f,
            "\n## Training\n\nFresh tasks of the meta-distribution `{}` (SHA-256 of its configuration `{}`, seed {}): each is a \
             distribution of known mutual information, and rows drawn from it. No real data was used.",
            t.meta, t.meta_sha256, t.seed
        )?;
        if let Some(before) = &t.continues {
            writeln!(f, "\nTraining went on from weights with the SHA-256 `{before}`, whose tasks are counted.")?;
        }
        let Some(mix) = &self.mix else { return Ok(()) };
        let mut shares: BTreeMap<&str, f64> = BTreeMap::new();
        for (weight, family) in &mix.config().families {
            *shares.entry(family.kind.name()).or_default() += weight;
        }
        let total: f64 = shares.values().sum();
        let mut shares: Vec<_> = shares.into_iter().collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        writeln!(f, "\n| family | share of the tasks |\n|---|---|")?;
        shares.iter().try_for_each(|(family, weight)| writeln!(f, "| `{family}` | {:.1} % |", 100.0 * weight / total))
    }

    fn coverage(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n## How often its intervals hold")?;
        let Some(coverage) = &self.description.coverage else {
            return writeln!(f, "\nNot measured.");
        };
        let total = coverage.by(|_| ())[&()].tasks;
        writeln!(
            f,
            "\nThe share of {:.0} % intervals that hold the truth, on {} tasks that neither training nor calibration has seen \
             (seed {}), with its 95 % band.",
            100.0 * coverage.level,
            grouped(total as u64),
            coverage.seed
        )?;
        for held_out in [false, true] {
            let Some(table) = CoverageTable::of(coverage, held_out) else { continue };
            let head = if held_out { "family that no training draws" } else { "family" };
            let bins: Vec<String> = table.bins.iter().map(|bin| format!(" {} rows |", range(*bin))).collect();
            writeln!(f, "\n| {head} |{}\n|---|{}", bins.concat(), "---|".repeat(bins.len()))?;
            for (family, shares) in &table.rows {
                let cell = |bin| shares.get(bin).map_or("–".to_owned(), |share| percent(*share));
                let cells: Vec<String> = table.bins.iter().map(|bin| format!(" {} |", cell(bin))).collect();
                writeln!(f, "| {family} |{}", cells.concat())?;
            }
            let columns =
                table.columns.iter().map(|(bin, share)| format!("{} columns {}", range(*bin), percent(*share)));
            writeln!(f, "\nAll of them: {}. {}.", percent(table.all), columns.collect::<Vec<_>>().join(", "))?;
        }
        Ok(())
    }

    fn calibration(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { description: d, .. } = self;
        writeln!(f, "\n## Calibration\n")?;
        match &d.calibration {
            None => writeln!(f, "- The intervals are as trained.")?,
            Some(c) => writeln!(
                f,
                "- The intervals were adjusted on {} tasks of `{}` (seed {}), in {} strata of rows, columns, ties and width.",
                grouped(c.strata.last().map_or(0, |s| s.tasks) as u64),
                c.meta,
                c.seed,
                c.strata.len()
            )?,
        }
        let tables = |table: &ShapeTable| grouped(table.strata.last().map_or(0, |s| s.tables) as u64);
        match &d.independence {
            None => writeln!(f, "- p-values take permutations: there is no table for them.")?,
            Some(t) => writeln!(f, "- p-values without permutations come from {} shuffled tasks.", tables(t))?,
        }
        match &d.conditional {
            None => writeln!(f, "- The intervals of conditional answers were not calibrated."),
            Some(t) => writeln!(f, "- The intervals of conditional answers were calibrated on {} tasks.", tables(t)),
        }
    }

    fn limits(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let t = &self.description.trained;
        writeln!(f, "\n## Limits\n")?;
        writeln!(
            f,
            "- It knows tables like those of its training. More than {} rows are answered in blocks, more than {} columns of a \
             side with a warning.",
            grouped(t.n.1 as u64),
            t.dims.1
        )?;
        if let Some(coverage) = &self.description.coverage {
            lowest(f, coverage)?;
        }
        if !t.ties {
            writeln!(
                f,
                "- No discrete data was among its training: categories and counts are answered with a warning."
            )?;
        }
        writeln!(f, "- Rows are taken as independent draws: no time series.")?;
        writeln!(f, "- Where one side is a function of the other, the answer is a lower bound, and says so.")?;
        writeln!(f, "- Mutual information says how much two sides tell about each other, not which one is the cause.")
    }
}

/// The families with the fewest intervals that hold.
fn lowest(f: &mut Formatter<'_>, coverage: &Coverage) -> fmt::Result {
    for (held_out, what) in [(false, "families of training"), (true, "families that no training draws")] {
        let Some(table) = CoverageTable::of(coverage, held_out) else { continue };
        let families = table.lowest_first();
        let named: Vec<String> =
            families.iter().take(3).map(|(family, share)| format!("{family} {:.0} %", 100.0 * share.value())).collect();
        writeln!(
            f,
            "- Of {what}, its {:.0} % intervals hold least often on: {}.",
            100.0 * coverage.level,
            named.join(", ")
        )?;
    }
    Ok(())
}

/// What the held-out families are called where they are a data set.
const HELD_OUT: &str = "families that no training draws";

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// With a comma after each thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut out = digits[..first].to_owned();
    for (i, group) in (first..digits.len()).step_by(3).map(|i| &digits[i..i + 3]).enumerate() {
        if i > 0 || first > 0 {
            out.push(',');
        }
        out += group;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn description(coverage: serde_json::Value) -> Description {
        let mix = MetaDistribution::named("mist_4").unwrap();
        let sha256 = "0123456789abcdef".repeat(4);
        let stratum = json!({"n": [10, 8000], "columns": [2, 64], "ties": null, "spread": [0.0, 9.0], "tasks": 40_000,
            "shifts": vec![0.0; 19]});
        serde_json::from_value(json!({
            "format": 1, "name": "mist-example", "sha256": sha256, "network": {},
            "trained": {"meta": "mist_4", "meta_sha256": mix.sha256(), "seed": 7, "tasks": 1_472_807, "steps": 24_601,
                "continues": sha256, "n": [10, 8000], "dims": [1, 32], "cells": 130_000, "ties": true},
            "calibration": {"meta": "mist_4", "seed": 0, "strata": [stratum]},
            "coverage": coverage,
        }))
        .unwrap()
    }

    fn page(description: &Description, repository: Option<&str>) -> String {
        let mix = Some(MetaDistribution::named("mist_4").unwrap());
        let file = "mist-example";
        Page { description, parameters: 511_254, file, repository, license: "mit", mix }.to_string()
    }

    #[test]
    fn a_card_says_all_that_is_known() {
        let cell = |held_out: bool, family: &str, n: [u64; 2], tasks: u64, covered: u64| {
            let columns = if n[0] == 0 { json!([0, 2]) } else { json!([3, 10]) };
            json!({"held_out": held_out, "family": family, "n": n, "columns": columns, "tasks": tasks, "covered": covered})
        };
        let last = [501, u64::MAX];
        let coverage = json!({"level": 0.9, "seed": 0, "cells": [
            cell(false, "links", [0, 100], 40, 30),
            cell(false, "links", last, 60, 45),
            cell(false, "normal", [0, 100], 1000, 905),
            cell(true, "swissroll", last, 50, 41),
        ]});
        insta::assert_snapshot!(page(&description(coverage), Some("owner/mist-example")));
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let mut description = description(serde_json::Value::Null);
        description.calibration = None;
        description.trained.ties = false;
        let card = page(&description, None);
        for text in [
            "How often its intervals hold\n\nNot measured.",
            "The intervals are as trained",
            "No discrete data was among its training",
            "With `mist-example.safetensors` and `mist-example.json` in one folder",
            "--checkpoint mist-example.safetensors",
        ] {
            assert!(card.contains(text), "`{text}` is not in:\n{card}");
        }
        assert!(!card.contains("model-index") && !card.contains("hf:"), "{card}");
    }

    #[test]
    fn thousands() {
        let numbers = [0, 999, 1_000, 12_345, 123_456, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "12,345", "123,456", "1,234,567"]);
    }
}
