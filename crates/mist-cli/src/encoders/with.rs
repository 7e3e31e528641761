//! Encodes columns of texts and images.

use super::{EncoderArgs, Encoding, Expanded, Kind};
use crate::commands::Threads;
use crate::console::progress;
use anyhow::{Error, Result, anyhow, bail};
use mist_embed::{EmbedError, Embeddings, Encoder, Reduction, model_folder};
use mist_infer::DeviceKind;
use mist_tables::{Column, Kind as Holds, shown};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Items that go through a model together.
const BATCH: usize = 32;

/// Opens the model that a user names.
pub fn open(name: &str, device: DeviceKind) -> Result<Encoder> {
    let device = match device {
        // What is wrong with an accelerator has been said when the estimator was opened.
        DeviceKind::Auto => DeviceKind::first_usable().0,
        kind => kind.resolve()?,
    };
    Ok(Encoder::open(&folder(name)?, &device)?)
}

/// The folder of the model: a path, or from the hub.
fn folder(name: &str) -> Result<PathBuf> {
    #[cfg(feature = "hub")]
    if let Some(location) = name.strip_prefix("hf:") {
        return crate::hub::encoder::folder(location);
    }
    Ok(model_folder(name)?)
}

/// What `--reduce` says.
pub fn reduction(text: &str, seed: u64) -> Result<Reduction> {
    Ok(text.parse::<Reduction>().map_err(|e| anyhow!("`--reduce`: {e}"))?.with_seed(seed))
}

/// A column of texts or of paths of images, and where it comes from.
#[derive(Debug)]
pub struct Source<'a> {
    /// The column, read as categories.
    pub column: &'a Column,
    /// Numbers, from 1, of the rows of the table that are not in it.
    pub left_out: &'a [usize],
    /// The folder that paths of images start from.
    pub base: &'a Path,
    /// What the table is called in messages.
    pub place: &'a str,
}

/// The embeddings of a column.
#[derive(Debug)]
pub struct Embedded {
    /// A row for each row of the column.
    pub embeddings: Embeddings,
    /// Rows whose text is longer than what the model reads.
    pub truncated: usize,
    /// Items that differ.
    pub different: usize,
    /// The warning about texts that are too long.
    pub warnings: Vec<String>,
}

impl Source<'_> {
    /// Encodes the column, each different item once, on these threads.
    pub fn encode(&self, kind: Kind, encoder: &Encoder, batch: usize, threads: Threads) -> Result<Embedded> {
        let name = shown(self.column.name.as_bytes());
        let Holds::Category { levels } = &self.column.kind else {
            bail!("{}, column `{name}`: it holds numbers, expected {}", self.place, expected(kind));
        };
        // Codes of what is there, in the order of the rows; the place of each among them.
        let codes: Vec<usize> = self.column.values.iter().map(|code| *code as usize).collect();
        let (mut places, mut used) = (HashMap::new(), Vec::new());
        for code in &codes {
            places.entry(*code).or_insert_with(|| {
                used.push(*code);
                used.len() - 1
            });
        }
        if !used.is_empty() && used.iter().all(|code| levels[*code].parse::<f64>().is_ok()) {
            bail!(
                "{}, column `{name}`: it holds numbers, expected {}\nhint: name it without `{}:`",
                self.place,
                expected(kind),
                kind.as_str()
            );
        }
        let items: Vec<String> = used.iter().map(|code| self.item(kind, &levels[*code])).collect();
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        let bar = progress(items.len() as u64, &format!("{}s", kind.as_str()));
        let pool = threads.pool()?;
        let encoded = pool.install(|| encoder.encode(&items, batch, &|done| bar.inc(done as u64)));
        bar.finish_and_clear();
        let encoded = encoded.map_err(|e| self.explain(e, &codes, &used))?;

        let cut: BTreeSet<usize> = encoded.truncated.iter().map(|item| used[*item]).collect();
        let truncated = codes.iter().filter(|code| cut.contains(code)).count();
        let mut warnings = Vec::new();
        if let (1.., Some(most)) = (truncated, encoder.max_tokens()) {
            warnings.push(format!(
                "{truncated} of {} texts of `{name}` are longer than the {most} tokens that the model reads: their ends \
                 were left aside",
                codes.len()
            ));
        }
        let embeddings = encoded.embeddings.select(codes.iter().map(|code| places[code]));
        Ok(Embedded { embeddings, truncated, different: used.len(), warnings })
    }

    /// What the model is given.
    fn item(&self, kind: Kind, level: &str) -> String {
        match kind {
            Kind::Text => level.to_owned(),
            Kind::Image => self.base.join(level).to_string_lossy().into_owned(),
        }
    }

    /// An error about an item, with the first row that has it.
    fn explain(&self, error: EmbedError, codes: &[usize], used: &[usize]) -> Error {
        let EmbedError::Item { index, what } = error else { return error.into() };
        let place = codes.iter().position(|code| *code == used[index]).unwrap_or(0);
        let left_out: BTreeSet<usize> = self.left_out.iter().copied().collect();
        let row = (1..).filter(|row| !left_out.contains(row)).nth(place).unwrap_or(place + 1);
        anyhow!("{}, row {row} (from 1), column `{}`: {what}", self.place, shown(self.column.name.as_bytes()))
    }
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Image => "paths of images",
    }
}

/// The models of a command, each opened when a column asks for it.
pub struct Encoders<'a> {
    args: &'a EncoderArgs,
    reduction: Reduction,
    device: DeviceKind,
    threads: Threads,
    text: std::cell::OnceCell<Encoder>,
    image: std::cell::OnceCell<Encoder>,
}

impl<'a> Encoders<'a> {
    /// Encoders whose answers are reduced to at most so many columns.
    pub fn new(args: &'a EncoderArgs, device: DeviceKind, threads: Threads, most_columns: usize) -> Result<Self> {
        let reduction = reduction(&args.reduce, args.reduce_seed)?;
        if reduction.columns() > most_columns {
            bail!(
                "`--reduce {reduction}` gives {} columns, expected at most the {most_columns} that the checkpoint was trained \
                 on",
                reduction.columns()
            );
        }
        let (text, image) = Default::default();
        Ok(Self { args, reduction, device, threads, text, image })
    }

    fn encoder(&self, kind: Kind, column: &str) -> Result<(&Encoder, &str)> {
        let (option, given, cell) = match kind {
            Kind::Text => ("--text-model", &self.args.text_model, &self.text),
            Kind::Image => ("--image-model", &self.args.image_model, &self.image),
        };
        let word = kind.as_str();
        let Some(name) = given else {
            bail!("`{word}:{column}` needs a model\nhint: `{option} DIR` says in which folder there is one");
        };
        if cell.get().is_none() {
            let opened = open(name, self.device)?;
            if opened.kind().as_str() != word {
                bail!("the model `{name}` of `{option}` takes {}s, expected {word}s", opened.kind().as_str());
            }
            let _ = cell.set(opened);
        }
        Ok((cell.get().expect("set just now"), name))
    }

    /// The columns, with the reduced embeddings of the marked ones in their place.
    pub fn expand(
        &self,
        columns: Vec<Column>,
        kinds: &[Option<Kind>],
        left_out: &[usize],
        base: &Path,
        place: &str,
    ) -> Result<Expanded> {
        let mut expanded = Expanded::default();
        for (column, kind) in columns.into_iter().zip(kinds) {
            let Some(kind) = *kind else {
                expanded.push(column);
                continue;
            };
            let name = shown(column.name.as_bytes());
            let (encoder, model) = self.encoder(kind, &name)?;
            let source = Source { column: &column, left_out, base, place };
            let Embedded { embeddings, truncated, warnings, .. } = source.encode(kind, encoder, BATCH, self.threads)?;
            let reduced = self.reduction.reduce(&embeddings)?;
            let encoding = Encoding {
                column: name.clone(),
                kind: kind.as_str(),
                model: model.to_owned(),
                dim: embeddings.columns(),
                reduction: self.reduction.as_str(),
                columns: reduced.columns.len(),
                variance_kept: reduced.variance_kept,
                truncated,
            };
            expanded.labels.push(format!("{name} ({}, {} columns)", kind.as_str(), encoding.columns));
            expanded.warnings.extend(warnings);
            expanded.warnings.push(encoding.warning());
            expanded.encodings.push(encoding);
            let named = (1..).zip(reduced.columns).map(|(number, values)| Column {
                name: format!("{}.{number}", column.name),
                kind: Holds::Number,
                values,
            });
            expanded.columns.extend(named);
        }
        Ok(expanded)
    }
}

impl Encoding {
    /// What its reader must keep in mind.
    fn warning(&self) -> String {
        let Self { column, kind, .. } = self;
        format!(
            "the {kind}s of `{column}` are seen through an embedding, and through a part of its variance: the answer is a \
             lower bound for what the {kind}s themselves say (data processing)"
        )
    }
}
