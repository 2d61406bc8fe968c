//! What a model says of itself, checked against the catalogue of features and the list of classes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::budget::{AlertBudget, Cost, affordable};
use super::class::{CLASSES, Class};
use super::error::{Error, REASON_CHARS, shown};
use super::scaling::Scaling;
use super::score::Score;
use super::sequence::LENGTH;
use super::shift::{BINS, DECILES, Spread};
use super::weight::{Weight, Weights};
use crate::feature::{ALL_FEATURES, FEATURES, Feature, Vector};

/// The form of manifests; in earlier ones graphs read vectors as they are.
const FORMAT: u32 = 4;

/// Longest manifest.
pub(super) const MANIFEST_BYTES: usize = 1 << 20;

/// By how much shares may miss 1 together, for they are rounded.
const SHARES_OFF: f64 = 0.01;

/// Longest text taken over from a manifest.
const TEXT_CHARS: usize = 1_000;

/// Longest quotation in a message.
const QUOTED_CHARS: usize = 64;

/// From which score on a flow of a class alarms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds([f64; CLASSES]);

impl Thresholds {
    /// The threshold of `class`; none for what is benign.
    #[must_use]
    pub fn of(&self, class: Class) -> Option<f64> {
        (class != Class::Benign).then(|| self.0[class as usize])
    }

    /// Whether a verdict of this class and score alarms.
    #[must_use]
    pub fn is_reached(&self, class: Class, score: Score) -> bool {
        self.of(class).is_some_and(|threshold| score.value() >= threshold)
    }
}

/// What a model says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its graph, in hexadecimal digits.
    pub sha256: String,
    /// From which score on a flow of a class alarms, by the budget that was set last.
    pub thresholds: Thresholds,
    /// How much evidence makes an incident, by the same budget.
    pub weights: Weights,
    costs: [Option<Cost>; CLASSES],
    /// What is done to vectors before the graph reads them.
    pub scaling: Scaling,
    /// A benign vector like most, in the order of the catalogue.
    pub baseline: Vector,
    /// What benign vectors of its training are like, feature by feature.
    pub(super) learnt: Arc<[Spread]>,
    /// From which shift on a network is told to be unlike its training.
    pub(super) shift_bound: f64,
    /// What the random numbers of its training began with.
    pub seed: u64,
    /// What it was trained on, in a sentence.
    pub trained_on: String,
}

/// A manifest as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u32,
    name: String,
    sha256: String,
    sequence_length: usize,
    features: Vec<String>,
    classes: Vec<String>,
    /// Of every attack what bounds come to: false incidents an hour, the score from which on a flow
    /// alarms, the evidence in nats that makes an incident, and the share of attacks found.
    costs: BTreeMap<String, Vec<[f64; 4]>>,
    /// Of every feature its mean in training and one over its deviation, after logarithms; and the
    /// number of deviations from which on all values are the same.
    mean: Vec<f64>,
    scale: Vec<f64>,
    clip: f64,
    baseline: Vec<f64>,
    /// Of every feature what cuts benign vectors into ten parts, and the share in each: not a tenth
    /// where many values are the same.
    deciles: Vec<[f64; DECILES]>,
    shares: Vec<[f64; BINS]>,
    shift_bound: f64,
    seed: u64,
    trained_on: String,
}

impl Manifest {
    /// Reads the manifest of the graph `onnx` and refuses it unless both fit each other and all
    /// that a model is fed here.
    pub(super) fn read(json: &[u8], onnx: &[u8]) -> Result<Self, Error> {
        let written: Written = serde_json::from_slice(json)
            .map_err(|error| Error::Syntax(shown(&error.to_string(), REASON_CHARS)))?;
        same("the format", &written.format, &FORMAT)?;
        same("the sequence length", &written.sequence_length, &LENGTH)?;
        let names = FEATURES.iter().map(|feature| feature.name);
        same_list("feature", &written.features, names)?;
        same_list("class", &written.classes, Class::ALL.iter().map(|class| class.name()))?;
        let sha256 = digest(onnx);
        same("the SHA-256 of the graph", &shown(&written.sha256, QUOTED_CHARS), &sha256)?;
        let costs = costs(&written.costs)?;
        let (thresholds, weights) = bounds(&costs, AlertBudget::default());
        let scaling = scaling(&written)?;
        Ok(Self {
            name: text("name", written.name)?,
            sha256,
            thresholds,
            weights,
            costs,
            scaling,
            baseline: vector("baseline", &written.baseline)?,
            learnt: learnt(&written.deciles, &written.shares)?,
            shift_bound: bound(written.shift_bound)?,
            seed: written.seed,
            trained_on: text("trained_on", written.trained_on)?,
        })
    }

    /// Chooses anew from which score on flows alarm, and how much evidence makes an incident.
    pub(super) fn spend(&mut self, budget: AlertBudget) {
        (self.thresholds, self.weights) = bounds(&self.costs, budget);
    }
}

fn bounds(costs: &[Option<Cost>; CLASSES], budget: AlertBudget) -> (Thresholds, Weights) {
    let found = affordable(costs.each_ref().map(Option::as_ref), budget);
    let scores = found.map(|point| point.map_or(f64::INFINITY, |point| point.score));
    (
        Thresholds(scores),
        Weights(found.map(|point| point.map_or(Weight::ZERO, |point| point.weight))),
    )
}

/// The SHA-256 of `bytes` in hexadecimal digits.
fn digest(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn same<T: PartialEq + ToString>(what: &str, model: &T, here: &T) -> Result<(), Error> {
    if model == here {
        return Ok(());
    }
    let (model, here) = (model.to_string(), here.to_string());
    Err(Error::Mismatch { what: what.into(), model, here })
}

/// Refuses a list that is not `here`, name by name.
fn same_list<'a>(
    what: &str,
    model: &[String],
    here: impl ExactSizeIterator<Item = &'a str>,
) -> Result<(), Error> {
    same(&format!("the length of the list of {what} names"), &model.len(), &here.len())?;
    for (number, (model, here)) in model.iter().zip(here).enumerate() {
        if model != here {
            let what = format!("{what} {number}");
            let (model, here) = (format!("`{}`", shown(model, QUOTED_CHARS)), format!("`{here}`"));
            return Err(Error::Mismatch { what, model, here });
        }
    }
    Ok(())
}

fn text(key: &str, text: String) -> Result<String, Error> {
    if text.is_empty() || text.chars().count() > TEXT_CHARS || text.contains(char::is_control) {
        let limits = format!("1 to {TEXT_CHARS} characters, none of them a control character");
        return Err(Error::Invalid(format!("its `{key}` must have {limits}")));
    }
    Ok(text)
}

fn costs(written: &BTreeMap<String, Vec<[f64; 4]>>) -> Result<[Option<Cost>; CLASSES], Error> {
    let attacks = || Class::ALL.iter().filter(|class| **class != Class::Benign);
    if let Some(name) = written.keys().find(|name| attacks().all(|class| class.name() != **name)) {
        let name = shown(name, QUOTED_CHARS);
        return Err(Error::Invalid(format!("it has costs for `{name}`, which is no attack")));
    }
    let mut costs = [const { None }; CLASSES];
    for class in attacks() {
        let Some(points) = written.get(class.name()) else {
            return Err(Error::Invalid(format!("it has no costs for `{class}`")));
        };
        let Some(cost) = Cost::new(points) else {
            let problem = format!(
                "its costs for `{class}` do not fall to 0 an hour while they find less and less"
            );
            return Err(Error::Invalid(problem));
        };
        costs[*class as usize] = Some(cost);
    }
    Ok(costs)
}

fn learnt(deciles: &[[f64; DECILES]], shares: &[[f64; BINS]]) -> Result<Arc<[Spread]>, Error> {
    same("the length of the list of deciles", &deciles.len(), &ALL_FEATURES)?;
    same("the length of the list of shares", &shares.len(), &ALL_FEATURES)?;
    let of_feature = |((deciles, shares), feature): ((&[f64; DECILES], &[f64; BINS]), &Feature)| {
        let spread = Spread { deciles: deciles.map(single), shares: *shares };
        let is_number = spread.deciles.iter().all(|decile| decile.is_finite());
        if !is_number || !spread.deciles.is_sorted() {
            let problem = format!("its deciles of `{}` are no numbers that rise", feature.name);
            return Err(Error::Invalid(problem));
        }
        let is_share = shares.iter().all(|share| (0.0..=1.0).contains(share));
        if !is_share || (shares.iter().sum::<f64>() - 1.0).abs() > SHARES_OFF {
            let problem = format!("its shares of `{}` are not those of a whole", feature.name);
            return Err(Error::Invalid(problem));
        }
        Ok(spread)
    };
    deciles.iter().zip(shares).zip(&FEATURES).map(of_feature).collect()
}

fn bound(written: f64) -> Result<f64, Error> {
    if written > 0.0 && written.is_finite() {
        return Ok(written);
    }
    Err(Error::Invalid(format!("its bound of the shift is {written} and not above 0")))
}

#[expect(clippy::cast_possible_truncation, reason = "what is too large becomes infinite")]
const fn single(value: f64) -> f32 {
    value as f32
}

fn scaling(written: &Written) -> Result<Scaling, Error> {
    let clip = single(written.clip);
    if !(clip > 0.0 && clip.is_finite()) {
        return Err(Error::Invalid(format!("its `clip` is {} and not above 0", written.clip)));
    }
    Ok(Scaling {
        mean: vector("mean", &written.mean)?,
        scale: vector("scale", &written.scale)?,
        clip,
    })
}

fn vector(what: &str, written: &[f64]) -> Result<Vector, Error> {
    same(&format!("the length of the {what}"), &written.len(), &ALL_FEATURES)?;
    let mut vector = [0.0; ALL_FEATURES];
    for ((slot, &value), feature) in vector.iter_mut().zip(written).zip(&FEATURES) {
        *slot = single(value);
        if !slot.is_finite() {
            let name = feature.name;
            let problem = format!("its {what} of `{name}` is {value:e}, too large for 32 bits");
            return Err(Error::Invalid(problem));
        }
    }
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ONNX: &[u8] = b"a graph";

    fn good() -> Value {
        let names = || Class::ALL.iter().skip(1).map(|class| class.name());
        json!({
            "format": 4,
            "name": "clstm-3",
            "sha256": digest(ONNX),
            "sequence_length": LENGTH,
            "features": FEATURES.iter().map(|feature| feature.name).collect::<Vec<_>>(),
            "classes": Class::ALL.iter().map(|class| class.name()).collect::<Vec<_>>(),
            "costs": names()
                .map(|name| (name, [[3.0, 0.6, 6.0, 0.8], [0.0, 0.9, 90.0, 0.3]]))
                .collect::<BTreeMap<_, _>>(),
            "mean": vec![1.5; ALL_FEATURES],
            "scale": vec![0.5; ALL_FEATURES],
            "clip": 5.0,
            "baseline": vec![0.5; ALL_FEATURES],
            "deciles": vec![[0.5; DECILES]; ALL_FEATURES],
            "shares": vec![[0.1; BINS]; ALL_FEATURES],
            "shift_bound": 0.75,
            "seed": 7,
            "trained_on": "captures of a test",
        })
    }

    fn read(manifest: &Value) -> Result<Manifest, String> {
        Manifest::read(manifest.to_string().as_bytes(), ONNX).map_err(|error| error.to_string())
    }

    /// What is said of a good manifest in which the value at `key` is another.
    fn refusal(key: &str, value: Value) -> String {
        let mut manifest = good();
        *manifest.pointer_mut(key).unwrap() = value;
        read(&manifest).unwrap_err()
    }

    #[test]
    fn a_manifest_that_fits_is_taken() {
        let manifest = read(&good()).unwrap();
        assert_eq!(manifest.name, "clstm-3");
        assert_eq!(manifest.thresholds.of(Class::Scan), Some(0.9));
        assert_eq!(manifest.thresholds.of(Class::Benign), None);
    }

    #[test]
    fn every_mismatch_is_refused_with_both_values() {
        let said = refusal("/features/12", json!("Bwd Packets"));
        let sentence = "feature 12 is `Bwd Packets` in the model and `Bwd Packet Length Mean` here";
        assert!(said.ends_with(sentence), "{said}");
        let said = refusal("/classes/1", json!("sweep"));
        assert!(said.ends_with("class 1 is `sweep` in the model and `scan` here"), "{said}");
        let said = refusal("/sequence_length", json!(20));
        assert!(said.ends_with("the sequence length is 20 in the model and 10 here"), "{said}");
        let said = refusal("/format", json!(1));
        assert!(said.ends_with("the format is 1 in the model and 4 here"), "{said}");
        let said = refusal("/features", json!(["Protocol"]));
        assert!(said.ends_with("is 1 in the model and 146 here"), "{said}");
        let said = refusal("/sha256", json!("00ff"));
        let sum = digest(ONNX);
        assert!(said.ends_with(&format!("is 00ff in the model and {sum} here")), "{said}");
        let said = refusal("/baseline", json!([1.0]));
        assert!(said.ends_with("baseline is 1 in the model and 146 here"), "{said}");
    }

    #[test]
    fn every_attack_has_costs_that_fall_and_nothing_else_has_any() {
        let said = refusal("/costs/scan", json!([[1.0, 0.5, 3.0, 0.5]]));
        assert!(said.contains("costs for `scan` do not fall to 0 an hour"), "{said}");
        let mut manifest = good();
        manifest["costs"].as_object_mut().unwrap().remove("beacon");
        assert!(read(&manifest).unwrap_err().ends_with("no costs for `beacon`"));
        let mut manifest = good();
        manifest["costs"]["benign"] = json!([[0.0, 0.5, 3.0, 0.5]]);
        assert!(read(&manifest).unwrap_err().contains("`benign`, which is no attack"));
    }

    #[test]
    fn who_allows_more_false_incidents_needs_less_evidence() {
        let mut manifest = read(&good()).unwrap();
        let of_scan = |manifest: &Manifest| {
            (manifest.thresholds.of(Class::Scan), manifest.weights.of(Class::Scan).value())
        };
        manifest.spend(AlertBudget::hourly(40.0));
        assert_eq!(of_scan(&manifest), (Some(0.6), 6.0));
        manifest.spend("1/day".parse().unwrap());
        assert_eq!(of_scan(&manifest), (Some(0.9), 90.0));
    }

    #[test]
    fn a_scaling_has_a_number_for_every_feature() {
        let mean = read(&good()).unwrap().scaling.mean;
        assert!(mean.iter().all(|mean| mean.to_bits() == 1.5_f32.to_bits()));
        let said = refusal("/mean", json!([1.0]));
        assert!(said.ends_with("the length of the mean is 1 in the model and 146 here"), "{said}");
        assert!(refusal("/scale/1", json!(-1e39)).contains("its scale of `Flow Duration` is"));
        for clip in [0.0, -1.0, 1e39] {
            assert!(refusal("/clip", json!(clip)).contains("its `clip` is"));
        }
    }

    #[test]
    fn a_baseline_that_is_no_32_bit_number_is_refused() {
        let said = refusal("/baseline/1", json!(1e39));
        assert!(said.contains("baseline of `Flow Duration` is 1e39"), "{said}");
    }

    #[test]
    fn what_was_learnt_is_told_of_every_feature_and_can_be_true() {
        let said = refusal("/deciles", json!([[0, 1, 2, 3, 4, 5, 6, 7, 8]]));
        assert!(said.ends_with("list of deciles is 1 in the model and 146 here"), "{said}");
        let said = refusal("/deciles/1", json!([0, 1, 2, 3, 4, 5, 6, 8, 7]));
        assert!(said.ends_with("deciles of `Flow Duration` are no numbers that rise"), "{said}");
        let said = refusal("/deciles/1/8", json!(1e39));
        assert!(said.ends_with("deciles of `Flow Duration` are no numbers that rise"), "{said}");
        assert!(refusal("/deciles/1", json!([0, 1])).contains("read the manifest"));
        let said = refusal("/shares/1/0", json!(0.3));
        assert!(said.ends_with("shares of `Flow Duration` are not those of a whole"), "{said}");
        for bound in [0.0, -1.0] {
            assert!(refusal("/shift_bound", json!(bound)).contains("bound of the shift"));
        }
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_taken_or_quoted() {
        assert!(refusal("/name", json!("a\u{1b}[2J")).contains("control character"));
        let said = refusal("/features/0", json!("\u{1b}[2J"));
        assert!(!said.contains('\u{1b}'), "{said}");
        let mut manifest = good();
        manifest["\u{1b}[2J"] = json!(1);
        let said = read(&manifest).unwrap_err();
        assert!(said.contains("unknown field") && !said.contains('\u{1b}'), "{said}");
    }

    #[test]
    fn a_score_at_the_threshold_alarms_and_one_step_below_does_not() {
        let thresholds = read(&good()).unwrap().thresholds;
        assert!(thresholds.is_reached(Class::Scan, Score::new(0.9)));
        assert!(!thresholds.is_reached(Class::Scan, Score::new(0.8999)));
        assert!(!thresholds.is_reached(Class::Benign, Score::ONE));
    }
}
