use super::scale::replicas;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::{Set, selects};

pub(super) const CHECK: Check = Check {
    id: "WEIR-606",
    title: "A PodDisruptionBudget lets no pod go",
    category: Category::Reliability,
    severity: Severity::Medium,
    why: "A node with such a pod can never be drained: upgrades of the cluster wait for ever, or \
          are forced and then heed no budget at all.",
    mend: "spec:\n  maxUnavailable: 1\n",
    references: &[
        ("kube-linter", "pdb-max-unavailable"),
        ("kube-linter", "pdb-min-available"),
        ("polaris", "pdbDisruptionsIsZero"),
    ],
    failing: "\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec:
  maxUnavailable: 0
  selector: { matchLabels: { app: web } }
",
    passing: "\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec:
  maxUnavailable: 1
  selector: { matchLabels: { app: web } }
",
    rule: Rule::Across(&["PodDisruptionBudget"], look),
};

fn look(budget: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let spec = budget.spec();
    let (least, most) = (spec.get("minAvailable"), spec.get("maxUnavailable"));
    if amount(&most, 100) == Some(0) {
        found.at(&most, "it never lets a pod go");
    }
    if least.text().is_some() && amount(&least, 100) >= Some(100) {
        return found.at(&least, "it keeps every pod, however many there are");
    }
    let pods = selected(budget, set).filter(|pods| *pods > 0);
    if let Some((pods, kept)) = pods.and_then(|pods| Some((pods, amount(&least, pods)?)))
        && kept >= pods
    {
        found.at(&least, format!("it keeps {kept} pods, and there may be no more than {pods}"));
    }
}

/// The pods that a budget speaks of, if so many are selected. Shares are rounded up.
fn amount(field: &Cursor<'_>, pods: i64) -> Option<i64> {
    let share = || field.text()?.strip_suffix('%')?.parse::<i64>().ok();
    field.whole().or_else(|| Some(share()?.saturating_mul(pods).saturating_add(99) / 100))
}

/// How many pods a budget selects at least; none if that cannot be told.
fn selected(budget: &Object<'_>, set: &Set<'_>) -> Option<i64> {
    let selector = budget.spec().get("selector");
    let mut own = set.pods(budget.namespace).filter(|pod| {
        // What has an owner is counted with that.
        !pod.object.metadata().get("ownerReferences").exists()
            && selects(&selector, &pod.metadata.get("labels"))
    });
    own.try_fold(0_i64, |sum, pod| sum.checked_add(replicas(pod.object, set)?))
}
